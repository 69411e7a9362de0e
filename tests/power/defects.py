"""Defects that can be planted in the way to the disk, to see that the power cuts find them.

What lives here: one entry for each, and how it is switched on. What must not: the search for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from unittest import mock

from state import opening
from state.connection import Params
from state.queries import SQL
from tests.power.link import ApswConnection


class Defect(Enum):
    """What is wrong with the program."""

    SYNC_NORMAL = "commits are not synced"
    SYNC_OFF = "nothing is synced"
    ANSWERS_FIRST = "a unit is answered before it is committed"
    TWO_HALVES = "a group is written in two transactions"
    HASTY_DRAFT = "a new database gets its name before it is on the disk"
    STEP_BY_STEP = "a migration is committed step by step"


@contextmanager
def planted(defect: Defect | None) -> Iterator[None]:
    """With what has to be changed in the product."""
    if defect is Defect.SYNC_NORMAL:
        settings = _synchronous("NORMAL", 1)
    elif defect is Defect.SYNC_OFF:
        settings = _synchronous("OFF", 0)
    else:
        settings = opening._SETTINGS
    with mock.patch.object(opening, "_SETTINGS", settings):
        yield


def _synchronous(word: str, number: int) -> tuple[tuple[str, str, object], ...]:
    question = "PRAGMA synchronous"
    [place] = [at for at, setting in enumerate(opening._SETTINGS) if setting[1] == question]
    settings = list(opening._SETTINGS)
    settings[place] = (f"PRAGMA synchronous = {word}", question, number)
    return tuple(settings)


def connected(path: Path, vfs: str, defect: Defect | None) -> ApswConnection:
    """A connection, with its defect."""
    match defect:
        case Defect.TWO_HALVES:
            return _Halving(path, vfs)
        case Defect.STEP_BY_STEP:
            return _Stepping(path, vfs)
        case Defect.HASTY_DRAFT if path.suffix == ".new":
            connection = ApswConnection(path, vfs)
            connection.run("PRAGMA synchronous = OFF")
            return connection
        case _:
            return ApswConnection(path, vfs)


class _Halving(ApswConnection):
    def run_many(self, sql: str, rows: Sequence[Params]) -> int:
        if sql == SQL["put_effect"]:
            self.commit()
            self.begin()
        return super().run_many(sql, rows)


class _Stepping(ApswConnection):
    def run(self, sql: str, params: Params = ()) -> None:
        super().run(sql, params)
        if sql.startswith(("CREATE", "DROP", "ALTER")):
            self.commit()
            self.begin()
