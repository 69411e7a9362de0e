"""What the oracle found: broken promises, and what is allowed but counted.

What lives here: the words for both, and where they are collected. What must not: looking
(`oracle`, `transcript`).
"""

from __future__ import annotations

from collections import Counter
from enum import Enum

from msgspec import Struct

from tests.kills.evidence import Cut
from tests.kills.orders import Seam
from tests.kills.reaper import Death


class Broken(Enum):
    """A promise that was broken."""

    UNHANDLED = "acknowledged, and not handled"
    HANDLED_TWICE = "handled twice"
    LOST = "owed to a customer, and never shown"
    WRONG = "not what the core alone says"
    OUT_OF_ORDER = "overtaken in its lane"
    DOUBLE = "shown twice"
    DOUBLE_START = "started twice"
    NOT_AT_REST = "left undone"
    ERROR = "an error in the log"


class Counted(Enum):
    """What a kill may cost: each is a promise of its own, looked at one by one."""

    DOUBLE = "doubles"
    """A message shown twice: its vendor had taken it, no receipt ever came, and it is owed."""
    DESK_DOUBLE = "desk doubles"
    """A line that an agent sees twice: its vendor had taken it, and nobody heard."""
    OVERTAKEN = "overtaken"
    """A reply that may have been sent, was not, and something newer was shown meanwhile."""
    TAKEN_BACK = "taken back"
    """A start that may have been made, was not, and was cancelled before it was made again."""
    MORE_PROGRESS = "more progress"
    """A word on a job that went on unseen for a while, because we were dead."""
    SUPERSEDED = "superseded"
    """News of a job that were replaced by newer news of it, before they were sent or before they
    were sent once more."""


class Fault(Struct, frozen=True):
    """One promise that was broken once."""

    what: Broken
    detail: str
    seam: Seam | None = None
    """Of the kill that is to blame, where one is."""

    def __str__(self) -> str:
        return f"{self.what.value}: {self.detail}"


class Verdict:
    """What was found about one run."""

    def __init__(self, deaths: list[Death]) -> None:
        self.faults: list[Fault] = []
        self.counted: Counter[tuple[Counted, Seam | None]] = Counter()
        """By the seam of the kill that it is owed to, where it is owed to one."""
        self.allowed: list[str] = []
        """The same, one by one."""
        self.checked: Counter[str] = Counter()
        """How much was looked at, to see that the oracle is not idle."""
        self._deaths = deaths
        self._cuts = {(cut.effect, cut.attempt): death for death in deaths for cut in death.cut}

    def broken(self, what: Broken, detail: str, death: Death | None = None) -> None:
        """A promise was broken."""
        self.faults.append(Fault(what, detail, death.order.seam if death else None))

    def count(self, what: Counted, death: Death | None = None, detail: str = "") -> None:
        """Something happened that is allowed."""
        self.counted[what, death.order.seam if death else None] += 1
        killed = f" (killed: {death.order})" if death is not None else ""
        self.allowed.append(f"{what.value}: {detail}{killed}")

    def death_of(self, effect: str, attempt: int) -> Death | None:
        """The kill that cut off this attempt, if one did."""
        return self._cuts.get((effect, attempt))

    def died_within(self, since_ms: int, until_ms: int) -> Death | None:
        """A kill between these times, if there was one."""
        return next((each for each in self._deaths if since_ms <= each.at_ms <= until_ms), None)

    def cut_calls(self, *names: str) -> list[tuple[Death, Cut]]:
        """The calls of these kinds that were cut off."""
        return [(death, cut) for death in self._deaths for cut in death.cut if cut.call in names]

    def total(self, what: Counted) -> int:
        """How often something allowed happened."""
        return sum(count for (each, _), count in self.counted.items() if each is what)

    def broke(self, *whats: Broken) -> int:
        """How often these promises were broken."""
        return sum(fault.what in whats for fault in self.faults)
