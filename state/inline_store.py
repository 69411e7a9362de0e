"""A `Store` on SQLite without a thread, for simulation: same SQL, same order every time.

What lives here: `InlineDisk` and `InlineStore`. What must not: SQL; use in the daemon proper, which
this store would block for the length of each write.

Every method has a checkpoint before and one after its transaction and none within, so that a
simulated schedule decides alone what happens in which order. A "crash" is simulated by a hook that
raises, or by dropping the store and opening the same disk again.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import trio

from state import opening
from state.connection import Connection, Params, Row, explained
from state.migrations import migrate
from state.queries import SQL
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
            self.connection = InlineConnection(
                sqlite3.connect(path or ":memory:", isolation_level=None)
            )
            try:
                _finish(migrate(self.connection))
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close the database; a memory's content is gone."""
        self.connection.close()


class InlineConnection:
    """A `Connection` whose methods never wait."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.before_commit: Callable[[], None] | None = None

    async def run(self, sql: str, params: Params = ()) -> None:
        """Run one statement."""
        await self.fetch(sql, params)

    async def run_many(self, sql: str, rows: Sequence[Params]) -> int:
        """Run one statement for each row of parameters."""
        with _explaining():
            return self._database.executemany(sql, rows).rowcount

    async def fetch(self, sql: str, params: Params = ()) -> list[Row]:
        """Run one statement; all that it answers."""
        with _explaining():
            return self._database.execute(sql, params).fetchall()

    async def begin(self) -> None:
        """Begin a transaction."""
        await self.run(SQL["begin"])

    async def commit(self) -> None:
        """Call the hook, then commit."""
        if self.before_commit is not None:
            self.before_commit()
        await self.run(SQL["commit"])

    async def rollback(self) -> None:
        """Undo what is not committed."""
        if self._database.in_transaction:
            await self.run(SQL["rollback"])

    def close(self) -> None:
        """Close it."""
        self._database.close()


@contextlib.contextmanager
def _explaining() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
        raise explained(error) from error


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
        self._epoch = _finish(opening.raise_epoch(disk.connection))
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
            done = _finish(transact(connection, self._epoch, [unit]))
        finally:
            # The connection outlives this store; its hook must not.
            connection.before_commit = None
        if self.after_commit is not None:
            self.after_commit(name)
        done.rings.ring(self._bell)
        return done.answers[0]

    async def _read(self, question: Callable[[Connection], Awaitable[T]]) -> T:
        await trio.lowlevel.checkpoint()
        answer = _finish(_awaited(question(self._disk.connection)))
        await trio.lowlevel.checkpoint()
        return answer


async def _awaited(awaitable: Awaitable[T]) -> T:
    return await awaitable


def _finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        answer: T = stop.value
        return answer
    coroutine.close()
    raise RuntimeError("a unit of work waited within its transaction")
