"""What a turn decides: the new state, and everything that should happen because of it.

What lives here: the effects and the `Decision` that holds them. What must not: carrying them out
(daemon) or storing them (state). Effects are values; the shell commits them with the state in one
transaction and only then acts.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

from actors.calls import Call
from actors.ids import ActorId, EffectId
from actors.messages import Message

State = TypeVar("State")


class Do(Struct, frozen=True):
    """Make a call to the outside world."""

    call: Call
    not_before_ms: int | None = None
    """Keeps progress apart; a message that waits for this never holds up its lane."""
    not_after_ms: int | None = None
    """No longer worth making after this; an actor then hears `CallRejected` (expired)."""
    topic: str | None = None
    """Whatever of the same actor and topic is still unsent is replaced by this."""


class Withdraw(Struct, frozen=True):
    """Take a call back if it was not sent yet; the actor then hears `CallRejected` (withdrawn)."""

    effect: EffectId
    call: Call
    """As the actor will hear it."""


class Drop(Struct, frozen=True):
    """Forget whatever of this topic is still unsent; nobody hears of it."""

    topic: str


class Tell(Struct, frozen=True):
    """Send a message to another actor, which begins to exist if it is new."""

    to: ActorId
    message: Message


class SetTimer(Struct, frozen=True):
    """Be woken at `due_ms`. A timer of the same name is replaced."""

    name: str
    generation: int
    due_ms: int


class ClearTimer(Struct, frozen=True):
    """Forget a timer."""

    name: str


class Alias(Struct, frozen=True):
    """Make this actor known under another name, such as the provider's own job id.

    Messages that came for the name before it was known are delivered by the same commit.
    """

    name: str


class Note(Struct, frozen=True):
    """Something worth a log line and a count. Fields must hold no personal data."""

    event: str
    alarm: bool = False
    fields: dict[str, str | int | None] = {}


class Walked(Struct, frozen=True):
    """The steps of the flow that this turn went through, in order: for the log and for tests."""

    steps: tuple[str, ...]


class Finish(Struct, frozen=True):
    """This actor's work is done; it stays readable and still answers late messages."""


Effect = Do | Withdraw | Drop | Tell | SetTimer | ClearTimer | Alias | Note | Walked | Finish


class Decision(Struct, Generic[State], frozen=True):
    """What `decide` returns."""

    state: State
    effects: tuple[Effect, ...] = ()
