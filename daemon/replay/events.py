"""What happened outside the bot, as lines of a conversation file in their order.

What lives here: putting all parts together, and the customer's and the services' own. What must
not: the bot's part, or the lines of the file (`scripting`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from actors.calls import Say, WebRequest
from actors.flow.values import read
from actors.messages import CustomerWrote, Other, RequestAnswered, Tapped, Typed
from daemon.replay.desk import desk_events
from daemon.replay.provider import provider_events
from daemon.replay.redaction import Redaction
from daemon.replay.story import Called, Heard, Story
from daemon.replay.timeline import Event, in_order
from daemon.scripts import writing

_TWICE_MS = 1_000


def events_of(story: Story, redaction: Redaction, begins: Heard) -> list[Event]:
    """Everything that was done since the beginning, in order."""
    found = [
        *_customers(story, redaction, begins),
        *provider_events(story, redaction),
        *desk_events(story, redaction),
    ]
    return _twice(in_order([event for event in found if event.position >= begins.position - 0.5]))


def _twice(events: list[Event]) -> list[Event]:
    """Two taps of the same button in one moment are one line."""
    found: list[Event] = []
    for event in events:
        before = found[-1] if found else None
        if (
            before is not None
            and event.line.startswith("customer: [")
            and event.line == before.line
            and event.at_ms - before.at_ms < _TWICE_MS
        ):
            line = f"{event.line.partition('] of ')[0].removesuffix(']')}] twice"
            found[-1] = Event(before.at_ms, before.position, line, by_customer=True)
        else:
            found.append(event)
    return found


# --- the customer -------------------------------------------------------------------------------


def _customers(story: Story, redaction: Redaction, begins: Heard) -> Iterator[Event]:
    shown = _shown(story, begins)
    for heard in story.heard_by(story.conversation):
        message, place = heard.message, (heard.at_ms, heard.position)
        if not isinstance(message, CustomerWrote):
            continue
        if heard.dead:
            told = "# The daemon failed to handle the next line."
            yield Event(heard.at_ms, heard.position - 0.5, told)
        match message.input:
            case Typed(text):
                line = writing.action("customer", redaction.words(text) or "?")
                yield Event(*place, line, by_customer=True)
            case Tapped(button, title):
                before = [say for position, say in shown if position < heard.position]
                yield Event(*place, _tap(button, title, before, redaction), by_customer=True)
            case Other(what):
                yield Event(*place, f"# The customer sent something else: {what}.")


def _shown(story: Story, begins: Heard) -> list[tuple[int, Say]]:
    """Messages of the bot, as they came, each with the position of what it answers."""
    by_id = story.by_id()
    found = [
        (one.started_ms or 0, one.position, by_id[one.cause].position, one.call)
        for one in story.called
        if isinstance(one.call, Say) and one.arrived and one.cause in by_id
    ]
    in_turn = sorted(found, key=lambda row: row[:2])
    return [(cause, say) for _, _, cause, say in in_turn if cause >= begins.position]


def _tap(button: str, title: str, before: Sequence[Say], redaction: Redaction) -> str:
    """The line of a tap: which title, and on which message where it was not the last."""
    tapped = [say for say in before if any(choice.id == button for choice in say.choices)]
    if not tapped:
        # Not one of ours, or of a message that is not kept any more: the bot reads its title.
        return writing.action("customer", redaction.words(title) or "?")
    name = next(choice.title for choice in tapped[-1].choices if choice.id == button)
    same = [say for say in before if any(choice.title == name for choice in say.choices)]
    number = next(n for n, say in enumerate(same, start=1) if say is tapped[-1])
    return f"customer: [{name}]" + ("" if number == len(same) else f" of {number}")


# --- services -----------------------------------------------------------------------------------


def answers_of(story: Story, redaction: Redaction, asked: Called) -> list[str]:
    """The lines for what a service answered to a request of the flow."""
    request = asked.call
    if not isinstance(request, WebRequest) or not asked.attempts:
        return []
    path = redaction.path(request.service, request.method, request.path)
    form = f"service: {request.service} {request.method} {path} ->"
    return [f"{form} {answer}" for answer in _answers(story, asked, redaction)]


def _answers(story: Story, asked: Called, redaction: Redaction) -> list[str]:
    for heard in story.heard_by(story.conversation):
        match heard.message:
            case RequestAnswered(effect, status, body) if effect == asked.effect:
                document = redaction.document(read(bytes(body)))
                text = "" if document is None else " " + json.dumps(document, ensure_ascii=False)
                failed = ["once 503"] * (asked.attempts - 1)
                return [*failed, f"once {status}{text}"]
            case _:
                pass
    return [f"{asked.attempts} times no answer"]
