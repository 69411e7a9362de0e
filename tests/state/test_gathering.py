"""When what was asked for goes to the writer, and when other work is out of its way."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import trio
import trio.testing

from actors.ids import ActorId
from state import lulls
from state.direct import DirectConnection
from state.gathering import PATIENCE_S, Gathering
from state.lulls import Lulls
from state.sqlite_store import SqliteStore, open_sqlite_store
from state.store import StoreFull
from tests.state.benches import ANN, Bell, arrival, turn


class Writer:
    """Takes jobs; the test says when it is done with them."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.has_any = False
        self.lulls = Lulls()
        self.gathering: Gathering[str] = Gathering(self._take, self.lulls, lambda: self.has_any)

    def _take(self, jobs: Sequence[str]) -> None:
        self.given.extend(jobs)
        self.has_any = True


async def test_what_is_asked_for_goes_together_once_there_is_nothing_else_to_do() -> None:
    writer = Writer()
    with writer.gathering as gathering:
        gathering.add("a", urgent=False)
        await trio.lowlevel.checkpoint()  # we go on at once: there is something else to do
        gathering.add("b", urgent=False)
        assert writer.given == []
        await trio.testing.wait_all_tasks_blocked(0.001)
        assert writer.given == ["a", "b"]


async def test_what_is_urgent_takes_the_others_along_at_the_end_of_the_round() -> None:
    writer = Writer()
    with writer.gathering as gathering:
        gathering.add("a", urgent=False)
        gathering.add("b", urgent=True)
        assert writer.given == []
        await trio.lowlevel.checkpoint()
        assert writer.given == ["a", "b"]
        gathering.add("c", urgent=False)
        await trio.lowlevel.checkpoint()
        assert writer.given == ["a", "b"]


async def test_nothing_waits_for_ever_where_there_is_always_something_else_to_do(
    mock_clock: trio.testing.MockClock,
) -> None:
    writer = Writer()
    with writer.gathering as gathering:
        gathering.add("a", urgent=False)
        for _ in range(100):
            await trio.lowlevel.checkpoint()
        assert writer.given == []
        mock_clock.jump(PATIENCE_S)
        await trio.lowlevel.checkpoint()
        assert writer.given == ["a"]


async def test_the_last_are_handed_over_by_hand() -> None:
    writer = Writer()
    with writer.gathering as gathering:
        gathering.add("a", urgent=False)
        gathering.hand_over()
    assert writer.given == ["a"]
    await trio.testing.wait_all_tasks_blocked(0.001)
    assert writer.given == ["a"]


# --- lulls --------------------------------------------------------------------------------------


async def test_where_nothing_is_written_a_lull_comes_as_soon_as_nothing_else_is_to_do() -> None:
    writer = Writer()
    with writer.gathering, trio.fail_after(1):
        await writer.lulls.wait()


async def test_a_lull_comes_with_the_commit_and_stays_until_the_writer_goes_on(
    nursery: trio.Nursery,
) -> None:
    writer = Writer()
    went_on: list[str] = []

    async def wait(who: str) -> None:
        await writer.lulls.wait()
        went_on.append(who)

    with writer.gathering as gathering, trio.fail_after(1):
        gathering.add("a", urgent=False)
        nursery.start_soon(wait, "first")
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert (writer.given, went_on) == (["a"], [])
        await trio.to_thread.run_sync(writer.lulls.begin)
        await trio.testing.wait_all_tasks_blocked(0.001)
        assert went_on == ["first"]
        await wait("second")
        writer.lulls.end()
        nursery.start_soon(wait, "third")
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert went_on == ["first", "second"]
        writer.has_any = False
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert went_on == ["first", "second", "third"]


async def test_what_is_urgent_goes_with_the_others_where_work_waits_for_the_commit(
    nursery: trio.Nursery,
) -> None:
    writer = Writer()
    writer.has_any = True
    with writer.gathering as gathering:
        nursery.start_soon(writer.lulls.wait)
        await trio.testing.wait_all_tasks_blocked(0.001)
        gathering.add("a", urgent=True)
        await trio.lowlevel.checkpoint()
        assert writer.given == []
        await trio.testing.wait_all_tasks_blocked(0.001)
        assert writer.given == ["a"]
        writer.lulls.begin()


