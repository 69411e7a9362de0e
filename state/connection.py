"""The small face of SQLite that the units of work see, and what its errors mean.

What lives here: the `Connection` protocol, the one translation from SQLite's errors to ours, and
how lists travel as a parameter. What must not: an SQLite module (`direct` alone imports one), a
statement, a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import msgspec

from state.store import ConstraintBroken, StoreBroken, StoreFull

Params = Sequence[str | bytes | int | None]
Row = tuple[Any, ...]

# SQLite's primary result codes. Names will not do: Python calls the newer ones "unknown".
_FULL, _TOO_BIG, _CONSTRAINT, _MISMATCH = 13, 18, 19, 20


class Connection(Protocol):
    """One connection, used by one thread at a time.

    Every method blocks until it is done, and raises ConstraintBroken, StoreFull or StoreBroken.
    """

    def run(self, sql: str, params: Params = ()) -> None:
        """Run one statement."""

    def run_many(self, sql: str, rows: Sequence[Params]) -> int:
        """Run one statement for each row of parameters; how many rows it changed in all."""

    def fetch(self, sql: str, params: Params = ()) -> list[Row]:
        """Run one statement; all that it answers."""

    def begin(self) -> None:
        """Begin a transaction that may write."""

    def commit(self) -> None:
        """Make it durable. After StoreBroken from here the outcome is not known."""

    def rollback(self) -> None:
        """Undo it; nothing where SQLite has undone it already."""


def explained(error: Exception) -> ConstraintBroken | StoreFull | StoreBroken:
    """What an error of SQLite or of its binding means for those who wait."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or code & 0xFF in (_TOO_BIG, _CONSTRAINT, _MISMATCH):
        # Without a code: a value that cannot be bound, such as a number of more than 64 bits.
        return ConstraintBroken(str(error))
    if code & 0xFF == _FULL:
        return StoreFull(str(error))
    return StoreBroken(f"{error} (SQLite {code})")


def listed(values: Iterable[str]) -> str:
    """Texts as one JSON parameter."""
    return _json(list(values))


def rows_listed(rows: Iterable[Sequence[str | int]]) -> str:
    """Rows of texts and numbers as one JSON parameter."""
    return _json(list(rows))


def _json(value: list[Any]) -> str:
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError as error:
        raise ConstraintBroken("a name is not valid Unicode") from error
    # SQLite's JSON functions end a text at its first NUL, and would find another row.
    if "\\u0000" in text:
        raise ConstraintBroken("a name holds a NUL, or looks as if")
    return text
