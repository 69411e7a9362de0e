"""The harness in small: every seam, a few kills at random, and defects that must be found.

`make kills` is the whole of it; docs/kills.md explains what is checked.
"""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from tests.kills import chapters
from tests.kills.defects import Defect
from tests.kills.orders import Order, Seam
from tests.kills.people import Step
from tests.kills.plan import draw
from tests.kills.reaper import Assignment
from tests.kills.report import told
from tests.kills.run import Settings, run
from tests.kills.verdict import Broken

SEED = 1
RANDOM_KILLS = 2
STORIES = (chapters.retries, chapters.meets_a_person, chapters.restarts, chapters.cancels)

# Each with one kill where it hurts, and as what it must be found.
PLANTED = {
    Defect.ANSWERS_FIRST: (Order(Seam.ACKNOWLEDGED, 1), Broken.UNHANDLED),
    Defect.SETTLES_FIRST: (Order(Seam.SETTLED, 1, "Say"), Broken.LOST),
    Defect.RESENDS_AT_ONCE: (Order(Seam.ANSWERED, 1, "Say"), Broken.DOUBLE),
    Defect.FORGETS_DUPLICATES: (Order(Seam.ACCEPTED, 3, "event"), Broken.HANDLED_TWICE),
    # The fifth: what comes before it, two menus and two questions, may be decided twice unseen.
    Defect.MARKS_APART: (Order(Seam.COMMITTED, 5, "Say"), Broken.HANDLED_TWICE),
}


def brief(chance: random.Random) -> list[Step]:
    """A short script."""
    return [*chapters.greets(chance), *chapters.looks_up(chance)]


def restart(chance: random.Random) -> list[Step]:
    """A script in which something is done that must not be done twice."""
    return [*chapters.greets(chance), *chapters.restarts_in_peace(chance)]


@pytest.mark.timeout(120)  # eight starts of the daemon, on a machine that may be busy
async def test_nothing_is_lost_and_nothing_done_twice(tmp_path: Path) -> None:
    stories = itertools.cycle(STORIES)
    settings = Settings(
        seed=SEED,
        plan=draw(SEED, 1, RANDOM_KILLS),
        customers=len(STORIES),
        script=lambda chance: [*chapters.greets(chance), *next(stories)(chance)],
    )
    outcome = await run(settings, tmp_path)
    print(told(outcome))
    assert outcome.verdict.faults == [], told(outcome)
    assert {death.order.seam for death in outcome.deaths} == set(Seam)
    assert outcome.restarts == len(outcome.deaths) == len(settings.plan)
    # The oracle has looked at something.
    assert all(outcome.verdict.checked[what] for what in ("messages", "webhooks", "receipts"))
    assert outcome.verdict.checked["starts"]
    assert outcome.verdict.checked["chats"]


@pytest.mark.parametrize("defect", Defect)
async def test_a_planted_defect_is_found(defect: Defect, tmp_path: Path) -> None:
    order, broken = PLANTED[defect]
    plan = [Assignment(order, hot=False)]
    script = restart if defect is Defect.MARKS_APART else brief
    settings = Settings(seed=SEED, plan=plan, customers=2, script=script, defect=defect)
    outcome = await run(settings, tmp_path)
    assert len(outcome.deaths) == 1
    assert broken in {fault.what for fault in outcome.verdict.faults}, told(outcome)
