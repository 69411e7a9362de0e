"""Carrying out the steps of the flow, until one waits.

What lives here: what each step does. What must not: reading what a customer did (`hearing`), web
requests (`requests`), or a text (they are all in the flow). Steps go by their addresses
(`actors.flow.addresses`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from actors.conversation import jobs, people, requests, subflows
from actors.conversation.knowing import Known, compute, holds, open_now
from actors.conversation.saying import add, show_menu, show_question
from actors.conversation.state import ConversationTurn
from actors.flow import model
from actors.flow.addresses import resolve, scope_of, step_at
from actors.flow.limits import STEPS_MAX, VALUES_MAX
from actors.flow.render import put_value
from actors.flow.values import show
from actors.messages import RequestAnswered
from actors.values import Fault, Scalar


def go(turn: ConversationTurn, address: str) -> None:
    """Carry out a step and what follows, until something waits."""
    if turn.state.waiting is not None:
        turn.set(waiting=None)
        turn.drop(requests.TOPIC)
    here = address
    # The check finds silent loops; this bounds what it cannot see.
    for _ in range(STEPS_MAX):
        step = step_at(turn.flow, here)
        if step is None:
            # The conversation stood in a step that this version of the flow does not have.
            turn.note("step_gone", step=here)
            here = turn.flow.root
            continue
        if isinstance(step, model.Request) and turn.requests >= requests.REQUESTS_MAX:
            turn.note("requests_go_round", alarm=True, step=here)
            add(turn, turn.flow.phrases.apology)
            here = turn.flow.root
            continue
        subflows.arrive(turn, here)
        turn.trail.append(here)
        onward = _do(turn, here, step)
        if onward is None:
            return
        here = onward
    turn.note("flow_goes_round", alarm=True, step=here)
    root = turn.flow.steps.get(turn.flow.root)
    if isinstance(root, model.Menu):
        subflows.arrive(turn, turn.flow.root)
        show_menu(turn, turn.flow.root, root)


def _do(turn: ConversationTurn, address: str, step: model.Step) -> str | None:
    """Carry out a step; the address that it leads to, None where it waits."""

    def at(target: str) -> str:
        return resolve(turn.flow, scope_of(address), target)

    match step:
        case model.Menu():
            show_menu(turn, address, step)
            return None
        case model.Question():
            show_question(turn, address, step)
            return None
        case model.Message():
            add(turn, step.text)
        case model.Request() if requests.too_old(turn, step):
            turn.note("press_too_old", step=address)
            add(turn, turn.flow.phrases.stale)
            return turn.flow.root
        case model.Request():
            requests.send(turn, address, step)
            return None
        case model.Branch():
            value = Known(turn).get(step.value)
            return at(step.cases.get(show(value), step.otherwise))
        case model.If():
            return at(step.then if holds(turn, step.test) else step.otherwise)
        case model.AskHours():
            return at(step.open if open_now(turn, step.of) else step.closed)
        case model.SetValues():
            _set(turn, step)
        case model.Forget():
            gone = frozenset(step.values)
            left = {name: value for name, value in turn.state.values.items() if name not in gone}
            turn.set(values=left)
        case model.StartJob():
            jobs.start(turn, step.job)
        case model.CancelJob():
            jobs.cancel(turn, step.job)
        case model.JobStatus():
            jobs.show_all(turn)
        case model.Mute():
            turn.set(muted=True)
            jobs.hush(turn)
        case model.Unmute():
            turn.set(muted=False)
        case model.SetLanguage():
            turn.set(language=step.language)
        case model.Handover():
            return _hand_over(turn, step, at(step.closed) if step.closed is not None else None)
        case model.CallSubflow():
            return subflows.enter(turn, step.flow, at(step.then)) or turn.flow.root
        case model.Return():
            return subflows.leave(turn)
        case _:
            assert_never(step)
    return at(step.then)


# --- people -------------------------------------------------------------------------------------


def _hand_over(turn: ConversationTurn, step: model.Handover, closed: str | None) -> str | None:
    """Bring a person in; where to go instead while they are closed."""
    if step.hours is None:
        return _bring_person(turn, step.reason)
    return _bring(turn, step.reason, step.hours, closed)


def to_person(turn: ConversationTurn) -> None:
    """What a button that leads to a person does."""
    closed = _bring_person(turn, None)
    if closed is not None:
        go(turn, closed)


def _bring_person(turn: ConversationTurn, reason: model.Text | None) -> str | None:
    """Bring a person in, if they are open by the hours of all hand-overs; else where to go."""
    desk = turn.flow.handover
    return _bring(turn, reason, desk.hours, desk.closed)


def _bring(
    turn: ConversationTurn, reason: model.Text | None, hours: str | None, closed: str | None
) -> str | None:
    alone = turn.state.handover is None
    if hours is not None and closed is not None and alone and not open_now(turn, hours):
        return closed
    people.ask_for_person(turn, reason)
    # Afterwards the bot is at the root: nobody returns to a sub-flow.
    turn.set(stack=())
    return None


# --- values -------------------------------------------------------------------------------------


def _set(turn: ConversationTurn, step: model.SetValues) -> None:
    known = Known(turn)
    keep_all(turn, {name: put_value(value, known) for name, value in step.values.items()})
    for name, expression in step.compute.items():
        keep(turn, name, compute(turn, expression))


def keep(turn: ConversationTurn, name: str, value: Scalar) -> None:
    """Keep a value under a name."""
    keep_all(turn, {name: value})


def keep_all(turn: ConversationTurn, found: Mapping[str, Scalar]) -> None:
    """Keep values under their names."""
    values = {**turn.state.values, **found}
    if len(values) <= VALUES_MAX:
        turn.set(values=values)
    else:
        turn.note("too_many_values", alarm=True)


# --- answers to web requests --------------------------------------------------------------------


def answered(turn: ConversationTurn, answer: RequestAnswered) -> None:
    """Go on with the answer to a web request, if the conversation still waits for it."""
    here, step = _waits_for(turn, answer.effect)
    if step is not None:
        target, found = requests.outcome(turn, step, answer)
        if found:
            keep_all(turn, found)
        go(turn, resolve(turn.flow, scope_of(here), target))


def failed(turn: ConversationTurn, effect: str, fault: Fault, *, unknown: bool = False) -> None:
    """Go on without the answer to a web request, if the conversation still waits for it."""
    here, step = _waits_for(turn, effect)
    if step is not None:
        turn.note("request_failed", service=step.service, fault=fault.code)
        target = requests.without_answer(step, fault, unknown=unknown)
        go(turn, resolve(turn.flow, scope_of(here), target))


def _waits_for(turn: ConversationTurn, effect: str) -> tuple[str, model.Request | None]:
    waiting = turn.state.waiting
    if waiting is None or waiting.effect != effect:
        return "", None
    turn.sent_at_ms, turn.old_tap = waiting.sent_at_ms, waiting.old_tap
    turn.requests, turn.pressed = waiting.requests + 1, waiting.pressed
    step = step_at(turn.flow, waiting.step)
    if isinstance(step, model.Request):
        return waiting.step, step
    # The version that asked was lost meanwhile; the customer still waits for something.
    turn.note("step_gone", step=waiting.step)
    go(turn, turn.flow.root)
    return "", None
