"""Taking what comes from outside: arrivals and receipts.

What lives here: who gets an arrival (an actor, an alias, the parking place, the dead letters) and
what a receipt does to a call of ours. What must not: what an actor writes (`committing`).

A batch is planned in memory from a few questions to the database, then written with one statement
a table, whatever its size.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from actors.ids import ActorId, EffectId, MessageId
from state.connection import listed
from state.queries import SQL
from state.rows import (
    Acceptance,
    Arrival,
    InboxRow,
    LaneRing,
    NewMessage,
    Receipt,
    ToActor,
    ToAlias,
    ToDeadLetters,
)
from state.work import Unclaimed, Work

NOBODY = "nobody is known by this name, and it was not to wait"
"""The reason of a dead letter to an alias that nobody has, without a mint or a time to park."""


class Accept(Struct, frozen=True):
    """The unit of work of `Store.accept`."""

    arrivals: Sequence[Arrival]
    receipts: Sequence[Receipt]


class _Tally(Struct):
    taken: int = 0
    duplicates: int = 0
    parked: int = 0
    refused: int = 0
    receipts_known: int = 0
    receipts_unknown: int = 0


class _Plan(Struct):
    """What is known before, and what will be written."""

    seen: set[str]
    aliases: dict[str, ActorId]
    existing: set[str]
    new_aliases: list[tuple[str, ActorId]]
    rows: list[InboxRow]
    dead: list[Unclaimed]
    parked: list[tuple[MessageId, str, int, bytes, int, int | None]]
    windows: dict[ActorId, tuple[int, int]]


def apply_accepts(work: Work, units: Sequence[Accept]) -> list[Acceptance]:
    """Keep all arrivals, then apply all receipts; an answer for each unit."""
    tallies = [_Tally() for _ in units]
    arrivals = [a for unit in units for a in unit.arrivals]
    if arrivals:
        plan = _survey(work, arrivals)
        for unit, tally in zip(units, tallies, strict=True):
            for arrival in unit.arrivals:
                _plan_arrival(work, plan, arrival, tally)
        _write(work, plan)
    if any(unit.receipts for unit in units):
        _apply_receipts(work, units, tallies)
    return [
        Acceptance(t.taken, t.duplicates, t.parked, t.refused, t.receipts_known, t.receipts_unknown)
        for t in tallies
    ]


# --- arrivals -----------------------------------------------------------------------------------


def _survey(work: Work, arrivals: Sequence[Arrival]) -> _Plan:
    seen, aliases = _known(work, arrivals)
    doubted = {actor for a in arrivals if a.must_exist and (actor := _whom(a, aliases)) is not None}
    existing: set[str] = set()
    if doubted:
        rows = work.connection.fetch(SQL["existing"], (listed(doubted),))
        existing = {row[0] for row in rows}
    return _Plan(seen, aliases, existing, [], [], [], [], {})


def _known(work: Work, arrivals: Sequence[Arrival]) -> tuple[set[str], dict[str, ActorId]]:
    """Messages that were taken before, and aliases that somebody has."""
    ids = listed(arrival.message_id for arrival in arrivals)
    names = listed({a.target.alias for a in arrivals if isinstance(a.target, ToAlias)})
    seen: set[str] = set()
    aliases: dict[str, ActorId] = {}
    for name, actor in work.connection.fetch(SQL["known_names"], (ids, names)):
        if actor is None:
            seen.add(name)
        else:
            aliases[name] = actor
    return seen, aliases


def _whom(arrival: Arrival, aliases: dict[str, ActorId]) -> ActorId | None:
    match arrival.target:
        case ToActor(actor):
            return actor
        case ToAlias(alias):
            return aliases.get(alias)
        case ToDeadLetters():
            return None


def _plan_arrival(work: Work, plan: _Plan, arrival: Arrival, tally: _Tally) -> None:
    if arrival.message_id in plan.seen:
        tally.duplicates += 1
        return
    target = arrival.target
    actor = _whom(arrival, plan.aliases)
    if arrival.must_exist and actor not in plan.existing:
        # Not remembered as seen: sent again after the actor came to be, it is taken.
        tally.refused += 1
        return
    plan.seen.add(arrival.message_id)
    if isinstance(target, ToAlias) and actor is None and target.mint is not None:
        actor = plan.aliases[target.alias] = target.mint
        plan.new_aliases.append((target.alias, actor))
    if actor is not None:
        _plan_message(work, plan, arrival, actor)
        tally.taken += 1
    elif isinstance(target, ToAlias) and target.park_until_ms is not None:
        plan.parked.append(
            (
                arrival.message_id,
                target.alias,
                arrival.at_ms,
                arrival.body,
                target.park_until_ms,
                arrival.opens_window_until_ms,
            )
        )
        tally.parked += 1
    else:
        why = target.error if isinstance(target, ToDeadLetters) else NOBODY
        plan.dead.append(
            Unclaimed(
                work.next_inbox(),
                arrival.message_id,
                arrival.at_ms,
                arrival.body,
                arrival.at_ms,
                why,
            )
        )
        tally.taken += 1


def _plan_message(work: Work, plan: _Plan, arrival: Arrival, actor: ActorId) -> None:
    plan.existing.add(actor)
    message = NewMessage(arrival.message_id, actor, arrival.at_ms, arrival.body)
    plan.rows.append(work.new_row(message))
    if arrival.opens_window_until_ms is not None:
        until_ms, _ = plan.windows.get(actor, (arrival.opens_window_until_ms, 0))
        until_ms = max(until_ms, arrival.opens_window_until_ms)
        plan.windows[actor] = (until_ms, arrival.at_ms)


def _write(work: Work, plan: _Plan) -> None:
    work.put_rows(plan.rows)
    work.bury(plan.dead)
    if plan.parked:
        work.connection.run_many(SQL["park_message"], plan.parked)
    if plan.new_aliases:
        work.connection.run_many(SQL["write_alias"], plan.new_aliases)
    work.open_windows(plan.windows)


# --- receipts -----------------------------------------------------------------------------------


class _Sent(Struct):
    """An outbox row as a receipt sees it."""

    effect: EffectId
    position: int
    actor: ActorId
    lane: str
    destination: str
    cause: MessageId
    state: str
    attempts: int
    epoch: int | None
    rank: int
    done_ms: int | None = None
    vendor_id: str | None = None


def attempt_of(attempt_id: str) -> tuple[EffectId, int] | None:
    """The effect and the number of an attempt, out of its id; None where it is none of ours."""
    effect, dot, number = attempt_id.rpartition(".")
    # isdecimal alone would let other scripts' digits through, and int() would read them.
    if not dot or not (number.isascii() and number.isdecimal()) or len(number) > 9:
        return None
    return EffectId(effect), int(number)


def _apply_receipts(work: Work, units: Sequence[Accept], tallies: Sequence[_Tally]) -> None:
    received = [
        (tally, receipt, attempt_of(receipt.attempt_id))
        for unit, tally in zip(units, tallies, strict=True)
        for receipt in unit.receipts
    ]
    wanted = {attempt[0] for _, _, attempt in received if attempt is not None}
    rows = work.connection.fetch(SQL["outcomes"], (listed(wanted),))
    sent = {row[0]: _Sent(*row[:10]) for row in rows}
    changed: dict[str, _Sent] = {}
    told: list[NewMessage] = []
    for tally, receipt, attempt in received:
        row = sent.get(attempt[0]) if attempt is not None else None
        if attempt is None or row is None or not 1 <= attempt[1] <= row.attempts:
            tally.receipts_unknown += 1
            continue
        tally.receipts_known += 1
        was_sending = row.state == "sending"
        message = _apply_receipt(row, attempt[1], receipt)
        if message is not None:
            told.append(message)
        if was_sending and row.state != "sending":
            # Nobody may be waiting for this attempt: an earlier owner may have begun it.
            work.rings.lanes.append(LaneRing(row.lane, row.destination, receipt.at_ms))
        changed[row.effect] = row
    if changed:
        work.connection.run_many(
            SQL["note_receipt"],
            [(r.position, r.state, r.done_ms, r.rank, r.vendor_id) for r in changed.values()],
        )
    work.tell(told)


def _apply_receipt(row: _Sent, number: int, receipt: Receipt) -> NewMessage | None:
    """Change the row; the message for its actor, if it must hear of it."""
    row.vendor_id = receipt.vendor_id or row.vendor_id
    open_still = row.state in ("pending", "sending", "held", "unknown")
    if receipt.failure is None:
        if receipt.rank >= 1 and open_still:
            # Any attempt that arrived is enough, also while a later one is on its way.
            row.state, row.done_ms = "delivered", receipt.at_ms
        row.rank = max(row.rank, receipt.rank)
        return None
    # The failure of an attempt that was followed by another says nothing of the latter, and what
    # reached the customer's phone was not lost, whatever the platform says later.
    if number < row.attempts or row.rank >= 2 or row.state in ("rejected", "dropped"):
        return None
    row.state, row.done_ms = "rejected", receipt.at_ms
    return NewMessage(
        MessageId(f"{row.effect}.failed"), row.actor, receipt.at_ms, receipt.failure, row.cause
    )
