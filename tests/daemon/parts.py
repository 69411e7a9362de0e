"""Parts of the shell for tests: a core that does as told, clocks, senders, a store with faults.

Actors of these tests keep a notebook of what they heard; a `Core` says what else they do on a word.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
import trio
from msgspec import Struct
from structlog.typing import FilteringBoundLogger

from actors.calls import Call, CloseDesk, Promise, Purpose, Say, promise_of
from actors.codec import StateCodec, encode_call, encode_message
from actors.conversation.state import Surroundings
from actors.effects import Decision
from actors.ids import ActorId, EffectId, MessageId
from actors.kinds import AnyLiving, Kind, Living
from actors.messages import CustomerLine, Envelope, Message
from actors.outcomes import Delivered, Outcome
from actors.turn import Turn
from actors.values import Customer
from adapters.ports import Attempt, Sender
from daemon import actor_loop
from daemon.actor_loop import ActorLoop
from daemon.metrics import Metrics
from daemon.registry import Registry
from daemon.relay import Relay
from daemon.sending import Pace
from daemon.timers import Timers
from daemon.tree import Switchboard
from state.memory_disk import MemoryDisk
from state.rows import (
    ActorStatus,
    Arrival,
    Commit,
    InboxRow,
    NewEffect,
    OutboxRow,
    ToActor,
)
from tests.actors.small_flow import around
from tests.daemon.trouble import Trouble

NOW_MS = 1_800_000_000_000
DAY_MS = 86_400_000
ANN = ActorId("cnv_ann")
BOB = ActorId("cnv_bob")
CUSTOMER = Customer("106", "51999", "+51999")
AROUND = around()
PACE = Pace(attempts_max=5, backoff_first_s=1.0, backoff_max_s=8.0, reconcile_after_s=90.0)
SORRY = Say(CUSTOMER, Purpose.REPLY, "sorry")


class Notebook(Struct, frozen=True):
    """The state of an actor of these tests."""

    heard: tuple[str, ...] = ()
    timers: dict[str, int] = {}
    timer_generation: int = 0


NOTEBOOK = StateCodec(Notebook, 1, {})
Act = Callable[[Turn[Notebook]], object]


def word_of(envelope: Envelope) -> str:
    body = envelope.body
    return body.text if isinstance(body, CustomerLine) else type(body).__name__


class Core:
    """Notes every message; `script` says what else is done on a word. Words may also raise."""

    def __init__(self) -> None:
        self.script: dict[str, Act] = {}
        self.fallback: Act = lambda turn: turn.do(SORRY)
        self._kind = Kind(NOTEBOOK, self._decide, self._fall_back)

    def wake(self, actor: ActorId, data: bytes | None) -> AnyLiving:
        return cast(AnyLiving, Living(self._kind, actor, data))

    def _decide(
        self, actor: ActorId, state: Notebook | None, envelope: Envelope, now_ms: int, _: object
    ) -> Decision[Notebook] | None:
        word = word_of(envelope)
        if state is None and word == "late":
            return None
        turn = Turn(actor, envelope, now_ms, state or Notebook())
        turn.set(heard=(*turn.state.heard, word))
        act = self.script.get(word)
        if act is not None:
            act(turn)
        return turn.decision()

    def _fall_back(
        self,
        actor: ActorId,
        state: Notebook | None,
        envelope: Envelope,
        now_ms: int,
        _: Surroundings,
        *,
        quarantined: bool,
    ) -> Decision[Notebook] | None:
        turn = Turn(actor, envelope, now_ms, state or Notebook())
        self.fallback(turn)
        return turn.decision()


def breaks(words: str = "the customer's own words") -> Act:
    def act(_turn: Turn[Notebook]) -> None:
        raise ValueError(words)

    return act


def line(word: str) -> bytes:
    return encode_message(CustomerLine(word, NOW_MS))


def row(
    word: str | Message, position: int = 1, *, actor: ActorId = ANN, epoch: int = 1
) -> InboxRow:
    body = line(word) if isinstance(word, str) else encode_message(word)
    return InboxRow(position, MessageId(f"m{position}"), actor, NOW_MS, body, None, epoch)


def arrival(message_id: str, word: str, actor: ActorId = ANN) -> Arrival:
    return Arrival(MessageId(message_id), ToActor(actor), NOW_MS, line(word))


def call_row(call: Call, **more: Any) -> OutboxRow:
    """Return a row as it is claimed for its first attempt, the customer's window open."""
    plain: dict[str, Any] = {
        "position": 1,
        "effect": EffectId("eff_one"),
        "actor": ANN,
        "lane": "lane",
        "destination": "whatsapp:106",
        "body": encode_call(call),
        "cause": MessageId("cause"),
        "at_ms": NOW_MS,
        "attempts": 1,
        "due_ms": NOW_MS,
        "window_until_ms": NOW_MS + DAY_MS,
    }
    return OutboxRow(**{**plain, **more})


