"""A relay at work, for tests: actors never wake, so what they would hear can be looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio
import trio.testing

from actors.calls import Call, CancelJob, Purpose, Say, StartJob
from actors.codec import decode_message
from actors.messages import Message
from actors.outcomes import Outcome, Unknown
from actors.values import Fault
from adapters.ports import Attempt
from state.memory_disk import MemoryDisk
from state.rows import NewEffect
from tests.daemon.parts import (
    ANN,
    CUSTOMER,
    NOW_MS,
    Shell,
    Vendor,
    owed,
    shell,
)

FAULT = Fault("timeout")
START = StartJob(ANN, 1, "main", "router.restart", "r1")
CANCEL = CancelJob(ANN, 1, "main")


@asynccontextmanager
async def relaying(
    vendor: Vendor | None = None, disk: MemoryDisk | None = None, **limits: Any
) -> AsyncIterator[Shell]:
    """Run a relay whose actors never wake: what they would hear stays to be looked at."""
    async with shell(disk=disk, **limits) as parts, trio.open_nursery() as nursery:
        parts.registry.stop()
        parts.vendors = {"agents": vendor or Vendor()}
        await parts.relay.recover()
        nursery.start_soon(parts.relay.run)
        yield parts
        nursery.cancel_scope.cancel()


def told(parts: Shell) -> list[Message]:
    return [decode_message(letter.row.body) for letter in parts.disk.letters.values()]


def say(text: str, purpose: Purpose = Purpose.REPLY, **more: Any) -> NewEffect:
    call = Say(CUSTOMER, purpose, text)
    return owed(text, call, **{"lane": f"{ANN}/message", **more})


def at_ms() -> int:
    return NOW_MS + round(trio.current_time() * 1000)


async def hang(_call: Call, _attempt: Attempt) -> Outcome:
    await trio.sleep(20)
    return Unknown(FAULT)
