"""When what was asked for goes to the writer."""

from __future__ import annotations

from pathlib import Path

import trio
import trio.testing

from actors.ids import ActorId
from state.gathering import PATIENCE_S, Gathering
from state.sqlite_store import open_sqlite_store
from tests.state.benches import ANN, Bell, arrival, turn


async def test_what_is_asked_for_goes_together_once_there_is_nothing_else_to_do() -> None:
    given: list[str] = []
    with Gathering(given.append) as gathering:
        gathering.add("a", urgent=False)
        await trio.lowlevel.checkpoint()  # we go on at once: there is something else to do
        gathering.add("b", urgent=False)
        assert given == []
        await trio.testing.wait_all_tasks_blocked(0.001)
        assert given == ["a", "b"]


async def test_what_is_urgent_takes_the_others_along_at_the_end_of_the_round() -> None:
    given: list[str] = []
    with Gathering(given.append) as gathering:
        gathering.add("a", urgent=False)
        gathering.add("b", urgent=True)
        assert given == []
        await trio.lowlevel.checkpoint()
        assert given == ["a", "b"]
        gathering.add("c", urgent=False)
        await trio.lowlevel.checkpoint()
        assert given == ["a", "b"]


async def test_nothing_waits_for_ever_where_there_is_always_something_else_to_do(
    mock_clock: trio.testing.MockClock,
) -> None:
    given: list[str] = []
    with Gathering(given.append) as gathering:
        gathering.add("a", urgent=False)
        for _ in range(100):
            await trio.lowlevel.checkpoint()
        assert given == []
        mock_clock.jump(PATIENCE_S)
        await trio.lowlevel.checkpoint()
        assert given == ["a"]


async def test_the_last_are_handed_over_by_hand() -> None:
    given: list[str] = []
    with Gathering(given.append) as gathering:
        gathering.add("a", urgent=False)
        gathering.hand_over()
    assert given == ["a"]
    await trio.testing.wait_all_tasks_blocked(0.001)
    assert given == ["a"]


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
