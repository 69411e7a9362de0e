"""What goes on beside the work: pruning, waking, the sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pytest
import trio
import trio.testing

from actors.ids import ActorId, EffectId, MessageId
from daemon import upkeep
from state.memory_disk import Letter, MemoryDisk
from state.rows import InboxRow, LaneRing
from state.store import StoreFull
from tests.daemon.parts import ANN, BOB, DAY_MS, NOW_MS, Core, Shell, line, owed, shell


def leave(disk: MemoryDisk, actor: ActorId, at_ms: int, *, done: bool = False) -> None:
    """Put a row into an inbox without ringing anybody."""
    disk.inbox_last += 1
    at = disk.inbox_last
    row = InboxRow(at, MessageId(f"x{at}"), actor, at_ms, line(str(at)), None, 1)
    disk.letters[at] = Letter(row, at_ms if done else None)
    disk.positions[row.message_id] = at


class Lanes:
    """A relay that does nothing but know lanes."""

    def __init__(self, *known: str) -> None:
        self.known = set(known)
        self.rung: list[str] = []
        self.asked: list[str] = []
        self.asked_first: Callable[[], None] = lambda: None

    def lanes(self, rings: Sequence[LaneRing]) -> None:
        self.rung += [ring.lane for ring in rings]
        self.known.update(self.rung)

    def knows(self, lane: str) -> bool:
        self.asked.append(lane)
        if len(self.asked) == 1:
            self.asked_first()
        return lane in self.known


def start(
    parts: Shell,
    nursery: trio.Nursery,
    relay: upkeep.SupportsLanes | None = None,
    *,
    sweep_s: float = 60,
) -> None:
    sweep = partial(upkeep.sweep, relay=relay or Lanes(), sweep_s=sweep_s)
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
        assert await upkeep.expect_waiting(parts.store.store, parts.registry) == 450
        assert parts.registry.busy_count == 450
        assert all(parts.registry.is_live(name) for name in names), "the sweep leaves them alone"
        await parts.registry.wake_expected()
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
        assert parts.log.of("sweep_found") == [{"actors": 1, "lanes": 0, "alarm": True}]
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


async def test_the_sweep_rings_lanes_that_the_relay_does_not_know(
    autojump_clock: object, nursery: trio.Nursery
) -> None:
    relay = Lanes("lane_002", "lane_449")
    async with shell() as parts:
        names = [f"lane_{number:03}" for number in range(450)]
        await parts.owe(*(owed(f"e{name}", lane=name, at_ms=NOW_MS + 30_000) for name in names))
        start(parts, nursery, relay)
        await trio.sleep(65)
        assert relay.rung == [], "due for less long than the sweep looks for"
        await trio.sleep(60)
        assert relay.rung == [name for name in names if name not in ("lane_002", "lane_449")]
        count = parts.metrics.registry.get_sample_value
        assert count("routerbot_sweep_found_total") == 448
        assert parts.log.of("sweep_found") == [{"actors": 0, "lanes": 448, "alarm": True}]
        await trio.sleep(600)
        assert count("routerbot_sweep_found_total") == 448
        nursery.cancel_scope.cancel()


async def test_a_lane_that_was_emptied_meanwhile_is_not_counted_as_lost(
    autojump_clock: object, nursery: trio.Nursery
) -> None:
    relay = Lanes()
    async with shell() as parts:
        await parts.owe(owed("e1", lane="emptied"), owed("e2", lane="lost"))

        def empty() -> None:
            parts.disk.calls[EffectId("e1")].state = "sending"

        relay.asked_first = empty
        start(parts, nursery, relay)
        await trio.sleep(130)
        assert relay.rung == ["lost"]
        assert parts.metrics.registry.get_sample_value("routerbot_sweep_found_total") == 1
        nursery.cancel_scope.cancel()


async def test_a_lane_that_the_relay_serves_is_left_alone(
    autojump_clock: object, nursery: trio.Nursery
) -> None:
    relay = Lanes("lane")
    async with shell() as parts:
        await parts.owe(owed("e1"))
        start(parts, nursery, relay)
        await trio.sleep(600)
        assert (relay.rung, parts.log.of("sweep_found")) == ([], [])
        assert set(relay.asked) == {"lane"}
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
