"""One turn of an actor: messages in, one unit of work out. Pure.

What lives here: folding `decide` over a batch, what happens when it raises, and translating
effects into rows. What must not: tasks, the store, a clock. The unit is committed as a whole; then
and only then anything happens.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence

from msgspec import Struct, field

from actors import outcomes
from actors.calls import Call, destination_of, lane_of
from actors.codec import Unreadable, decode_message, encode_call, encode_message
from actors.conversation.state import Surroundings
from actors.effects import (
    Alias,
    ClearTimer,
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
from actors.ids import ActorId, EffectId, answer_id, effect_id, told_id
from actors.kinds import AnyLiving
from actors.messages import CallRejected, Envelope, Message, TimerFired
from actors.values import Fault
from daemon.redaction import describe_exception
from state.rows import (
    ActorRow,
    ActorStatus,
    Commit,
    DeadLetter,
    InboxRow,
    NewEffect,
    NewMessage,
    Timer,
    Withdrawal,
)

FAILURES_MAX = 3
"""Messages in a row on which `decide` raises, before the actor is quarantined."""
RECOVERIES_MAX = 3
"""How often a message may be about to be handled by a process that then died."""

HANDLED = "handled"
RAISED = "raised"
QUARANTINED = "quarantined"
UNREADABLE = "unreadable"
POISON = "poison"
NOBODY = "nobody"


class Heard(Struct, frozen=True):
    """One handled message, for the log."""

    row: InboxRow
    message: str
    """The type of the message."""
    outcome: str
    effects: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    error: str | None = None
    """Where `decide` raised, and what kind of error: never words, which may be a customer's."""
    steps: tuple[str, ...] = ()
    """The steps of the flow that were gone through."""


class TurnResult(Struct, frozen=True):
    """What a turn wants written, and what it should be remembered for."""

    commit: Commit
    heard: tuple[Heard, ...]


class _Fold(Struct):
    """The unit of work as it grows from message to message."""

    actor: ActorId
    now_ms: int
    status: ActorStatus
    failures: int
    dead: list[DeadLetter] = field(default_factory=list)
    messages: list[NewMessage] = field(default_factory=list)
    effects: dict[str, NewEffect] = field(default_factory=dict)
    withdrawals: list[Withdrawal] = field(default_factory=list)
    topics_dropped: list[str] = field(default_factory=list)
    timers: dict[str, Timer | None] = field(default_factory=dict)
    aliases: list[str] = field(default_factory=list)


def run_turn(
    living: AnyLiving,
    at_rest: ActorRow | None,
    rows: Sequence[InboxRow],
    now_ms: int,
    around: Surroundings,
    *,
    poison: str | None = None,
) -> TurnResult:
    """Fold a batch. `poison`: why the batch, one message, is set aside without a look.

    Never raises for anything that an actor does; `living` has moved on when this returns.
    """
    fold = _Fold(
        living.actor,
        now_ms,
        at_rest.status if at_rest is not None else ActorStatus.ACTIVE,
        at_rest.failures if at_rest is not None else 0,
    )
    heard = tuple(_hear(fold, living, row, around, poison=poison) for row in rows)
    living.keep()
    timers = fold.timers
    dead = {letter.position for letter in fold.dead}
    commit = Commit(
        actor=living.actor,
        expected_version=at_rest.version if at_rest is not None else 0,
        status=fold.status,
        state=living.encoded() if living.exists else b"",
        at_ms=now_ms,
        failures=fold.failures,
        flow_version=living.flow_version,
        handled=tuple(row.position for row in rows if row.position not in dead),
        dead=tuple(fold.dead),
        messages=tuple(fold.messages),
        effects=tuple(fold.effects.values()),
        withdrawals=tuple(fold.withdrawals),
        topics_dropped=tuple(fold.topics_dropped),
        timers_set=tuple(timer for timer in timers.values() if timer is not None),
        timers_cleared=tuple(name for name, timer in timers.items() if timer is None),
        aliases=tuple(fold.aliases),
    )
    return TurnResult(commit, heard)


def _hear(
    fold: _Fold, living: AnyLiving, row: InboxRow, around: Surroundings, *, poison: str | None
) -> Heard:
    try:
        body = decode_message(row.body)
    except Unreadable as error:
        fold.dead.append(DeadLetter(row.position, f"unreadable: {type(error).__name__}"))
        return Heard(row, "?", UNREADABLE)
    envelope = Envelope(row.message_id, row.at_ms, body, row.cause)
    name = type(body).__name__
    if poison is not None:
        fold.dead.append(DeadLetter(row.position, poison))
        return _fall_back(fold, living, row, envelope, around, POISON, None)
    if fold.status is ActorStatus.QUARANTINED:
        return _fall_back(fold, living, row, envelope, around, QUARANTINED, None)
    try:
        effects = living.hear(envelope, fold.now_ms, around)
        _check(effects)
    except Exception as error:  # noqa: BLE001  (a bug of ours: loud, set aside, and answered)
        living.rewind()
        fold.failures += 1
        if fold.failures >= FAILURES_MAX:
            fold.status = ActorStatus.QUARANTINED
        fold.dead.append(DeadLetter(row.position, _place(error)))
        trace = describe_exception(error)
        return _fall_back(fold, living, row, envelope, around, RAISED, trace)
    if effects is None:
        return Heard(row, name, NOBODY)
    fold.failures = 0
    if fold.status is ActorStatus.FINISHED and any(isinstance(e, Do | SetTimer) for e in effects):
        # It has begun something new; a late message alone does not bring it back.
        fold.status = ActorStatus.ACTIVE
    steps = next((effect.steps for effect in effects if isinstance(effect, Walked)), ())
    return Heard(row, name, HANDLED, *_apply(fold, row, effects), steps=steps)


