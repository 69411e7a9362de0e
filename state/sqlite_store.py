"""The `Store` of the daemon: SQLite in a room of its own.

What lives here: the store and how it is opened. What must not: SQL, threads, asyncio (`room`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from state.accepting import Accept
from state.connection import Connection
from state.room import Room, open_room
from state.sql_store import SqlStore
from state.store import Bell
from state.transactions import Unit

T = TypeVar("T")


class SqliteStore(SqlStore):
    """A `Store` whose units of work are written in groups by the one writer of a room."""

    def __init__(self, room: Room) -> None:
        self._room = room

    @property
    def epoch(self) -> int:
        """Rises by one each time the file is opened."""
        return self._room.epoch

    async def _write(self, unit: Unit) -> object:
        # The outside can come again; what was decided or sent already must be written.
        return await self._room.write(unit, from_outside=isinstance(unit, Accept))

    async def _read(self, question: Callable[[Connection], T]) -> T:
        return await self._room.read(question)

    async def lull(self) -> None:
        """See `Store.lull`."""
        await self._room.lulls.wait()


@asynccontextmanager
async def open_sqlite_store(
    path: Path,
    bell: Bell,
    *,
    group_max: int = 256,
    queue_max: int = 1024,
    on_group: Callable[[int], None] = lambda _units: None,
) -> AsyncIterator[SqliteStore]:
    """Open the file, or make it; at the end of the block, write what is queued and close it.

    `group_max` units share a transaction at most; `queue_max` may wait, beyond which `accept`
    raises StoreFull and everything else waits. `on_group` hears how many units each commit held,
    and must neither block nor raise. Raises StoreRefused where the file cannot be used and
    StoreFull where there is no space to begin. Raises StoreBroken out of the block, which is
    cancelled, when a commit has failed in a way that leaves its outcome unknown. Closing is
    shielded from cancellation and takes as long as the disk does.
    """
    async with open_room(
        path, bell, group_max=group_max, queue_max=queue_max, on_group=on_group
    ) as room:
        yield SqliteStore(room)
