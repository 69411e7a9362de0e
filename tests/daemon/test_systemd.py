"""What systemd hears, on a socket like its own."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
import trio.testing

from daemon.systemd import Notifier, watchdog, watchdog_interval_s
from state.store import StoreBroken, StoreFull


@pytest.fixture(params=["path", "abstract"])
def systemd(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[socket.socket, Notifier]]:
    name = f"routerbot-test-{os.getpid()}"
    address = str(tmp_path / "notify") if request.param == "path" else "\0" + name
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.setblocking(False)
        yield listener, Notifier({"NOTIFY_SOCKET": address.replace("\0", "@")})


def heard(listener: socket.socket) -> list[bytes]:
    """Return what has come so far."""
    lines = []
    while True:
        try:
            lines.append(listener.recv(4096))
        except BlockingIOError:
            return lines


def test_all_that_is_said(systemd: tuple[socket.socket, Notifier]) -> None:
    listener, notifier = systemd
    assert notifier.ready("3 actors\nREADY=0")
    assert notifier.alive()
    assert notifier.stopping()
    assert heard(listener) == [
        b"READY=1\nSTATUS=3 actors READY=0",
        b"WATCHDOG=1",
        b"STOPPING=1",
    ]


def test_without_systemd_nothing_happens(tmp_path: Path) -> None:
    assert not Notifier({}).ready()
    assert not Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()


def test_a_socket_that_nobody_reads_does_not_block(
    systemd: tuple[socket.socket, Notifier],
) -> None:
    _, notifier = systemd
    assert not all(notifier.alive() for _ in range(5000))


@pytest.mark.parametrize(
    ("environ", "interval_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 10.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 10.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_interval(environ: dict[str, str], interval_s: float | None) -> None:
    assert watchdog_interval_s(environ) == interval_s


class Store:
    """Answers, hangs, is full, or is broken."""

    def __init__(self) -> None:
        self.mood = "well"

    async def ping(self) -> None:
        await trio.lowlevel.checkpoint()
        if self.mood == "hangs":
            await trio.sleep_forever()
        if self.mood == "full":
            raise StoreFull
        if self.mood == "broken":
            raise StoreBroken


async def test_the_watchdog_is_fed_only_while_the_store_answers(
    systemd: tuple[socket.socket, Notifier], autojump_clock: trio.testing.MockClock
) -> None:
    listener, notifier = systemd
    store = Store()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watchdog, notifier, 10.0, store.ping)
        await trio.sleep(25)
        assert heard(listener) == [b"WATCHDOG=1"] * 3
        store.mood = "hangs"
        await trio.sleep(40)
        assert heard(listener) == []
        store.mood = "full"
        await trio.sleep(30)
        assert heard(listener) == [b"WATCHDOG=1"] * 3
        nursery.cancel_scope.cancel()


async def test_a_broken_store_goes_up(autojump_clock: trio.testing.MockClock) -> None:
    store = Store()
    store.mood = "broken"
    with pytest.raises(StoreBroken):
        await watchdog(Notifier({}), 10.0, store.ping)
