"""Which files are opened, and how the others are refused: with a sentence, and left alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from state.migrations import APPLICATION_ID
from state.sqlite_store import open_sqlite_store
from state.store import StoreRefused
from tests.state.benches import ANN, Bell, turn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


async def make(path: Path) -> None:
    async with open_sqlite_store(path, Bell()) as store:
        for version in range(40):
            await store.commit(turn(version, state=b"x" * 9000))


def content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


@pytest.fixture
def directory(path: Path) -> Path:
    path.mkdir()
    return path


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def cut_short(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


async def refused(path: Path, sentence: str) -> None:
    before = content(path)
    with pytest.raises(StoreRefused, match=sentence) as caught:
        async with open_sqlite_store(path, Bell()):
            pytest.fail("opened")
    assert str(path.parent) in str(caught.value)
    assert content(path) == before


async def test_a_second_daemon_is_refused_while_the_first_goes_on(path: Path) -> None:
    async with open_sqlite_store(path, Bell()) as store:
        with pytest.raises(StoreRefused, match="another daemon"):
            async with open_sqlite_store(path, Bell()):
                pytest.fail("opened")
        await store.commit(turn(0))
    async with open_sqlite_store(path, Bell()) as store:
        assert await store.load(ANN) is not None


async def test_another_program_in_the_file_is_refused(path: Path) -> None:
    await make(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreRefused, match="locked"):
        async with open_sqlite_store(path, Bell()):
            pytest.fail("opened")
    other.close()


async def test_a_missing_directory_is_refused(path: Path) -> None:
    await refused(path / "deeper" / "bot.db", "no such directory")


async def test_a_directory_in_place_of_the_file_is_refused(directory: Path) -> None:
    await refused(directory, "directory")


async def test_an_empty_file_is_refused(path: Path) -> None:
    write(path, b"")
    await refused(path, "the file is empty")


@pytest.mark.parametrize("wrong", [b"SQLite", b"# notes\n" * 100, bytes(8192)])
async def test_a_file_that_is_no_database_is_refused(path: Path, wrong: bytes) -> None:
    write(path, wrong)
    await refused(path, "not an SQLite database")


async def test_a_database_that_was_cut_short_is_refused(path: Path) -> None:
    await make(path)
    cut_short(path, 20_000)
    await refused(path, "cannot be used")


async def test_a_database_that_lost_its_epoch_is_refused(path: Path) -> None:
    await make(path)
    damaged = sqlite3.connect(path)
    damaged.execute("DELETE FROM meta")
    damaged.commit()
    damaged.close()
    await refused(path, "no epoch")


async def test_the_database_of_another_program_is_refused(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (a TEXT)")
    other.close()
    await refused(path, "another program")


async def test_a_newer_database_is_refused(path: Path) -> None:
    await make(path)
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    await refused(path, "version 99.* run the newer program")


async def test_a_log_without_its_database_is_refused(path: Path) -> None:
    path.with_name("bot.db-wal").write_bytes(b"frames")
    await refused(path, "its write-ahead log")


async def test_what_an_interrupted_creation_left_behind_is_no_obstacle(path: Path) -> None:
    path.with_name("bot.db.new").write_bytes(b"half")
    path.with_name("bot.db.new-journal").write_bytes(b"half")
    await make(path)
    assert sorted(file.name for file in path.parent.iterdir()) == ["bot.db", "bot.db.lock"]
    header = content(path) or b""
    assert int.from_bytes(header[68:72], "big") == APPLICATION_ID
