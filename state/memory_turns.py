"""The memory store's side of arrivals and commits, and its pruning.

What lives here: what `accepting`, `committing` and `upkeep` do, over `MemoryDisk`. What must not:
the protocol itself (`memory_store`), or anything that waits.
"""

from __future__ import annotations

from actors.ids import ActorId
from state.accepting import NOBODY
from state.committing import begins_or_goes_on, latest_of_topics
from state.memory_disk import Call, MemoryDisk, Parked
from state.rows import ActorRow, ActorStatus, Arrival, Commit, ToActor, ToAlias, ToDeadLetters
from state.store import ConstraintBroken, StaleCommit
from state.upkeep import PARKED_TOO_LONG
from state.work import Rings

Windows = dict[ActorId, tuple[int, int]]


def take(disk: MemoryDisk, rings: Rings, arrival: Arrival, windows: Windows) -> str:
    """Take an arrival; the field of `Acceptance` that counts it."""
    if disk.seen(arrival.message_id):
        return "duplicates"
    target = arrival.target
    actor: ActorId | None = None
    if isinstance(target, ToActor):
        actor = target.actor
    elif isinstance(target, ToAlias):
        actor = disk.aliases.get(target.alias)
    if arrival.must_exist and not disk.exists(actor):
        return "refused"
    if isinstance(target, ToAlias) and actor is None and target.mint is not None:
        actor = disk.aliases[target.alias] = target.mint
    if actor is not None:
        disk.put(rings, arrival.message_id, actor, arrival.at_ms, arrival.body)
        _note_window(windows, actor, arrival, arrival.at_ms)
        return "taken"
    if isinstance(target, ToAlias) and target.park_until_ms is not None:
        disk.parked[arrival.message_id] = Parked(target.alias, target.park_until_ms, arrival)
        return "parked"
    error = target.error if isinstance(target, ToDeadLetters) else NOBODY
    disk.bury(arrival, arrival.at_ms, error)
    return "taken"


def _note_window(windows: Windows, actor: ActorId, arrival: Arrival, at_ms: int) -> None:
    until_ms = arrival.opens_window_until_ms
    if until_ms is not None:
        known_ms, _ = windows.get(actor, (until_ms, 0))
        windows[actor] = (max(known_ms, until_ms), at_ms)


def check(disk: MemoryDisk, unit: Commit) -> None:
    """Raise what a commit would raise, before anything is changed."""
    row = disk.actors.get(unit.actor)
    version = 0 if row is None else row.version
    if unit.expected_version != version:
        raise StaleCommit(f"the actor has version {version}, not {unit.expected_version}")
    positions = [*unit.handled, *(letter.position for letter in unit.dead)]
    for position in positions:
        letter = disk.letters.get(position)
        if letter is None or letter.done_ms is not None or letter.row.actor != unit.actor:
            raise ConstraintBroken("a message is not open, or belongs to another actor")
    if len(set(positions)) != len(positions):
        raise ConstraintBroken("a message is closed twice")
    effects = [effect.effect for effect in unit.effects]
    if len(set(effects)) != len(effects) or any(effect in disk.calls for effect in effects):
        raise ConstraintBroken("an effect id is used twice")
    if any(timer.actor != unit.actor for timer in unit.timers_set):
        raise ConstraintBroken("a timer is set for another actor")


def apply(disk: MemoryDisk, rings: Rings, unit: Commit) -> None:
    """Write a commit that was checked."""
    if begins_or_goes_on(unit):
        disk.actors[unit.actor] = ActorRow(
            unit.actor,
            unit.expected_version + 1,
            unit.status,
            unit.state,
            unit.failures,
            unit.flow_version,
        )
        disk.acted_ms[unit.actor] = unit.at_ms
    for position in unit.handled:
        disk.letters[position].done_ms = unit.at_ms
    for dead in unit.dead:
        letter = disk.letters[dead.position]
        letter.done_ms, letter.error = unit.at_ms, dead.error
    told = []
    for withdrawal in unit.withdrawals:
        call = disk.calls.get(withdrawal.effect)
        if (
            call is not None
            and call.actor == unit.actor
            and call.state in ("pending", "held")
            and call.resends == 0
        ):
            call.state, call.done_ms = "dropped", unit.at_ms
            told.append(withdrawal.tell)
    _put_effects(disk, rings, unit)
    for name in unit.timers_cleared:
        disk.timers.pop((unit.actor, name), None)
    for timer in unit.timers_set:
        disk.timers[timer.actor, timer.name] = timer
        rings.timers.append(timer.due_ms)
    _claim_aliases(disk, rings, unit)
    for new in [*unit.messages, *told]:
        disk.put(rings, new.message_id, new.actor, new.at_ms, new.body, new.cause)


