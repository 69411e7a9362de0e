"""Full turns: a customer's message in over HTTP, the reply taken by the Graph API over HTTP.

What lives here: the loads and their tables. In the first, each connection posts the next message as
soon as the last one was acknowledged, and a run ends when the last reply is there; of several
rounds the middle one counts, as a machine that is shared has its minutes. In the second, messages
come at half the pace of the first, whether those before are answered or not.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.bench_world import Daemon, Phones, World, open_world
from tests.benchmarks.report import ms, percentile, table
from tests.benchmarks.statuses import measure_statuses
from tests.benchmarks.wire import Poster, listen

CUSTOMERS = 1000
TURNS = 4000
CONNECTIONS = (1, 16, 128)
ROUNDS = 3
_MIDDLE = 16
_PATIENCE_S = 120.0


@dataclass
class Run:
    """One load, and what was seen."""

    turns: int
    seconds: float = 0.0
    """From the first post to the last reply."""
    acks_s: list[float] = field(default_factory=list)
    lost: int = 0
    daemon_cpu_s: float = 0.0
    own_cpu_s: float = 0.0

    @property
    def per_second(self) -> float:
        """Full turns a second."""
        return (self.turns - self.lost) / self.seconds


async def measure(turns: int, customers: int) -> None:
    """Print the tables."""
    ceilings = {count: await _ceiling(turns, count) for count in CONNECTIONS}
    with tempfile.TemporaryDirectory(prefix="routerbot-bench-") as name:
        async with open_world(Path(name)) as (world, daemon):
            phones = Phones(customers)
            await _flood(world, daemon.port, phones.write("hello", customers), _MIDDLE, daemon)
            runs: dict[int, list[Run]] = {count: [] for count in CONNECTIONS}
            for _ in range(ROUNDS):
                for count in CONNECTIONS:
                    bodies = phones.write("menu", turns)
                    runs[count].append(await _flood(world, daemon.port, bodies, count, daemon))
            _show_floods(runs, ceilings, world)
            pace = _median(runs[_MIDDLE]).per_second / 2
            _show_pace(pace, await _paced(world, daemon, phones.write("menu", turns), pace))
            await measure_statuses(daemon, world.sent[-3 * turns :])


def _median(runs: Sequence[Run]) -> Run:
    return sorted(runs, key=lambda run: run.per_second)[len(runs) // 2]


async def _ceiling(turns: int, connections: int) -> float:
    """How many turns a second the generator can drive: against a bot that does nothing."""
    world = World()
    graph, graph_port = await listen(world.graph)
    bot = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.trivial_bot", str(graph_port)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert bot.stdout is not None
        port = int(await bot.stdout.readline())
        bodies = Phones(CUSTOMERS).write("menu", turns)
        return (await _flood(world, port, bodies, connections, None)).per_second
    finally:
        bot.terminate()
        await bot.wait()
        graph.close()


async def _flood(
    world: World, port: int, bodies: list[bytes], connections: int, daemon: Daemon | None
) -> Run:
    run = Run(len(bodies))
    left = iter(bodies)

    async def hand() -> None:
        poster = Poster(port)
        for body in left:
            await _post(poster, body, run)
        poster.close()

    async with _watched(run, world, daemon), asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(hand())
    return run


async def _paced(world: World, daemon: Daemon, bodies: list[bytes], per_second: float) -> Run:
    run = Run(len(bodies))
    idle = [Poster(daemon.port) for _ in range(_MIDDLE)]

    async def one(body: bytes) -> None:
        poster = idle.pop() if idle else Poster(daemon.port)
        await _post(poster, body, run)
        idle.append(poster)

    began = time.perf_counter()
    async with _watched(run, world, daemon), asyncio.TaskGroup() as group:
        for number, body in enumerate(bodies):
            await asyncio.sleep(began + number / per_second - time.perf_counter())
            group.create_task(one(body))
    for poster in idle:
        poster.close()
    return run


async def _post(poster: Poster, body: bytes, run: Run) -> None:
    began = time.perf_counter()
    status = await poster.post(body)
    if status != 200:
        raise RuntimeError(f"a webhook was answered {status}")
    run.acks_s.append(time.perf_counter() - began)


class _watched:  # noqa: N801 - used like a function
    """Notes how long a load took, until the last reply, and what it cost."""

    def __init__(self, run: Run, world: World, daemon: Daemon | None) -> None:
        self._run = run
        self._world = world
        self._daemon = daemon

    async def __aenter__(self) -> None:
        self._wanted = len(self._world.sent) + self._run.turns
        self._cpu_s = self._daemon.cpu_s() if self._daemon is not None else 0.0
        self._own_s, self._began = time.process_time(), time.perf_counter()

    async def __aexit__(self, kind: object, _error: object, _trace: object) -> None:
        if kind is not None:
            return
        run = self._run
        run.lost = await self._world.wait_sent(self._wanted, _PATIENCE_S)
        run.seconds = time.perf_counter() - self._began
        run.own_cpu_s = time.process_time() - self._own_s
        if self._daemon is not None:
            run.daemon_cpu_s = self._daemon.cpu_s() - self._cpu_s


def _show_floods(runs: dict[int, list[Run]], ceilings: dict[int, float], world: World) -> None:
    heads = (
        "connections", "turns/s", "of all rounds", "of the ceiling", "ack p50 ms", "ack p99 ms",
        "lost", "daemon CPU", "daemon ms/turn", "generator CPU",
    )  # fmt: skip
    rows = [_row(count, rounds, ceilings[count]) for count, rounds in runs.items()]
    told = ", ".join(f"{rate:.0f} at {count}" for count, rate in ceilings.items())
    turns = runs[_MIDDLE][0].turns
    print(f"\nFull turns, {turns} a run, {ROUNDS} rounds\n\n{table(heads, rows)}")
    print(f"\nThe generator's own ceiling, turns/s by connections: {told}.")
    print(f"Messages that the platform got twice: {world.doubles}.")


def _row(connections: int, rounds: Sequence[Run], ceiling: float) -> Sequence[object]:
    run, rates = _median(rounds), [each.per_second for each in rounds]
    return (
        connections,
        f"{run.per_second:.0f}",
        f"{min(rates):.0f} to {max(rates):.0f}",
        f"{run.per_second / ceiling:.0%}",
        ms(percentile(run.acks_s, 0.5)),
        ms(percentile(run.acks_s, 0.99)),
        sum(each.lost for each in rounds),
        f"{run.daemon_cpu_s / run.seconds:.0%}",
        f"{run.daemon_cpu_s / run.turns * 1000:.2f}",
        f"{run.own_cpu_s / run.seconds:.0%}",
    )


def _show_pace(per_second: float, run: Run) -> None:
    print(
        f"\nAt half of the full load ({per_second:.0f} messages a second): acknowledged in "
        f"{ms(percentile(run.acks_s, 0.5))} ms (p50), {ms(percentile(run.acks_s, 0.99))} ms (p99); "
        f"lost {run.lost}; daemon CPU {run.daemon_cpu_s / run.seconds:.0%}."
    )
