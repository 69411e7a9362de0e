"""Units of work that an operator asks for: replaying, dropping, releasing, settling.

What lives here: what a person does about dead letters, quarantined actors and calls of unknown
fate. What must not: what the daemon does about them by itself (`upkeep`, `sending`).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from actors.ids import ActorId, EffectId, MessageId
from state import reading
from state.connection import listed
from state.queries import SQL
from state.rows import NewMessage, SettleAs, Settlement
from state.sending import apply_settlements
from state.store import ConstraintBroken
from state.work import Work

BY_WORD = (SettleAs.DELIVERED, SettleAs.DROPPED, SettleAs.RESEND)
"""What an operator can say of a call of unknown fate."""


class ReplayDeadLetter(Struct, frozen=True):
    """The unit of work of `Store.replay_dead_letter`."""

    position: int
    at_ms: int


class DropDeadLetter(Struct, frozen=True):
    """The unit of work of `Store.drop_dead_letter`."""

    position: int


class Release(Struct, frozen=True):
    """The unit of work of `Store.release`."""

    actor: ActorId
    at_ms: int


class SettleUnknown(Struct, frozen=True):
    """The unit of work of `Store.settle_unknown`."""

    effect: EffectId
    outcome: SettleAs
    at_ms: int


Mending = ReplayDeadLetter | DropDeadLetter | Release | SettleUnknown


def apply_mendings(work: Work, units: Sequence[Mending]) -> list[bool]:
    """Carry the units out one by one, in their order; whether each found what it is about."""
    return [_apply(work, unit) for unit in units]


def _apply(work: Work, unit: Mending) -> bool:
    match unit:
        case ReplayDeadLetter():
            return _replay(work, unit)
        case DropDeadLetter(position):
            return work.connection.run_many(SQL["drop_dead_letter"], [(position,)]) > 0
        case Release(actor, at_ms):
            return work.connection.run_many(SQL["release_actor"], [(actor, at_ms)]) > 0
        case SettleUnknown():
            return _settle_unknown(work, unit)


def replay_id(message_id: MessageId, number: int) -> MessageId:
    """The id of a replay of a dead letter."""
    return MessageId(f"{message_id}.replay.{number}")


def _replay(work: Work, unit: ReplayDeadLetter) -> bool:
    letter = reading.dead_letter(work.connection, unit.position)
    if letter is None or letter.actor is None:
        return False
    # Counted in the row: an earlier replay may be pruned by now, yet what it caused is named
    # after it. An id that looks like a replay's may also have come from outside.
    number = letter.replays + 1
    while work.seen([replay_id(letter.message_id, number)]):
        number += 1
    message_id = replay_id(letter.message_id, number)
    work.put([NewMessage(message_id, letter.actor, letter.at_ms, letter.body, letter.cause)])
    work.connection.run(SQL["note_replay"], (unit.position, number, unit.at_ms))
    return True


def _settle_unknown(work: Work, unit: SettleUnknown) -> bool:
    if unit.outcome not in BY_WORD:
        raise ConstraintBroken(f"an operator cannot settle a call as {unit.outcome.value}")
    rows = work.connection.fetch(SQL["outcomes"], (listed([unit.effect]),))
    if not rows:
        return False
    state, attempts = rows[0][6:8]
    if state != "unknown":
        return False
    apply_settlements(work, [Settlement(unit.effect, attempts, unit.outcome, unit.at_ms)])
    return True