def _put_effects(disk: MemoryDisk, rings: Rings, unit: Commit) -> None:
    latest = latest_of_topics(unit.effects)
    topics = {*unit.topics_dropped, *latest}
    for call in disk.calls.values():
        if (
            call.actor == unit.actor
            and call.new.topic in topics
            and call.state in ("pending", "held")
        ):
            call.state, call.done_ms = "dropped", unit.at_ms
    for effect in unit.effects:
        disk.outbox_last += 1
        due_ms = effect.at_ms if effect.not_before_ms is None else effect.not_before_ms
        call = Call(disk.outbox_last, unit.actor, effect, due_ms)
        disk.calls[effect.effect] = call
        if effect.topic is None or latest[effect.topic] is effect:
            rings.lanes.append(call.ring(due_ms))
        else:
            call.state, call.done_ms = "dropped", unit.at_ms


def _claim_aliases(disk: MemoryDisk, rings: Rings, unit: Commit) -> None:
    disk.aliases.update(dict.fromkeys(unit.aliases, unit.actor))
    windows: Windows = {}
    found = [parked for parked in disk.parked.values() if parked.alias in unit.aliases]
    for parked in found:
        arrival = parked.arrival
        del disk.parked[arrival.message_id]
        disk.put(rings, arrival.message_id, unit.actor, arrival.at_ms, arrival.body)
        _note_window(windows, unit.actor, arrival, unit.at_ms)
    disk.open_windows(rings, windows)


def prune(disk: MemoryDisk, before_ms: int, limit: int) -> int:
    """Forget at most `limit` rows, kind by kind; how many."""
    handled = sorted(
        (letter.done_ms, position)
        for position, letter in disk.letters.items()
        if letter.done_ms is not None and letter.error is None and letter.done_ms < before_ms
    )[:limit]
    for _, position in handled:
        del disk.positions[disk.letters.pop(position).row.message_id]
    limit -= len(handled)
    settled = sorted(
        (call.done_ms, call.position, effect)
        for effect, call in disk.calls.items()
        if call.done_ms is not None and call.done_ms < before_ms
    )[:limit]
    for _, _, effect in settled:
        del disk.calls[effect]
    limit -= len(settled)
    expired = sorted(
        (call.new.not_after_ms, call.position, effect)
        for effect, call in disk.calls.items()
        if call.state == "held"
        and call.new.not_after_ms is not None
        and call.new.not_after_ms < before_ms
    )[:limit]
    for _, _, effect in expired:
        del disk.calls[effect]
    limit -= len(expired)
    finished = _finished(disk, before_ms)[:limit]
    for actor in finished:
        del disk.actors[actor]
        disk.acted_ms.pop(actor, None)
        disk.windows.pop(actor, None)
    disk.aliases = {name: who for name, who in disk.aliases.items() if who not in finished}
    limit -= len(finished)
    newest_ms = max((at_ms for _, at_ms in disk.kept_flows.values()), default=0)
    used = {row.flow_version for row in disk.actors.values()}
    unused = [
        version
        for version, (_, at_ms) in sorted(disk.kept_flows.items(), key=lambda item: item[1][1])
        if at_ms < before_ms and at_ms < newest_ms and version not in used
    ][:limit]
    for version in unused:
        del disk.kept_flows[version]
    limit -= len(unused)
    past = [parked for parked in disk.parked.values() if parked.until_ms < before_ms]
    past = sorted(past, key=lambda parked: parked.until_ms)[:limit]
    for parked in past:
        del disk.parked[parked.arrival.message_id]
        disk.bury(parked.arrival, parked.until_ms, PARKED_TOO_LONG)
    return len(handled) + len(settled) + len(expired) + len(finished) + len(unused) + len(past)


def _finished(disk: MemoryDisk, before_ms: int) -> list[ActorId]:
    """Actors that ended before a time and that nothing waits for, in the order of their end."""
    awaited = {letter.row.actor for letter in disk.letters.values() if letter.done_ms is None}
    awaited |= {call.actor for call in disk.calls.values() if call.done_ms is None}
    awaited |= {actor for actor, _ in disk.timers}
    ended = sorted(
        (disk.acted_ms.get(actor, 0), actor)
        for actor, row in disk.actors.items()
        if row.status is ActorStatus.FINISHED and actor not in awaited
    )
    return [actor for at_ms, actor in ended if at_ms < before_ms]
