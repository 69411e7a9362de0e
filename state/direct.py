"""A `Connection` straight on SQLite's own binding: every call blocks until SQLite has answered.

What lives here: that connection. What must not: threads, or who may be made to wait. The daemon
uses it on the thread of the `room` alone; `inline_store` lets a simulation wait for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from state.connection import Params, Row, explained
from state.queries import SQL

Database = sqlite3.Connection
"""What the binding calls a connection."""

_ERRORS = (sqlite3.Error, OverflowError, UnicodeEncodeError)


def connect(path: Path | str) -> Database:
    """Open a database. It belongs to the thread that opens it. Raises like a `Connection`."""
    try:
        # No implicit transactions: ours begin and end where the code says so. Hardly any wait for a
        # lock: whoever holds one is not about to let go.
        return sqlite3.connect(path, isolation_level=None, timeout=0.1)
    except _ERRORS as error:
        raise explained(error) from error


class DirectConnection:
    """See `Connection`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.before_commit: Callable[[], None] | None = None
        """Called between the last statement and COMMIT. What it raises undoes the transaction."""

    @classmethod
    def to(cls, path: Path) -> DirectConnection:
        """A connection to a file; see `connect`."""
        return cls(connect(path))

    def run(self, sql: str, params: Params = ()) -> None:
        """Run one statement."""
        self.fetch(sql, params)

    def run_many(self, sql: str, rows: Sequence[Params]) -> int:
        """Run one statement for each row of parameters."""
        try:
            return self.database.executemany(sql, rows).rowcount
        except _ERRORS as error:
            raise explained(error) from error

    def fetch(self, sql: str, params: Params = ()) -> list[Row]:
        """Run one statement; all that it answers."""
        try:
            return self.database.execute(sql, params).fetchall()
        except _ERRORS as error:
            raise explained(error) from error

    def begin(self) -> None:
        """Begin a transaction."""
        self.run(SQL["begin"])

    def commit(self) -> None:
        """Commit it."""
        if self.before_commit is not None:
            self.before_commit()
        self.run(SQL["commit"])

    def rollback(self) -> None:
        """Undo what is not committed."""
        if self.database.in_transaction:
            self.run(SQL["rollback"])

    def close(self) -> None:
        """Close the database."""
        self.database.close()