def _check(effects: tuple[Effect, ...] | None) -> None:
    """Raise for what cannot be written, such as half a character, while it can be set aside."""
    for effect in effects or ():
        match effect:
            case Do(call):
                encode_call(call)
            case Tell(_, message):
                encode_message(message)
            case _:
                pass


def _fall_back(
    fold: _Fold,
    living: AnyLiving,
    row: InboxRow,
    envelope: Envelope,
    around: Surroundings,
    outcome: str,
    trace: str | None,
) -> Heard:
    name = type(envelope.body).__name__
    quarantined = fold.status is ActorStatus.QUARANTINED
    try:
        effects = living.fall_back(envelope, fold.now_ms, around, quarantined=quarantined)
    except Exception as error:  # noqa: BLE001  (even the fallback has a bug: the daemon stays up)
        trace = f"{trace or ''}\nand in the fallback:\n{describe_exception(error)}".lstrip()
        if all(letter.position != row.position for letter in fold.dead):
            fold.dead.append(DeadLetter(row.position, _place(error)))
        return Heard(row, name, outcome, error=trace)
    return Heard(row, name, outcome, *_apply(fold, row, effects or ()), trace)


def _place(error: Exception) -> str:
    # The exception's own words may quote what a customer wrote: only its type and place are kept.
    kind = type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return kind
    return f"{kind} at {frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}"


def _apply(
    fold: _Fold, row: InboxRow, effects: tuple[Effect, ...]
) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    names: list[str] = []
    notes: list[Note] = []
    for index, effect in enumerate(effects):
        match effect:
            case Do():
                names.append(type(effect.call).__name__)
                _do(fold, row, index, effect)
            case Tell(to, message):
                names.append(f"Tell:{type(message).__name__}")
                fold.messages.append(_message(fold, row, index, to, message))
            case Withdraw(withdrawn, call):
                names.append("Withdraw")
                _withdraw(fold, row, withdrawn, call)
            case Drop(topic):
                fold.topics_dropped.append(topic)
                _replace_topic(fold, topic)
            case SetTimer(name, generation, due_ms):
                body = encode_message(TimerFired(name, generation, due_ms))
                fold.timers[name] = Timer(fold.actor, name, generation, due_ms, body)
            case ClearTimer(name):
                fold.timers[name] = None
            case Alias(name):
                fold.aliases.append(name)
            case Note():
                notes.append(effect)
            case Walked():
                pass  # `_hear` tells of it
            case Finish():
                names.append("Finish")
                if fold.status is ActorStatus.ACTIVE:
                    fold.status = ActorStatus.FINISHED
    return tuple(names), tuple(notes)


def _message(fold: _Fold, row: InboxRow, index: int, to: ActorId, message: Message) -> NewMessage:
    return NewMessage(
        told_id(fold.actor, row.message_id, index),
        to,
        fold.now_ms,
        encode_message(message),
        row.message_id,
    )


def _do(fold: _Fold, row: InboxRow, index: int, effect: Do) -> None:
    if effect.topic is not None:
        _replace_topic(fold, effect.topic)
    key = effect_id(fold.actor, row.message_id, index)
    fold.effects[key] = NewEffect(
        effect=key,
        lane=lane_of(fold.actor, effect.call),
        destination=destination_of(effect.call),
        body=encode_call(effect.call),
        cause=row.message_id,
        at_ms=fold.now_ms,
        not_before_ms=effect.not_before_ms,
        not_after_ms=effect.not_after_ms,
        topic=effect.topic,
    )


def _replace_topic(fold: _Fold, topic: str) -> None:
    """Forget what an earlier message of the same batch said about a topic."""
    for key in [key for key, effect in fold.effects.items() if effect.topic == topic]:
        del fold.effects[key]


def _withdraw(fold: _Fold, row: InboxRow, own: EffectId, call: Call) -> None:
    told = NewMessage(
        answer_id(own, 0, "withdrawn"),
        fold.actor,
        fold.now_ms,
        encode_message(CallRejected(own, call, Fault(outcomes.WITHDRAWN))),
        row.message_id,
    )
    if own in fold.effects:
        # Decided and taken back within one batch: it never existed.
        del fold.effects[own]
        fold.messages.append(told)
    else:
        fold.withdrawals.append(Withdrawal(own, told))
