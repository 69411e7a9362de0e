"""What the operator paused: which lanes are held, and what a file remembers, damaged or not."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import trio
import trio.testing

from actors.calls import CancelJob, Purpose, QueryJob, Say, StartJob, lane_of
from daemon import pauses as module
from daemon.pauses import SENDS, STARTS, WHATS, Pauses
from tests.daemon.parts import ANN, BOB, CUSTOMER, Vendor, owed
from tests.daemon.relaying import CANCEL, START, hang, relaying, say

LANE = lane_of(ANN, START)
MESSAGE = lane_of(ANN, Say(CUSTOMER, Purpose.REPLY, "hi"))


def test_only_what_is_paused_is_held() -> None:
    pauses = Pauses(None)
    others = [lane_of(ANN, CANCEL), lane_of(ANN, QueryJob(ANN, 1, "main")), f"{ANN}/desk"]
    assert not any(map(pauses.holds, [LANE, MESSAGE, *others]))
    pauses.pause(STARTS)
    assert (pauses.holds(LANE), pauses.holds(MESSAGE)) == (True, False)
    pauses.pause(SENDS)
    assert pauses.paused == (STARTS, SENDS)
    assert all(map(pauses.holds, [LANE, MESSAGE]))
    assert not any(map(pauses.holds, others))
    pauses.resume(STARTS)
    assert (pauses.holds(LANE), pauses.holds(MESSAGE)) == (False, True)


def test_the_file_remembers_it(tmp_path: Path) -> None:
    file = tmp_path / "routerbot.db.paused"
    assert Pauses(file).paused == ()
    assert not file.exists()
    pauses = Pauses(file)
    pauses.pause(SENDS)
    pauses.pause(SENDS)
    assert Pauses(file).paused == (SENDS,)
    pauses.resume(STARTS)
    pauses.resume(SENDS)
    assert Pauses(file).paused == ()
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("damage", [b"", b"\xff", b'["\xff"]', b'["star', b"5", b'{"starts":1}'])
def test_a_damaged_file_pauses_everything(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "paused"
    file.write_bytes(damage)
    pauses = Pauses(file)
    assert pauses.paused == WHATS
    pauses.resume(STARTS)
    assert Pauses(file).paused == (SENDS,)


def test_a_file_that_cannot_be_read_pauses_everything(tmp_path: Path) -> None:
    (tmp_path / "paused").mkdir()
    assert Pauses(tmp_path / "paused").paused == WHATS


def test_words_of_another_version_are_let_be(tmp_path: Path) -> None:
    (tmp_path / "paused").write_text('["starts","moon"]')
    assert Pauses(tmp_path / "paused").paused == (STARTS,)


def test_what_could_not_be_written_down_is_not_so(tmp_path: Path) -> None:
    pauses = Pauses(tmp_path / "missing" / "paused")
    with pytest.raises(FileNotFoundError):
        pauses.pause(STARTS)
    assert pauses.paused == ()


def test_two_at_once_both_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a lock the second would write down a state that it read before the first wrote."""
    file = tmp_path / "paused"
    pauses = Pauses(file)
    first_writes, second_is_there = threading.Event(), threading.Event()
    real = module._sync

    def slowly(folder: Path) -> None:
        first_writes.set()
        second_is_there.wait(0.1)
        real(folder)

    monkeypatch.setattr(module, "_sync", slowly)
    first = threading.Thread(target=pauses.pause, args=[STARTS])
    first.start()
    first_writes.wait(5)
    pauses.pause(SENDS)
    first.join(5)
    assert pauses.paused == WHATS
    assert Pauses(file).paused == WHATS


# --- the relay ----------------------------------------------------------------------------------


async def test_a_lane_that_is_held_is_not_under_way_and_nothing_falls_due() -> None:
    """So the sandbox is at rest while something is held back."""
    async with relaying(vendor := Vendor()) as parts:
        parts.relay._pauses.pause(STARTS)
        await parts.owe(owed("start", START, lane=LANE), owed("cancel", CANCEL, lane="x/control"))
        await parts.owe(say("words"))
        await trio.testing.wait_all_tasks_blocked()
        assert sorted(vendor.said) == ["CancelJob", "words"]
        assert (parts.relay.active, parts.relay.next_due_ms()) == (0, None)
        assert parts.state_of("start") == "pending"
        parts.relay._pauses.resume(STARTS)
        parts.relay.resumed()
        assert parts.relay.active == 1
        await trio.testing.wait_all_tasks_blocked()
        assert parts.state_of("start") == "delivered"
        assert parts.relay.active == 0


async def test_what_rings_while_it_is_held_is_sent_once() -> None:
    async with relaying(vendor := Vendor()) as parts:
        parts.relay._pauses.pause(SENDS)
        for word in "abc":
            await parts.owe(say(word))
            await trio.testing.wait_all_tasks_blocked()
        await parts.owe(say("other", lane=f"{BOB}/message"))
        await trio.testing.wait_all_tasks_blocked()
        assert vendor.said == []
        parts.relay._pauses.resume(SENDS)
        parts.relay.resumed()
        parts.relay.resumed()
        await trio.testing.wait_all_tasks_blocked()
        assert sorted(vendor.said) == ["a", "b", "c", "other"]
        assert [word for word in vendor.said if word != "other"] == ["a", "b", "c"]


async def test_what_was_held_is_found_by_the_next_process() -> None:
    async with relaying(Vendor()) as parts:
        parts.relay._pauses.pause(STARTS)
        await parts.owe(owed("start", START, lane=LANE))
        await trio.testing.wait_all_tasks_blocked()
        disk = parts.disk
    async with relaying(vendor := Vendor(), disk) as parts:
        await trio.testing.wait_all_tasks_blocked()
        assert vendor.said == ["StartJob"]


async def test_what_is_under_way_goes_on_and_the_next_in_its_lane_waits(
    autojump_clock: object,
) -> None:
    async with relaying(vendor := Vendor(answer=hang), concurrency=1) as parts:
        first = StartJob(ANN, 1, "main", "router.restart", "r1")
        await parts.owe(owed("first", first, lane=LANE), owed("second", first, lane=LANE))
        await trio.sleep(1)
        parts.relay._pauses.pause(STARTS)
        await trio.sleep(60)
        assert (parts.state_of("first"), parts.state_of("second")) == ("rejected", "pending")
        assert len(vendor.calls) == 1
        assert parts.relay.active == 0


async def test_a_cancel_takes_no_part_in_a_pause_of_everything() -> None:
    async with relaying(vendor := Vendor()) as parts:
        for what in WHATS:
            parts.relay._pauses.pause(what)
        cancel = CancelJob(ANN, 1, "main")
        await parts.owe(owed("cancel", cancel, lane=lane_of(ANN, cancel)))
        await trio.testing.wait_all_tasks_blocked()
        assert vendor.said == ["CancelJob"]
