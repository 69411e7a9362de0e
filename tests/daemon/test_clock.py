"""Time: jumps of the machine's clock are noticed, and the sandbox's clock can be turned."""

import json
from pathlib import Path

import pytest
import trio
import trio.testing

from daemon.clock import ClockFileDamaged, SystemClock, VirtualClock, wall_ms, write_virtual_clock

START_MS = 1_795_000_000_000
HOUR_MS = 3_600_000


class Wall:
    """A wall clock that goes with trio's mock clock, and can be set."""

    def __init__(self) -> None:
        self.offset_ms = START_MS

    def __call__(self) -> int:
        return self.offset_ms + round(trio.current_time() * 1000)


def system_clock(wall: Wall, jumps: list[int]) -> SystemClock:
    return SystemClock(on_jump=jumps.append, wall=wall, monotonic=trio.current_time)


async def test_sleeps_until_the_time(autojump_clock: trio.testing.MockClock) -> None:
    jumps: list[int] = []
    clock = system_clock(Wall(), jumps)
    await clock.sleep_until(clock.now_ms() + HOUR_MS)
    assert clock.now_ms() - START_MS == pytest.approx(HOUR_MS, abs=5)
    await clock.sleep_until(0)
    assert jumps == []


async def test_a_jump_ahead_wakes_sleepers_soon(autojump_clock: trio.testing.MockClock) -> None:
    wall = Wall()
    jumps: list[int] = []
    clock = system_clock(wall, jumps)
    changed = clock.changed
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(clock.sleep_until, clock.now_ms() + HOUR_MS)
        await trio.sleep(7)
        wall.offset_ms += 2 * HOUR_MS
    assert trio.current_time() - began <= 12
    assert jumps == [2 * HOUR_MS]
    assert clock.jumps == 1
    assert changed.is_set()
    assert not clock.changed.is_set()


async def test_a_jump_back_makes_sleepers_wait(autojump_clock: trio.testing.MockClock) -> None:
    wall = Wall()
    jumps: list[int] = []
    clock = system_clock(wall, jumps)
    due = clock.now_ms() + 60_000
    async with trio.open_nursery() as nursery:
        nursery.start_soon(clock.sleep_until, due)
        await trio.sleep(7)
        wall.offset_ms -= HOUR_MS
    assert clock.now_ms() >= due
    assert jumps == [-HOUR_MS]


async def test_slewing_is_no_jump(autojump_clock: trio.testing.MockClock) -> None:
    wall = Wall()
    jumps: list[int] = []
    clock = system_clock(wall, jumps)
    for _ in range(100):
        wall.offset_ms += 500
        clock.now_ms()
    assert jumps == []


def test_the_real_one_tells_the_time() -> None:
    assert abs(SystemClock().now_ms() - wall_ms()) < 1000


def test_a_frozen_clock_stands_still(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    write_virtual_clock(path, START_MS, running=False)
    assert json.loads(path.read_text())["now_ms"] == START_MS
    assert VirtualClock(path, monotonic=lambda: 1e9).now_ms() == START_MS
    assert list(tmp_path.iterdir()) == [path]


def test_a_running_clock_goes_on_from_when_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    now = [100.0]
    write_virtual_clock(path, START_MS, running=True, monotonic=lambda: now[0])
    now[0] = 102.5
    assert VirtualClock(path, monotonic=lambda: now[0]).now_ms() == START_MS + 2500
    now[0] = 3.0  # the machine was started anew
    assert VirtualClock(path, monotonic=lambda: now[0]).now_ms() == START_MS


async def test_turning_the_clock_wakes_sleepers(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    path = tmp_path / "clock.json"
    write_virtual_clock(path, START_MS, running=False)
    clock = VirtualClock(path, monotonic=trio.current_time)
    woken: list[int] = []

    async def sleeper(due_ms: int) -> None:
        await clock.sleep_until(due_ms)
        woken.append(due_ms - START_MS)

    async with trio.open_nursery() as nursery:
        for hours in (1, 2, 3):
            nursery.start_soon(sleeper, START_MS + hours * HOUR_MS)
        await trio.sleep(10_000)
        assert woken == []
        write_virtual_clock(path, START_MS + 2 * HOUR_MS, running=False)
        clock.reload()
        await trio.testing.wait_all_tasks_blocked()
        assert sorted(woken) == [HOUR_MS, 2 * HOUR_MS]
        began = trio.current_time()
        write_virtual_clock(path, START_MS + 2 * HOUR_MS, running=True, monotonic=trio.current_time)
        clock.reload()
    assert trio.current_time() - began == pytest.approx(3600, abs=1)
    assert clock.jumps == 2


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"now_ms": 1, "running": true}', '{"x": 1}'])
def test_a_damaged_file_changes_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "clock.json"
    write_virtual_clock(path, START_MS, running=False)
    clock = VirtualClock(path)
    path.write_text(text)
    with pytest.raises(ClockFileDamaged, match=r"clock\.json"):
        clock.reload()
    assert clock.now_ms() == START_MS
