"""Durable timers: at their time, at a bounded pace, through jumps and restarts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio
import trio.testing

from actors.codec import encode_message
from actors.ids import ActorId
from actors.messages import TimerFired
from daemon.metrics import Metrics
from daemon.timers import Timers
from state.memory_disk import MemoryDisk
from state.rows import ActorStatus, Commit, Timer
from state.store import StoreFull
from tests.daemon.parts import ANN, NOW_MS, HandClock, Shell, shell


def timer(due_ms: int, name: str = "t", actor: ActorId = ANN, generation: int = 1) -> Timer:
    body = encode_message(TimerFired(name, generation, due_ms))
    return Timer(actor, name, generation, due_ms, body)


async def set_timers(parts: Shell, *timers: Timer, actor: ActorId = ANN) -> None:
    at_rest = parts.disk.actors.get(actor)
    version = 0 if at_rest is None else at_rest.version
    unit = Commit(actor, version, ActorStatus.ACTIVE, b"", NOW_MS, timers_set=timers)
    await parts.store.store.commit(unit)


@asynccontextmanager
async def ticking(disk: MemoryDisk | None = None, **limits: Any) -> AsyncIterator[Shell]:
    async with shell(disk=disk, **limits) as parts, trio.open_nursery() as nursery:
        parts.registry.stop()
        nursery.start_soon(parts.timers.run)
        yield parts
        nursery.cancel_scope.cancel()


def fired(parts: Shell) -> int:
    return len(parts.disk.letters)


async def test_a_timer_fires_when_it_is_due_and_not_before(autojump_clock: object) -> None:
    async with ticking() as parts:
        await set_timers(parts, timer(NOW_MS + 60_000))
        await trio.sleep(1)
        assert parts.timers.next_due_ms() == NOW_MS + 60_000
        await trio.sleep(58.9)
        assert fired(parts) == 0
        await trio.sleep(0.2)
        assert fired(parts) == 1
        assert parts.timers.next_due_ms() is None
        assert not parts.timers.firing


async def test_a_nearer_timer_is_not_kept_waiting_by_a_farther_one(
    autojump_clock: object,
) -> None:
    async with ticking() as parts:
        await set_timers(parts, timer(NOW_MS + 60_000))
        await trio.sleep(1)
        await set_timers(parts, timer(NOW_MS + 5_000, "near"))
        await trio.sleep(5)
        assert fired(parts) == 1
        assert parts.timers.next_due_ms() == NOW_MS + 60_000


async def test_a_ring_while_timers_are_being_moved_is_not_lost(autojump_clock: object) -> None:
    async with ticking() as parts:
        await set_timers(parts, timer(NOW_MS + 1000))
        parts.store.pause = lambda: 0.5
        await trio.sleep(1.2)
        assert parts.timers.firing
        parts.timers.timer(NOW_MS + 2000)
        await set_timers(parts, timer(NOW_MS + 2000, "second"))
        await trio.sleep(5)
        assert fired(parts) == 2


async def test_a_herd_comes_out_at_a_bounded_pace(autojump_clock: object) -> None:
    disk = MemoryDisk()
    for number in range(1000):
        one = timer(NOW_MS - 5_000, f"t{number}")
        disk.timers[ANN, one.name] = one
    async with ticking(disk, timers_per_second_max=100) as parts:
        for second in range(1, 10):
            await trio.sleep(1)
            assert (second - 1) * 100 <= fired(parts) <= second * 100 + 10
        await trio.sleep(2)
        assert fired(parts) == 1000


async def test_timers_survive_a_restart_and_overdue_ones_fire_at_once(
    autojump_clock: object,
) -> None:
    disk = MemoryDisk()
    async with ticking(disk) as before:
        await set_timers(before, timer(NOW_MS + 10_000), timer(NOW_MS + 90_000, "later"))
    await trio.sleep(30)
    async with ticking(disk) as parts:
        await trio.sleep(0.5)
        assert fired(parts) == 1
        assert parts.timers.next_due_ms() == NOW_MS + 90_000
        await trio.sleep(61)
        assert fired(parts) == 2


async def test_a_full_disk_delays_a_timer_and_loses_none(autojump_clock: object) -> None:
    async with ticking() as parts:
        parts.store.fail = lambda method, _: StoreFull() if method == "fire_timers" else None
        await set_timers(parts, timer(NOW_MS + 1000))
        await trio.sleep(10)
        assert fired(parts) == 0
        assert parts.store.asked.count("fire_timers") <= 11
        assert (parts.timers.next_due_ms() or 0) <= NOW_MS + 10_000
        parts.store.fail = lambda _method, _unit: None
        await trio.sleep(2)
        assert fired(parts) == 1


async def test_a_clock_that_jumps_wakes_the_timers(nursery: trio.Nursery) -> None:
    clock = HandClock()
    async with shell() as parts:
        parts.registry.stop()
        timers = Timers(parts.store.store, clock, Metrics(), per_second_max=100)
        await set_timers(parts, timer(NOW_MS + 3_600_000))
        nursery.start_soon(timers.run)
        await trio.testing.wait_all_tasks_blocked()
        clock.turn(-7_200_000)
        await trio.testing.wait_all_tasks_blocked()
        assert fired(parts) == 0
        clock.turn(7_200_000 + 3_599_999)
        await trio.testing.wait_all_tasks_blocked()
        assert fired(parts) == 0
        clock.turn(1)
        await trio.testing.wait_all_tasks_blocked()
        assert fired(parts) == 1
        nursery.cancel_scope.cancel()
