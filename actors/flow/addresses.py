"""Under which addresses steps are found.

What lives here: addresses of steps in sub-flows, and what a target means. What must not: where a
step leads (`graph`), or what it does. A step of the file is addressed by its name, a step of a
sub-flow as `flow.step`; a target that is written inside a sub-flow means its own steps first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from actors.flow import model


class Place(NamedTuple):
    """A step of a flow, with its names."""

    address: str
    """`step`, or `flow.step` for one of a sub-flow."""
    where: str
    """The path of its key in the file: `steps.step`, `subflows.flow.steps.step`."""
    step: model.Step

    @property
    def scope(self) -> str:
        """The sub-flow it stands in; empty for a step of the file."""
        return scope_of(self.address)


def places_of(flow: model.Flow) -> Iterator[Place]:
    """All steps: those of the file, then those of each sub-flow, in the order of the file."""
    for name, step in flow.steps.items():
        yield Place(name, f"steps.{name}", step)
    for scope, subflow in flow.subflows.items():
        for name, step in subflow.steps.items():
            yield Place(f"{scope}.{name}", f"subflows.{scope}.steps.{name}", step)


def scope_of(address: str) -> str:
    """The sub-flow that an address names; empty for a step of the file."""
    return address.rpartition(".")[0] if "." in address else ""


def step_at(flow: model.Flow, address: str) -> model.Step | None:
    """The step at an address; None where there is none."""
    if "." not in address:
        return flow.steps.get(address)
    scope, _, name = address.rpartition(".")
    subflow = flow.subflows.get(scope)
    return subflow.steps.get(name) if subflow is not None else None


def resolve(flow: model.Flow, scope: str, target: str) -> str:
    """The address that a target means where it is written inside `scope`."""
    if scope and "." not in target:
        subflow = flow.subflows.get(scope)
        if subflow is not None and target in subflow.steps:
            return f"{scope}.{target}"
    return target


def entry_of(flow: model.Flow, scope: str) -> str | None:
    """The address where a sub-flow begins; None where there is no such sub-flow."""
    subflow = flow.subflows.get(scope)
    return f"{scope}.{subflow.entry}" if subflow is not None else None


def closure(starts: Iterable[str], onward: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """All that can be come to from some addresses, themselves included."""
    seen: set[str] = set()
    open_ = list(starts)
    while open_:
        here = open_.pop()
        if here not in seen:
            seen.add(here)
            open_ += onward.get(here, ())
    return frozenset(seen)
