"""The relay: order within a lane, bounds for each destination, a full disk, the end."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from actors.calls import Call, lane_of
from actors.ids import ActorId, EffectId
from actors.messages import CallUnknown, DeskClosed
from actors.outcomes import Delivered, Outcome, Rejected, Transient
from actors.values import Fault
from adapters.ports import Attempt
from state.memory_disk import MemoryDisk
from state.store import StoreFull
from tests.daemon.parts import (
    ANN,
    BOB,
    NOW_MS,
    Vendor,
    owed,
    say_of,
)
from tests.daemon.relaying import CANCEL, FAULT, START, hang, relaying, say, told

# --- order and bounds ---------------------------------------------------------------------------


async def test_a_lane_keeps_its_order_and_its_attempts_carry_ids_of_their_own() -> None:
    async with relaying(vendor := Vendor(Delivered("v1", DeskClosed()))) as parts:
        await parts.owe(*[owed(name) for name in "abc"])
        await trio.testing.wait_all_tasks_blocked()
        assert vendor.said == ["a", "b", "c"]
        assert vendor.active_most == 1
        attempt = vendor.calls[0][1]
        assert (attempt.id, attempt.number, attempt.actor) == ("a.1", 1, ANN)
        assert {parts.state_of(name) for name in "abc"} == {"delivered"}
        assert told(parts) == [DeskClosed()]
        assert parts.relay.active == 0
        assert "a" in [line["effect"] for line in parts.log.of("call")]


async def test_an_expected_call_is_claimed_behind_its_commit_and_only_once() -> None:
    async with relaying(vendor := Vendor()) as parts:
        parts.relay.expect([owed("a")])
        await parts.owe(owed("a"))
        await trio.testing.wait_all_tasks_blocked()
        assert vendor.said == ["a"]
        # The claim may have come first, in vain: then the ring of the commit brings another.
        assert parts.store.asked.count("claim") <= 2
        assert parts.relay.active == 0


async def test_an_expected_call_that_is_never_committed_costs_a_look() -> None:
    async with relaying(vendor := Vendor()) as parts:
        parts.relay.expect([owed("a")])
        await trio.testing.wait_all_tasks_blocked()
        assert vendor.said == []
        assert parts.relay.active == 0
        await parts.owe(owed("b"))
        await trio.testing.wait_all_tasks_blocked()
        assert vendor.said == ["b"]


async def test_the_worker_of_one_call_makes_the_next() -> None:
    async with relaying(vendor := Vendor(), concurrency=3) as parts:
        for round_of in ("abc", "d", "efg"):
            await parts.owe(*[owed(name, lane=name) for name in round_of])
            await trio.testing.wait_all_tasks_blocked()
        assert sorted(vendor.said) == list("abcdefg")
        assert parts.relay.active == 0
        assert parts.relay._workers is not None
        names = [task.name for task in parts.relay._workers.child_tasks]
        assert sum("_serve" in name for name in names) == 3


async def test_what_rings_after_the_look_is_looked_for_again() -> None:
    async with relaying(vendor := Vendor()) as parts:
        await parts.owe(owed("a"))
        with trio.fail_after(5):
            while not vendor.calls:
                await trio.lowlevel.checkpoint()
                if parts.state_of("a") == "sending":
                    await parts.owe(owed("b"))
                    break
        await trio.testing.wait_all_tasks_blocked()
        assert vendor.said == ["a", "b"]


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_a_cancel_does_not_wait_behind_a_start_that_hangs(
    autojump_clock: object, concurrency: int
) -> None:
    async def answer(call: Call, attempt: Attempt) -> Outcome:
        return await hang(call, attempt) if call == START else Delivered()

    async with relaying(vendor := Vendor(answer=answer), concurrency=concurrency) as parts:
        await parts.owe(owed("start", START, lane=lane_of(ANN, START)))
        await parts.owe(owed("cancel", CANCEL, lane=lane_of(ANN, CANCEL)))
        await trio.sleep(1)
        assert vendor.said == ["StartJob", "CancelJob"]
        assert parts.state_of("cancel") == "delivered"
        assert parts.state_of("start") == "sending"
        await trio.sleep(20)
        assert parts.state_of("start") == "rejected"
        assert [type(message) for message in told(parts)] == [CallUnknown]


async def test_a_destination_gets_only_so_many_calls_and_a_slow_one_slows_only_itself(
    autojump_clock: object,
) -> None:
    async with relaying(slow := Vendor(answer=hang), concurrency=3) as parts:
        parts.vendors["swift"] = swift = Vendor()
        for number in range(20):
            await parts.owe(owed(f"slow{number}", lane=f"s{number}"))
        for number in range(20):
            await parts.owe(owed(f"swift{number}", lane=f"w{number}", destination="swift"))
        await trio.sleep(1)
        assert len(swift.calls) == 20
        assert len(slow.calls) == 3
        await trio.sleep(100)
        assert (slow.active_most, len(slow.calls) >= 15) == (3, True)


async def test_lanes_take_turns() -> None:
    async with relaying(vendor := Vendor(), concurrency=1) as parts:
        await parts.owe(
            *[owed(f"a{number}", lane="a") for number in range(3)],
            *[owed(f"b{number}", lane="b") for number in range(3)],
        )
        await trio.testing.wait_all_tasks_blocked()
        assert vendor.said == ["a0", "b0", "a1", "b1", "a2", "b2"]


async def test_a_pause_of_the_destination_holds_up_all_its_lanes(autojump_clock: object) -> None:
    limited = Transient(Fault("rate_limited"), retry_after_s=30, pause_destination=True)
    async with relaying(vendor := Vendor(limited), concurrency=1) as parts:
        parts.vendors["other"] = other = Vendor()
        await parts.owe(owed("a", lane="a"))
        await trio.sleep(1)
        await parts.owe(owed("b", lane="b"), owed("c", lane="c", destination="other"))
        await trio.sleep(28)
        assert (vendor.said, other.said) == (["a"], ["c"])
        assert parts.relay.active == 0
        assert parts.relay.next_due_ms() == NOW_MS + 30_000
        await trio.sleep(2)
        assert sorted(vendor.said) == ["a", "a", "b"]
        assert (parts.relay.active, parts.relay.next_due_ms()) == (0, None)


async def test_a_retry_keeps_the_order_of_its_lane(autojump_clock: object) -> None:
    async with relaying(vendor := Vendor(Transient(FAULT), Transient(FAULT))) as parts:
        await parts.owe(owed("a"), owed("b"))
        await trio.sleep(0.4)
        assert vendor.said == ["a"]
        due_ms = parts.relay.next_due_ms()
        assert due_ms is not None
        assert NOW_MS + 500 <= due_ms <= NOW_MS + 1000
        await trio.sleep(10)
        assert vendor.said == ["a", "a", "a", "b"]
        assert [attempt.number for call, attempt in vendor.calls if say_of(call) == "a"] == [
            1,
            2,
            3,
        ]


async def test_spaced_progress_does_not_hold_up_a_reply(autojump_clock: object) -> None:
    async with relaying() as parts:
        parts.vendors["agents"] = vendor = Vendor()
        await parts.owe(say("progress", not_before_ms=NOW_MS + 15_000), say("reply"))
        await trio.sleep(1)
        assert vendor.said == ["reply"]
        assert (parts.relay.active, parts.relay.next_due_ms()) == (0, NOW_MS + 15_000)
        await trio.sleep(15)
        assert vendor.said == ["reply", "progress"]


async def test_what_is_outside_the_window_is_held_until_the_customer_writes(
    autojump_clock: object,
) -> None:
    disk = MemoryDisk(windows={ANN: NOW_MS - 1})
    async with relaying(vendor := Vendor(), disk) as parts:
        await parts.owe(say("held"), owed("desk", lane=f"{ANN}/message"))
        await trio.sleep(5)
        assert vendor.said == ["desk"]
        assert parts.state_of("held") == "held"
        assert [line["reason"] for line in parts.log.of("call_not_made")] == ["window_closed"]


# --- a full disk, and the end -------------------------------------------------------------------


async def test_without_a_record_there_is_no_call(autojump_clock: object) -> None:
    async with relaying(vendor := Vendor()) as parts:
        parts.store.fail = lambda method, _: StoreFull() if method == "claim" else None
        await parts.owe(owed("a"))
        await trio.sleep(10)
        assert vendor.calls == []
        assert parts.store.asked.count("claim") <= 12, "asked again and again"
        parts.store.fail = lambda _method, _unit: None
        await trio.sleep(2)
        assert vendor.said == ["a"]


async def test_a_call_that_was_made_is_recorded_when_the_disk_has_space_again(
    autojump_clock: object,
) -> None:
    async with relaying(vendor := Vendor()) as parts:
        parts.store.fail = lambda method, _: StoreFull() if method == "settle" else None
        await parts.owe(owed("a"), owed("b"))
        await trio.sleep(10)
        assert (vendor.said, parts.state_of("a")) == (["a"], "sending")
        parts.store.fail = lambda _method, _unit: None
        await trio.sleep(2)
        assert (vendor.said, parts.state_of("b")) == (["a", "b"], "delivered")


async def test_a_stop_lets_calls_under_way_end_and_begins_none(autojump_clock: object) -> None:
    async with relaying(vendor := Vendor(answer=hang), concurrency=2) as parts:
        await parts.owe(owed("a"), owed("b"), owed("c", lane="c"), owed("d", lane="d"))
        await trio.sleep(1)
        assert parts.relay.active == 3
        parts.relay.stop()
        began = trio.current_time()
        await parts.relay.drained()
        assert trio.current_time() - began == pytest.approx(19)
        assert len(vendor.calls) == 2
        await parts.relay.drained()


@pytest.mark.parametrize("outcome", [Rejected(FAULT, alarm=True), Rejected(Fault("payment"))])
async def test_what_an_operator_must_mend_raises_an_alarm(outcome: Outcome) -> None:
    async with relaying(Vendor(outcome)) as parts:
        await parts.owe(owed("a"), actor=BOB)
        await trio.testing.wait_all_tasks_blocked()
        [line] = parts.log.of("call")
        assert (line["alarm"], line["outcome"]) == (True, "rejected")
        assert parts.disk.calls[EffectId("a")].actor == ActorId(BOB)
