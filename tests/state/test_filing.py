"""The indexes of actors: written where what they are filed by changes, and only there."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import trio
import trio.testing
from msgspec.structs import replace

from state.connection import Connection
from state.queries import SQL
from state.rows import ActorStatus
from state.sqlite_store import open_sqlite_store
from tests.state.benches import ANN, NOON, Bell, turn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


async def test_a_turn_writes_no_index_of_its_actor_but_those_that_change(path: Path) -> None:
    """Each is a page more for the disk, and in a large file a page from anywhere in it."""

    def written_by(connection: Connection, statement: str) -> set[str]:
        named: dict[int, str] = dict(connection.fetch("SELECT rootpage, name FROM sqlite_schema"))
        steps = connection.fetch(f"EXPLAIN {SQL[statement]}", (None,) * SQL[statement].count("?"))
        return {named[step[3]] for step in steps if step[1] == "OpenWrite"}

    def question(connection: Connection) -> tuple[set[str], set[str]]:
        return written_by(connection, "write_state"), written_by(connection, "write_actor")

    async with open_sqlite_store(path, Bell()) as store:
        brief, whole = await store._read(question)
    assert whole - brief == {"actors_by_status", "actors_by_flow"}


async def test_what_actors_are_filed_by_is_written_when_it_changes(path: Path) -> None:
    async with open_sqlite_store(path, Bell()) as store:
        await store.commit(turn(0, flow_version="v1"))
        await store.commit(turn(1, flow_version="v1"))
        await store.commit(turn(2, flow_version="v2"))
        async with trio.open_nursery() as nursery:
            finished = turn(3, flow_version="v2", status=ActorStatus.FINISHED)
            nursery.start_soon(store.commit, finished)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(store.commit, replace(finished, expected_version=4, at_ms=NOON + 1))
        row = await store.load(ANN)
    assert row is not None
    assert (row.version, row.status, row.flow_version) == (5, ActorStatus.FINISHED, "v2")
    database = sqlite3.connect(path)
    by_index = "SELECT at_ms FROM actors INDEXED BY actors_finished WHERE status = 'finished'"
    assert database.execute(by_index).fetchall() == [(NOON + 1,)]
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
