"""What the checks look at: a flow, and what is worked out of it once for all of them.

What lives here: the flow with its graph, names and places, and what is known of the world around
it. What must not: judging.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property

from msgspec import Struct

from actors.flow.addresses import Place
from actors.flow.check.dataflow import DataFlow
from actors.flow.check.keepers import Keepers
from actors.flow.check.shown import ShownText, texts_of
from actors.flow.faults import FlowFault
from actors.flow.graph import FlowGraph, graph_of
from actors.flow.reader import FlowSource
from actors.flow.rules import Rule

CUSTOMER = frozenset({"customer.name", "customer.phone"})
"""Values that every text, path and expression may ask for."""

SHOWN_MAX = 8
"""How many names of a long list are told."""


class World(Struct, frozen=True):
    """What is known of the world that the flow is for; None: nothing is."""

    today: date
    """For holidays that are over."""
    providers: frozenset[str] | None = None
    """`[telco.<name>]` of the configuration."""
    services: frozenset[str] | None = None
    """`[services.<name>]` of the configuration."""
    default_language: str | None = None


class Subject:
    """A flow under examination."""

    def __init__(self, source: FlowSource, world: World) -> None:
        self.source = source
        self.flow = source.flow
        self.world = world
        self._targets: dict[str, tuple[str, ...]] = {}

    def fault(
        self, rule: Rule, where: str, what: str, do: str = "", *, character: int = 0
    ) -> FlowFault:
        """A fault at a path; `character` of the text that stands there, from 1."""
        return self.source.fault(where, what, rule, do, character=character)

    def is_written(self, where: str) -> bool:
        """Whether a key stands in the file, and not only its default."""
        return where in self.source.places

    @cached_property
    def graph(self) -> FlowGraph:
        """How the steps lead to each other."""
        return graph_of(self.flow)

    @property
    def places(self) -> Iterator[Place]:
        """Every step."""
        return iter(self.graph.places.values())

    def targets_from(self, scope: str) -> tuple[str, ...]:
        """What can be written as a target there: short names of the own sub-flow as well."""
        if scope not in self._targets:
            subflow = self.flow.subflows.get(scope)
            own = subflow.steps if subflow is not None else ()
            self._targets[scope] = tuple(sorted({*self.graph.places, *own}))
        return self._targets[scope]

    def where(self, address: str) -> str:
        """The path of a step in the file."""
        return self.graph.places[address].where

    @cached_property
    def values(self) -> DataFlow:
        """What every value may be at every step."""
        return DataFlow(self.flow, self.graph, self.keepers)

    @cached_property
    def shown(self) -> tuple[ShownText, ...]:
        """Every text of the flow."""
        return tuple(texts_of(self.flow))

    @cached_property
    def keepers(self) -> Keepers:
        """The steps that keep values."""
        return Keepers(self.places)

    def keepers_of(self, name: str) -> str:
        """The steps that keep a value, in words."""
        return few([place.address for place in self.keepers.of(name)])

    @cached_property
    def kept(self) -> frozenset[str]:
        """The names of the values that some step keeps."""
        return frozenset(self.keepers.names)

    @cached_property
    def known(self) -> frozenset[str]:
        """The names that every text, path, body and expression may ask for."""
        hours = {f"hours.{name}.{key}" for name in self.flow.hours for key in ("open", "opens")}
        jobs = {f"jobs.{name}.running" for name in self.flow.jobs}
        return self.kept | hours | jobs | CUSTOMER


def few(names: list[str]) -> str:
    """A list of names in words; of a long one the beginning."""
    if len(names) <= SHOWN_MAX:
        return ", ".join(names)
    return f"{', '.join(names[:SHOWN_MAX])} and {len(names) - SHOWN_MAX} more"


def way(addresses: list[str]) -> str:
    """A way through steps in words; of a long one both ends."""
    if len(addresses) > SHOWN_MAX:
        half = SHOWN_MAX // 2
        between = f"({len(addresses) - 2 * half} more)"
        addresses = [*addresses[:half], between, *addresses[-half:]]
    return " -> ".join(addresses)
