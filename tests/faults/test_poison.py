"""A message that our own code cannot bear: it is set aside, and everybody else is served."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from daemon.sandbox.process import DaemonFailed
from daemon.sandbox.stage import Stage, open_stage
from tests.endtoend.reading import errors, named
from tests.faults.bent import DIED, bent
from tests.faults.machine import counted, crowd, looks_alive, texts

POISON = "strychnine"
APOLOGY = "Sorry, something went wrong on our side."
PERSON = "Talk to a person"
DEATHS_MAX = 3


async def test_message_that_raises_is_set_aside(tmp_path: Path) -> None:
    interpreter = bent(f"raises={POISON}")
    async with open_stage(tmp_path, frozen=True, language="en", interpreter=interpreter) as stage:
        victim, (other,) = stage.phone, crowd(stage, 1)
        for phone in (victim, other):
            phone.write("hello")
        await stage.settle()
        victim.write(POISON)
        other.write("menu")
        await stage.settle()
        assert texts(victim)[-1] == APOLOGY
        assert [choice.title for choice in victim.received[-1].choices] == [PERSON]
        assert len(other.received) == 2
        assert await looks_alive(stage)
        # Its conversation goes on where it was.
        victim.write("menu")
        await stage.settle()
        assert "How can I help you?" in texts(victim)[-1]
        assert await counted(stage, "routerbot_dead_letters_total", reason="raised") == 1
        victim.tap(PERSON)
        await stage.settle()
        assert stage.world.genesys.chat.state == "queued"
    (told,) = errors(stage.daemon.log)
    assert (told["event"], told["outcome"]) == ("turn", "raised")
    assert "LookupError" in told["traceback"]
    # The error's own words hold a customer's: they stay out of the log.
    assert POISON not in stage.daemon.log.read_text()


async def test_three_in_a_row_quarantine_the_conversation(tmp_path: Path) -> None:
    interpreter = bent(f"raises={POISON}")
    async with open_stage(tmp_path, frozen=True, language="en", interpreter=interpreter) as stage:
        victim, (other,) = stage.phone, crowd(stage, 1)
        victim.write("hello")
        await stage.settle()
        for _ in range(3):
            victim.write(POISON)
            await stage.settle()
        # From now on none of its code runs: also what did no harm before is answered plainly.
        victim.write("menu")
        other.write("hello")
        await stage.settle()
        assert texts(victim)[1:] == [APOLOGY] * 4
        assert len(other.received) == 1
        assert await looks_alive(stage)
        victim.tap(PERSON)
        await stage.settle()
        assert stage.world.genesys.chat.state == "queued"
        assert await counted(stage, "routerbot_dead_letters_total", reason="raised") == 3
        await stage.daemon.stop()
        await stage.start_daemon()
        victim.write("menu")
        await stage.settle()
        assert await looks_alive(stage)
    outcomes = [event["outcome"] for event in errors(stage.daemon.log)]
    assert outcomes[:4] == ["raised"] * 3 + ["quarantined"]
    assert set(outcomes[4:]) == {"quarantined"}


async def test_message_that_kills_the_process(tmp_path: Path) -> None:
    interpreter = bent(f"kills={POISON}")
    async with open_stage(tmp_path, frozen=True, language="en", interpreter=interpreter) as stage:
        victim, (other,) = stage.phone, crowd(stage, 1)
        for phone in (victim, other):
            phone.write("hello")
        await stage.settle()
        victim.write(POISON)
        assert await stage.daemon.ended() == DIED
        other.write("menu")
        await stage.settle()
        assert await deaths_until_it_stays(stage) == DEATHS_MAX
        assert await looks_alive(stage)
        assert texts(victim)[1:] == [APOLOGY]
        assert [choice.title for choice in victim.received[-1].choices] == [PERSON]
        assert len(other.received) == 2
        assert await counted(stage, "routerbot_dead_letters_total", reason="poison") == 1
        # Nothing of it is left over: the next start finds nobody waiting.
        await stage.daemon.stop()
        await stage.start_daemon()
        await stage.settle()
        assert named(stage.daemon.log, "ready")[-1]["woken"] == 0
        victim.write("menu")
        await stage.settle()
        assert "How can I help you?" in texts(victim)[-1]
    (told,) = errors(stage.daemon.log)
    assert (told["event"], told["outcome"]) == ("turn", "poison")


async def deaths_until_it_stays(stage: Stage) -> int:
    """Start it as systemd does, until it lives; how often it has died, the first time included."""
    deaths = 1
    while deaths < 2 * DEATHS_MAX:
        with suppress(DaemonFailed):
            await stage.start_daemon()
        await stage.settle()
        if stage.daemon.running:
            return deaths
        assert await stage.daemon.ended() == DIED
        deaths += 1
    return deaths
