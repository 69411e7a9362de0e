"""Strangers hold as many connections as the process may have open files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from daemon.sandbox.stage import Stage, open_stage
from tests.endtoend.reading import errors, named
from tests.faults.bent import bent
from tests.faults.machine import counted, crowd, looks_alive, texts, vendor

FILES = 160
STRANGERS = 180
_ARRIVED_S = 0.5


@asynccontextmanager
async def strangers(stage: Stage, count: int) -> AsyncIterator[None]:
    """So many open connections that say nothing, until the block ends."""
    streams = [await connect(stage) for _ in range(count)]
    await trio.sleep(_ARRIVED_S)
    try:
        yield
    finally:
        with trio.CancelScope(shield=True):
            for stream in streams:
                await trio.aclose_forcefully(stream)
            await trio.sleep(_ARRIVED_S)


async def connect(stage: Stage) -> trio.SocketStream:
    """One connection to the public address."""
    host, _, port = (stage.world.daemon_url or "").rpartition("/")[2].partition(":")
    return await trio.open_tcp_stream(host, int(port))


async def is_refused(stage: Stage) -> bool:
    """Whether a new connection is closed at once."""
    async with await connect(stage) as stream:
        with trio.move_on_after(2):
            try:
                return await stream.receive_some() == b""
            except trio.BrokenResourceError:
                return True
    return False


async def test_reserve_keeps_the_work_going(tmp_path: Path) -> None:
    interpreter = bent(f"files={FILES}")
    async with (
        open_stage(tmp_path, frozen=True, language="en", interpreter=interpreter) as stage,
        vendor(stage) as kept,
        vendor(stage) as late,
    ):
        first, second = stage.phone, *crowd(stage, 1)
        assert (await kept.brings(first, "hello", "wamid.1")).status_code == 200
        await stage.settle()
        async with strangers(stage, STRANGERS):
            # The operator is let in, vendors are not any more.
            assert await looks_alive(stage)
            refused = {"server": "public", "reason": "descriptors"}
            name = "routerbot_connections_refused_total"
            assert await counted(stage, name, **refused) > 0
            assert await is_refused(stage)
            # Who is connected is served; database and calls out live on the reserve.
            assert (await kept.brings(first, "menu", "wamid.3")).status_code == 200
            await stage.settle()
            assert "How can I help you?" in texts(first)[-1]
        assert (await late.brings(second, "hello", "wamid.2")).status_code == 200
        await stage.settle()
        assert len(second.received) == 1
        assert await looks_alive(stage)
    assert named(stage.daemon.log, "http.refusing")
    assert errors(stage.daemon.log) == []


async def test_without_a_reserve_it_heals_too(tmp_path: Path) -> None:
    """Not one descriptor is left: no call goes out, and all that was taken is done afterwards."""
    interpreter = bent(f"files={FILES}")
    async with (
        open_stage(
            tmp_path,
            frozen=False,
            language="en",
            interpreter=interpreter,
            limits="descriptors_reserve = 0\n",
        ) as stage,
        vendor(stage) as kept,
    ):
        phones = crowd(stage, 5)
        assert (await kept.brings(phones[0], "hello", "wamid.0")).status_code == 200
        await stage.settle()
        async with strangers(stage, STRANGERS):
            for index, phone in enumerate(phones):
                taken = await kept.brings(phone, "hello", f"wamid.again.{index}")
                assert taken.status_code == 200
            assert stage.daemon.running
        await trio.sleep(2)
        await stage.settle()
        assert [len(phone.received) for phone in phones] == [2, 1, 1, 1, 1]
        assert await looks_alive(stage)
    assert {event["event"] for event in errors(stage.daemon.log)} <= {"http.no_descriptors"}
    assert len(named(stage.daemon.log, "http.no_descriptors")) > 0
