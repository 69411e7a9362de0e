"""Delivery statuses: acknowledged after they are kept, next to an empty 200 of the same server.

What lives here: the load and its table. Three statuses come for each message that the platform
took; one a body, then ten a body. The yardstick is an application that reads the body and answers
200, on the same Hypercorn and Starlette, in a process of its own.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Iterator, Sequence

from tests.benchmarks.bench_world import Daemon, Sent, statuses
from tests.benchmarks.report import ms, percentile, table
from tests.benchmarks.wire import Poster

WORDS = ("sent", "delivered", "read")
TEN = 10
_CONNECTIONS = (1, 16)


async def measure_statuses(daemon: Daemon, sent: Sequence[Sent]) -> None:
    """Print the table. Each status is told once of each message, so that each changes something."""
    told = [(message, word) for word in WORDS for message in sent]
    share = len(told) // (2 * len(_CONNECTIONS) * TEN) * TEN
    shares = (told[start : start + share] for start in itertools.count(0, share))
    empty = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.ceiling"), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert empty.stdout is not None
        port = int(await empty.stdout.readline())
        rows = [row for count in _CONNECTIONS for row in await _rows(daemon, port, count, shares)]
    finally:
        empty.terminate()
        await empty.wait()
    heads = ("statuses", "connections", "statuses/s", "of an empty 200", "ack p50 ms", "ack p99 ms")
    print(f"\nDelivery statuses, {share} a run\n\n{table(heads, rows)}")


async def _rows(
    daemon: Daemon, empty_port: int, connections: int, shares: Iterator[list[tuple[Sent, str]]]
) -> list[tuple[object, ...]]:
    ones, tens = next(shares), next(shares)
    single = [statuses([one]) for one in ones]
    tenfold = [statuses(tens[start : start + TEN]) for start in range(0, len(tens), TEN)]
    yardstick, acks = await _post_all(empty_port, single, connections)
    rows: list[tuple[object, ...]] = [
        ("(an empty 200)", connections, f"{yardstick:.0f}", "", *_times(acks))
    ]
    for name, bodies, each in (("one a body", single, 1), ("ten a body", tenfold, TEN)):
        per_second, acks = await _post_all(daemon.port, bodies, connections)
        rate = per_second * each
        rows.append((name, connections, f"{rate:.0f}", f"{rate / yardstick:.2f}", *_times(acks)))
    return rows


def _times(acks_s: list[float]) -> tuple[str, str]:
    return ms(percentile(acks_s, 0.5)), ms(percentile(acks_s, 0.99))


async def _post_all(port: int, bodies: list[bytes], connections: int) -> tuple[float, list[float]]:
    """Bodies a second, and how long each took."""
    acks: list[float] = []
    left = iter(bodies)

    async def hand() -> None:
        poster = Poster(port)
        for body in left:
            began = time.perf_counter()
            status = await poster.post(body)
            if status != 200:
                raise RuntimeError(f"a webhook was answered {status}")
            acks.append(time.perf_counter() - began)
        poster.close()

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(hand())
    return len(bodies) / (time.perf_counter() - began), acks
