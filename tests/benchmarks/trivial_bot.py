"""A bot without a memory: takes each webhook at once and answers it with one message.

What lives here: what the generator is measured against, to know its own ceiling. It checks nothing,
keeps nothing, and speaks HTTP on bare protocols, so that it costs next to nothing. Run as a process
of its own: prints its port, posts to the port that it is given.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Mapping

from tests.benchmarks import wire
from tests.benchmarks.bench_world import MESSAGES
from tests.benchmarks.configuration import ACCESS_TOKEN

_CONNECTIONS = 16


async def _run(graph_port: int) -> None:
    numbers: asyncio.Queue[str] = asyncio.Queue()
    ids = itertools.count(1)

    def webhook(_target: str, _headers: Mapping[str, str], body: bytes) -> wire.Answer:
        message = json.loads(body)["entry"][0]["changes"][0]["value"]["messages"][0]
        numbers.put_nowait(message["from"])
        return 200, b""

    async def send() -> None:
        poster = wire.Poster(graph_port)
        while True:
            number = await numbers.get()
            body = {"to": f"+{number}", "biz_opaque_callback_data": f"eff_{next(ids)}.1"}
            headers = {"authorization": f"Bearer {ACCESS_TOKEN}"}
            await poster.post(wire.request(MESSAGES, json.dumps(body).encode(), headers))

    _, port = await wire.listen(webhook)
    print(port, flush=True)
    async with asyncio.TaskGroup() as group:
        for _ in range(_CONNECTIONS):
            group.create_task(send())


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1])))
