"""Waiting for an event or for a time of day, whichever comes first.

What lives here: that one function. What must not: anything that is waited for.
"""

from __future__ import annotations

import trio

from daemon.clock import Clock


async def wait_for(event: trio.Event, clock: Clock, due_ms: int | None) -> None:
    """Returns when the event is set, or when it is `due_ms` (None: the event alone)."""
    if due_ms is None:
        await event.wait()
        return
    async with trio.open_nursery() as nursery:

        async def sleep() -> None:
            await clock.sleep_until(due_ms)
            nursery.cancel_scope.cancel()

        nursery.start_soon(sleep)
        await event.wait()
        nursery.cancel_scope.cancel()
