"""Three shipped stories, interrupted by SIGKILL where it hurts.

The transcript may then differ (a line shown late, or once more), so an oracle judges the end
instead: no start happened twice, nothing was left unhandled, and the story came to its end.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
import trio

from daemon.sandbox.stage import Stage, open_stage
from daemon.scripts.format import Script, Step, read_script
from daemon.scripts.player import ChatLine, Player
from daemon.shipped import shipped_scripts
from tests.endtoend.reading import errors

STORIES = {
    "01_restart_beside_the_menu": "back online",
    "02_failure_retry_success": "back online",
    "03_retry_cap_agent_and_back": "Your plan is",
}
SEEDS = (11, 12, 13, 14, 15, 16)
KILLS = 2
LOOSE_KILL_S_MAX = 0.08
"""A turn of the daemon takes some milliseconds, all that follows from it some tens."""
_PATIENCE_S = 30
_PATIENCE_TIMES = 8
_ALL = Step(0, "bot", "...", loose=True)


class KillingPlayer:
    """Plays the people of a story; the bot's lines are not expected, only waited for."""

    def __init__(self, stage: Stage, chance: random.Random, script: Script) -> None:
        self._stage = stage
        self._script = script
        self.steps = [step for step in script.steps if step.who != "bot"]
        self._chance = chance
        doing = range(2, len(self.steps))
        self.kills = set(chance.sample(doing, min(KILLS, len(doing))))
        self.told: list[str] = []

    async def play(self) -> None:
        """Play it whole, killing the daemon right after the chosen steps."""
        for index, step in enumerate(self.steps):
            if step.who == "customer" and step.what.startswith("["):
                await self._wait_for(step)
            loose = index in self.kills and step.who == "customer" and self._chance.random() < 0.7
            await self._step(step, loose=loose)
            if index in self.kills:
                delay_s = self._chance.uniform(0, LOOSE_KILL_S_MAX) if loose else 0
                await trio.sleep(delay_s)
                self.told.append(f"killed after {delay_s * 1000:.0f} ms")
                await self._stage.daemon.kill()
                await self._stage.start_daemon()
                await self._stage.settle()

    async def _wait_for(self, step: Step) -> None:
        """A real customer cannot tap what has not come; it must come within minutes."""
        title = step.what.removeprefix("[").partition("]")[0]
        for _ in range(_PATIENCE_TIMES):
            received = self._stage.phone.received
            # What is offered since the last time that the customer did something.
            if any(choice.title == title for message in received for choice in message.choices):
                return
            self.told.append(f"waiting for [{title}]")
            await self._stage.pass_time(_PATIENCE_S)
        raise AssertionError(f"[{title}] was never offered")

    async def _step(self, step: Step, *, loose: bool) -> None:
        # `of 5` counts messages, and a kill may have added one: the last that offers it is meant.
        what = step.what.partition("] of ")[0] + ("]" if "] of " in step.what else "")
        one = Step(step.number, step.who, what, loose=loose)
        script = Script(self._script.name, "", self._script.language, (_ALL, one, _ALL))
        played = await Player(self._stage, script, self._tell).play()
        assert played.failure is None, played.failure

    def _tell(self, line: ChatLine) -> None:
        self.told.append(f"{line.who}: {line.text}")


def unanswered(stage: Stage) -> list[str]:
    """What the customer did last, if nothing came after it."""
    last = stage.phone.transcript[-1]
    return [last.text] if last.mine else []


async def judge(stage: Stage, ending: str) -> None:
    """The oracle."""
    await stage.pass_time(600)
    twice = [job for job, count in starts(stage).items() if count > 1]
    assert twice == [], "started twice"
    fired = Counter(fire.correlation for fire in stage.world.telco.fires)
    assert [job for job, count in fired.items() if count > 1] == [], "restarted twice"
    assert unanswered(stage) == []
    shown = [message.text for message in stage.phone.received]
    assert any(ending in text for text in shown[-4:]), shown[-4:]
    before = len(shown)
    stage.phone.write("menu")
    await stage.settle()
    answers = [message.text for message in stage.phone.received[before:]]
    assert any("How can I help you?" in text for text in answers), answers
    assert stage.world.whatsapp.rejected == []
    assert errors(stage.daemon.log) == []


def starts(stage: Stage) -> Counter[str]:
    """How often the provider really started what we call one attempt."""
    return Counter(start.correlation for start in stage.world.telco.starts)


@pytest.mark.parametrize("seed", SEEDS)
async def test_story_survives_kills(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    name = sorted(STORIES)[seed % len(STORIES)]
    (path,) = [path for path in shipped_scripts() if path.stem == name]
    async with open_stage(tmp_path, frozen=True, language="en") as stage:
        player = KillingPlayer(stage, chance, read_script(path))
        try:
            await player.play()
            await judge(stage, STORIES[name])
        except AssertionError as error:
            error.add_note(f"seed {seed}, {name}, kills after {sorted(player.kills)}")
            error.add_note("\n".join(player.told))
            raise
