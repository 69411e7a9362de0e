"""A fault of a flow file, and how it is told.

What lives here: the fault, and the nearest name to one that was mistyped. What must not: finding
faults (`form`, `check`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct
from rapidfuzz import process
from rapidfuzz.distance import OSA

from actors.flow.rules import RULES, UNREADABLE, Rule, Severity

_ALIKE = 0.6
"""How alike a name must be to be suggested, of 1."""
_LISTED_MAX = 20


class FlowFault(Struct, frozen=True):
    """One fault of a flow file."""

    where: str
    """A path such as `steps.main.options.restart`."""
    what: str
    line: int = 0
    column: int = 0
    code: str = UNREADABLE.code
    do: str = ""
    """What to do about it, without the stop at its end."""

    @property
    def rule(self) -> Rule:
        """The rule that it goes against."""
        return RULES[self.code]

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.rule.severity

    @property
    def told(self) -> str:
        """Everything but the place, in one line."""
        where = f"{self.where}: " if self.where else ""
        said = "".join(f"{_stopped(each)} " for each in (self.what, self.do) if each)
        return f"{self.severity.value}: {where}{said}[{self.code}]".replace("\n", " ")

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.told}" if self.line else self.told


def _stopped(sentence: str) -> str:
    return sentence if sentence[-1] in ".?!" else f"{sentence}."


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was most likely meant."""
    return _nearest(name, known if isinstance(known, tuple) else tuple(sorted(known)))


@lru_cache(10_000)
def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    others = [other for other in known if other != name]
    found = process.extractOne(
        name, others, scorer=OSA.normalized_similarity, score_cutoff=_ALIKE, processor=str.lower
    )
    return others[found[2]] if found is not None else None


def instead(name: str, known: Iterable[str], otherwise: str) -> str:
    """What to do about a name that is not known: the nearest one, or something else."""
    listed = known if isinstance(known, tuple) else tuple(sorted(known))
    meant = nearest(name, listed)
    if meant is not None:
        return f"Did you mean {meant!r}?"
    few = 0 < len(listed) <= _LISTED_MAX
    return f"{otherwise}; known are {', '.join(listed)}" if few else otherwise