# --- time, the log, vendors ---------------------------------------------------------------------


class HandClock:
    """Stands still until it is turned."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self._now_ms = now_ms
        self.changed = trio.Event()

    def now_ms(self) -> int:
        return self._now_ms

    def turn(self, by_ms: int) -> None:
        self._now_ms += by_ms
        self.changed.set()
        self.changed = trio.Event()

    async def sleep_until(self, due_ms: int) -> None:
        await trio.lowlevel.checkpoint()
        while due_ms > self._now_ms:
            await self.changed.wait()


class TrioClock:
    """The time of day runs with trio's own clock, which tests let jump."""

    changed = trio.Event()

    def now_ms(self) -> int:
        return NOW_MS + round(trio.current_time() * 1000)

    async def sleep_until(self, due_ms: int) -> None:
        await trio.sleep(max(0, due_ms - self.now_ms()) / 1000)


class Log:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []
        self._told = trio.Event()

    def __getattr__(self, level: str) -> Callable[..., None]:
        def tell(event: str, **fields: Any) -> None:
            self.lines.append((level, event, fields))
            self._told.set()

        return tell

    def bind(self, **_fields: Any) -> Log:
        return self

    async def until(self, event: str) -> None:
        """Wait until something is logged; the tests' time limit ends what never is."""
        while not self.of(event):
            self._told = trio.Event()
            await self._told.wait()

    def of(self, event: str) -> list[dict[str, Any]]:
        return [fields for _, told, fields in self.lines if told == event]

    @property
    def logger(self) -> FilteringBoundLogger:
        return cast(FilteringBoundLogger, self)


Answer = Callable[[Call, Attempt], Awaitable[Outcome]]


class Vendor:
    """A sender that keeps what it was asked and answers from a list, then `Delivered`."""

    def __init__(self, *outcomes: Outcome, answer: Answer | None = None) -> None:
        self.calls: list[tuple[Call, Attempt]] = []
        self.outcomes = list(outcomes)
        self.promised: Promise | None = None
        self.active = 0
        self.active_most = 0
        self._answer = answer
        self._called = trio.Event()

    def promise(self, call: Call) -> Promise:
        return self.promised or promise_of(call)

    async def perform(self, call: Call, attempt: Attempt) -> Outcome:
        self.calls.append((call, attempt))
        self._called.set()
        self.active += 1
        self.active_most = max(self.active_most, self.active)
        try:
            await trio.lowlevel.checkpoint()
            if self._answer is not None:
                return await self._answer(call, attempt)
            return self.outcomes.pop(0) if self.outcomes else Delivered()
        finally:
            self.active -= 1

    async def until(self, calls: int) -> None:
        """Wait until so many calls were made."""
        while len(self.calls) < calls:
            self._called = trio.Event()
            await self._called.wait()

    @property
    def said(self) -> list[str]:
        """The words of each call, whatever its kind."""
        return [call.text if isinstance(call, Say) else say_of(call) for call, _ in self.calls]


def say_of(call: Call) -> str:
    return call.desk_ref if isinstance(call, CloseDesk) else type(call).__name__


# --- all of it together -------------------------------------------------------------------------


