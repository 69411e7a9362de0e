"""The relay where nobody knows what became of a call: lost answers, bugs, a crash."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from actors.calls import Call, Promise, Purpose, Say
from actors.messages import CallRejected, CallUnknown
from actors.outcomes import Delivered, Outcome, Unknown
from adapters.ports import Attempt
from state.memory_disk import MemoryDisk
from state.rows import NewEffect
from state.store import StoreFull
from tests.daemon.parts import (
    CUSTOMER,
    NOW_MS,
    Vendor,
    owed,
    shell,
)
from tests.daemon.relaying import CANCEL, FAULT, START, at_ms, hang, relaying, say, told

# --- outcomes not known -------------------------------------------------------------------------


async def test_an_unknown_message_is_set_aside_and_the_chat_goes_on(
    autojump_clock: object,
) -> None:
    async with relaying(vendor := Vendor(Unknown(FAULT))) as parts:
        await parts.owe(say("lost", Purpose.RESULT), say("next"))
        await trio.sleep(1)
        assert vendor.said == ["lost", "next"]
        assert parts.state_of("lost") == "unknown"
        assert parts.relay.next_due_ms() == NOW_MS + 90_000
        await trio.sleep(100)
        assert vendor.said == ["lost", "next", "lost"]
        assert parts.state_of("lost") == "delivered"
        doubles = parts.metrics.registry.get_sample_value
        assert doubles("routerbot_doubles_possible_total", {"destination": "agents"}) == 1


async def test_a_chat_does_not_wait_for_an_answer_that_takes_too_long(
    autojump_clock: object,
) -> None:
    async def answer(call: Call, attempt: Attempt) -> Outcome:
        if isinstance(call, Say) and call.text == "slow":
            await trio.sleep(20)
            return Delivered("v1")
        return Delivered()

    async with relaying(vendor := Vendor(answer=answer)) as parts:
        await parts.owe(say("slow", Purpose.RESULT), say("next"))
        await trio.sleep(6)
        assert vendor.said == ["slow", "next"]
        assert (parts.state_of("slow"), parts.state_of("next")) == ("unknown", "delivered")
        assert parts.relay.active == 1, "it is still under way"
        await trio.sleep(200)
        assert vendor.said == ["slow", "next"], "its answer came after all"
        assert parts.state_of("slow") == "delivered"
        assert parts.relay.active == 0


async def test_calls_that_nobody_waits_for_count_at_their_destination(
    autojump_clock: object,
) -> None:
    async with relaying(vendor := Vendor(answer=hang), concurrency=3) as parts:
        await parts.owe(*[say(f"m{number}", lane=f"c{number}") for number in range(12)])
        await trio.sleep(50)
        assert vendor.active_most == 3
        await trio.sleep(50)
        assert len(vendor.calls) == 12
        assert parts.relay.active == 0
        parts.relay.stop()
        await parts.relay.drained()


async def test_unknown_twice_is_told_and_not_sent_a_third_time(autojump_clock: object) -> None:
    async with relaying(vendor := Vendor(Unknown(FAULT), Unknown(FAULT))) as parts:
        await parts.owe(say("lost", Purpose.AGENT_LINE))
        await trio.sleep(500)
        assert vendor.said == ["lost", "lost"]
        assert [type(message) for message in told(parts)] == [CallUnknown]
        assert (parts.relay.active, parts.relay.next_due_ms()) == (0, None)


async def test_a_reply_of_unknown_fate_is_its_conversations_to_say_anew(
    autojump_clock: object,
) -> None:
    async with relaying(vendor := Vendor(Unknown(FAULT))) as parts:
        await parts.owe(say("lost"))
        await trio.sleep(500)
        assert vendor.said == ["lost"]
        assert [type(message) for message in told(parts)] == [CallUnknown]


async def test_an_adapter_that_raises_is_unknown_and_its_lane_goes_on(
    autojump_clock: object,
) -> None:
    async def answer(call: Call, attempt: Attempt) -> Outcome:
        if call == START:
            raise RuntimeError("a bug")
        return Delivered()

    async with relaying(vendor := Vendor(answer=answer)) as parts:
        await parts.owe(owed("start", START), owed("next"))
        await trio.sleep(1)
        assert vendor.said == ["StartJob", "next"]
        [message] = told(parts)
        assert isinstance(message, CallUnknown)
        assert message.fault.code == "adapter_bug"
        assert parts.log.of("adapter_raised")


async def test_an_adapter_whose_promise_raises_ends_nothing() -> None:
    class Broken(Vendor):
        def promise(self, call: Call) -> Promise:
            raise RuntimeError("a bug")

    async with relaying(Broken(Unknown(FAULT))) as parts:
        await parts.owe(owed("start", START), owed("next"))
        await trio.testing.wait_all_tasks_blocked()
        assert parts.state_of("next") == "delivered"
        assert [type(message) for message in told(parts)] == [CallUnknown]


async def test_a_call_that_nobody_can_carry_out_is_refused_with_an_alarm() -> None:
    async with relaying() as parts:
        await parts.owe(owed("lost", destination="nowhere"), owed("damaged", body=b"{"))
        await trio.testing.wait_all_tasks_blocked()
        assert (parts.state_of("lost"), parts.state_of("damaged")) == ("rejected", "rejected")
        [message] = told(parts)
        assert isinstance(message, CallRejected)
        assert message.fault.code == "not_configured"
        assert [line["alarm"] for line in parts.log.of("call")] == [True]


# --- recovery -----------------------------------------------------------------------------------


@asynccontextmanager
async def died_while_sending(*effects: NewEffect) -> AsyncIterator[MemoryDisk]:
    """Yield what a process leaves that is killed while calls are under way."""
    disk = MemoryDisk()
    async with shell(disk=disk) as before:
        before.registry.stop()
        await before.owe(*effects)
        for lane in {effect.lane for effect in effects}:
            await before.store.store.claim(lane, at_ms())
    yield disk


@pytest.mark.parametrize(
    ("call", "promise", "state", "heard", "calls"),
    [
        (CANCEL, None, "delivered", [], 1),
        (START, None, "rejected", [CallUnknown], 0),
        (START, Promise.REPEATABLE, "delivered", [], 1),
        (Say(CUSTOMER, Purpose.RESULT, "done"), None, "unknown", [], 0),
    ],
    ids=["repeatable", "at most once", "with a key", "reconciled"],
)
async def test_what_was_under_way_at_a_crash_goes_by_its_promise(
    autojump_clock: object,
    call: Call,
    promise: Promise | None,
    state: str,
    heard: list[type],
    calls: int,
) -> None:
    async with died_while_sending(owed("x", call)) as disk:
        vendor = Vendor()
        vendor.promised = promise
        async with relaying(vendor, disk) as parts:
            await trio.sleep(5)
            assert parts.state_of("x") == state
            assert [type(message) for message in told(parts)] == heard
            assert len(vendor.calls) == calls
            assert parts.log.of("call_interrupted")


async def test_a_vendor_that_was_removed_does_not_make_an_interrupted_call_undone() -> None:
    async with (
        died_while_sending(owed("x", START, destination="gone")) as disk,
        relaying(None, disk) as parts,
    ):
        assert [type(message) for message in told(parts)] == [CallUnknown]
        assert parts.state_of("x") == "rejected"


async def test_what_was_pending_at_a_crash_is_sent_and_what_is_unknown_waits_its_time(
    autojump_clock: object,
) -> None:
    disk = MemoryDisk()
    async with relaying(Vendor(Unknown(FAULT)), disk) as before:
        await before.owe(say("lost", Purpose.RESULT))
        await trio.sleep(1)
        before.relay.stop()
        await before.owe(say("pending"), owed("later", lane="z", not_before_ms=at_ms() + 9000))
    async with relaying(vendor := Vendor(), disk) as parts:
        await trio.sleep(5)
        assert vendor.said == ["pending"]
        await trio.sleep(5)
        assert vendor.said == ["pending", "later"]
        await trio.sleep(90)
        assert vendor.said == ["pending", "later", "lost"]
        assert parts.relay.next_due_ms() is None


async def test_what_was_unknown_before_a_restart_is_looked_at_when_its_time_comes(
    autojump_clock: object,
) -> None:
    """Nothing else happens after the restart: the look itself must be what wakes the relay."""
    disk = MemoryDisk()
    async with relaying(Vendor(Unknown(FAULT)), disk) as parts:
        await parts.owe(say("lost"))
        await trio.sleep(1)
        assert parts.state_of("lost") == "unknown"
    async with relaying(Vendor(), disk) as parts:
        assert told(parts) == []
        await trio.sleep(500)
        assert [type(message) for message in told(parts)] == [CallUnknown]


async def test_an_answer_whose_record_is_slow_is_not_set_aside(autojump_clock: object) -> None:
    """The vendor has answered; only the disk is slow. The next message must not overtake it."""
    async with relaying(vendor := Vendor()) as parts:
        parts.store.fail = lambda method, _: StoreFull() if method == "settle" else None
        await parts.owe(say("first"), say("second"))
        await trio.sleep(30)
        assert vendor.said == ["first"]
        assert parts.state_of("first") == "sending"
        parts.store.fail = lambda _method, _unit: None
        await trio.sleep(30)
        assert vendor.said == ["first", "second"]
