"""The desk's part of a story: who took the chat, wrote, and ended it.

What lives here: from what a hand-over heard to lines. What must not: other vendors.

What agents did is seen by looks: it happened between the last look and the one that saw it.
"""

from __future__ import annotations

from collections.abc import Iterator

from actors.calls import OpenDesk
from actors.ids import HANDOVER, ActorId
from actors.messages import CallRejected, DeskObserved, DeskWrote
from actors.values import DeskState
from daemon.replay.redaction import Redaction
from daemon.replay.story import Story
from daemon.replay.timeline import Event, call_of, position_at, position_of

AGENT = "Rita"


def desk_events(story: Story, redaction: Redaction) -> Iterator[Event]:
    """All of it, hand-over by hand-over."""
    for handover in story.actors(HANDOVER):
        yield from _chat(story, handover, redaction)


def _chat(story: Story, handover: ActorId, redaction: Redaction) -> Iterator[Event]:
    state, looked_ms = DeskState.QUEUED, 0
    for heard in story.heard_by(handover):
        place = (heard.at_ms, heard.position)
        match heard.message:
            case DeskObserved(state=seen):
                line = _moved(state, seen)
                if line is not None:
                    between_ms = (looked_ms + heard.at_ms) // 2
                    yield Event(between_ms, position_at(story, between_ms), line)
                    state = seen
                looked_ms = heard.at_ms
            case DeskWrote(human=False):
                yield Event(*place, "# The desk's own automation wrote a line.")
            case DeskWrote(text=text):
                if state is not DeskState.ACTIVE:
                    yield Event(heard.at_ms, heard.position - 0.5, f"agent: accept {AGENT}")
                    state = DeskState.ACTIVE
                yield Event(*place, f"agent: says {redaction.words(text) or '?'}")
            case CallRejected(effect, OpenDesk()):
                call = call_of(story, effect)
                if call is not None:
                    yield Event(call.at_ms, position_of(story, call), "agent: down", early=True)
            case _:
                looked_ms = looked_ms or heard.at_ms


def _moved(before: DeskState, seen: DeskState) -> str | None:
    match before, seen:
        case ((DeskState.QUEUED | DeskState.RINGING), DeskState.ACTIVE):
            return f"agent: accept {AGENT}"
        case DeskState.QUEUED, DeskState.RINGING:
            return f"agent: rings {AGENT}"
        case DeskState.RINGING, DeskState.QUEUED:
            return "agent: reject"
        case DeskState.ACTIVE, DeskState.QUEUED:
            return "agent: transfer"
        case DeskState.ACTIVE, DeskState.GONE:
            return "agent: end"
        case _:
            return None
