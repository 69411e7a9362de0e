"""The machine's clock jumps by a day, ahead or back, while customers wait and a job runs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from adapters.sandbox.phone import Phone
from daemon.clock import write_virtual_clock
from daemon.sandbox.stage import Stage, open_stage
from tests.benchmarks.crowd import gather
from tests.endtoend.reading import errors, named
from tests.faults.machine import crowd, looks_alive, texts

DAY_MS = 86_400_000
RESTART_S = 240
CUSTOMERS = 4
TIMERS_PER_SECOND = 10


async def start_jobs(stage: Stage, *phones: Phone) -> None:
    """Each customer's router restarts, and half a minute has passed."""
    for phone in phones:
        phone.write("hello")
    for title in ("Restart my router", "Yes, restart"):
        await stage.settle()
        for phone in phones:
            phone.tap(title)
    await stage.settle()
    await stage.pass_time(30)


async def test_a_day_ahead(tmp_path: Path) -> None:
    limits = f"timers_per_second_max = {TIMERS_PER_SECOND}\n"
    async with open_stage(tmp_path, frozen=True, language="en", limits=limits) as stage:
        phones = gather(stage.world, CUSTOMERS)
        await start_jobs(stage, *phones)
        bystanders = crowd(stage, 20)
        for phone in bystanders:
            phone.write("hello")
        await stage.settle()
        true_ms = stage.world.clock.now_ms()
        fired_before = len(timers_fired(stage))
        await set_clock(stage, true_ms + DAY_MS)
        # No herd: what seems overdue comes out at a bounded pace.
        fired = timers_fired(stage)[fired_before:]
        assert len(fired) >= 2 * CUSTOMERS
        least_s = (len(fired) - 1) / TIMERS_PER_SECOND
        assert (fired[-1] - fired[0]).total_seconds() > 0.8 * least_s
        assert [len(phone.received) for phone in bystanders] == [1] * len(bystanders)
        # To a clock that is a day ahead, what somebody writes now is a day old: their 24 hours for
        # free messages seem over, and the answer waits.
        bystanders[0].write("menu")
        await stage.settle()
        assert len(bystanders[0].received) == 1
        assert await looks_alive(stage)
        # The clock is right again; whatever was concluded from it yields to the provider's word.
        await set_clock(stage, true_ms)
        await stage.pass_time(RESTART_S)
        for phone in (*phones, bystanders[0]):
            phone.write("menu")
        await stage.settle()
        assert len(bystanders[0].received) >= 2, texts(bystanders[0])
        for phone in phones:
            assert any("online" in text for text in texts(phone)), texts(phone)
            assert "can I help you?" in texts(phone)[-1]
        assert len(stage.world.telco.starts) == CUSTOMERS
    assert errors(stage.daemon.log) == []


def timers_fired(stage: Stage) -> list[datetime]:
    """When timers fired so far, in real time."""
    turns = named(stage.daemon.log, "turn")
    return [datetime.fromisoformat(each["ts"]) for each in turns if each["message"] == "TimerFired"]


async def test_a_day_back(tmp_path: Path) -> None:
    async with open_stage(tmp_path, frozen=True, language="en") as stage:
        await start_jobs(stage, stage.phone)
        true_ms = stage.world.clock.now_ms()
        received = len(stage.phone.received)
        await set_clock(stage, true_ms - DAY_MS)
        assert len(stage.phone.received) == received
        # Who writes now is answered, though vendors' stamps seem to come from tomorrow.
        (other,) = crowd(stage, 1)
        for phone in (stage.phone, other):
            phone.write("menu")
        await stage.settle()
        assert "How can I help you?" in texts(stage.phone)[-1]
        assert len(other.received) == 1
        assert await looks_alive(stage)
        # And so is who is served after a restart in the wrong time.
        await stage.daemon.stop()
        await stage.start_daemon()
        other.write("menu")
        await stage.settle()
        assert len(other.received) == 2
        # The clock is right again: the job's timers were kept, and fire at their time.
        await set_clock(stage, true_ms)
        await stage.pass_time(RESTART_S)
        told = [text for text in texts(stage.phone) if "back online" in text]
        assert len(told) == 1
        assert len(stage.world.telco.starts) == 1
        assert len(other.received) == 2
    assert errors(stage.daemon.log) == []


async def set_clock(stage: Stage, now_ms: int) -> None:
    """Set the daemon's clock alone: the vendors' clocks are right."""
    write_virtual_clock(stage.folder / "clock.json", now_ms, running=False)
    await stage.daemon.turn_clock()
    await stage.settle()
