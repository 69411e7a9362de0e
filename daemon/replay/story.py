"""What the daemon keeps of one conversation, as the core's own values.

What lives here: asking for it, page by page, and decoding. What must not: the socket, or what is
made of it. Holds personal data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from actors.calls import Call
from actors.codec import Unreadable, decode_call, decode_message
from actors.flow.model import Flow
from actors.flow.reader import decode_flow
from actors.ids import ActorId, kind_of
from actors.messages import AgentSaid, HandoverReported, JobReported, LineReturned, Message

Ask = Callable[[str, dict[str, str | int | bool]], Any]
"""Asks the daemon: a command and its arguments; what it answers."""


class NoStory(Exception):
    """There is nothing to tell; the message says why."""


class Heard(Struct, frozen=True):
    """A message that an actor heard."""

    position: int
    """In the order of all that any actor heard."""
    message_id: str
    actor: ActorId
    at_ms: int
    message: Message
    cause: str | None
    """The id of the message that led to this one."""
    dead: bool
    """Handling it failed."""


class Called(Struct, frozen=True):
    """A call that an actor decided on."""

    position: int
    """In the order of all calls."""
    effect: str
    actor: ActorId
    at_ms: int
    call: Call
    cause: str
    """The id of the message on which it was decided."""
    due_ms: int
    state: str
    attempts: int
    started_ms: int | None
    """When the last attempt began."""
    done_ms: int | None

    @property
    def arrived(self) -> bool:
        """Whether it was carried out, as far as anybody knows."""
        return self.state == "delivered" and self.started_ms is not None


class Story(Struct, frozen=True):
    """All that is kept of a conversation and those who worked for it, in order of positions."""

    conversation: ActorId
    flow: Flow
    flow_version: str
    language: str
    """The bot's default language."""
    now_ms: int
    """When the daemon was asked."""
    heard: tuple[Heard, ...]
    called: tuple[Called, ...]

    def by_id(self) -> dict[str, Heard]:
        """What was heard, by its id."""
        return {one.message_id: one for one in self.heard}

    def heard_by(self, actor: ActorId) -> list[Heard]:
        """What one of them heard."""
        return [one for one in self.heard if one.actor == actor]

    def actors(self, kind: str) -> list[ActorId]:
        """Who of a kind took part, in the order of their first messages."""
        return [one for one in dict.fromkeys(h.actor for h in self.heard) if kind_of(one) == kind]


def chain(cause: str | None, by_id: dict[str, Heard]) -> Iterator[Heard]:
    """What led to something, from its own cause back to the first one that is kept."""
    seen: set[str] = set()
    while cause is not None and cause in by_id and cause not in seen:
        seen.add(cause)
        yield by_id[cause]
        cause = by_id[cause].cause


def gather(conversation: str, ask: Ask) -> Story:
    """Ask for everything. Raises NoStory, and whatever `ask` raises. Blocks as `ask` does."""
    about = ask("conversation", {"conversation": conversation})
    if about["flow"] is None:
        raise NoStory(f"its flow, version {about['flow_version']}, is not kept any more")
    try:
        flow = decode_flow(about["flow"].encode())
    except msgspec.MsgspecError as error:
        raise NoStory(f"its flow, version {about['flow_version']}, cannot be read") from error
    own = [_heard(row) for row in _pages("heard", [conversation], ask)]
    heard = [one for one in own if one is not None]
    helpers = {*about["jobs"], *about["handovers"], *_helpers(one.message for one in heard)}
    if helpers:
        more = [_heard(row) for row in _pages("heard", sorted(helpers), ask)]
        heard += [one for one in more if one is not None]
    calls = [_called(row) for row in _pages("called", [conversation, *sorted(helpers)], ask)]
    return Story(
        conversation=ActorId(conversation),
        flow=flow,
        flow_version=about["flow_version"],
        language=about["default_language"],
        now_ms=about["now_ms"],
        heard=tuple(sorted(heard, key=lambda one: one.position)),
        called=tuple(one for one in calls if one is not None),
    )


def _helpers(messages: Iterable[Message]) -> set[str]:
    """The jobs and hand-overs that a conversation heard of."""
    found: set[str] = set()
    for message in messages:
        match message:
            case JobReported(job=job):
                found.add(job)
            case HandoverReported(handover=handover) | AgentSaid(handover=handover):
                found.add(handover)
            case LineReturned(handover=handover):
                found.add(handover)
            case _:
                pass
    return found


def _pages(command: str, actors: list[str], ask: Ask) -> Iterable[dict[str, Any]]:
    after: int | None = 0
    while after is not None:
        page = ask(command, {"actors": ",".join(actors), "after": after})
        yield from page["rows"]
        after = page["after"]


def _heard(row: dict[str, Any]) -> Heard | None:
    try:
        message = decode_message(row["body"].encode())
    except Unreadable:
        # Damaged, or a dead letter that the operator dropped: nobody can tell what it was.
        return None
    return Heard(
        position=row["position"],
        message_id=row["message_id"],
        actor=ActorId(row["actor"]),
        at_ms=row["at_ms"],
        message=message,
        cause=row["cause"],
        dead=row["dead"],
    )


def _called(row: dict[str, Any]) -> Called | None:
    try:
        call = decode_call(row["body"].encode())
    except Unreadable:
        return None
    return Called(
        position=row["position"],
        effect=row["effect"],
        actor=ActorId(row["actor"]),
        at_ms=row["at_ms"],
        call=call,
        cause=row["cause"],
        due_ms=row["due_ms"],
        state=row["state"],
        attempts=row["attempts"],
        started_ms=row["started_ms"],
        done_ms=row["done_ms"],
    )
