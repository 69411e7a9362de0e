"""The kinds of actor behind one face: the one place where the shell meets the core.

What lives here: `Living`, an actor whose state is in memory, and the table of kinds. What must
not: a rule. A new kind is an entry here and a prefix in `ids`.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from actors import conversation, fallback, handover, ids, router_job
from actors.codec import StateCodec
from actors.conversation import Conversation
from actors.conversation.state import Surroundings
from actors.effects import Decision, Effect
from actors.handover import Handover
from actors.ids import ActorId
from actors.messages import Envelope
from actors.router_job import RouterJob

State = TypeVar("State")


class _Decide(Protocol[State]):
    def __call__(
        self,
        actor: ActorId,
        state: State | None,
        envelope: Envelope,
        now_ms: int,
        around: Surroundings,
        /,
    ) -> Decision[State] | None: ...


class _Fallback(Protocol[State]):
    def __call__(
        self,
        actor: ActorId,
        state: State | None,
        envelope: Envelope,
        now_ms: int,
        around: Surroundings,
        /,
        *,
        quarantined: bool,
    ) -> Decision[State] | None: ...


class Kind(Generic[State]):
    """How actors of one kind are kept, and what they do."""

    def __init__(
        self,
        codec: StateCodec[State],
        decide: _Decide[State],
        fall_back: _Fallback[State],
    ) -> None:
        self.codec = codec
        self.decide = decide
        self.fall_back = fall_back


class Living(Generic[State]):
    """One actor in memory. Its state moves on with each message; the shell then commits it."""

    def __init__(self, kind: Kind[State], actor: ActorId, data: bytes | None) -> None:
        """`data` as it was encoded last, None for a new actor. Raises codec.Unreadable."""
        self.actor = actor
        self._kind = kind
        self._state = kind.codec.decode(data) if data is not None else None
        self._before = self._state

    @property
    def state(self) -> State | None:
        """What it knows; None before its first message."""
        return self._state

    @property
    def exists(self) -> bool:
        """Whether there is a state at all."""
        return self._state is not None

    def hear(
        self, envelope: Envelope, now_ms: int, around: Surroundings
    ) -> tuple[Effect, ...] | None:
        """Decide. None: there is no such actor and this message does not begin one.

        Raises whatever a bug raises; the state is then as before.
        """
        self._before = self._state
        return self._adopt(self._kind.decide(self.actor, self._state, envelope, now_ms, around))

    def fall_back(
        self, envelope: Envelope, now_ms: int, around: Surroundings, *, quarantined: bool
    ) -> tuple[Effect, ...] | None:
        """Instead of `hear`, where that raised on this message or too often before."""
        return self._adopt(
            self._kind.fall_back(
                self.actor, self._state, envelope, now_ms, around, quarantined=quarantined
            )
        )

    def _adopt(self, decision: Decision[State] | None) -> tuple[Effect, ...] | None:
        if decision is None:
            return None
        self._state = decision.state
        return decision.effects

    def rewind(self) -> None:
        """Take the last decision back: what it wanted cannot be written."""
        self._state = self._before

    def keep(self) -> None:
        """The decisions stand; what was before them is forgotten."""
        self._before = self._state

    def encoded(self) -> bytes:
        """The state as bytes; only for an actor that exists."""
        if self._state is None:
            raise ValueError("an actor without a state cannot be kept")
        return self._kind.codec.encode(self._state)

    @property
    def flow_version(self) -> str | None:
        """The version of the flow that must be kept for this actor."""
        return self._state.flow_version if isinstance(self._state, Conversation) else None

    @property
    def conversation(self) -> ActorId | None:
        """The conversation that this actor works for, itself included; for the log."""
        if isinstance(self._state, RouterJob | Handover):
            return self._state.conversation
        return self.actor if isinstance(self._state, Conversation) else None


AnyLiving = Living[Conversation] | Living[RouterJob] | Living[Handover]

_CONVERSATION = Kind(StateCodec(Conversation, 1, {}), conversation.decide, fallback.conversation)
_ROUTER_JOB = Kind(
    StateCodec(RouterJob, 1, {}),
    lambda actor, state, envelope, now_ms, _: router_job.decide(actor, state, envelope, now_ms),
    lambda actor, state, envelope, now_ms, _, *, quarantined: fallback.router_job(
        actor, state, envelope, now_ms, quarantined=quarantined
    ),
)
_HANDOVER = Kind(
    StateCodec(Handover, 1, {}),
    lambda actor, state, envelope, now_ms, _: handover.decide(actor, state, envelope, now_ms),
    lambda actor, state, envelope, now_ms, _, *, quarantined: fallback.handover(
        actor, state, envelope, now_ms, quarantined=quarantined
    ),
)


def wake(actor: ActorId, data: bytes | None) -> AnyLiving:
    """An actor from its bytes. Raises codec.Unreadable; ValueError for an id that is not ours."""
    match ids.kind_of(actor):
        case ids.CONVERSATION:
            return Living(_CONVERSATION, actor, data)
        case ids.ROUTER_JOB:
            return Living(_ROUTER_JOB, actor, data)
        case ids.HANDOVER:
            return Living(_HANDOVER, actor, data)
        case kind:
            raise ValueError(f"no such kind: {kind}")
