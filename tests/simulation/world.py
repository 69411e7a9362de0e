"""The world outside the process: time, chance, the wire, and everybody's way to our door.

What lives here: what all simulated parties share, and what outlives a process. What must not: what
any one party does. Whatever a party does happens in a task of the world: the death of our process
does not undo it.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Protocol

import trio
from msgspec import Struct

from actors import outcomes
from actors.calls import Call
from actors.outcomes import Outcome, Transient, Unknown
from actors.values import Fault
from adapters.ports import Attempt, Event, HttpAnswer, Reception
from state.rows import Commit
from tests.simulation.journal import Journal
from tests.simulation.plan import Plan

BEGIN_MS = 1_800_000_000_000
CALL_DEADLINE_S = 10.0


class Fate(Struct, frozen=True):
    """What becomes of one call on the wire."""

    acts_after_s: float | None
    """When the vendor carries it out; None: never."""
    answers_after_s: float
    """How long the answer takes from there; where `outcome` is set, from the beginning."""
    outcome: Outcome | None = None
    """Heard instead of the vendor's own answer."""


class Tried(Struct):
    """One attempt at a call, as seen from outside."""

    effect: str
    number: int
    call: Call
    began_ms: int
    acted_ms: int | None = None
    answered_ms: int | None = None
    outcome: Outcome | None = None


class Door(Protocol):
    """A process that takes events."""

    async def take(self, reception: Reception, source: str) -> bool:
        """Whether the sender heard that it was taken."""

    def carried_out(self, call: Call) -> None:
        """A call took effect; its answer is on the way."""


class World:
    """Shared by all parties of one simulation."""

    def __init__(self, plan: Plan, nursery: trio.Nursery, tell: Callable[[str], None] | None):
        self.plan = plan
        self.calm = False
        """Nothing goes wrong any more."""
        self.door: Door | None = None
        self.busy = 0
        """Things under way in the world."""
        self.tried: list[Tried] = []
        self.versions: dict[str, int] = {}
        self._handled: set[int] = set()
        self.wrong: list[str] = []
        """Promises that were seen broken."""
        self.journal = Journal(lambda: self.now_ms() - BEGIN_MS, tell)
        self.chance = self.dice("world")
        self._nursery = nursery

    def dice(self, name: str) -> random.Random:
        """A source of chance of one's own, so that parties do not disturb each other."""
        return random.Random(f"{name} {self.plan.seed}")

    def now_ms(self) -> int:
        """The time of day, for all."""
        return BEGIN_MS + round(trio.current_time() * 1000)

    def now_s(self) -> float:
        """Seconds since the beginning."""
        return trio.current_time()

    def note(self, who: str, what: str) -> None:
        """Write it down."""
        self.journal.note(who, what)

    def broken(self, what: str) -> None:
        """A promise was broken, just now."""
        self.note("BROKEN", what)
        self.wrong.append(what)

    def watch(self, commit: Commit) -> None:
        """A turn was just committed: each version once, in order, and each message once."""
        known = self.versions.get(commit.actor, 0)
        if commit.expected_version != known:
            self.broken(f"{commit.actor}: version {known}, then {commit.expected_version + 1}")
        if commit.state:
            # Without a state, the messages found nobody and made nobody.
            self.versions[commit.actor] = commit.expected_version + 1
        handled = [*commit.handled, *(letter.position for letter in commit.dead)]
        for position in handled:
            if position in self._handled:
                self.broken(f"message {position} was handled twice")
            self._handled.add(position)

    def soon(self, task: Callable[[], Awaitable[None]], after_s: float = 0.0) -> None:
        """Do something in the world, after a while."""

        async def run() -> None:
            try:
                await trio.sleep(after_s)
                await task()
            finally:
                self.busy -= 1

        self.busy += 1
        self._nursery.start_soon(run)

    # --- the wire -------------------------------------------------------------------------------

    def fate(self, dice: random.Random, trouble: float, *, down: bool = False) -> Fate:
        """Draw what becomes of a call."""
        quick_s = dice.uniform(0.02, 0.6)
        if self.calm or (not down and dice.random() >= trouble):
            if not self.calm and dice.random() < 0.05:
                return Fate(dice.uniform(1, 4), dice.uniform(0, 5))
            return Fate(quick_s, dice.uniform(0, 0.3))
        lost = Unknown(Fault(outcomes.TIMEOUT))
        draw = dice.random()
        if down or draw < 0.2:
            if dice.random() < 0.3:
                return Fate(None, CALL_DEADLINE_S, lost)
            return Fate(None, quick_s, Transient(Fault(outcomes.CONNECT)))
        if draw < 0.5:
            # Done, but nobody hears of it.
            return Fate(dice.uniform(0, CALL_DEADLINE_S - 1), CALL_DEADLINE_S, lost)
        if draw < 0.65:
            return Fate(None, CALL_DEADLINE_S, lost)
        if draw < 0.75:
            unclear = Unknown(Fault(outcomes.UNAVAILABLE))
            return Fate(quick_s if dice.random() < 0.5 else None, quick_s + 0.1, unclear)
        if draw < 0.9:
            retry_s = dice.choice((None, 1.0, dice.uniform(2, 30)))
            busy = Transient(Fault(outcomes.RATE_LIMITED), retry_s, pause_destination=True)
            return Fate(None, quick_s, busy)
        return Fate(None, quick_s, Transient(Fault(outcomes.UNAVAILABLE)))

    async def call(
        self, call: Call, attempt: Attempt, fate: Fate, act: Callable[[Tried], Outcome]
    ) -> Outcome:
        """Carry a call over the wire, as its fate wants it."""
        tried = Tried(attempt.effect, attempt.number, call, self.now_ms())
        self.tried.append(tried)
        done = trio.Event()
        answers: list[Outcome] = []

        async def carry_out() -> None:
            tried.acted_ms = self.now_ms()
            answers.append(act(tried))
            done.set()
            if self.door is not None:
                self.door.carried_out(call)

        if fate.acts_after_s is not None:
            self.soon(carry_out, fate.acts_after_s)
        if fate.outcome is None:
            await done.wait()
            await trio.sleep(fate.answers_after_s)
            outcome = answers[0]
        else:
            await trio.sleep(fate.answers_after_s)
            outcome = fate.outcome
        tried.answered_ms, tried.outcome = self.now_ms(), outcome
        return outcome

    # --- our door -------------------------------------------------------------------------------

    async def bring(self, event: Event, source: str) -> None:
        """Bring an event, again and again until we hear that it was taken."""
        await self.bring_all(Reception(HttpAnswer(200), (event,)), source)

    async def bring_all(self, reception: Reception, source: str) -> None:
        """As `bring`, with more than one event or with receipts."""
        pause_s = 0.5
        while not await self._knock(reception, source):
            await trio.sleep(pause_s)
            pause_s = min(2 * pause_s, 60.0)

    async def _knock(self, reception: Reception, source: str) -> bool:
        if self.door is None:
            return False
        return await self.door.take(reception, source)
