"""What goes on beside the work: pruning, waking, the sweep."""

from __future__ import annotations

from functools import partial

import pytest
import trio
import trio.testing

from actors.ids import ActorId, MessageId
from daemon import upkeep
from state.memory_disk import Letter, MemoryDisk
from state.rows import InboxRow
from state.store import StoreFull
from tests.daemon.parts import ANN, BOB, DAY_MS, NOW_MS, Core, Shell, line, shell


def leave(disk: MemoryDisk, actor: ActorId, at_ms: int, *, done: bool = False) -> None:
    """Put a row into an inbox without ringing anybody."""
    disk.inbox_last += 1
    at = disk.inbox_last
    row = InboxRow(at, MessageId(f"x{at}"), actor, at_ms, line(str(at)), None, 1)
    disk.letters[at] = Letter(row, at_ms if done else None)
    disk.positions[row.message_id] = at


def start(parts: Shell, nursery: trio.Nursery, *, sweep_s: float = 60) -> None:
    sweep = partial(upkeep.sweep, sweep_s=sweep_s)
    nursery.start_soon(
        sweep, parts.store, parts.registry, parts.clock, parts.metrics, parts.log.logger
    )


async def test_at_the_start_every_actor_with_a_message_is_woken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = MemoryDisk()
    names = [ActorId(f"cnv_{number:03}") for number in range(450)]
    for name in names:
        leave(disk, name, NOW_MS)
    async with shell(Core(), monkeypatch, disk=disk, live_actors_max=10) as parts:
        woken = await upkeep.wake_waiting(parts.store.store, parts.registry, 1 << 62)
        assert woken == 450
        await trio.testing.wait_all_tasks_blocked()
        assert parts.open_positions() == []


async def test_the_sweep_finds_lost_rings_and_says_so(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: object, nursery: trio.Nursery
) -> None:
    async with shell(Core(), monkeypatch) as parts:
        start(parts, nursery)
        await trio.sleep(30)
        leave(parts.disk, ANN, parts.clock.now_ms())
        await trio.sleep(45)
        assert parts.open_positions() == [1], "younger than the sweep looks for"
        await trio.sleep(60)
        assert parts.notebook() == ("1",)
        count = parts.metrics.registry.get_sample_value
        assert count("routerbot_sweep_found_total") == 1
        assert [fields["actors"] for fields in parts.log.of("sweep_found")] == [1]
        await trio.sleep(600)
        assert count("routerbot_sweep_found_total") == 1
        nursery.cancel_scope.cancel()


async def test_an_actor_that_is_slow_is_not_counted_as_lost(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: object, nursery: trio.Nursery
) -> None:
    async with shell(Core(), monkeypatch) as parts:
        parts.store.fail = lambda method, _: StoreFull() if method == "commit" else None
        await parts.hear("slow")
        start(parts, nursery)
        await trio.sleep(600)
        assert parts.metrics.registry.get_sample_value("routerbot_sweep_found_total") == 0
        nursery.cancel_scope.cancel()


async def test_what_ended_long_ago_is_forgotten_in_small_batches(
    autojump_clock: object, nursery: trio.Nursery
) -> None:
    disk = MemoryDisk()
    for _ in range(1200):
        leave(disk, ANN, NOW_MS - 20 * DAY_MS, done=True)
    leave(disk, ANN, NOW_MS - 10 * DAY_MS, done=True)
    leave(disk, BOB, NOW_MS - 20 * DAY_MS)
    async with shell(disk=disk) as parts:
        parts.store.fail = lambda _method, _unit: StoreFull()
        prune = partial(upkeep.prune, message_keep_days=14)
        nursery.start_soon(prune, parts.store, parts.clock, parts.log.logger)
        await trio.sleep(60)
        assert len(disk.letters) == 1202
        assert parts.log.of("prune_postponed")
        parts.store.fail = lambda _method, _unit: None
        await trio.sleep(600)
        assert len(disk.letters) == 2
        assert parts.store.asked.count("prune") == 5
        assert parts.log.of("pruned") == [{"rows": 1200}]
        nursery.cancel_scope.cancel()
