"""The whole tree: from a webhook to a vendor, recovery, readiness, a bounded end."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from actors.calls import Call, OpenDesk, Purpose, Say, SendToDesk, WebRequest
from actors.codec import encode_message
from actors.ids import ActorId, MessageId
from actors.messages import CustomerWrote, Typed
from actors.outcomes import Delivered, Outcome
from adapters.ports import Attempt
from daemon.tree import Switchboard
from state.memory_disk import MemoryDisk
from state.memory_store import MemoryStore
from state.rows import Arrival, ToActor
from state.store import Bell, StoreBroken
from tests.daemon.parts import CUSTOMER, DAY_MS, NOW_MS, Log, Vendor
from tests.daemon.talk import answer, get, post
from tests.daemon.trouble import Trouble
from tests.daemon.whole import Whole, make_daemon, running

Patch = pytest.MonkeyPatch
ACTOR = ActorId("cnv_" + "a" * 24)


async def ask(port: int, request: bytes) -> tuple[int, bytes]:
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    async with stream:
        await stream.send_all(request)
        status, _, body = await answer(stream)
        return status, body


async def left_behind(disk: MemoryDisk, text: str = "inicio") -> None:
    """Leave what a process accepted that died at once: a customer's message."""
    body = encode_message(CustomerWrote(CUSTOMER, Typed(text), NOW_MS))
    arrival = Arrival(MessageId("w:0"), ToActor(ACTOR), NOW_MS, body, NOW_MS + DAY_MS)
    await MemoryStore(disk, Switchboard()).accept([arrival])


