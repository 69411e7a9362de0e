"""The memory store's side of what is kept of the past.

What lives here: the same answers as in `reading`, over `MemoryDisk`. What must not: the protocol
itself (`memory_store`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from actors.ids import ActorId
from state.memory_disk import MemoryDisk
from state.rows import CalledRow, HeardRow


def heard(
    disk: MemoryDisk, actors: Sequence[ActorId], after: int, span: int
) -> tuple[list[HeardRow], int | None]:
    """See `Store.heard`."""
    rows = [
        HeardRow(
            position,
            letter.row.message_id,
            letter.row.actor,
            letter.row.at_ms,
            letter.row.body,
            letter.row.cause,
            letter.done_ms,
            letter.error,
        )
        for position, letter in disk.letters.items()
        if after < position <= after + span and letter.row.actor in actors
    ]
    return rows, _beyond(disk.letters, after + span)


def called(
    disk: MemoryDisk, actors: Sequence[ActorId], after: int, span: int
) -> tuple[list[CalledRow], int | None]:
    """See `Store.called`."""
    rows = [
        CalledRow(
            call.position,
            call.new.effect,
            call.actor,
            call.new.body,
            call.new.cause,
            call.new.at_ms,
            call.due_ms,
            call.state,
            call.attempts,
            call.started_ms,
            call.done_ms,
            call.error,
        )
        for call in disk.calls.values()
        if after < call.position <= after + span and call.actor in actors
    ]
    return rows, _beyond((call.position for call in disk.calls.values()), after + span)


def _beyond(positions: Iterable[int], after: int) -> int | None:
    return min((position - 1 for position in positions if position > after), default=None)
