"""What customers do: chapters, each from the menu and back to it, and scripts drawn from them.

What lives here: the stories. What must not: how a step is carried out (`people`).
"""

from __future__ import annotations

import random
from collections.abc import Callable

from adapters.sandbox.telco_jobs import JobError, Plot
from tests.kills.people import (
    Accept,
    Arrange,
    Desk,
    DeskSees,
    End,
    Line,
    Offered,
    Pause,
    Shown,
    Step,
    Tap,
    Write,
)

MENU = "*How can I help you?*"
_FAILS = Plot("reboot", JobError("9002", "reboot failed", True))
_WAITS = Plot(wait_for_device_ms=120_000)
_BETWEEN_S = (2, 5, 9)


Chapter = Callable[[random.Random], list[Step]]


def script(chance: random.Random, chapters: int) -> list[Step]:
    """A customer's whole script: so many chapters."""
    steps = [Pause(chance.choice((0, 0, 2, 5))), *greets(chance)]
    for chapter in chance.choices(list(CHAPTERS), list(CHAPTERS.values()), k=chapters):
        steps += [Pause(chance.choice(_BETWEEN_S)), *chapter(chance)]
    return steps


def greets(_chance: random.Random) -> list[Step]:
    """How every script begins."""
    return [Write("hello"), Shown(MENU)]


def looks_up(chance: random.Random) -> list[Step]:
    """Plan, bill or outages, by tap, by number or by word."""
    title, number, word = chance.choice(
        (("My plan", "6", "plan"), ("My bill", "3", "bill"), ("Outages", "2", "outage"))
    )
    act = chance.choice((Tap(title, fresh=False), Tap(title, fresh=False), Write(word)))
    return [chance.choice((act, act, Write(number))), Shown(MENU)]


def restarts(chance: random.Random) -> list[Step]:
    """A restart that succeeds, while another menu is used."""
    return [*_restart(), Pause(20), *looks_up(chance), Shown("*back online*")]


def restarts_in_peace(_chance: random.Random) -> list[Step]:
    """A restart that succeeds."""
    return [*_restart(), Shown("*back online*")]


def cancels(chance: random.Random) -> list[Step]:
    """A restart that is taken back in time.

    By the button, which may come late: the word leads to the same by other texts.
    """
    cancel: list[Step] = [Offered("Cancel"), Pause(2), Tap("Cancel"), Shown("*we stop here*")]
    return [Arrange(_WAITS), *_restart(), *cancel]


def retries(_chance: random.Random) -> list[Step]:
    """A restart that fails, and then succeeds."""
    again: list[Step] = [Offered("Try again"), Pause(5), Tap("Try again"), Shown("*back online*")]
    return [Arrange(_FAILS), *_restart(), *again]


def leaves(_chance: random.Random) -> list[Step]:
    """A restart that fails and is left at that."""
    leave: list[Step] = [Offered("Leave it"), Pause(2), Tap("Leave it"), Shown("*we stop here*")]
    return [Arrange(_FAILS), *_restart(), *leave]


def meets_a_person(chance: random.Random) -> list[Step]:
    """A chat with an agent, both ways."""
    agent, count = chance.choice(("Rita", "Luis")), chance.randint(1, 3)
    steps: list[Step] = [
        *(Write("agent"), Shown("*asked for a person*"), Desk("queued")),
        *(Pause(7), Accept(agent), Shown("*now talking to a person*")),
    ]
    for number in range(count):
        answer, thanks = f"This is {agent}, line {number}", f"thank you {number}"
        steps += [Pause(1), Line(answer), Shown(answer), Write(thanks), DeskSees(thanks)]
    return [*steps, Pause(3), End(), Shown("*chat with our team has ended*")]


def _restart() -> list[Step]:
    return [
        *(Tap("Restart my router", fresh=False), Offered("Yes, restart")),
        *(Pause(1), Tap("Yes, restart"), Shown(MENU)),
    ]


CHAPTERS: dict[Chapter, int] = {
    looks_up: 2,
    restarts: 3,
    restarts_in_peace: 1,
    cancels: 1,
    retries: 2,
    leaves: 1,
    meets_a_person: 2,
}
"""And how often each is drawn."""
