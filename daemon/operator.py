"""The operator's commands, as the running daemon carries them out.

What lives here: one function a command, from plain values to plain values. What must not: how
questions come in (`operator_socket`), or how answers are printed (`operator_cli`).
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, get_type_hints

import msgspec
import trio

from actors.codec import Unreadable, decode_call, decode_message
from actors.ids import ActorId, EffectId
from daemon.clock import Clock
from daemon.histories import ACTORS_MAX, Histories
from daemon.pauses import WHATS, Pauses
from daemon.registry import Registry
from daemon.relay import Relay
from state.rows import DeadLetterRow, OutboxRow, SettleAs
from state.store import Store, StoreError

LIST_MAX = 200
_READS = frozenset({"status", "dead_letters", "dead_letter", "unknown", "heard", "called"})


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line from an operator."""

    command: str
    arguments: dict[str, str | int | bool] = {}


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line back; `error` says what is wrong in words for people."""

    result: Any = None
    error: str | None = None


class Refused(Exception):
    """The command cannot be carried out; the message is for the operator."""


class Operator:
    """The commands."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        registry: Registry,
        relay: Relay,
        pauses: Pauses,
        about: Mapping[str, str | int],
        *,
        default_language: str = "en",
    ) -> None:
        """`about`: what `status` tells of this process that never changes."""
        self._store = store
        self._clock = clock
        self._registry = registry
        self._relay = relay
        self._pauses = pauses
        self._about = about
        self._histories = Histories(store, default_language)
        self._began_ms = clock.now_ms()
        self._commands: dict[str, Callable[..., Awaitable[object]]] = {
            "status": self._status,
            "dead_letters": self._dead_letters,
            "dead_letter": self._dead_letter,
            "replay": self._replay,
            "drop": self._drop,
            "release": self._release,
            "unknown": self._unknown,
            "conversation": self._conversation,
            "heard": self._heard,
            "called": self._called,
            "settle": self._settle,
            "pause": self._pause,
            "resume": self._resume,
        }

    async def answer(self, question: Question) -> Answer:
        """Carry a command out; never raises for what an operator asks. May block."""
        command = self._commands.get(question.command)
        if command is None:
            return Answer(error=f"there is no command {question.command[:40]!r}")
        if not _fit(question.arguments, command):
            return Answer(error=f"{question.command}: wrong arguments")
        try:
            return Answer(await command(**question.arguments))
        except Refused as refusal:
            return Answer(error=str(refusal))
        except StoreError as error:
            return Answer(error=f"the store refused: {type(error).__name__}")

    def mends(self, command: str) -> bool:
        """Whether there is such a command, and it may change something or shows what people wrote.

        Of pages of the same conversation, asking for the conversation itself stands for all.
        """
        return command in self._commands and command not in _READS

    # --- looking --------------------------------------------------------------------------------

    async def _status(self) -> dict[str, object]:
        counts = await self._store.counts()
        now_ms = self._clock.now_ms()
        return {
            **self._about,
            "epoch": self._store.epoch,
            "up_s": (now_ms - self._began_ms) // 1000,
            "paused": list(self._pauses.paused),
            "actors": counts.actors,
            "live_actors": self._registry.live_count,
            "messages_waiting": counts.inbox_open,
            "dead_letters": counts.inbox_dead,
            "calls": counts.outbox,
            "calls_under_way": self._relay.active,
            "waiting_for_destination": self._relay.waiting(now_ms),
            "timers": counts.timers,
            "parked": counts.parked,
        }

    async def _dead_letters(self, after: int = 0, limit: int = 50) -> list[dict[str, object]]:
        rows = await self._store.dead_letters(after, _page(limit))
        return [_shown(row) for row in rows]

    async def _dead_letter(self, position: int, body: bool = False) -> dict[str, object]:
        row = await self._store.dead_letter(position)
        if row is None:
            raise Refused(f"there is no dead letter {position}")
        shown = _shown(row)
        if body:
            # Personal data: shown to the one who asks, on their terminal, and nowhere else.
            shown["body"] = row.body.decode("utf-8", "backslashreplace")
        return shown

    async def _unknown(self, after: int = 0, limit: int = 50) -> list[dict[str, object]]:
        rows = await self._store.unknown_sends(after, _page(limit))
        return [_call_shown(row) for row in rows]

    async def _conversation(self, conversation: str) -> dict[str, object]:
        found = await self._histories.conversation(conversation, self._clock.now_ms())
        if found is None:
            raise Refused(f"there is no conversation {conversation}, or it cannot be read")
        return found

    async def _heard(self, actors: str, after: int = 0) -> dict[str, object]:
        return await self._histories.heard(_some(actors), max(after, 0))

    async def _called(self, actors: str, after: int = 0) -> dict[str, object]:
        return await self._histories.called(_some(actors), max(after, 0))

    # --- mending --------------------------------------------------------------------------------

    async def _replay(self, position: int) -> str:
        if not await self._store.replay_dead_letter(position, self._clock.now_ms()):
            raise Refused(f"there is no dead letter {position} that anybody could hear")
        return f"dead letter {position} is in its actor's inbox again"

    async def _drop(self, position: int) -> str:
        if not await self._store.drop_dead_letter(position):
            raise Refused(f"there is no dead letter {position}")
        return f"dead letter {position} is gone"

    async def _release(self, actor: str) -> str:
        if not await self._store.release(ActorId(actor), self._clock.now_ms()):
            raise Refused(f"{actor} is not quarantined, or there is no such actor")
        return f"{actor} is active again"

    async def _settle(self, effect: str, outcome: str) -> str:
        words = {
            "delivered": SettleAs.DELIVERED,
            "dropped": SettleAs.DROPPED,
            "resend": SettleAs.RESEND,
        }
        if outcome not in words:
            raise Refused(f"say one of {', '.join(words)}")
        now_ms = self._clock.now_ms()
        if not await self._store.settle_unknown(EffectId(effect), words[outcome], now_ms):
            raise Refused(f"{effect} is not of unknown fate (any more)")
        return f"{effect}: {outcome}"

    async def _pause(self, what: str) -> str:
        await self._switch(what, self._pauses.pause)
        return f"{what} are paused; what is under way goes on"

    async def _resume(self, what: str) -> str:
        await self._switch(what, self._pauses.resume)
        self._relay.resumed()
        return f"{what} go on"

    async def _switch(self, what: str, switch: Callable[[str], None]) -> None:
        if what not in WHATS:
            raise Refused(f"say one of {', '.join(WHATS)}")
        try:
            await trio.to_thread.run_sync(switch, what)
        except OSError as error:
            raise Refused(f"it could not be written down: {error.strerror}") from error