class Shell:
    """A store, the registry with its actors, the relay and the timers, wired as in the tree."""

    def __init__(
        self,
        nursery: trio.Nursery,
        disk: MemoryDisk,
        *,
        live_actors_max: int = 100,
        mailbox_max: int = 4,
        actor_idle_s: float = 60.0,
        batch_max: int = 8,
        concurrency: int = 4,
        timers_per_second_max: int = 100,
    ) -> None:
        self.disk = disk
        self.log = Log()
        self.metrics = Metrics()
        self.clock = TrioClock()
        self.vendors: dict[str, Vendor] = {}
        bell = Switchboard()
        self.store = Trouble(disk, bell)
        store: Any = self.store
        self.loop = ActorLoop(
            store,
            self.clock,
            lambda: AROUND,
            self.metrics,
            self.log.logger,
            batch_max=batch_max,
            expect=lambda effects: self.relay.expect(effects),
        )
        self.registry = Registry(
            nursery,
            self.loop.live,
            self.metrics,
            live_actors_max=live_actors_max,
            mailbox_max=mailbox_max,
        )
        self.loop.registry = self.registry
        nursery.start_soon(self.registry.put_to_sleep, actor_idle_s)
        self.relay = Relay(
            store,
            self.clock,
            self.sender_of,
            self.metrics,
            self.log.logger,
            pace=PACE,
            concurrency_of=lambda _name: concurrency,
        )
        self.timers = Timers(store, self.clock, self.metrics, per_second_max=timers_per_second_max)
        bell.connect(self.registry, self.relay, self.timers)

    def sender_of(self, destination: str) -> Sender | None:
        return self.vendors.get(destination)

    async def hear(self, *words: str, actor: ActorId = ANN) -> None:
        """Accept messages, one unit each; ids follow their number in the whole test."""
        for word in words:
            number = self.disk.inbox_last + 1
            await self.store.accept([arrival(f"x{number}", word, actor)])

    async def owe(self, *effects: NewEffect, actor: ActorId = ANN) -> None:
        """Put calls into the outbox, and open the window of their actor."""
        self.disk.windows.setdefault(actor, NOW_MS + 30 * DAY_MS)
        at_rest = await self.store.store.load(actor)
        version = 0 if at_rest is None else at_rest.version
        await self.store.store.commit(
            Commit(actor, version, ActorStatus.ACTIVE, b"", NOW_MS, effects=effects)
        )

    def notebook(self, actor: ActorId = ANN) -> tuple[str, ...]:
        at_rest = self.disk.actors.get(actor)
        return NOTEBOOK.decode(at_rest.state).heard if at_rest and at_rest.state else ()

    def open_positions(self) -> list[int]:
        return [at for at, letter in self.disk.letters.items() if letter.done_ms is None]

    def dead(self) -> dict[str, str]:
        """Message id -> why it was set aside."""
        letters = self.disk.letters.values()
        return {one.row.message_id: one.error for one in letters if one.error is not None}

    def state_of(self, effect: str) -> str:
        return self.disk.calls[EffectId(effect)].state


@asynccontextmanager
async def shell(
    core: Core | None = None,
    monkeypatch: pytest.MonkeyPatch | None = None,
    *,
    disk: MemoryDisk | None = None,
    **limits: Any,
) -> AsyncIterator[Shell]:
    """Run a shell for the block, then cancel whatever is left of it."""
    if core is not None and monkeypatch is not None:
        monkeypatch.setattr(actor_loop, "wake", core.wake)
    async with trio.open_nursery() as nursery:
        yield Shell(nursery, disk or MemoryDisk(), **limits)
        nursery.cancel_scope.cancel()


def owed(name: str, call: Call | None = None, **more: Any) -> NewEffect:
    """Return a call for the outbox: to the desk, by default, so that no window matters."""
    plain: dict[str, Any] = {
        "effect": EffectId(name),
        "lane": "lane",
        "destination": "agents",
        "body": encode_call(call or CloseDesk(ANN, name)),
        "cause": MessageId("cause"),
        "at_ms": NOW_MS,
    }
    return NewEffect(**{**plain, **more})


def jitter(seed: int, longest_s: float = 0.01) -> Callable[[], float]:
    chance = random.Random(seed)
    return lambda: chance.random() * longest_s
