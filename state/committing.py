"""Writing what turns decided: the unit of work `Commit`.

What lives here: the version guard and the order of the parts of a commit. What must not: what comes
from outside (`accepting`), what becomes of a call (`sending`).

Units of one group whose actors differ are written together, one statement a table. Where an actor
comes twice, its second unit belongs to a second wave, so that order is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from actors.ids import ActorId
from state.connection import Params, listed
from state.queries import SQL
from state.rows import Commit, LaneRing, NewEffect, NewMessage
from state.store import ConstraintBroken, StaleCommit
from state.work import Work


def apply_commits(work: Work, units: Sequence[Commit]) -> list[StaleCommit | None]:
    """Write all units but the stale ones, which are answered StaleCommit; an answer for each.

    Raises ConstraintBroken where any of them is at fault; which one, the caller finds out.
    """
    first: dict[ActorId, Commit] = {}
    for unit in units:
        first.setdefault(unit.actor, unit)
    # Where an actor comes twice, what becomes of the first decides about the second.
    written = [first[unit.actor] is unit and _write_state(work, unit) for unit in units]
    versions = _versions(
        work, {u.actor for u, done in zip(units, written, strict=True) if not done}
    )
    answers: list[StaleCommit | None] = []
    live: list[_Live] = []
    for unit, done in zip(units, written, strict=True):
        version = unit.expected_version if done else versions.get(unit.actor, 0)
        if unit.expected_version != version:
            stale = f"the actor has version {version}, not {unit.expected_version}"
            answers.append(StaleCommit(stale))
            continue
        if not done and begins_or_goes_on(unit):
            versions[unit.actor] = version + 1
        live.append(_Live(unit, done))
        answers.append(None)
    for wave in _waves(live):
        _apply_wave(work, wave)
    return answers


def _write_state(work: Work, unit: Commit) -> bool:
    """Write the state of an actor that stays where the indexes have it, as by far the most do.

    False where that is not so or its version is another: nothing was written then.
    """
    if unit.expected_version == 0:
        return False
    row = (
        unit.actor,
        unit.expected_version,
        unit.state,
        unit.failures,
        unit.at_ms,
        unit.status.value,
        unit.flow_version,
    )
    return work.connection.run_many(SQL["write_state"], [row]) == 1


def _versions(work: Work, actors: set[ActorId]) -> dict[ActorId, int]:
    if not actors:
        return {}
    return dict(work.connection.fetch(SQL["versions"], (listed(actors),)))


class _Live(Struct, frozen=True):
    """A unit that is not stale, and whether its actor is written already."""

    unit: Commit
    written: bool


def begins_or_goes_on(unit: Commit) -> bool:
    """Whether there is an actor after the commit, rather than nobody as before."""
    return unit.expected_version > 0 or unit.state != b""


def _waves(live: Sequence[_Live]) -> Iterator[list[_Live]]:
    waves: list[list[_Live]] = []
    turn: dict[ActorId, int] = {}
    for each in live:
        number = turn.get(each.unit.actor, 0)
        turn[each.unit.actor] = number + 1
        if number == len(waves):
            waves.append([])
        waves[number].append(each)
    yield from waves


def _apply_wave(work: Work, live: Sequence[_Live]) -> None:
    units = [each.unit for each in live]
    _write_actors(work, live)
    _close_messages(work, units)
    taken_back = _withdraw(work, units)
    _drop_topics(work, units)
    _put_effects(work, units)
    _set_timers(work, units)
    _claim_aliases(work, units)
    messages = [message for unit in units for message in unit.messages]
    work.tell(messages + taken_back)


def _change(work: Work, statement: str, rows: Sequence[Params], fault: str) -> None:
    """Run a statement that must change one row for each row of parameters."""
    if rows and work.connection.run_many(SQL[statement], rows) != len(rows):
        raise ConstraintBroken(fault)


def _write_actors(work: Work, live: Sequence[_Live]) -> None:
    rows = [
        (
            unit.actor,
            unit.expected_version + 1,
            unit.status.value,
            unit.state,
            unit.failures,
            unit.flow_version,
            unit.at_ms,
        )
        for unit in (each.unit for each in live if not each.written)
        if begins_or_goes_on(unit)
    ]
    _change(work, "write_actor", rows, "an actor changed while it was written")


def _close_messages(work: Work, units: Sequence[Commit]) -> None:
    fault = "a message is not open, or belongs to another actor"
    handled = [(position, u.actor, u.at_ms) for u in units for position in u.handled]
    _change(work, "handle_message", handled, fault)
    dead = [(letter.position, u.actor, u.at_ms, letter.error) for u in units for letter in u.dead]
    _change(work, "bury_message", dead, fault)


def _withdraw(work: Work, units: Sequence[Commit]) -> list[NewMessage]:
    told: list[NewMessage] = []
    for unit in units:
        if unit.withdrawals:
            effects = listed(withdrawal.effect for withdrawal in unit.withdrawals)
            rows = work.connection.fetch(SQL["withdraw"], (unit.actor, effects, unit.at_ms))
            back = {row[0] for row in rows}
            for withdrawal in unit.withdrawals:
                if withdrawal.effect in back:
                    back.remove(withdrawal.effect)
                    told.append(withdrawal.tell)
    return told


def _drop_topics(work: Work, units: Sequence[Commit]) -> None:
    rows: list[Params] = []
    for unit in units:
        replaced = [effect.topic for effect in unit.effects if effect.topic is not None]
        rows.extend(
            (unit.actor, topic, unit.at_ms)
            for topic in dict.fromkeys([*unit.topics_dropped, *replaced])
        )
    if rows:
        work.connection.run_many(SQL["drop_topic"], rows)


def _put_effects(work: Work, units: Sequence[Commit]) -> None:
    rows: list[Params] = []
    for unit in units:
        latest = latest_of_topics(unit.effects)
        for effect in unit.effects:
            live = effect.topic is None or latest[effect.topic] is effect
            due_ms = effect.at_ms if effect.not_before_ms is None else effect.not_before_ms
            rows.append(
                (
                    work.next_outbox(),
                    effect.effect,
                    unit.actor,
                    effect.lane,
                    effect.destination,
                    effect.body,
                    effect.cause,
                    effect.topic,
                    effect.at_ms,
                    due_ms,
                    effect.not_after_ms,
                    "pending" if live else "dropped",
                    None if live else unit.at_ms,
                )
            )
            if live:
                work.rings.lanes.append(LaneRing(effect.lane, effect.destination, due_ms))
    if rows:
        work.connection.run_many(SQL["put_effect"], rows)


def latest_of_topics(effects: Sequence[NewEffect]) -> dict[str, NewEffect]:
    """The effect of each topic that stands; an earlier one of the same unit is dropped by it."""
    return {effect.topic: effect for effect in effects if effect.topic is not None}


def _set_timers(work: Work, units: Sequence[Commit]) -> None:
    cleared = [(unit.actor, name) for unit in units for name in unit.timers_cleared]
    if cleared:
        work.connection.run_many(SQL["clear_timer"], cleared)
    timers = [(unit, timer) for unit in units for timer in unit.timers_set]
    if not timers:
        return
    if any(timer.actor != unit.actor for unit, timer in timers):
        raise ConstraintBroken("a timer is set for another actor")
    work.connection.run_many(
        SQL["set_timer"], [(t.actor, t.name, t.generation, t.due_ms, t.body) for _, t in timers]
    )
    work.rings.timers.extend(timer.due_ms for _, timer in timers)


def _claim_aliases(work: Work, units: Sequence[Commit]) -> None:
    owners = [(alias, unit) for unit in units for alias in unit.aliases]
    if not owners:
        return
    work.connection.run_many(SQL["write_alias"], [(alias, unit.actor) for alias, unit in owners])
    wanted = listed({alias for alias, _ in owners})
    rows = work.connection.fetch(SQL["parked_for"], (wanted,))
    if not rows:
        return
    work.connection.run(SQL["unpark"], (wanted,))
    # Where two units of a group claim one alias, the first gets what was parked, as it would have
    # got it in a group of its own.
    first: dict[str, Commit] = {}
    for alias, unit in owners:
        first.setdefault(alias, unit)
    messages: list[NewMessage] = []
    windows: dict[ActorId, tuple[int, int]] = {}
    for alias, message_id, at_ms, body, opens_until_ms in rows:
        unit = first[alias]
        messages.append(NewMessage(message_id, unit.actor, at_ms, body))
        if opens_until_ms is not None:
            until_ms, _ = windows.get(unit.actor, (opens_until_ms, 0))
            windows[unit.actor] = (max(until_ms, opens_until_ms), unit.at_ms)
    work.put(messages)
    work.open_windows(windows)