def _fit(arguments: Mapping[str, object], command: Callable[..., object]) -> bool:
    """Whether a command takes these arguments, by name and by type."""
    kinds = get_type_hints(command)
    try:
        inspect.signature(command).bind(**arguments)
    except TypeError:
        return False
    return all(
        type(value) is kinds[name] and (not isinstance(value, int) or abs(value) < 1 << 63)
        for name, value in arguments.items()
    )


def _some(actors: str) -> list[str]:
    named = actors.split(",")
    if len(named) > ACTORS_MAX:
        raise Refused(f"more than {ACTORS_MAX} actors")
    return named


def _page(limit: int) -> int:
    """How many rows to list; to the database, less than nothing would mean all of them."""
    return max(1, min(limit, LIST_MAX))


def _shown(row: DeadLetterRow) -> dict[str, object]:
    try:
        message = type(decode_message(row.body)).__name__
    except Unreadable:
        message = "?"
    return {
        "position": row.position,
        "message": message,
        "message_id": row.message_id,
        "actor": row.actor,
        "at_ms": row.at_ms,
        "dead_at_ms": row.dead_at_ms,
        "error": row.error,
        "replayed_at_ms": row.replayed_at_ms,
    }


def _call_shown(row: OutboxRow) -> dict[str, object]:
    try:
        call = type(decode_call(row.body)).__name__
    except Unreadable:
        call = "?"
    return {
        "position": row.position,
        "effect": row.effect,
        "call": call,
        "actor": row.actor,
        "destination": row.destination,
        "at_ms": row.at_ms,
        "attempts": row.attempts,
        "looked_at_again_ms": row.due_ms,
    }
