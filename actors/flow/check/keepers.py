"""Which steps keep a value, and what it can be.

What lives here: values by name over the whole flow. What must not: where on a way they are known
(`dataflow`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from actors.flow import model
from actors.flow.addresses import Place
from actors.flow.render import PLACEHOLDER
from actors.flow.values import show
from actors.values import Scalar

_DATES = model.DateAnswer | model.TextAnswer | None


def kept_by(step: model.Step) -> Iterator[str]:
    """The names of the values that a step keeps."""
    match step:
        case model.Request(keep=keep):
            yield from keep
        case model.Question(keep=name):
            yield name
        case model.SetValues(values=values, compute=compute):
            yield from values
            yield from compute
        case _:
            return


class Keepers:
    """The steps that keep values, by the names of the values."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._steps: dict[str, list[Place]] = {}
        for place in places:
            for name in dict.fromkeys(kept_by(place.step)):
                self._steps.setdefault(name, []).append(place)
        self._domains: dict[str, frozenset[Scalar] | None] = {}

    @property
    def names(self) -> list[str]:
        """The names of all values that are kept."""
        return list(self._steps)

    def of(self, name: str) -> list[Place]:
        """The steps that keep a value."""
        return self._steps.get(name, [])

    def domain(self, name: str) -> frozenset[Scalar] | None:
        """All that a value can be, null aside; None where that is not known."""
        if name not in self._domains:
            self._domains[name] = self._domain(name)
        return self._domains[name]

    def _domain(self, name: str) -> frozenset[Scalar] | None:
        found: set[Scalar] = set()
        for place in self.of(name):
            match place.step:
                case model.Question(answer=model.ChoiceAnswer(choices=choices)):
                    found.update(choices)
                case model.SetValues(values=values, compute=compute) if name not in compute:
                    value = values[name]
                    if isinstance(value, str) and PLACEHOLDER.search(value):
                        return None
                    found.add(value)
                case _:
                    return None
        return frozenset(found - {None}) if self.of(name) else None

    def shown(self, name: str) -> frozenset[str] | None:
        """The same, as branches and texts write it."""
        domain = self.domain(name)
        return frozenset(map(show, domain)) if domain is not None else None

    def is_no_date(self, name: str) -> bool:
        """Whether a value can surely not be a date, although it is a text."""
        places = self.of(name)
        return bool(places) and all(
            isinstance(place.step, model.Question) and not isinstance(place.step.answer, _DATES)
            for place in places
        )
