"""The memory store's side of what an operator asks for.

What lives here: the same decisions as in `mending`, over `MemoryDisk`. What must not: the protocol
itself (`memory_store`).
"""

from __future__ import annotations

from msgspec.structs import replace

from actors.ids import ActorId, EffectId
from state import memory_outbox
from state.memory_disk import MemoryDisk
from state.mending import BY_WORD, replay_id
from state.rows import ActorStatus, DeadLetterRow, SettleAs, Settlement
from state.store import ConstraintBroken
from state.work import Rings


def dead_letter(disk: MemoryDisk, position: int) -> DeadLetterRow | None:
    """See `Store.dead_letter`."""
    letter = disk.letters.get(position)
    if letter is None or letter.done_ms is None or letter.error is None:
        return None
    row = letter.row
    return DeadLetterRow(
        position=position,
        message_id=row.message_id,
        actor=row.actor or None,
        at_ms=row.at_ms,
        dead_at_ms=letter.done_ms,
        error=letter.error,
        body=row.body,
        cause=row.cause,
        replayed_at_ms=letter.replayed_at_ms,
        replays=letter.replays,
    )


def replay(disk: MemoryDisk, rings: Rings, position: int, at_ms: int) -> bool:
    """See `Store.replay_dead_letter`."""
    known = dead_letter(disk, position)
    if known is None or known.actor is None:
        return False
    number = known.replays + 1
    while disk.seen(replay_id(known.message_id, number)):
        number += 1
    letter = disk.letters[position]
    letter.replays, letter.replayed_at_ms = number, at_ms
    message_id = replay_id(known.message_id, number)
    disk.put(rings, message_id, known.actor, known.at_ms, known.body, known.cause)
    return True


def drop(disk: MemoryDisk, position: int) -> bool:
    """See `Store.drop_dead_letter`."""
    if dead_letter(disk, position) is None:
        return False
    letter = disk.letters[position]
    letter.error, letter.row = None, replace(letter.row, body=b"")
    return True


def release(disk: MemoryDisk, actor: ActorId, at_ms: int) -> bool:
    """See `Store.release`."""
    row = disk.actors.get(actor)
    if row is None or row.status is not ActorStatus.QUARANTINED:
        return False
    disk.actors[actor] = replace(
        row, version=row.version + 1, status=ActorStatus.ACTIVE, failures=0
    )
    disk.acted_ms[actor] = at_ms
    return True


def settle_unknown(
    disk: MemoryDisk, rings: Rings, effect: EffectId, outcome: SettleAs, at_ms: int
) -> bool:
    """See `Store.settle_unknown`."""
    if outcome not in BY_WORD:
        raise ConstraintBroken(f"an operator cannot settle a call as {outcome.value}")
    call = disk.calls.get(effect)
    if call is None or call.state != "unknown":
        return False
    return memory_outbox.settle(disk, rings, Settlement(effect, call.attempts, outcome, at_ms))
