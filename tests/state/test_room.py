"""The SQLite store proper: groups, cancellation, back-pressure, failure, and its ends."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
import trio
import trio.testing
import trio_asyncio

import state.writer
from actors.ids import ActorId, MessageId
from state.connection import Connection, explained
from state.direct import DirectConnection
from state.rows import InboxRow
from state.sqlite_store import SqliteStore, open_sqlite_store
from state.store import ConstraintBroken, StaleCommit, StoreBroken, StoreFull
from state.transactions import Done, Unit, transact
from state.work import Ledger
from tests.state.benches import ANN, BOB, NOON, Bell, arrival, effect, inbox_ids, message, turn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


async def hold_writer(store: SqliteStore, held: trio.Event, release: trio.Event) -> None:
    """Keep the writer busy with a question that is not answered until `release`."""
    token, free = trio.lowlevel.current_trio_token(), threading.Event()

    def question(_connection: Connection) -> None:
        token.run_sync_soon(held.set)
        free.wait()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(store._read, question)
        with trio.CancelScope(shield=True):
            await release.wait()
        free.set()


async def rows_in(path: Path, sql: str) -> list[Any]:
    """What the file holds, looked at by somebody else."""
    database = sqlite3.connect(path)
    try:
        return database.execute(sql).fetchall()
    finally:
        database.close()


def look(path: Path) -> tuple[int, bytes]:
    return path.stat().st_mode, path.read_bytes()


# --- groups -------------------------------------------------------------------------------------


async def test_units_at_fault_harm_no_neighbour_of_their_group(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def counting(connection: Connection, epoch: int, units: Sequence[Unit], ledger: Ledger) -> Done:
        sizes.append(len(units))
        return transact(connection, epoch, units, ledger)

    monkeypatch.setattr(state.writer, "transact", counting)
    outcomes: dict[int, str] = {}
    bell = Bell()
    async with open_sqlite_store(path, bell) as store:
        await store.commit(turn(0, effects=(effect("taken"),)))

        async def one(number: int) -> None:
            actor = ActorId(f"cnv_{number}")
            told = (message(f"m{number}", actor),)
            used = effect("taken" if number % 5 == 1 else f"e{number}")
            version = 7 if number % 5 == 2 else 0
            try:
                await store.commit(turn(version, actor, messages=told, effects=(used,)))
                outcomes[number] = "written"
            except (StaleCommit, ConstraintBroken) as error:
                outcomes[number] = type(error).__name__

        async with trio.open_nursery() as nursery:
            for number in range(50):
                nursery.start_soon(one, number)
        written = {f"cnv_{number}" for number, what in outcomes.items() if what == "written"}
        assert set(bell.heard) == {actor.replace("cnv_", "m") for actor in written}
        assert [row.position for row in bell.rows] == sorted(row.position for row in bell.rows)
    expected = {1: "ConstraintBroken", 2: "StaleCommit"}
    assert outcomes == {number: expected.get(number % 5, "written") for number in range(50)}
    assert max(sizes) > 10
    assert {row[0] for row in await rows_in(path, "SELECT actor FROM actors")} == written | {ANN}


async def test_two_commits_of_one_actor_in_a_group_are_taken_in_order(path: Path) -> None:
    held, release = trio.Event(), trio.Event()
    errors: list[str] = []
    async with open_sqlite_store(path, Bell()) as store:

        async def commit(version: int) -> None:
            try:
                await store.commit(turn(version, state=f"from {version}".encode()))
            except StaleCommit:
                errors.append(f"stale {version}")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(hold_writer, store, held, release)
            await held.wait()
            # In this order: each waits in the queue before the next is begun.
            for version in (0, 1, 1, 2):
                nursery.start_soon(commit, version)
                await trio.testing.wait_all_tasks_blocked()
            release.set()
        row = await store.load(ANN)
    assert errors == ["stale 1"]
    assert row is not None
    assert (row.version, row.state) == (3, b"from 2")


async def test_a_lane_asked_for_by_many_at_once_gives_out_one_row(path: Path) -> None:
    async with open_sqlite_store(path, Bell()) as store:
        await store.commit(turn(0, effects=tuple(effect(f"e{number}") for number in range(9))))
        answers = []

        async def claim() -> None:
            answers.append(await store.claim("ann", NOON))

        async with trio.open_nursery() as nursery:
            for _ in range(9):
                nursery.start_soon(claim)
        assert sum(type(answer).__name__ == "Claimed" for answer in answers) == 1


# --- cancellation -------------------------------------------------------------------------------


async def test_after_random_cancellations_the_file_holds_what_was_answered_and_rung(
    path: Path,
) -> None:
    chance = random.Random(7)
    written: set[str] = set()
    bell = Bell()
    async with open_sqlite_store(path, bell, group_max=16, queue_max=32) as store:

        async def one(number: int, patience: float) -> None:
            actor = ActorId(f"cnv_{number}")
            with trio.move_on_after(patience):
                await store.commit(turn(0, actor, messages=(message(f"m{number}", actor),)))
                written.add(f"m{number}")

        async with trio.open_nursery() as nursery:
            for number in range(400):
                nursery.start_soon(one, number, chance.random() * 0.05)
        await store.ping()
    kept = {row[0] for row in await rows_in(path, "SELECT message_id FROM inbox")}
    actors = {row[0] for row in await rows_in(path, "SELECT actor FROM actors")}
    assert {name.replace("m", "cnv_") for name in kept} == actors
    assert kept == set(bell.heard)
    assert written <= kept


class CancellingBell(Bell):
    """Cancels a scope at the instant at which it is rung."""

    def __init__(self, scope: trio.CancelScope) -> None:
        super().__init__()
        self._scope = scope

    def inbox(self, rows: Sequence[InboxRow]) -> None:
        super().inbox(rows)
        self._scope.cancel()


async def test_the_bell_is_rung_though_the_caller_is_cancelled(path: Path) -> None:
    scope = trio.CancelScope()
    bell = CancellingBell(scope)
    async with open_sqlite_store(path, bell) as store:
        with scope:
            await store.accept([arrival("m1")])
            await trio.lowlevel.checkpoint()
        assert scope.cancelled_caught
        assert bell.heard == ["m1"]
        assert await inbox_ids(store, ANN) == ["m1"]


async def test_what_was_queued_when_everything_was_cancelled_is_written(path: Path) -> None:
    held, release = trio.Event(), trio.Event()
    with trio.CancelScope() as scope:
        async with open_sqlite_store(path, Bell()) as store, trio.open_nursery() as nursery:
            nursery.start_soon(hold_writer, store, held, release)
            await held.wait()
            for number in range(10):
                nursery.start_soon(store.commit, turn(0, ActorId(f"cnv_{number}")))
            await trio.testing.wait_all_tasks_blocked()
            release.set()
            scope.cancel()
    assert scope.cancelled_caught
    assert await rows_in(path, "SELECT count(*) FROM actors") == [(10,)]


async def test_opening_under_a_cancellation_ends(path: Path) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        async with open_sqlite_store(path, Bell()):
            pytest.fail("opened")
    assert scope.cancelled_caught
    async with open_sqlite_store(path, Bell()) as store:
        await store.ping()


# --- back-pressure ------------------------------------------------------------------------------


async def test_a_full_queue_refuses_arrivals_at_once_and_lets_commits_wait(path: Path) -> None:
    held, release = trio.Event(), trio.Event()
    async with (
        open_sqlite_store(path, Bell(), queue_max=1) as store,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(hold_writer, store, held, release)
        await held.wait()
        nursery.start_soon(store.commit, turn(0, ANN))
        nursery.start_soon(store.commit, turn(0, BOB))
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(StoreFull, match="queue"):
            await store.accept([arrival("m1")])
        release.set()
    assert await rows_in(path, "SELECT count(*) FROM actors") == [(2,)]
    assert await rows_in(path, "SELECT count(*) FROM inbox") == [(0,)]


async def test_a_full_disk_refuses_and_heals(path: Path) -> None:
    async with open_sqlite_store(path, Bell()) as store:
        await store.commit(turn(0))

        async def limit(pages: int) -> None:
            def question(connection: Connection) -> None:
                connection.run(f"PRAGMA max_page_count = {pages}")

            await store._read(question)

        await limit(1)
        with pytest.raises(StoreFull):
            await store.accept([arrival("m1", body=b"x" * 400_000)])
        with pytest.raises(StoreFull):
            await store.commit(turn(1, state=b"x" * 400_000))
        row = await store.load(ANN)
        assert row is not None
        assert row.version == 1
        await limit(1_000_000)
        assert (await store.accept([arrival("m1", body=b"x" * 400_000)])).taken == 1
        await store.commit(turn(1))


# --- failure ------------------------------------------------------------------------------------


def break_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on COMMIT fails as it does when the disk cannot be synced, and may have happened."""
    commit = DirectConnection.commit

    def failing(connection: DirectConnection) -> None:
        commit(connection)
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        raise explained(error)

    monkeypatch.setattr(DirectConnection, "commit", failing)