async def _go_on(writer: Writer, went_on: trio.Event) -> None:
    await writer.lulls.wait()
    went_on.set()


async def test_nobody_waits_for_ever_for_a_lull_where_there_is_always_something_else_to_do(
    nursery: trio.Nursery, mock_clock: trio.testing.MockClock
) -> None:
    writer = Writer()
    writer.has_any = True
    went_on = trio.Event()
    with writer.gathering:
        nursery.start_soon(_go_on, writer, went_on)
        for _ in range(100):
            await trio.lowlevel.checkpoint()
        assert not went_on.is_set()
        mock_clock.jump(lulls.PATIENCE_S)
        for _ in range(5):
            await trio.lowlevel.checkpoint()
        assert went_on.is_set()


async def test_a_lull_that_begins_while_one_lies_down_to_wait_is_not_missed(
    nursery: trio.Nursery,
) -> None:
    """SQLite's thread may begin it between the look at it and the wait for it."""
    writer = Writer()
    writer.has_any = True
    went_on = trio.Event()
    with writer.gathering, trio.fail_after(1):
        nursery.start_soon(_go_on, writer, went_on)
        await trio.testing.wait_all_tasks_blocked()
        waiting, writer.lulls._waiting = writer.lulls._waiting, trio.lowlevel.ParkingLot()
        writer.lulls.begin()  # it saw nobody
        writer.lulls._waiting = waiting
        await went_on.wait()


async def test_to_wait_for_a_lull_is_a_checkpoint_also_in_one() -> None:
    writer = Writer()
    writer.lulls.begin()
    with trio.testing.assert_checkpoints():
        await writer.lulls.wait()


async def test_who_waits_for_a_lull_can_be_cancelled() -> None:
    writer = Writer()
    writer.has_any = True
    with writer.gathering:
        with trio.move_on_after(0.01) as waiting:
            await writer.lulls.wait()
        assert waiting.cancelled_caught
        assert not writer.lulls.awaited


async def test_a_call_is_made_while_the_commit_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real store: whoever waits goes on before the unit that is being written is told."""
    order: list[str] = []
    went_on = threading.Event()
    commit = DirectConnection.commit

    def slow(connection: DirectConnection) -> None:
        commit(connection)
        assert connection.before_commit is None or went_on.wait(5)

    monkeypatch.setattr(DirectConnection, "commit", slow)

    async def write(store: SqliteStore) -> None:
        await store.commit(turn(0, ANN))
        order.append("written")

    async with (
        open_sqlite_store(tmp_path / "bot.db", Bell()) as store,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(write, store)
        await store.lull()
        order.append("lull")
        went_on.set()
    assert order == ["lull", "written"]


async def test_a_long_question_keeps_nobody_waiting_for_a_lull(tmp_path: Path) -> None:
    order: list[str] = []
    went_on = threading.Event()

    async def ask(store: SqliteStore) -> None:
        await store._read(lambda _connection: went_on.wait(5))
        order.append("answered")

    async with (
        open_sqlite_store(tmp_path / "bot.db", Bell()) as store,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(ask, store)
        await trio.testing.wait_all_tasks_blocked(0.01)
        await store.lull()
        order.append("lull")
        went_on.set()
    assert order == ["lull", "answered"]


async def test_a_full_disk_keeps_nobody_waiting_for_a_lull(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is committed then."""
    async with open_sqlite_store(tmp_path / "bot.db", Bell()) as store:

        def full(_connection: DirectConnection) -> None:
            raise StoreFull

        monkeypatch.setattr(DirectConnection, "begin", full)
        async with trio.open_nursery() as nursery:
            with trio.fail_after(5):
                nursery.start_soon(_refused, store)
                await store.lull()
        monkeypatch.undo()


async def _refused(store: SqliteStore) -> None:
    with pytest.raises(StoreFull):
        await store.commit(turn(0, ANN))


# --- both -----------------------------------------------------------------------------------------


async def test_units_of_one_round_share_a_commit(tmp_path: Path) -> None:
    sizes: list[int] = []
    async with (
        open_sqlite_store(tmp_path / "bot.db", Bell(), on_group=sizes.append) as store,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(store.commit, turn(0, ANN))
        nursery.start_soon(store.commit, turn(0, ActorId("cnv_2")))
        nursery.start_soon(store.accept, [arrival("m1")])
    assert sizes == [3]
