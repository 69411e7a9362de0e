"""Giving out calls and recording what became of them: claims and settlements.

What lives here: which row of a lane comes next, and what each outcome makes of a row. What must
not: the sending itself, or when to try again (the daemon decides both).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from actors.ids import ActorId, EffectId, MessageId
from state.connection import Params, listed, rows_listed
from state.queries import SQL
from state.rows import (
    Claimed,
    LaneRing,
    NewMessage,
    NothingDue,
    OutboxRow,
    SettleAs,
    Settlement,
)
from state.work import Work

SETTLED = {
    SettleAs.DELIVERED: "delivered",
    SettleAs.REJECTED: "rejected",
    SettleAs.DROPPED: "dropped",
}
"""Outcomes that end a call, and the states they end in."""


class Claim(Struct, frozen=True):
    """The unit of work of `Store.claim`."""

    lane: str
    now_ms: int


def outbox_row(row: Sequence[Any]) -> OutboxRow:
    """A row of any query that answers the columns of `OutboxRow` in their order."""
    return OutboxRow(
        position=row[0],
        effect=row[1],
        actor=row[2],
        lane=row[3],
        destination=row[4],
        body=row[5],
        cause=row[6],
        at_ms=row[7],
        attempts=row[8],
        due_ms=row[9],
        not_after_ms=row[10],
        window_until_ms=row[11],
        resends=row[12],
    )


def apply_claims(work: Work, units: Sequence[Claim]) -> list[Claimed | NothingDue]:
    """Record the heads of lanes as `sending`; an answer for each unit.

    A lane that is asked for twice gives out one row: the second finds it busy.
    """
    wanted = rows_listed((number, unit.lane, unit.now_ms) for number, unit in enumerate(units))
    rows = work.connection.fetch(SQL["lane_heads"], (wanted,))
    work.rings.looked_at.extend(unit.lane for unit in units)
    answers: list[Claimed | NothingDue] = []
    begun: list[Params] = []
    busy: set[str] = set()
    for unit, (_, sending, next_due_ms, more, *head) in zip(units, rows, strict=True):
        if sending or unit.lane in busy:
            # Whoever settles the attempt looks for the next one.
            answers.append(NothingDue(None))
        elif head[0] is None or head[9] > unit.now_ms:
            answers.append(NothingDue(next_due_ms))
        else:
            row = outbox_row(head)
            begun.append((row.position, unit.now_ms, work.epoch, row.window_until_ms))
            busy.add(unit.lane)
            answers.append(Claimed(replace(row, attempts=row.attempts + 1), bool(more)))
    if begun:
        work.connection.run_many(SQL["begin_attempt"], begun)
    return answers


# --- settlements --------------------------------------------------------------------------------


class _Attempt(Struct):
    """An outbox row as a settlement sees it."""

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
    window_ms: int | None
    window_until_ms: int | None


def apply_settlements(work: Work, units: Sequence[Settlement]) -> list[bool]:
    """Settle attempts that are not settled yet, and tell their actors; whether each was."""
    wanted = listed({unit.effect for unit in units})
    rows = work.connection.fetch(SQL["outcomes"], (wanted,))
    attempts = {row[0]: _Attempt(*row) for row in rows}
    answers: list[bool] = []
    changes: list[Params] = []
    told: list[NewMessage] = []
    for unit in units:
        row = attempts.get(unit.effect)
        fits = (
            row is not None
            and row.attempts == unit.attempts
            and row.state in ("sending", "unknown")
        )
        answers.append(fits)
        if row is None or not fits:
            continue
        changes.append(_settle(work, row, unit))
        if unit.tell is not None:
            told.append(unit.tell)
    if changes:
        work.connection.run_many(SQL["settle"], changes)
    work.tell(told)
    return answers


def _settle(work: Work, row: _Attempt, unit: Settlement) -> Params:
    """Change the row, ring its lane where that has something new; the parameters of `settle`."""
    left_behind = row.state == "sending" and row.epoch != work.epoch
    end = end_of(unit, row.window_ms, row.window_until_ms)
    row.state = end.state
    if end.state == "pending" and end.due_ms is not None:
        work.rings.lanes.append(LaneRing(row.lane, row.destination, end.due_ms))
    elif left_behind:
        # Whoever claimed it is gone, so nobody else will look what comes next in the lane.
        work.rings.lanes.append(LaneRing(row.lane, row.destination, unit.at_ms))
    resends = 1 if unit.outcome is SettleAs.RESEND else 0
    return (row.position, end.state, end.due_ms, end.done_ms, unit.vendor_id, unit.error, resends)


class End(Struct, frozen=True):
    """What an outcome makes of a row; a `due_ms` of None leaves it as it was."""

    state: str
    due_ms: int | None = None
    done_ms: int | None = None


def end_of(unit: Settlement, window_ms: int | None, window_until_ms: int | None) -> End:
    """What a settlement makes of a row, given the window at its claim and the window now.

    A call that is to be held is pending at once where the window has moved on since the claim:
    the customer wrote in between, and nothing else would release it.
    """
    due_ms = unit.at_ms if unit.due_ms is None else unit.due_ms
    match unit.outcome:
        case SettleAs.DELIVERED | SettleAs.REJECTED | SettleAs.DROPPED:
            return End(SETTLED[unit.outcome], done_ms=unit.at_ms)
        case SettleAs.RETRY | SettleAs.RESEND:
            return End("pending", due_ms)
        case SettleAs.UNKNOWN:
            return End("unknown", due_ms)
        case SettleAs.HOLD:
            moved_on = window_until_ms is not None and (
                window_ms is None or window_until_ms > window_ms
            )
            return End("pending", unit.at_ms) if moved_on else End("held")
