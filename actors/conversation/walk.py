"""Carrying out the steps of the flow, until one waits.

What lives here: what each step does, and what becomes of the answer to a web request. What must
not: reading what a customer did (`hearing`), or a text (they are all in the flow).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from actors.calls import WebRequest
from actors.conversation import jobs, people
from actors.conversation.saying import add, flush, known_values, show_menu, show_question
from actors.conversation.state import VALUES_MAX, ConversationTurn, Waiting
from actors.flow import model
from actors.flow.render import fill, fill_path, show
from actors.flow.values import at_path, read
from actors.messages import RequestAnswered
from actors.values import Scalar

STEPS_MAX = 50
"""Steps in one turn; the check finds silent loops, this bounds what it cannot see."""

_REQUEST_GRACE_S = 30
"""Beyond its own time-out: a request may stand in line behind a thousand others."""
_TOPIC = "request"
"""A request that nobody waits for any more must not hold up the next one."""


def go(turn: ConversationTurn, name: str) -> None:
    """Carry out a step and what follows, until something waits."""
    if turn.state.waiting is not None:
        turn.set(waiting=None)
        turn.drop(_TOPIC)
    here = name
    for _ in range(STEPS_MAX):
        step = turn.flow.steps.get(here)
        if step is None:
            # The conversation stood in a step that this version of the flow does not have.
            turn.note("step_gone", step=here)
            here = turn.flow.root
            continue
        turn.trail.append(here)
        onward = _do(turn, here, step)
        if onward is None:
            return
        here = onward
    turn.note("flow_goes_round", alarm=True, step=here)


def _do(turn: ConversationTurn, name: str, step: model.Step) -> str | None:
    match step:
        case model.Menu():
            show_menu(turn, name, step)
            return None
        case model.Question():
            show_question(turn, name, step)
            return None
        case model.Message():
            add(turn, step.text)
            return step.then
        case model.Request():
            _request(turn, name, step)
            return None
        case model.Branch():
            return step.cases.get(show(turn.state.values.get(step.value)), step.otherwise)
        case model.StartJob():
            jobs.start(turn, step.job)
            return step.then
        case model.JobStatus():
            jobs.show_all(turn)
            return step.then
        case model.SetLanguage():
            turn.set(language=step.language)
            return step.then
        case model.Handover():
            flush(turn)
            people.ask_for_person(turn)
            return None
        case _:
            assert_never(step)


def _request(turn: ConversationTurn, name: str, step: model.Request) -> None:
    flush(turn)
    values = known_values(turn)
    effect = turn.do(
        WebRequest(
            service=step.service,
            method=step.method,
            path=fill_path(step.path, values),
            query={key: fill(value, values) for key, value in step.query.items()},
            body=_filled(step.body, values),
            timeout_s=step.timeout_s,
        ),
        not_after_ms=turn.now_ms + round((step.timeout_s + _REQUEST_GRACE_S) * 1000),
        topic=_TOPIC,
    )
    turn.set(waiting=Waiting(effect, name, turn.sent_at_ms, turn.old_tap))


def _filled(body: dict[str, Scalar] | None, values: dict[str, Scalar]) -> dict[str, Scalar] | None:
    if body is None:
        return None
    return {
        key: fill(value, values) if isinstance(value, str) else value for key, value in body.items()
    }


def answered(turn: ConversationTurn, answer: RequestAnswered) -> None:
    """Go on with the answer to a web request, if the conversation still waits for it."""
    step = _waits_for(turn, answer.effect)
    if step is None:
        return
    by_status = step.on_status.get(str(answer.status))
    if by_status is not None:
        go(turn, by_status)
        return
    if not 200 <= answer.status < 300:
        turn.note("request_refused", service=step.service, status=answer.status)
        go(turn, step.on_error)
        return
    document = read(bytes(answer.body))
    found = {name: at_path(document, path) for name, path in step.keep.items()}
    _keep(turn, found.items())
    if any(value is None for value in found.values()):
        go(turn, step.on_missing or step.on_error)
    else:
        go(turn, step.then)


def failed(turn: ConversationTurn, effect: str, fault: str) -> None:
    """Go on without the answer to a web request, if the conversation still waits for it."""
    step = _waits_for(turn, effect)
    if step is not None:
        turn.note("request_failed", service=step.service, fault=fault)
        go(turn, step.on_error)


def _waits_for(turn: ConversationTurn, effect: str) -> model.Request | None:
    waiting = turn.state.waiting
    if waiting is None or waiting.effect != effect:
        return None
    turn.sent_at_ms, turn.old_tap = waiting.sent_at_ms, waiting.old_tap
    step = turn.flow.steps.get(waiting.step)
    if isinstance(step, model.Request):
        return step
    # The version that asked was lost meanwhile; the customer still waits for something.
    turn.note("step_gone", step=waiting.step)
    go(turn, turn.flow.root)
    return None


def keep(turn: ConversationTurn, name: str, value: Scalar) -> None:
    """Keep a value under a name."""
    _keep(turn, [(name, value)])


def _keep(turn: ConversationTurn, found: Iterable[tuple[str, Scalar]]) -> None:
    values = {**turn.state.values, **dict(found)}
    if len(values) <= VALUES_MAX:
        turn.set(values=values)
    else:
        turn.note("too_many_values", alarm=True)
