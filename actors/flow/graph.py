"""How steps lead to each other, and under which addresses they are found.

What lives here: targets of a step, addresses of steps in sub-flows. What must not: what a step
does. A step of the file is addressed by its name, a step of a sub-flow as `flow.step`; a target
that is written inside a sub-flow means its own steps first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, assert_never

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


def onward(flow: model.Flow, place: Place) -> list[str]:
    """The addresses to which a step can lead without waiting for a customer or a service.

    None for a menu, a question or a request; for a hand-over where to go while it is closed. A
    sub-flow may come to its `return` without having waited: a call leads past it as well.
    """
    step = place.step
    if isinstance(step, model.Menu | model.Question | model.Request):
        return []
    targets = [target for _, target in targets_of(step)]
    found = [resolve(flow, place.scope, target) for target in targets]
    if isinstance(step, model.CallSubflow):
        entry = entry_of(flow, step.flow)
        found += [entry] if entry is not None else []
    if isinstance(step, model.Handover) and not targets and flow.handover.closed is not None:
        found.append(flow.handover.closed)
    return found


def targets_of(step: model.Step) -> list[tuple[str, str]]:
    """Where a step can lead: pairs of a key path inside the step and a target as it is written.

    A question without `on_failure` and a `return` also lead where the flow decides: the root, the
    caller. `call` leads into its sub-flow first.
    """
    match step:
        case model.Menu(options=options):
            return [(f"options.{name}.goto", option.goto) for name, option in options.items()]
        case model.Question():
            return [("then", step.then), *_further(step)]
        case model.Request():
            return _of_request(step)
        case model.Branch(cases=cases, otherwise=otherwise):
            return [(f"cases.{key}", to) for key, to in cases.items()] + [("otherwise", otherwise)]
        case model.If(then=then, otherwise=otherwise):
            return [("then", then), ("otherwise", otherwise)]
        case model.AskHours():
            return [("open", step.open), ("closed", step.closed)]
        case model.Handover(closed=closed):
            return [("closed", closed)] if closed is not None else []
        case model.Return():
            return []
        case (
            model.Message()
            | model.SetValues()
            | model.Forget()
            | model.StartJob()
            | model.CancelJob()
            | model.JobStatus()
            | model.Mute()
            | model.Unmute()
            | model.SetLanguage()
            | model.CallSubflow()
        ):
            return [("then", step.then)]
        case _:
            assert_never(step)


def _further(question: model.Question) -> list[tuple[str, str]]:
    found = [(f"keywords.{name}.goto", word.goto) for name, word in question.keywords.items()]
    if question.on_failure is not None:
        found.append(("on_failure", question.on_failure))
    return found


def _of_request(step: model.Request) -> list[tuple[str, str]]:
    found = [("then", step.then), ("on_error", step.on_error)]
    for key, target in (("on_missing", step.on_missing), ("on_timeout", step.on_timeout)):
        if target is not None:
            found.append((key, target))
    return found + [(f"on_status.{key}", to) for key, to in step.on_status.items()]


def leads_to_job(flow: model.Flow) -> frozenset[str]:
    """The addresses from which a job is started or cancelled before the customer is asked again."""
    reached: set[str] = set()
    before: dict[str, list[str]] = {}
    for place in places_of(flow):
        if isinstance(place.step, model.StartJob | model.CancelJob):
            reached.add(place.address)
        to = onward(flow, place)
        if isinstance(place.step, model.Request):
            to = [resolve(flow, place.scope, target) for _, target in targets_of(place.step)]
        for address in to:
            before.setdefault(address, []).append(place.address)
    open_ = list(reached)
    while open_:
        for address in before.get(open_.pop(), ()):
            if address not in reached:
                reached.add(address)
                open_.append(address)
    return frozenset(reached)
