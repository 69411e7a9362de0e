"""A `Store` on SQLite without a thread, for simulation: same SQL, same order every time.

What lives here: `InlineDisk` and `InlineStore`. What must not: SQL; use in the daemon proper, which
this store would block for the length of each write.

Every method has a checkpoint before and one after its transaction and none within, so that a
simulated schedule decides alone what happens in which order. A "crash" is simulated by a hook that
raises, or by dropping the store and opening the same disk again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import trio

from state import opening
from state.connection import Connection
from state.direct import DirectConnection, connect
from state.migrations import migrate
from state.sql_store import SqlStore
from state.store import Bell
from state.transactions import Unit, raised, transact

T = TypeVar("T")
Hook = Callable[[str], None]


class InlineDisk:
    """A database that outlives the stores which are opened on it: in memory, or in a file.

    Raises StoreRefused. For a file, nothing keeps a second disk off the same path: tests want to
    see what a later owner does to an earlier one.
    """

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            opening.examine(path)
        with opening.refusing(path or Path(":memory:")):
            self.connection = DirectConnection(connect(path or ":memory:"))
            try:
                migrate(self.connection)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close the database; a memory's content is gone."""
        self.connection.close()


class InlineStore(SqlStore):
    """A `Store` for simulation and tests.

    The hooks are called with the name of the unit of work (`Commit`, `Accept`, `Claim`, ...).
    `before_commit` may raise to have the unit refused with that error (a StoreFull, say) and
    undone; what `after_commit` raises comes when the unit is durable but nobody was told or rung.
    """

    def __init__(
        self,
        disk: InlineDisk,
        bell: Bell,
        *,
        before_commit: Hook | None = None,
        after_commit: Hook | None = None,
    ) -> None:
        self._disk = disk
        self._bell = bell
        self._epoch = opening.raise_epoch(disk.connection)
        self.before_commit = before_commit
        self.after_commit = after_commit

    @property
    def epoch(self) -> int:
        """Rises by one each time a store is opened on the disk."""
        return self._epoch

    async def _write(self, unit: Unit) -> object:
        await trio.lowlevel.checkpoint()
        answer = self._write_now(unit)
        await trio.lowlevel.checkpoint()
        return raised(answer)

    def _write_now(self, unit: Unit) -> object:
        name = type(unit).__name__
        connection = self._disk.connection
        before = self.before_commit
        connection.before_commit = None if before is None else (lambda: before(name))
        try:
            done = transact(connection, self._epoch, [unit])
        finally:
            # The connection outlives this store; its hook must not.
            connection.before_commit = None
        if self.after_commit is not None:
            self.after_commit(name)
        done.rings.ring(self._bell)
        return done.answers[0]

    async def _read(self, question: Callable[[Connection], T]) -> T:
        await trio.lowlevel.checkpoint()
        answer = question(self._disk.connection)
        await trio.lowlevel.checkpoint()
        return answer