async def test_a_commit_of_unknown_outcome_ends_the_store_without_a_checkpoint(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[BaseException] = []

    async def commit(store: SqliteStore, actor: ActorId) -> None:
        # Shielded: even who cannot be cancelled must not wait for a writer that is gone.
        with trio.CancelScope(shield=True):
            try:
                await store.commit(turn(0, actor))
            except StoreBroken as error:
                errors.append(error)

    async def live() -> None:
        async with open_sqlite_store(path, Bell(), group_max=2) as store:
            await store.commit(turn(0))
            break_commits(monkeypatch)
            async with trio.open_nursery() as nursery:
                for number in range(5):
                    nursery.start_soon(commit, store, ActorId(f"cnv_{number}"))

    with pytest.raises(StoreBroken, match="disk I/O error"):
        await live()
    assert len(errors) == 5
    assert path.with_name("bot.db-wal").stat().st_size > 0
    monkeypatch.undo()
    async with open_sqlite_store(path, Bell()) as store:
        assert await store.load(ANN) is not None


async def test_a_bell_that_raises_ends_the_store(path: Path) -> None:
    class Cracked(Bell):
        def inbox(self, rows: Sequence[InboxRow]) -> None:
            raise ZeroDivisionError

    async def live() -> None:
        async with open_sqlite_store(path, Cracked()) as store:
            with trio.CancelScope(shield=True), pytest.raises(StoreBroken):
                await store.accept([arrival("m1")])

    with pytest.raises(ZeroDivisionError):
        await live()


async def test_what_is_raised_in_the_block_comes_out_as_it_is(path: Path) -> None:
    with pytest.raises(KeyError, match="ours"):
        async with open_sqlite_store(path, Bell()):
            raise KeyError("ours")


# --- the two ends -------------------------------------------------------------------------------


async def test_the_connection_is_as_safe_as_it_can_be(path: Path) -> None:
    def question(connection: Connection) -> list[Any]:
        names = ("journal_mode", "synchronous", "locking_mode", "foreign_keys")
        return [(connection.fetch(f"PRAGMA {name}"))[0][0] for name in names]

    async with open_sqlite_store(path, Bell()) as store:
        assert await store._read(question) == ["wal", 2, "exclusive", 1]
        assert not path.with_name("bot.db-shm").exists()


async def test_the_size_of_each_group_is_told(path: Path) -> None:
    sizes: list[int] = []
    async with open_sqlite_store(path, Bell(), on_group=sizes.append) as store:
        await store.commit(turn(0))
    assert sizes == [1]


def test_aiosqlite_has_the_names_by_which_its_thread_is_visited() -> None:
    assert callable(aiosqlite.Connection._execute)
    assert isinstance(aiosqlite.Connection._conn, property)


async def test_asyncio_stays_in_its_room(path: Path) -> None:
    async with open_sqlite_store(path, Bell()) as store:
        await store.ping()
        assert trio_asyncio.current_loop.get() is None


async def test_closing_leaves_one_whole_file_that_nobody_else_can_read(path: Path) -> None:
    async with open_sqlite_store(path, Bell()) as store:
        await store.accept([arrival("m1", body=MessageId("secret").encode())])
    assert sorted(file.name for file in path.parent.iterdir()) == ["bot.db", "bot.db.lock"]
    mode, content = look(path)
    assert mode & 0o077 == 0
    assert b"secret" in content


PROGRAM = """
import sys, trio
from pathlib import Path
from state.sqlite_store import open_sqlite_store
from tests.state.benches import Bell, turn

async def main(how):
    with trio.move_on_after(0.2 if how == "cancel" else 60):
        async with open_sqlite_store(Path(sys.argv[1]), Bell()) as store:
            await store.commit(turn(0))
            if how == "raise":
                raise ValueError
            if how == "exit":
                sys.exit(3)
            if how == "cancel":
                await trio.sleep_forever()

trio.run(main, sys.argv[2])
"""


@pytest.mark.parametrize(("how", "code"), [("return", 0), ("raise", 1), ("exit", 3), ("cancel", 0)])
def test_the_process_ends(path: Path, how: str, code: int) -> None:
    command = [sys.executable, "-c", PROGRAM, str(path), how]
    assert subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == code
