"""Given: chats with a person in each of their phases."""

from __future__ import annotations

from collections.abc import Callable

from actors.calls import CloseDesk, OpenDesk, QueryDesk, SendToDesk
from actors.messages import (
    DeskClosed,
    DeskObserved,
    DeskOpened,
    LeaveRequested,
)
from actors.policies import HandoverPolicy
from actors.values import DeskState
from tests.actors.given import Chat
from tests.actors.heard import Heard

Begin = Callable[[], Chat]


def queued(policy: HandoverPolicy | None = None) -> Chat:
    """A chat that waits for a person."""
    chat = Chat(policy)
    opened(chat)
    return chat


def active(policy: HandoverPolicy | None = None) -> Chat:
    """A chat that a person has taken."""
    chat = queued(policy)
    look(chat, DeskState.ACTIVE, "Rita")
    return chat


def closing(policy: HandoverPolicy | None = None) -> Chat:
    """A chat that the customer has left; the desk has not confirmed it."""
    chat = active(policy)
    chat.hear(LeaveRequested())
    return chat


def ended(policy: HandoverPolicy | None = None) -> Chat:
    """A chat that is over."""
    chat = closing(policy)
    chat.answered(CloseDesk, DeskClosed())
    return chat


def opened(chat: Chat, ref: str | None = "c1") -> Heard:
    """The desk takes the chat."""
    return chat.answered(OpenDesk, DeskOpened(ref))


def look(chat: Chat, state: DeskState, agent: str | None = None) -> Heard:
    """The next look finds this."""
    assert len(chat.fire("poll").calls) == 1
    return chat.answered(QueryDesk, DeskObserved(state, agent))


def lines(heard: Heard) -> list[str]:
    """The lines that go to the desk."""
    return [call.text for call in heard.calls if isinstance(call, SendToDesk)]
