"""When things happened, in the one order that all who take part share.

What lives here: events as lines with their places, and finding a place. What must not: reading what
happened out of a story (`events`, `provider`, `desk`).

The order is that of the positions that the store gave to messages; times alone may be the same.
"""

from __future__ import annotations

from msgspec import Struct

from daemon.replay.story import Called, Story


class Event(Struct, frozen=True):
    """Something that was done."""

    at_ms: int
    position: float
    """In the order of all that actors heard; a half stands before the message that tells of it."""
    line: str
    by_customer: bool = False
    early: bool = False
    """It must hold before whatever was done last: a call comes of that."""


def position_of(story: Story, called: Called) -> float:
    """The place of the message on which a call was decided."""
    cause = story.by_id().get(called.cause)
    return cause.position if cause is not None else 0


def position_at(story: Story, at_ms: int) -> float:
    """Behind all that was heard by a time."""
    return max((one.position for one in story.heard if one.at_ms <= at_ms), default=0) + 0.5


def call_of(story: Story, effect: str) -> Called | None:
    """A call by its id."""
    return next((one for one in story.called if one.effect == effect), None)


def in_order(events: list[Event]) -> list[Event]:
    """Events by time and place; what must hold early stands before what was done last."""
    order = sorted(events, key=lambda event: (event.at_ms, event.position))
    ordered = [event for event in order if not event.early]
    for early in (event for event in order if event.early):
        last = max((n for n, e in enumerate(ordered) if e.position <= early.position), default=0)
        before = ordered[last] if ordered else early
        ordered.insert(last, Event(before.at_ms, before.position - 0.25, early.line))
    return ordered
