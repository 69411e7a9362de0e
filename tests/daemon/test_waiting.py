"""Waiting for an event or a time of day."""

from __future__ import annotations

import trio
import trio.testing

from daemon.waiting import wait_for
from tests.daemon.parts import NOW_MS, HandClock, TrioClock


async def test_an_event_ends_the_wait_at_once(autojump_clock: object) -> None:
    for due_ms in (None, NOW_MS + 60_000):
        event = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait_for, event, TrioClock(), due_ms)
            await trio.sleep(1)
            event.set()
        assert trio.current_time() < 10


async def test_a_time_ends_the_wait(autojump_clock: object) -> None:
    clock = TrioClock()
    due_ms = clock.now_ms() + 60_000
    await wait_for(trio.Event(), clock, due_ms)
    assert clock.now_ms() >= due_ms


async def test_what_came_before_the_wait_counts() -> None:
    event = trio.Event()
    event.set()
    await wait_for(event, HandClock(), None)
    await wait_for(event, HandClock(), NOW_MS + 1)
    await wait_for(trio.Event(), HandClock(), NOW_MS)
    await wait_for(trio.Event(), HandClock(), NOW_MS - 1)


async def test_a_clock_that_is_turned_ends_the_wait(nursery: trio.Nursery) -> None:
    clock = HandClock()
    done = trio.Event()

    async def wait() -> None:
        await wait_for(trio.Event(), clock, NOW_MS + 1000)
        done.set()

    nursery.start_soon(wait)
    await trio.testing.wait_all_tasks_blocked()
    clock.turn(999)
    await trio.testing.wait_all_tasks_blocked()
    assert not done.is_set()
    clock.turn(1)
    await done.wait()


async def test_a_wait_that_is_cancelled_leaves_nothing_behind(autojump_clock: object) -> None:
    with trio.move_on_after(1) as scope:
        await wait_for(trio.Event(), TrioClock(), NOW_MS + 10**9)
    assert scope.cancelled_caught
