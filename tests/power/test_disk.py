"""The disk that loses its power: its rules, and whether SQLite's own words about it come true."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from random import Random

import apsw
import pytest

from tests.power.disk import (
    SECTOR,
    Create,
    Disk,
    Files,
    Operation,
    Remove,
    Rename,
    Sync,
    SyncNames,
    Truncate,
    Write,
)
from tests.power.recorder import Recorder

OLD = b"o" * (4 * SECTOR)
NEW = b"n" * (4 * SECTOR)


def left(operations: list[Operation], files: Files | None = None, cuts: int = 300) -> list[Files]:
    """What many cuts leave, each different thing once."""
    disk = Disk({"a": OLD} if files is None else files)
    for operation in operations:
        disk.apply(operation)
    found: list[Files] = []
    for seed in range(cuts):
        files, _ = disk.cut(Random(seed))
        if files not in found:
            found.append(files)
    return found


def test_what_was_synced_is_there() -> None:
    assert left([Write(0, 0, NEW), Sync(0)]) == [{"a": NEW}]
    assert left([Truncate(0, 5), Sync(0)]) == [{"a": OLD[:5]}]
    assert left([Create("b", 1), Write(1, 0, NEW), Sync(1), SyncNames()], {}) == [{"b": NEW}]


def test_what_was_not_synced_is_there_or_not_or_torn_at_sectors() -> None:
    found = [files["a"] for files in left([Write(0, 0, NEW)])]
    assert {OLD, NEW} < set(found)
    assert len(found) > 2
    for content in found:
        sectors = [content[at : at + SECTOR] for at in range(0, len(content), SECTOR)]
        assert all(sector in (OLD[:SECTOR], NEW[:SECTOR]) for sector in sectors)


def test_nothing_outside_of_a_write_is_touched() -> None:
    for files in left([Write(0, 700, b"n" * 100)]):
        content = files["a"]
        assert content[:700] + content[800:] == OLD[:-100]
        assert content[700:800] in (OLD[:100], NEW[:100])


def test_writes_are_not_kept_in_their_order() -> None:
    found = left([Write(0, 0, b"1"), Write(0, SECTOR, b"2")])
    assert {(files["a"][0:1], files["a"][SECTOR : SECTOR + 1]) for files in found} == {
        (first, second) for first in (b"o", b"1") for second in (b"o", b"2")
    }


def test_a_file_may_grow_without_its_content() -> None:
    found = {files["a"][len(OLD) :] for files in left([Write(0, len(OLD), NEW)])}
    assert b"" in found
    assert bytes(len(NEW)) in found
    assert any(len(rest) == len(NEW) and set(rest) - set(b"n\0") for rest in found)


def test_a_name_is_not_sure_because_its_file_is() -> None:
    assert {} in left([Create("b", 1), Write(1, 0, NEW), Sync(1)], {})
    assert {"a": OLD} in left([Remove("a")])
    renamed = left([Write(0, 0, NEW), Sync(0), Rename("a", "b", 0)])
    assert sorted(map(sorted, renamed)) == [["a"], ["b"]]


def test_a_file_that_took_the_place_of_another_leaves_one_of_them() -> None:
    begun: list[Operation] = [Create("b", 1), Write(1, 0, NEW), Sync(1), SyncNames()]
    found = left([*begun, Rename("b", "a", 1)])
    assert {"a": OLD, "b": NEW} in found
    assert {"a": NEW} in found
    assert len(found) == 2


# --- with SQLite on it --------------------------------------------------------------------------

COMMITS = 12
WAL = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL"


def committed(path: Path, vfs: str, settings: str, done: list[int], log: list[Operation]) -> None:
    """Rows that are answered one by one: after how many operations, is added to `done`."""
    with contextlib.closing(apsw.Connection(str(path), vfs=vfs)) as database:
        database.execute(settings).fetchall()
        for number in range(COMMITS):
            database.execute("INSERT INTO t VALUES (?, zeroblob(3000))", (number,))
            done.append(len(log))


def seen(files: Files, folder: Path) -> int | None:
    """How many rows another program finds; None where the file is damaged."""
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with contextlib.closing(sqlite3.connect(folder / "t.db", isolation_level=None)) as database:
        try:
            if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                return None
            return int(database.execute("SELECT count(*) FROM t").fetchone()[0])
        except sqlite3.DatabaseError:
            return None


@pytest.mark.parametrize(
    ("settings", "loses", "damages"),
    [
        (f"{WAL}; PRAGMA synchronous = FULL", False, False),
        (f"{WAL}; PRAGMA synchronous = NORMAL", True, False),
        (f"{WAL}; PRAGMA synchronous = OFF", True, True),
        # The end of a transaction is the end of the journal's name, which only EXTRA syncs.
        ("PRAGMA synchronous = EXTRA", False, False),
        ("PRAGMA synchronous = FULL", True, False),
    ],
)
def test_sqlite_keeps_on_this_disk_what_it_promises_and_no_more(
    tmp_path: Path, settings: str, loses: bool, damages: bool
) -> None:
    made = sqlite3.connect(tmp_path / "made.db")
    made.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    made.close()
    files = {"t.db": (tmp_path / "made.db").read_bytes()}
    work, found = tmp_path / "work", tmp_path / "found"
    work.mkdir()
    found.mkdir()
    recorder = Recorder(work, files)
    done: list[int] = []
    with recorder.at_work():
        settings += "; PRAGMA wal_autocheckpoint = 9"
        committed(work / "t.db", recorder.vfs, settings, done, recorder.operations)
        recorder.check()
    disk = Disk(files)
    lost = damaged = 0
    for moment, operation in enumerate(recorder.operations, 1):
        disk.apply(operation)
        rows = seen(disk.cut(Random(moment))[0], found)
        damaged += rows is None
        lost += rows is not None and rows < sum(count <= moment for count in done)
    assert (lost > 0, damaged > 0) == (loses, damages)
