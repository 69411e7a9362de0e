"""The notebook of one turn: the state as it changes, and the effects as they are decided.

What lives here: `Turn`, in which every actor collects its decision, and the bookkeeping of timers.
What must not: a rule of any one actor. A turn is local to one call of `decide`; nothing else sees
it, so the function stays pure.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar, cast

import msgspec

from actors.calls import Call
from actors.effects import (
    Alias,
    ClearTimer,
    Decision,
    Do,
    Drop,
    Effect,
    Finish,
    Note,
    SetTimer,
    Tell,
    Walked,
    Withdraw,
)
from actors.ids import ActorId, EffectId, MessageId, effect_id
from actors.messages import Envelope, Message, TimerFired


class HasTimers(Protocol):
    """A state that remembers which timers it expects."""

    @property
    def timers(self) -> dict[str, int]:
        """Name -> generation of each timer that is set."""

    @property
    def timer_generation(self) -> int:
        """The generation given out last."""


State = TypeVar("State", bound=HasTimers)


class Turn(Generic[State]):
    """Collects what one message changes and causes."""

    def __init__(self, actor: ActorId, envelope: Envelope, now_ms: int, state: State) -> None:
        self.actor = actor
        self.message_id: MessageId = envelope.id
        self.now_ms = now_ms
        self.state = state
        self._effects: list[Effect] = []

    def set(self, **changes: object) -> None:
        """Change fields of the state."""
        replace = cast("_Replace", msgspec.structs.replace)
        self.state = replace(self.state, **changes)

    def do(
        self,
        call: Call,
        *,
        not_before_ms: int | None = None,
        not_after_ms: int | None = None,
        topic: str | None = None,
    ) -> EffectId:
        """Make a call; its id is known at once."""
        effect = effect_id(self.actor, self.message_id, len(self._effects))
        self._effects.append(Do(call, not_before_ms, not_after_ms, topic))
        return effect

    def tell(self, to: ActorId, message: Message) -> None:
        """Send a message to another actor."""
        self._effects.append(Tell(to, message))

    def withdraw(self, effect: EffectId, call: Call) -> None:
        """Take a call back if it was not sent yet."""
        self._effects.append(Withdraw(effect, call))

    def drop(self, topic: str) -> None:
        """Forget what is unsent of a topic."""
        self._effects.append(Drop(topic))

    def alias(self, name: str) -> None:
        """Be known under another name too."""
        self._effects.append(Alias(name))

    def note(self, event: str, *, alarm: bool = False, **fields: str | int | None) -> None:
        """Leave a line in the log and a count; no personal data."""
        self._effects.append(Note(event, alarm, fields))

    def walked(self, *steps: str) -> None:
        """These steps of the flow were gone through."""
        self._effects.append(Walked(steps))

    def finish(self) -> None:
        """This actor's work is done."""
        self._effects.append(Finish())

    def set_timer(self, name: str, after_s: float) -> None:
        """Be woken in `after_s` seconds; replaces a timer of the same name."""
        generation = self.state.timer_generation + 1
        self.set(timers={**self.state.timers, name: generation}, timer_generation=generation)
        due_ms = self.now_ms + max(0, round(after_s * 1000))
        self._effects.append(SetTimer(name, generation, due_ms))

    def clear_timers(self, *names: str) -> None:
        """Forget timers that are set; unknown names are fine."""
        for name in names:
            if name in self.state.timers:
                self.set(timers={key: at for key, at in self.state.timers.items() if key != name})
                self._effects.append(ClearTimer(name))

    def hears(self, fired: TimerFired) -> bool:
        """Whether a timer that fired is the one expected; it then counts as no longer set."""
        if self.state.timers.get(fired.name) != fired.generation:
            return False
        left = {key: at for key, at in self.state.timers.items() if key != fired.name}
        self.set(timers=left)
        return True

    def decision(self) -> Decision[State]:
        """The end of the turn."""
        return Decision(self.state, tuple(self._effects))


class _Replace(Protocol):
    def __call__(self, struct: State, /, **changes: object) -> State: ...
