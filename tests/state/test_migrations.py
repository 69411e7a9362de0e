"""Schemas: from nothing, from every earlier version, and what is refused."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from state import queries
from state.direct import DirectConnection
from state.inline_store import InlineDisk, InlineStore
from state.migrations import APPLICATION_ID, SCHEMA_VERSION, UPGRADES, migrate
from state.queries import SQL
from state.store import ConstraintBroken, StoreRefused
from tests.state.benches import ANN, Bell, turn

GOLDEN = Path(__file__).parent / "golden"
NEXT = (
    f"CREATE TABLE later (a TEXT NOT NULL) STRICT;\nPRAGMA user_version = {SCHEMA_VERSION + 1};\n"
)


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    yield opened
    opened.close()


def schema(database: sqlite3.Connection) -> dict[str, str]:
    rows = database.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return {name: " ".join(sql.split()) for name, sql in rows}


def version(database: sqlite3.Connection) -> tuple[int, int]:
    [[application_id]] = database.execute("PRAGMA application_id").fetchall()
    [[user_version]] = database.execute("PRAGMA user_version").fetchall()
    return application_id, user_version


async def test_a_new_database_gets_the_present_schema(database: sqlite3.Connection) -> None:
    migrate(DirectConnection(database))
    assert version(database) == (APPLICATION_ID, SCHEMA_VERSION)
    migrate(DirectConnection(database))
    assert version(database) == (APPLICATION_ID, SCHEMA_VERSION)


async def test_every_table_is_strict(database: sqlite3.Connection) -> None:
    migrate(DirectConnection(database))
    tables = {name: sql for name, sql in schema(database).items() if sql.startswith("CREATE TABLE")}
    del tables["sqlite_sequence"]
    assert [name for name, sql in tables.items() if "STRICT" not in sql] == []


@pytest.mark.parametrize("from_version", range(1, SCHEMA_VERSION + 1))
async def test_every_earlier_schema_leads_to_the_present_one(
    database: sqlite3.Connection, from_version: int
) -> None:
    """Where this fails, `schema.sql` changed without an upgrade (see `migrations`)."""
    database.executescript((GOLDEN / f"schema_v{from_version}.sql").read_text())
    migrate(DirectConnection(database))
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    migrate(DirectConnection(fresh))
    assert schema(database) == schema(fresh)
    assert version(database) == (APPLICATION_ID, SCHEMA_VERSION)
    fresh.close()


async def test_upgrades_run_in_order_from_where_the_database_is(
    database: sqlite3.Connection,
) -> None:
    connection = DirectConnection(database)
    migrate(connection)
    migrate(connection, [*UPGRADES, NEXT])
    assert version(database) == (APPLICATION_ID, SCHEMA_VERSION + 1)
    assert "later" in schema(database)


@pytest.mark.parametrize(
    ("upgrade", "error"),
    [
        ("CREATE TABLE later (a TEXT) STRICT;\nINSERT INTO meta VALUES (NULL, 1);\n", "NOT NULL"),
        ("CREATE TABLE later (a TEXT) STRICT;\n", "did not lead to version"),
    ],
)
async def test_an_upgrade_that_fails_leaves_the_database_as_it_was(
    database: sqlite3.Connection, upgrade: str, error: str
) -> None:
    connection = DirectConnection(database)
    migrate(connection)
    before = schema(database)
    with pytest.raises((ConstraintBroken, StoreRefused), match=error):
        migrate(connection, [*UPGRADES, upgrade])
    assert schema(database) == before
    assert version(database) == (APPLICATION_ID, SCHEMA_VERSION)


async def test_a_newer_database_is_refused_and_left_alone(database: sqlite3.Connection) -> None:
    connection = DirectConnection(database)
    migrate(connection)
    migrate(connection, [*UPGRADES, NEXT])
    with pytest.raises(StoreRefused, match="run the newer program"):
        migrate(connection)
    assert version(database) == (APPLICATION_ID, SCHEMA_VERSION + 1)


@pytest.mark.parametrize(
    "script",
    ["CREATE TABLE theirs (a TEXT);", "PRAGMA user_version = 7;", "PRAGMA application_id = 7;"],
)
async def test_a_foreign_database_is_refused_and_left_alone(
    database: sqlite3.Connection, script: str
) -> None:
    database.executescript(script)
    before = schema(database)
    with pytest.raises(StoreRefused, match="another program"):
        migrate(DirectConnection(database))
    assert schema(database) == before


# --- statements ---------------------------------------------------------------------------------


async def test_every_statement_fits_the_schema(database: sqlite3.Connection) -> None:
    migrate(DirectConnection(database))
    for statement in SQL.values():
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")):
            database.execute(f"EXPLAIN {statement}", nulls(statement))


def nulls(statement: str) -> list[None]:
    """Parameters for a statement that is only explained."""
    numbers = [int(number) for number in re.findall(r"\?(\d+)", statement)]
    return [None] * max(numbers, default=0)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("open_inbox", "inbox_open"),
        ("interrupted", "outbox_sending"),
        ("unknown_due", "outbox_unknown"),
        ("unknown_sends", "outbox_unknown"),
        ("dead_letters", "inbox_dead"),
        ("open_lanes", "outbox_pending"),
        ("lane_heads", "outbox_pending"),
        ("lane_heads", "outbox_sending"),
        ("release_held", "outbox_open"),
        ("drop_topic", "outbox_topic"),
        ("timers_due", "timers_due"),
        ("parked_for", "parked_by_alias"),
        ("prune_inbox", "inbox_handled"),
        ("prune_outbox", "outbox_settled"),
        ("prune_held", "outbox_held_until"),
        ("finished_actors", "actors_finished"),
        ("finished_actors", "inbox_open"),
        ("finished_actors", "outbox_open"),
        ("forget_aliases", "aliases_by_actor"),
    ],
)
async def test_the_frequent_questions_use_their_index(
    database: sqlite3.Connection, name: str, index: str
) -> None:
    migrate(DirectConnection(database))
    statement = f"EXPLAIN QUERY PLAN {SQL[name]}"
    plan = database.execute(statement, nulls(statement)).fetchall()
    assert any(index in row[3] for row in plan), plan


async def test_no_statement_walks_a_table(database: sqlite3.Connection) -> None:
    """A file may hold a million conversations; the few flow versions may be walked."""
    migrate(DirectConnection(database))
    walk = re.compile(r"SCAN (actors|aliases|inbox|outbox|timers|windows|parked)\b(?!.* USING )")
    walks = [
        (name, step)
        for name, statement in SQL.items()
        for *_, step in _plan(database, statement)
        if walk.match(step)
    ]
    assert not walks


def _plan(database: sqlite3.Connection, statement: str) -> list[tuple[int, int, int, str]]:
    if not statement.startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
        return []
    explained = f"EXPLAIN QUERY PLAN {statement}"
    return database.execute(explained, nulls(statement)).fetchall()


def test_a_statement_name_is_used_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        queries.named("-- name: a\nSELECT 1;\n-- name: a\nSELECT 2;\n")


async def test_a_value_of_the_wrong_kind_is_refused_by_the_table() -> None:
    disk = InlineDisk()
    store = InlineStore(disk, Bell())
    with pytest.raises(ConstraintBroken):
        await store.commit(turn(0, at_ms=2**70))
    with pytest.raises(ConstraintBroken):
        await store.commit(turn(0, state="text"))
    with pytest.raises(ConstraintBroken):
        await store.commit(turn(0, aliases=("a\0b",), messages=()))
    with pytest.raises(ConstraintBroken):
        await store.commit(turn(0, aliases=("\ud800",)))
    assert await store.load(ANN) is None
    disk.close()
