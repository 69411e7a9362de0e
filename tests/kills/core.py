"""What should come of it: the pure core, with the least of a shell around it.

What lives here: actors in memory, their messages one after another, their calls one after another
through the real adapters to simulators in which nothing goes wrong. What must not: a store, a
retry, a task an actor, or anything else of the daemon's shell, for that is what is on trial.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from actors import outcomes
from actors.calls import Call, Say, destination_of, lane_of
from actors.conversation.state import Surroundings
from actors.effects import ClearTimer, Do, Drop, Effect, SetTimer, Tell, Withdraw
from actors.ids import (
    CONVERSATION,
    ActorId,
    EffectId,
    MessageId,
    actor_id,
    answer_id,
    effect_id,
    timer_message_id,
    told_id,
)
from actors.kinds import AnyLiving, wake
from actors.messages import CallRejected, Envelope, Message, TimerFired
from actors.outcomes import Delivered
from actors.values import Fault
from adapters.ports import Attempt, Event, ForActor, ForCustomer, HttpRequest, Receiver, Sender
from adapters.sandbox.clock import Activity, SimClock
from adapters.sandbox.server import LoopbackServer
from adapters.sandbox.world import SandboxWorld, open_world
from daemon import flows, wiring
from daemon.service import load_all
from daemon.shipped import shipped_flow
from tests.kills.said import Said, said

LANGUAGE = "en"

_LOOK_S = 0.001
_NO_PORT = 9


class _Pending(Struct):
    """A call that is decided and not made."""

    effect: EffectId
    actor: ActorId
    call: Call
    due_ms: int
    topic: str | None


class Core:
    """All actors of one world. A `Host` for `people`; get it from `open_core`."""

    def __init__(self, world: SandboxWorld, around: Surroundings) -> None:
        self.world = world
        self.said: list[Said] = []
        """Whatever the core wanted to say, in the order of its decisions."""
        self.sender_of: Callable[[str], Sender | None] = lambda _destination: None
        self._clock = world.clock
        self._around = around
        self._actors: dict[ActorId, AnyLiving] = {}
        self._aliases: dict[str, ActorId] = {}
        self._inbox: deque[tuple[ActorId, Envelope]] = deque()
        self._lanes: dict[str, list[_Pending]] = {}
        self._timers: dict[tuple[ActorId, str], SetTimer] = {}
        self._calling = False

    # --- a host ---------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Returns when nothing more happens before the time moves on."""
        rest = 0
        while rest < 2:
            await self.world.wait_quiet()
            idle = not (self._inbox or self._calling or self._due_call() or self._due_timer())
            rest = rest + 1 if idle and self.world.quiet() else 0
            await trio.sleep(_LOOK_S)

    def next_due_ms(self) -> int | None:
        """When an actor wants to be woken, or a call to be made."""
        dues = [timer.due_ms for timer in self._timers.values()]
        dues += [call.due_ms for lane in self._lanes.values() for call in lane]
        return min(dues, default=None)

    # --- the way in -----------------------------------------------------------------------------

    def take(self, event: Event) -> None:
        """Somebody outside has something to say."""
        match event.target:
            case ForActor(actor):
                to = actor
            case ForCustomer(alias):
                minted = actor_id(CONVERSATION, str(len(self._aliases)))
                to = self._aliases.setdefault(alias, minted)
            case other:
                raise RuntimeError(f"nobody here is found by {other}")
        self._tell(to, event.message_id, event.message)

    def _tell(
        self, to: ActorId, message_id: MessageId, message: Message, cause: MessageId | None = None
    ) -> None:
        self._inbox.append((to, Envelope(message_id, self._clock.now_ms(), message, cause)))

    # --- going on -------------------------------------------------------------------------------

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hear and call until cancelled."""
        task_status.started()
        while True:
            if self._inbox:
                self._hear(*self._inbox.popleft())
            elif (timer := self._due_timer()) is not None:
                actor, fired = timer
                del self._timers[actor, fired.name]
                told = TimerFired(fired.name, fired.generation, fired.due_ms)
                name = timer_message_id(actor, fired.name, fired.generation)
                self._tell(actor, name, told)
            elif (call := self._due_call()) is not None:
                await self._make(call)
            else:
                await trio.sleep(_LOOK_S)

    def _hear(self, actor: ActorId, envelope: Envelope) -> None:
        living = self._actors.get(actor) or wake(actor, None)
        effects = living.hear(envelope, self._clock.now_ms(), self._around)
        if living.exists:
            self._actors[actor] = living
        for index, effect in enumerate(effects or ()):
            self._do(actor, envelope.id, index, effect)

    def _do(self, actor: ActorId, cause: MessageId, index: int, effect: Effect) -> None:
        match effect:
            case Tell(to, message):
                self._tell(to, told_id(actor, cause, index), message, cause)
            case SetTimer():
                self._timers[actor, effect.name] = effect
            case ClearTimer(name):
                self._timers.pop((actor, name), None)
            case Drop(topic):
                self._drop(actor, topic)
            case Withdraw(withdrawn, call):
                if self._remove(lambda one: one.effect == withdrawn):
                    told = CallRejected(withdrawn, call, Fault(outcomes.WITHDRAWN))
                    self._tell(actor, answer_id(withdrawn, 0, "withdrawn"), told, cause)
            case Do(call, not_before_ms, _, topic):
                if topic is not None:
                    self._drop(actor, topic)
                now_ms = self._clock.now_ms()
                key = effect_id(actor, cause, index)
                if isinstance(call, Say):
                    self.said.append(said(key, call, topic))
                pending = _Pending(key, actor, call, max(now_ms, not_before_ms or 0), topic)
                self._lanes.setdefault(lane_of(actor, call), []).append(pending)
            case _:
                # Other names are not needed where our own is always given, and notes are no acts.
                pass

    def _drop(self, actor: ActorId, topic: str) -> None:
        self._remove(lambda one: one.actor == actor and one.topic == topic)

    def _remove(self, which: Callable[[_Pending], bool]) -> bool:
        gone = [one for lane in self._lanes.values() for one in lane if which(one)]
        for lane in self._lanes.values():
            lane[:] = [one for one in lane if not which(one)]
        return bool(gone)

    # --- the way out ----------------------------------------------------------------------------

    def _due_timer(self) -> tuple[ActorId, SetTimer] | None:
        now_ms = self._clock.now_ms()
        due = [(one.due_ms, actor, one) for (actor, _), one in self._timers.items()]
        due = [each for each in due if each[0] <= now_ms]
        return min(due, key=lambda each: each[:2])[1:] if due else None

    def _due_call(self) -> _Pending | None:
        now_ms = self._clock.now_ms()
        for lane in self._lanes.values():
            for call in lane:
                if call.due_ms <= now_ms:
                    return call
        return None

    async def _make(self, pending: _Pending) -> None:
        call = pending.call
        self._lanes[lane_of(pending.actor, call)].remove(pending)
        sender = self.sender_of(destination_of(call))
        assert sender is not None, call
        attempt_id = f"{pending.effect}.1"
        attempt = Attempt(attempt_id, 1, self._clock.now_ms(), pending.actor, pending.effect)
        self._calling = True
        try:
            outcome = await sender.perform(call, attempt)
        finally:
            self._calling = False
        if not isinstance(outcome, Delivered):
            raise RuntimeError(f"{call}: {outcome}, in a world in which nothing goes wrong")
        if outcome.answer is not None:
            self._tell(pending.actor, answer_id(pending.effect, 1, "answer"), outcome.answer)


# --- setting it up ------------------------------------------------------------------------------


class _Door:
    """Takes webhooks and lets the real receivers read them."""

    def __init__(self, clock: SimClock) -> None:
        self.receivers: dict[str, tuple[str, Receiver]] = {}
        self.take: Callable[[Event], None] = lambda _event: None
        self._clock = clock
        routes = [Route("/{path:path}", self._post, methods=["POST"])]
        self.server = LoopbackServer(Starlette(routes=routes), Activity(clock.activity))

    async def _post(self, request: Request) -> Response:
        _, receiver = self.receivers[request.url.path]
        reception = receiver.receive(
            HttpRequest(
                method=request.method,
                path=request.url.path,
                query=(),
                headers=dict(request.headers),
                body=await request.body(),
                now_ms=self._clock.now_ms(),
            )
        )
        for event in reception.events:
            assert isinstance(event, Event), event
            self.take(event)
        return Response(reception.answer.body, reception.answer.status)


@asynccontextmanager
async def open_core(folder: Path, begins_ms: int) -> AsyncIterator[Core]:
    """A world of its own with the core in it, from `begins_ms` on. `folder`: private and empty."""
    clock = SimClock.frozen_at(begins_ms)
    async with open_world(clock) as world, trio.open_nursery() as nursery:
        door = _Door(clock)
        await nursery.start(door.server.run)
        path = folder / "core.toml"
        database, flow = folder / "none.db", shipped_flow().absolute()
        text = world.config_toml(
            folder, door.server.port, _NO_PORT, database, flow, language=LANGUAGE
        )
        path.write_text(text, encoding="utf-8")
        loaded = load_all(path, {})
        assert isinstance(loaded, tuple), loaded
        config, source = loaded
        core = Core(world, flows.surroundings(config, source, {source.version: source.flow}))
        async with wiring.open_vendors(config) as vendors:
            door.receivers, door.take = dict(vendors.receivers), core.take
            core.sender_of = vendors.sender_of
            await nursery.start(core.run)
            yield core
            nursery.cancel_scope.cancel()
