"""What the daemon keeps of a conversation is shown to the operator who asks, page by page."""

from __future__ import annotations

import pytest

from actors.codec import decode_call, decode_message, encode_message
from actors.conversation.state import Surroundings
from actors.flow.reader import encode_flow
from actors.ids import CONVERSATION, ActorId, MessageId, actor_id
from actors.kinds import wake
from actors.messages import CustomerWrote, Typed
from daemon import histories
from daemon.turn import run_turn
from state.rows import Arrival, InboxRow, ToActor
from tests.actors.small_flow import SMALL, VERSION, around
from tests.daemon.asking import Asked
from tests.daemon.parts import CUSTOMER, NOW_MS, Shell, shell

AROUND: Surroundings = around()
CHAT = actor_id(CONVERSATION, "a chat")
WROTE = CustomerWrote(CUSTOMER, Typed("hello"), NOW_MS)


async def chatted(parts: Shell, actor: ActorId = CHAT) -> None:
    """A customer wrote, and the bot began to look them up."""
    store = parts.store
    await store.keep_flow(VERSION, encode_flow(SMALL), NOW_MS)
    body = encode_message(WROTE)
    await store.accept([Arrival(MessageId(f"wa:{actor}"), ToActor(actor), NOW_MS, body)])
    rows: list[InboxRow] = await store.open_inbox(actor, 0, 9)
    await store.commit(run_turn(wake(actor, None), None, rows, NOW_MS + 5, AROUND).commit)


async def test_a_conversation_is_shown_with_its_flow_and_its_helpers() -> None:
    async with shell() as parts:
        parts.registry.stop()
        await chatted(parts)
        about = await Asked(parts).fine("conversation", conversation=CHAT)
        now_ms = parts.clock.now_ms()
    assert NOW_MS <= about.pop("now_ms") <= now_ms
    assert about == {
        "flow_version": VERSION,
        "flow": encode_flow(SMALL).decode(),
        "default_language": "en",
        "jobs": [],
        "handovers": [],
    }


async def test_what_was_heard_and_called_comes_with_its_end() -> None:
    async with shell() as parts:
        parts.registry.stop()
        await chatted(parts)
        asked = Asked(parts)
        heard = await asked.fine("heard", actors=CHAT)
        called = await asked.fine("called", actors=f"{CHAT},job_none")
    assert heard["after"] is None
    [row] = heard["rows"]
    assert decode_message(row.pop("body").encode()) == WROTE
    assert row == {
        "position": row["position"],
        "message_id": f"wa:{CHAT}",
        "actor": CHAT,
        "at_ms": NOW_MS,
        "cause": None,
        "dead": False,
    }
    [row] = called["rows"]
    assert type(decode_call(row["body"].encode())).__name__ == "WebRequest"
    assert (row["cause"], row["state"], row["attempts"]) == (f"wa:{CHAT}", "pending", 0)


async def test_pages_are_bounded_and_lead_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "SPAN", 2)
    other = actor_id(CONVERSATION, "another")
    async with shell() as parts:
        parts.registry.stop()
        for actor in (other, CHAT, other):
            body = encode_message(WROTE)
            name = MessageId(f"m{parts.disk.inbox_last}")
            await parts.store.accept([Arrival(name, ToActor(actor), NOW_MS, body)])
        asked = Asked(parts)
        first = await asked.fine("heard", actors=other)
        second = await asked.fine("heard", actors=other, after=first["after"])
    assert [len(page["rows"]) for page in (first, second)] == [1, 1]
    assert (first["after"], second["after"]) == (2, None)


async def test_who_is_no_conversation_is_refused() -> None:
    async with shell() as parts:
        asked = Asked(parts)
        for name in (CHAT, "cnv_x", "job_" + CHAT[4:], ""):
            told = await asked.refused("conversation", conversation=name)
            assert told == f"there is no conversation {name}, or it cannot be read"
        assert "more than 500 actors" in await asked.refused("heard", actors="," * 500)


async def test_who_asks_for_a_conversation_leaves_a_line() -> None:
    async with shell() as parts:
        operator = Asked(parts).operator
        assert operator.mends("conversation")
        assert not operator.mends("heard")
        assert not operator.mends("called")
