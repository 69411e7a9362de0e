"""The disk is full, fails, or is slow."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import trio

from daemon.sandbox.process import DaemonFailed
from daemon.sandbox.stage import Stage, open_stage
from tests.endtoend.reading import errors, named
from tests.faults.machine import (
    counted,
    crowd,
    fill_disk,
    looks_alive,
    syncs_that,
    texts,
    vendor,
)

EXIT_DISK = 74
ACCEPT_TIMEOUT_S = 5.0
REFUSALS = 5
"""So many in a row: then no corner of the write-ahead log is left to write to."""


# --- full ---------------------------------------------------------------------------------------


async def test_full_disk_is_waited_out(
    tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "600000")
        async with open_stage(small_disk, frozen=False, language="en") as stage:
            await full_disk_story(stage, systemd)


async def test_full_disk_at_the_start(tmp_path: Path, small_disk: Path) -> None:
    async with open_stage(small_disk, frozen=False, language="en") as stage:
        await stage.daemon.stop()
        fill_disk(small_disk / "filler")
        stage.daemon.log = tmp_path / "second.log"
        with pytest.raises(DaemonFailed):
            await stage.start_daemon()
        assert await stage.daemon.ended() == EXIT_DISK
        (told,) = errors(stage.daemon.log)
        assert told["event"] == "no_space_to_start"
        (small_disk / "filler").unlink()
        await stage.start_daemon()
        assert await looks_alive(stage)


async def full_disk_story(stage: Stage, systemd: socket.socket) -> None:
    filler = stage.folder / "filler"
    phones = crowd(stage, 400)
    taken: list[int] = []
    refused: list[int] = []
    async with vendor(stage) as whatsapp:
        assert (await whatsapp.brings(phones[0], "hello", "wamid.0")).status_code == 200
        await stage.settle()
        fill_disk(filler)
        in_a_row = 0
        for index, phone in enumerate(phones[1:], start=1):
            answer = await whatsapp.brings(phone, "hello", f"wamid.{index}")
            if answer.status_code == 200:
                taken.append(index)
                in_a_row = 0
            else:
                assert answer.status_code == 503
                assert int(answer.headers["retry-after"]) > 0
                refused.append(index)
                in_a_row += 1
            if in_a_row == REFUSALS:
                break
        assert in_a_row == REFUSALS, "the disk did not get full"
        waiting = [index for index in taken if not phones[index].received]
        told_alive(systemd)
        await trio.sleep(1.5)
        # A call that cannot be recorded is not made.
        assert [index for index in taken if not phones[index].received] == waiting
        assert await looks_alive(stage)
        assert told_alive(systemd) >= 3
        filler.unlink()
        await healed(stage)
        for index in refused:
            answer = await whatsapp.brings(phones[index], "hello", f"wamid.{index}")
            assert answer.status_code == 200
        await healed(stage)
    asked = [0, *taken, *refused]
    assert [len(phones[index].received) for index in asked] == [1] * len(asked)
    assert await counted(stage, "routerbot_dead_letters_total") == 0
    assert len(named(stage.daemon.log, "ready")) == 1
    assert errors(stage.daemon.log) == []


async def healed(stage: Stage) -> None:
    """Wait until the pauses of a second are over, too."""
    await trio.sleep(1.2)
    await stage.settle()


def told_alive(systemd: socket.socket) -> int:
    """How often the watchdog was fed since the last look."""
    count = 0
    while True:
        try:
            count += systemd.recv(4096) == b"WATCHDOG=1"
        except BlockingIOError:
            return count


# --- failing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["8", "8+"], ids=["once", "from-then-on"])
async def test_sync_that_fails_ends_the_process(tmp_path: Path, tracing: None, when: str) -> None:
    async with open_stage(tmp_path, frozen=True, language="en") as stage:
        phones = crowd(stage, 12)
        for phone in phones:
            phone.write("hello")
        await stage.settle()
        assert await looks_alive(stage)
        async with syncs_that(stage.daemon.pid, f"error=EIO:when={when}"):
            for phone in phones:
                phone.write("menu")
            with trio.fail_after(15):
                assert await stage.daemon.ended() == EXIT_DISK
        await stage.settle()
        posted = list(stage.world.whatsapp.courier.log)[len(phones) :]
        acknowledged = [parcel for parcel in posted if parcel.taken]
        # The fault struck in the middle: a post takes one sync at least, and there were eight.
        assert 0 < len(acknowledged) < len(phones)
        await stage.start_daemon()
        # What was on its way to a customer is of unknown fate for a while.
        await stage.pass_time(180)
        assert await looks_alive(stage)
        assert [len(phone.received) for phone in phones] == [2] * len(phones), [
            texts(phone) for phone in phones
        ]
        # An acknowledged message was not needed a second time.
        assert [len(parcel.answers) for parcel in acknowledged] == [1] * len(acknowledged)
    (broken,) = named(stage.daemon.log, "store_broken")
    assert "disk I/O error" in broken["reason"]
    assert errors(stage.daemon.log) == [broken]


# --- slow ---------------------------------------------------------------------------------------


async def test_slow_disk_makes_larger_groups(tmp_path: Path, tracing: None) -> None:
    async with open_stage(tmp_path, frozen=True, language="en") as stage, vendor(stage) as whatsapp:
        phones = crowd(stage, 20)
        slowest = 0.0

        async def bring(index: int) -> None:
            nonlocal slowest
            began = trio.current_time()
            answer = await whatsapp.brings(phones[index], "hello")
            assert answer.status_code == 200
            slowest = max(slowest, trio.current_time() - began)

        units, groups = await group_sizes(stage)
        async with syncs_that(stage.daemon.pid, "delay_exit=200000"):
            async with trio.open_nursery() as nursery:
                for index in range(len(phones)):
                    nursery.start_soon(bring, index)
                    await trio.sleep(0.02)
                assert await looks_alive(stage)
            await stage.settle()
        assert 0.15 < slowest < ACCEPT_TIMEOUT_S
        assert [len(phone.received) for phone in phones] == [1] * len(phones)
        units_now, groups_now = await group_sizes(stage)
        assert (units_now - units) / (groups_now - groups) > 3
    assert errors(stage.daemon.log) == []


async def group_sizes(stage: Stage) -> tuple[float, float]:
    """Units of work and commits so far."""
    name = "routerbot_store_group_units"
    return await counted(stage, f"{name}_sum"), await counted(stage, f"{name}_count")
