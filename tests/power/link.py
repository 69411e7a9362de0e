"""Connections for the units of work of the store: on apsw, and on Python's own SQLite.

What lives here: the connections, and a store that does without the daemon's room. What must not:
settings (`state.opening` makes them) or a statement.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

import apsw

from state import opening
from state.connection import Connection, Params, Row, explained
from state.direct import DirectConnection
from state.queries import SQL
from state.sql_store import SqlStore
from state.store import StoreBroken
from state.transactions import Unit, raised, transact

T = TypeVar("T")


class ApswConnection:
    """A connection whose methods never wait."""

    def __init__(self, path: Path, vfs: str) -> None:
        with _explaining():
            self._database = apsw.Connection(str(path), vfs=vfs)

    def run(self, sql: str, params: Params = ()) -> None:
        """Run one statement."""
        self.fetch(sql, params)

    def run_many(self, sql: str, rows: Sequence[Params]) -> int:
        """Run one statement for each row of parameters."""
        before = self._database.total_changes()
        with _explaining():
            self._database.executemany(sql, rows)
        return self._database.total_changes() - before

    def fetch(self, sql: str, params: Params = ()) -> list[Row]:
        """Run one statement; all that it answers."""
        with _explaining():
            return self._database.execute(sql, params).fetchall()

    def begin(self) -> None:
        """Begin a transaction."""
        self.run(SQL["begin"])

    def commit(self) -> None:
        """Commit it."""
        self.run(SQL["commit"])

    def rollback(self) -> None:
        """Undo what is not committed."""
        if self._database.in_transaction:
            self.run(SQL["rollback"])

    def close(self) -> None:
        """Close it."""
        self._database.close()


class _Failure(Exception):
    """An error of apsw as Python's own module would tell it."""

    def __init__(self, error: apsw.Error) -> None:
        super().__init__(str(error))
        self.sqlite_errorcode: int = getattr(error, "extendedresult", apsw.SQLITE_ERROR)


@contextmanager
def _explaining() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        raise explained(_Failure(error)) from error
    except UnicodeDecodeError as error:
        raise StoreBroken("a text in the file is none") from error
    except (OverflowError, TypeError, UnicodeEncodeError) as error:
        raise explained(error) from error


class StockStore(SqlStore):
    """A store on such a connection; one unit a transaction, and nobody to ring."""

    def __init__(self, connection: DirectConnection, epoch: int) -> None:
        self._connection = connection
        self._epoch = epoch

    @property
    def epoch(self) -> int:
        """The epoch that its opening began."""
        return self._epoch

    async def _write(self, unit: Unit) -> object:
        done = transact(self._connection, self._epoch, [unit])
        return raised(done.answers[0])

    async def _read(self, question: Callable[[Connection], T]) -> T:
        return question(self._connection)


@asynccontextmanager
async def open_stock_store(path: Path) -> AsyncIterator[StockStore]:
    """Open a file by the daemon's own way, without its room. Raises StoreRefused, StoreFull."""

    connection, epoch = opening.open_file(path, DirectConnection.to)
    try:
        yield StockStore(connection, epoch)
    finally:
        connection.close()