async def test_a_webhook_is_answered_once_committed_and_the_customer_by_the_vendor(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    whole = Whole()
    async with running(whole, tmp_path, monkeypatch) as (_, port):
        assert await ask(port, post("/webhooks/whatsapp", b"w:1 inicio")) == (200, b"taken")
        await whole.whatsapp.until(1)
        assert await ask(port, post("/webhooks/whatsapp", b"w:1 inicio")) == (200, b"taken")
        assert await ask(port, get("/elsewhere")) == (404, b"")
    [(call, attempt)] = whole.whatsapp.calls
    assert isinstance(call, Say)
    assert (call.to, call.purpose) == (CUSTOMER, Purpose.QUESTION)
    assert attempt.number == 1
    assert [row.flow_version for row in whole.disk.actors.values()] == list(whole.disk.kept_flows)
    assert "inicio" not in repr(whole.log.lines)
    assert whole.log.lines[-1][1] == "stopped"


async def test_actors_talk_to_each_other_and_to_every_vendor(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    whole = Whole()
    async with running(whole, tmp_path, monkeypatch) as (_, port):
        await ask(port, post("/webhooks/whatsapp", b"w:1 hola"))
        await whole.whatsapp.until(1)
        await ask(port, post("/webhooks/whatsapp", b"w:2 persona"))
        await whole.others.until(2)
    calls = [type(call) for call, _ in whole.others.calls]
    assert calls[:2] == [WebRequest, OpenDesk]
    assert SendToDesk not in calls


async def test_recovery_wakes_whoever_has_messages_and_sends_what_is_owed(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    disk = MemoryDisk()
    await left_behind(disk)
    whole = Whole(disk)
    async with running(whole, tmp_path, monkeypatch):
        await whole.whatsapp.until(1)
    [ready] = whole.log.of("ready")
    assert (ready["woken"], ready["epoch"]) == (1, 2)
    assert disk.letters[1].row.recoveries == 1


async def test_ready_is_told_after_recovery_and_stopping_at_the_stop(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.setblocking(False)
        whole = Whole()
        await left_behind(whole.disk)
        found, go_on = trio.Event(), trio.Event()

        class Slow(MemoryStore):
            async def actors_with_open_inbox(self, *args: Any) -> list[ActorId]:
                found.set()
                await go_on.wait()
                return await super().actors_with_open_inbox(*args)

        whole.store = lambda bell: Slow(whole.disk, bell)
        whole.wire(monkeypatch)
        daemon = make_daemon(whole, tmp_path, {"NOTIFY_SOCKET": address})
        async with trio.open_nursery() as nursery:
            nursery.start_soon(daemon.run)
            await found.wait()
            with pytest.raises(BlockingIOError):
                systemd.recv(100)
            assert whole.log.of("ready") == []
            go_on.set()
            await whole.log.until("ready")
            told = systemd.recv(1000)
            assert told == b"READY=1\nSTATUS=serving, 1 actors had messages waiting"
            daemon.stop.set()
        assert systemd.recv(1000) == b"STOPPING=1"


# --- the end ------------------------------------------------------------------------------------


async def test_a_stop_with_nothing_to_do_takes_no_time(
    tmp_path: Path, monkeypatch: Patch, autojump_clock: object
) -> None:
    async with running(Whole(), tmp_path, monkeypatch) as (daemon, _):
        began = trio.current_time()
        daemon.stop.set()
    assert trio.current_time() - began < 0.1


async def test_a_stop_waits_for_calls_under_way(
    tmp_path: Path, monkeypatch: Patch, autojump_clock: object
) -> None:
    async def slowly(_call: Call, _attempt: Attempt) -> Outcome:
        await trio.sleep(3)
        return Delivered("v1")

    whole = Whole()
    whole.whatsapp = Vendor(answer=slowly)
    await left_behind(whole.disk)
    async with running(whole, tmp_path, monkeypatch) as (daemon, _):
        await trio.sleep(1)
        daemon.stop.set()
    assert trio.current_time() == pytest.approx(3, abs=0.1)
    assert [call.state for call in whole.disk.calls.values()][1:] == ["delivered"]


async def test_a_stop_is_bounded_whatever_hangs(
    tmp_path: Path, monkeypatch: Patch, autojump_clock: object
) -> None:
    """A vendor, a disk and a client that never end: 45 s is all that systemd gives."""

    async def never(_call: Call, _attempt: Attempt) -> Outcome:
        await trio.sleep_forever()
        raise AssertionError

    class Hanging(Trouble):
        def __init__(self, disk: MemoryDisk, bell: Bell) -> None:
            assert isinstance(bell, Switchboard)
            super().__init__(disk, bell)

    whole = Whole()
    whole.whatsapp = Vendor(answer=never)
    await left_behind(whole.disk)
    stores: list[Hanging] = []

    def store(bell: Bell) -> Hanging:
        stores.append(Hanging(whole.disk, bell))
        return stores[-1]

    whole.store = store
    async with running(whole, tmp_path, monkeypatch) as (daemon, port):
        await trio.sleep(1)
        stores[0].pause = lambda: 10**6
        await left_over(stores[0])
        request = await trio.open_tcp_stream("127.0.0.1", port)
        await request.send_all(post("/webhooks/whatsapp", b"w:1 inicio")[:-1])
        await trio.sleep(1)
        began = trio.current_time()
        daemon.stop.set()
    await request.aclose()
    assert trio.current_time() - began <= 43
    assert [call.state for call in whole.disk.calls.values()][1:] == ["sending"]
    assert any(letter.done_ms is None for letter in whole.disk.letters.values())


async def left_over(store: Trouble) -> None:
    body = encode_message(CustomerWrote(CUSTOMER, Typed("more"), NOW_MS))
    await store.accept([Arrival(MessageId("w:9"), ToActor(ACTOR), NOW_MS, body)])


async def test_a_store_that_breaks_ends_everything_at_once(
    tmp_path: Path, monkeypatch: Patch, autojump_clock: object
) -> None:
    class Breaking(MemoryStore):
        async def commit(self, unit: object) -> None:
            raise StoreBroken("fsync")

    whole = Whole()
    whole.store = lambda bell: Breaking(whole.disk, bell)
    await left_behind(whole.disk)
    with pytest.RaisesGroup(StoreBroken, flatten_subgroups=True):
        async with running(whole, tmp_path, monkeypatch):
            await trio.sleep_forever()
    assert whole.log.of("stopped") == []


async def test_a_bell_that_nobody_listens_to_yet_does_no_harm() -> None:
    bell = Switchboard()
    bell.inbox([])
    bell.lanes([])
    bell.timer(1)
    assert Log().lines == []
