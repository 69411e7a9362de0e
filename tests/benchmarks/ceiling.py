"""What the generator can do at most: the same webhooks to a server that only says "taken".

What lives here: that server, and posting to it. Figures of the daemon that come near these say
more about the generator than about the daemon.
"""

from __future__ import annotations

import logging
import sys
import time
from functools import partial

import trio
from hypercorn.config import Config
from hypercorn.trio import serve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.benchmarks.posting import open_poster
from tests.benchmarks.report import ms, percentile, table

PATH = "/webhooks/whatsapp"
POSTS = 3000
_BODY = b'{"object": "whatsapp_business_account", "entry": []}'.ljust(700)


async def measure(connections: int) -> None:
    """Print how fast the empty server takes webhooks."""
    command = [sys.executable, "-m", "tests.benchmarks.ceiling"]
    async with trio.open_nursery() as nursery:
        process = await nursery.start(
            partial(trio.run_process, command, capture_stdout=False, check=False, stdout=-1)
        )
        try:
            assert process.stdout is not None
            port = int(await process.stdout.receive_some(16))
            await _post_all(f"http://127.0.0.1:{port}", connections)
        finally:
            process.terminate()


async def _post_all(url: str, connections: int) -> None:
    acks: list[float] = []
    left = POSTS

    async with open_poster(url, connections) as poster:

        async def hand() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                began = trio.current_time()
                status = await poster.post(PATH, _BODY, {"content-type": "application/json"})
                assert status == 200
                acks.append(trio.current_time() - began)

        began, used = trio.current_time(), time.process_time()
        async with trio.open_nursery() as nursery:
            for _ in range(connections):
                nursery.start_soon(hand)
        seconds, used = trio.current_time() - began, time.process_time() - used
    heads = ("empty server", "posts/s", "ack p50 ms", "ack p99 ms", "generator CPU")
    row = (
        f"{connections} connections",
        f"{POSTS / seconds:.0f}",
        ms(percentile(acks, 0.5)),
        ms(percentile(acks, 0.99)),
        f"{used / seconds:.0%}",
    )
    print(table(heads, [row]))


async def _taken(request: Request) -> Response:
    await request.body()
    return Response(status_code=200)


async def _serve() -> None:
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.accesslog = None
    config.errorlog = logging.getLogger("ceiling")
    config.keep_alive_max_requests = 1_000_000
    app = Starlette(routes=[Route(PATH, _taken, methods=["POST"])])
    async with trio.open_nursery() as nursery:
        (url,) = await nursery.start(partial(serve, app, config))  # type: ignore[arg-type]  # a type of its own
        print(url.rpartition(":")[2], flush=True)


if __name__ == "__main__":
    trio.run(_serve)
