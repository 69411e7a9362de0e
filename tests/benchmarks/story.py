"""One customer's story, played on the real core in simulated time: what it leaves in a database.

What lives here: a small shell around `run_turn` that answers every call at once, and the rows that
come of it. What must not: a database, or more than one customer (`population` makes many of one).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from actors.calls import Call, OpenDesk, QueryDesk, QueryJob, StartJob, WebRequest
from actors.codec import decode_call, decode_message, encode_message
from actors.conversation.state import Surroundings
from actors.flow.reader import FlowSource
from actors.ids import CONVERSATION, ActorId, actor_id, answer_id, timer_message_id
from actors.kinds import AnyLiving, wake
from actors.messages import (
    CustomerWrote,
    DeskObserved,
    DeskOpened,
    Message,
    ProviderReported,
    RequestAnswered,
    Road,
    Typed,
)
from actors.values import Customer, DeskState
from adapters.whatsapp.inbound import alias_of, message_id_of
from daemon.actor_loop import row_of
from daemon.turn import run_turn
from state.rows import ActorRow, Commit, InboxRow, NewEffect, NewMessage, Timer
from tests.benchmarks.answers import customer_system, job_state

_ANSWER_MS = 120
"""How long a vendor takes in a story."""

Said = Sequence[tuple[int, str]]
"""What a customer types: seconds after the beginning, and the text."""

CHATS_A_LOT: Said = (
    (0, "hello"),
    (12, "plan"),
    (25, "bill"),
    (38, "outage"),
    (50, "restart"),
    (60, "yes"),
    (75, "status"),
    (88, "my internet is slow in the evening"),
    (100, "plan"),
)
"""Enough for a whole transcript of twenty lines, with a job beside it."""
WITH_A_PERSON: Said = (*CHATS_A_LOT, (115, "agent"), (130, "it has been slow since Monday"))
BEGINS_JOB_S = 60
"""When the customer of `CHATS_A_LOT` confirms the restart."""


class Story(Struct):
    """What a story left behind."""

    customer: Customer
    conversation: ActorId
    actors: dict[ActorId, ActorRow] = field(default_factory=dict)
    heard: list[InboxRow] = field(default_factory=list)
    """All handled."""
    calls: list[tuple[ActorId, NewEffect]] = field(default_factory=list)
    """All delivered."""
    timers: dict[tuple[ActorId, str], Timer] = field(default_factory=dict)

    @property
    def alias(self) -> str:
        """By what the conversation is known."""
        return alias_of(self.customer.business_number, self.customer.identifier)


def shipped_surroundings(source: FlowSource) -> Surroundings:
    """What a turn may know in the shipped flow.

    People are there at any time: no figure may hang on the hour at which it is taken.
    """
    always = replace(source.flow.handover, hours=None, closed=None)
    flow = replace(source.flow, handover=always)
    return Surroundings({source.version: flow}, source.version, "en")


class _Play:
    def __init__(self, story: Story, around: Surroundings, job_s: float) -> None:
        self.story = story
        self._around = around
        self._job_s = job_s
        self._living: dict[ActorId, AnyLiving] = {}
        self._due: list[tuple[int, int, NewMessage | Timer]] = []
        self._counted = 0

    def later(self, at_ms: int, what: NewMessage | Timer) -> None:
        self._counted += 1
        heapq.heappush(self._due, (at_ms, self._counted, what))

    def until(self, end_ms: int) -> None:
        """Let everything happen that is due; of what comes later, only timers are kept."""
        while self._due:
            at_ms, _, what = heapq.heappop(self._due)
            if isinstance(what, NewMessage):
                self._hear(what, at_ms)
            elif at_ms <= end_ms and self.story.timers.get((what.actor, what.name)) is what:
                del self.story.timers[what.actor, what.name]
                message_id = timer_message_id(what.actor, what.name, what.generation)
                self._hear(NewMessage(message_id, what.actor, at_ms, what.body), at_ms)

    def _hear(self, message: NewMessage, now_ms: int) -> None:
        story, actor = self.story, message.actor
        living = self._living.get(actor)
        if living is None:
            living = self._living[actor] = wake(actor, None)
        row = InboxRow(
            len(story.heard) + 1, message.message_id, actor, now_ms, message.body, message.cause
        )
        result = run_turn(living, story.actors.get(actor), [row], now_ms, self._around)
        assert all(one.error is None for one in result.heard), result.heard
        story.heard.append(row)
        at_rest = row_of(result.commit)
        if at_rest is not None:
            story.actors[actor] = at_rest
        self._carry_out(actor, result.commit, now_ms)

    def _carry_out(self, actor: ActorId, commit: Commit, now_ms: int) -> None:
        for message in commit.messages:
            self.later(now_ms, message)
        for name in commit.timers_cleared:
            self.story.timers.pop((actor, name), None)
        for timer in commit.timers_set:
            self.story.timers[actor, timer.name] = timer
            self.later(timer.due_ms, timer)
        for effect in commit.effects:
            self.story.calls.append((actor, effect))
            done_ms = max(now_ms, effect.not_before_ms or 0) + _ANSWER_MS
            answer = self._answer(effect, decode_call(effect.body), done_ms)
            if answer is not None:
                told = NewMessage(
                    answer_id(effect.effect, 1, "answer"),
                    actor,
                    done_ms,
                    encode_message(answer),
                    effect.cause,
                )
                self.later(done_ms, told)

    def _answer(self, effect: NewEffect, call: Call, now_ms: int) -> Message | None:
        match call:
            case WebRequest(path=path):
                body = msgspec.json.encode(customer_system(path, self.story.customer.identifier))
                return RequestAnswered(effect.effect, 200, msgspec.Raw(body))
            case StartJob():
                name = job_name(self.story.customer.identifier, now_ms)
                return self._report(call.attempt, name, now_ms, Road.START)
            case QueryJob(provider_job=str(name)):
                return self._report(call.attempt, name, now_ms, Road.QUERY)
            case OpenDesk():
                return DeskOpened(f"desk-{self.story.customer.identifier}")
            case QueryDesk():
                return DeskObserved(DeskState.ACTIVE, "Rita")
            case _:
                return None

    def _report(self, attempt: int, name: str, now_ms: int, road: Road) -> Message:
        state = job_state(name, now_ms, self._job_s)
        return ProviderReported(
            attempt,
            state.state,
            road,
            provider_job=name,
            step=state.step,
            percent=state.percent,
            seq=state.seq,
        )


def job_name(identifier: str, started_ms: int) -> str:
    """The provider's id of a job; says when it was started, so that nobody has to remember."""
    return f"pj-{identifier}-{started_ms}"


def play(
    customer: Customer,
    around: Surroundings,
    said: Said,
    *,
    begins_ms: int,
    until_ms: int,
    job_s: float = 3600.0,
) -> Story:
    """The story of one customer from `begins_ms` to `until_ms`; a job takes `job_s`."""
    actor = actor_id(CONVERSATION, customer.identifier)
    stage = _Play(Story(customer, actor), around, job_s)
    for number, (after_s, text) in enumerate(said):
        at_ms = begins_ms + after_s * 1000
        if at_ms > until_ms:
            break
        body = encode_message(CustomerWrote(customer, Typed(text), at_ms))
        message_id = message_id_of(f"wamid.{customer.identifier}.{number}")
        stage.later(at_ms, NewMessage(message_id, actor, at_ms, body))
    stage.until(until_ms)
    return stage.story


def kinds_of(story: Story) -> list[str]:
    """The kinds of message that were heard; for tests."""
    return [type(decode_message(row.body)).__name__ for row in story.heard]
