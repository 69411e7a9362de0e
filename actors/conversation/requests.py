"""Web requests of the flow: what is sent, and where an answer leads.

What lives here: one request and its outcome. What must not: walking on from there (`walk`).
"""

from __future__ import annotations

from actors import outcomes
from actors.calls import WebRequest
from actors.conversation.knowing import Known
from actors.conversation.saying import flush
from actors.conversation.state import ConversationTurn, Waiting
from actors.flow import model
from actors.flow.addresses import step_at
from actors.flow.render import fill_path, put, put_json
from actors.flow.values import at_path, read
from actors.messages import RequestAnswered
from actors.values import Fault, Scalar

REQUESTS_MAX = 10
"""Requests in a row that no customer asked for: steps that go round through a service."""

TOPIC = "request"
"""A request that nobody waits for any more must not hold up the next one."""

_REPEATED = {outcomes.UNAVAILABLE: 503, outcomes.RATE_LIMITED: 429}
"""A request that reads is repeated on these, until its attempts or its time run out."""

_GRACE_S = 30
"""Beyond its own time-out: a request may stand in line behind a thousand others."""


def send(turn: ConversationTurn, address: str, step: model.Request) -> None:
    """Make a request; the conversation waits for its answer from here on."""
    flush(turn)
    known = Known(turn)
    body = put_json(step.body, known) if step.body is not None else None
    effect = turn.do(
        WebRequest(
            service=step.service,
            method=step.method,
            path=fill_path(step.path, known),
            query={key: put(value, known) for key, value in step.query.items()},
            body=body if isinstance(body, dict) else None,
            timeout_s=step.timeout_s,
            attempts=step.attempts,
        ),
        not_after_ms=turn.now_ms + round((step.timeout_s * (step.attempts or 1) + _GRACE_S) * 1000),
        topic=TOPIC,
    )
    waiting = Waiting(effect, address, turn.sent_at_ms, turn.old_tap, turn.requests, turn.pressed)
    turn.set(waiting=waiting)


def too_old(turn: ConversationTurn, step: model.Request) -> bool:
    """Whether a request would write something that was asked for too long ago."""
    return _writes(step) and (turn.stale or turn.old_tap)


def is_under_way(turn: ConversationTurn, pressed: str) -> bool:
    """Whether this choice has led to a request that writes and is not answered yet."""
    waiting = turn.state.waiting
    if waiting is None or waiting.pressed != pressed:
        return False
    step = step_at(turn.flow, waiting.step)
    return isinstance(step, model.Request) and _writes(step)


def _writes(step: model.Request) -> bool:
    return step.method != "GET"


def outcome(
    turn: ConversationTurn, step: model.Request, answer: RequestAnswered
) -> tuple[str, dict[str, Scalar]]:
    """Where an answer leads, and what is kept of it."""
    by_status = _by_status(step, answer.status)
    if by_status is not None:
        return by_status, {}
    if not 200 <= answer.status < 300:
        turn.note("request_refused", service=step.service, status=answer.status)
        return step.on_error, {}
    document = read(bytes(answer.body))
    found = {name: at_path(document, path) for name, path in step.keep.items()}
    if any(value is None for value in found.values()):
        return step.on_missing or step.on_error, found
    return step.then, found


def _by_status(step: model.Request, status: int) -> str | None:
    exact = step.on_status.get(str(status))
    if exact is not None or 200 <= status < 300:
        return exact
    return step.on_status.get(f"{status // 100}xx")


def without_answer(step: model.Request, fault: Fault, *, unknown: bool) -> str:
    """Where it leads that no answer came; `unknown`: nobody can tell whether it was carried out."""
    cause = fault.code
    if cause in (outcomes.EXPIRED, outcomes.EXHAUSTED):
        # What the last attempt came to stands first in the detail.
        cause = fault.detail.partition(" ")[0] or outcomes.TIMEOUT
    if step.on_timeout is not None and (unknown or cause == outcomes.TIMEOUT):
        return step.on_timeout
    status = _REPEATED.get(cause)
    by_status = _by_status(step, status) if status is not None else None
    return by_status or step.on_error
