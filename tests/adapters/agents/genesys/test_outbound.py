"""Each call on the wire, and its answers when all is well or nearly so."""

from __future__ import annotations

from typing import Any

import pytest

from actors import outcomes
from actors.calls import CloseDesk, OpenDesk, Promise, QueryDesk, ReportLine, SendToDesk
from actors.messages import DeskClosed, DeskObserved, DeskOpened
from actors.outcomes import Delivered
from actors.values import DeskState
from adapters.agents.genesys.outbound import GenesysSender
from tests.adapters.agents.genesys.fake import (
    CLOSE,
    CONVERSATION,
    HND,
    INTEGRATION,
    ISO_NOW,
    LINE,
    NOW,
    OPEN,
    QUERY,
    REPORT,
    Answer,
    FakeGenesys,
    perform,
    rejected,
    transient,
)

BASE = "/api/v2/conversations/messages"
CUSTOMER = {"id": "p1", "purpose": "customer", "state": "connected"}
AGENT = {"id": "p3", "purpose": "agent", "state": "connected", "name": "Rita"}


async def test_opening(genesys: FakeGenesys, sender: GenesysSender) -> None:
    outcome = await perform(sender, OPEN)
    assert outcome == Delivered("g-1", DeskOpened(CONVERSATION))
    (seen,) = genesys.said("message")
    assert seen.path == f"{BASE}/{INTEGRATION}/inbound/open/message"
    assert seen.query == {"prefetchConversationId": "true"}
    assert seen.headers["authorization"] == "Bearer token-1"
    assert seen.headers["content-type"] == "application/json"
    assert seen.json == {
        "channel": {
            "messageId": f"{HND}.open",
            "from": {"id": HND, "idType": "Opaque", "nickname": "Ana"},
            "time": ISO_NOW,
            "metadata": {"customAttributes": {"job": "failed", "device": "R7"}},
        },
        "text": "Bot: hello\nAna: help",
    }


async def test_opening_without_a_conversation_is_looked_up(
    genesys: FakeGenesys, sender: GenesysSender
) -> None:
    genesys.answers["message"] = [Answer(202, {"id": "g-1"})]
    assert await perform(sender, OPEN) == Delivered("g-1", DeskOpened(CONVERSATION))
    genesys.answers["message"] = [Answer(202, {"id": "g-1"})]
    genesys.answers["details"] = [Answer(404)]
    assert await perform(sender, OPEN) == Delivered("g-1", DeskOpened(None))
    genesys.answers["message"] = [Answer(200, {"id": "a/b", "conversationId": "../x"})]
    assert await perform(sender, OPEN) == Delivered("a/b", DeskOpened(None))
    genesys.answers["message"] = [Answer(204)]
    assert await perform(sender, OPEN) == Delivered(None, DeskOpened(None))


async def test_opening_refused_for_its_attributes_goes_without(
    genesys: FakeGenesys, sender: GenesysSender
) -> None:
    genesys.answers["message"] = [Answer(400, {"code": "bad.request", "status": 400})]
    assert await perform(sender, OPEN) == Delivered("g-1", DeskOpened(CONVERSATION))
    first, second = (one.json for one in genesys.said("message"))
    del first["channel"]["metadata"]
    assert first == second
    genesys.answers["message"] = [Answer(400), Answer(400)]
    assert rejected(await perform(sender, OPEN)).fault.code == outcomes.INVALID
    genesys.answers["message"] = [Answer(400)]
    bare = OpenDesk(HND, "x", {}, None, NOW)
    assert rejected(await perform(sender, bare)).fault.code == outcomes.INVALID
    assert len(genesys.said("message")) == 5


async def test_opening_with_nothing_to_tell(genesys: FakeGenesys, sender: GenesysSender) -> None:
    await perform(sender, OpenDesk(HND, " \n", {}, "  ", NOW))
    (seen,) = genesys.said("message")
    assert seen.json["text"] == "…"
    assert "nickname" not in seen.json["channel"]["from"]
    assert "metadata" not in seen.json["channel"]


async def test_line(genesys: FakeGenesys, sender: GenesysSender) -> None:
    assert await perform(sender, LINE) == Delivered("g-1")
    (seen,) = genesys.said("message")
    assert seen.query == {}
    assert seen.json == {
        "channel": {
            "messageId": "msg_1",
            "from": {"id": HND, "idType": "Opaque"},
            "time": ISO_NOW,
        },
        "text": "hello?",
    }


@pytest.mark.parametrize("length", [4001, 20_000])
async def test_long_lines_are_cut(genesys: FakeGenesys, sender: GenesysSender, length: int) -> None:
    await perform(sender, SendToDesk(HND, "msg_1", "م" * length, NOW))
    text = genesys.said("message")[0].json["text"]
    assert len(text) == 4000
    assert text.endswith("م…")


@pytest.mark.parametrize("text", ["", "  \n\t"])
async def test_blank_lines_are_refused_here(
    genesys: FakeGenesys, sender: GenesysSender, text: str
) -> None:
    outcome = await perform(sender, SendToDesk(HND, "msg_1", text, NOW))
    assert rejected(outcome).fault.code == outcomes.INVALID
    assert genesys.seen == []


async def test_a_line_of_emoji_arrives_whole(genesys: FakeGenesys, sender: GenesysSender) -> None:
    text = "👨‍👩‍👧 שלום 😀"
    await perform(sender, SendToDesk(HND, "msg_1", text, NOW))
    assert genesys.said("message")[0].json["text"] == text


async def test_query(genesys: FakeGenesys, sender: GenesysSender) -> None:
    genesys.participants = [CUSTOMER, AGENT]
    outcome = await perform(sender, QUERY)
    assert outcome == Delivered(answer=DeskObserved(DeskState.ACTIVE, "Rita"))
    assert genesys.said("get")[0].path == f"{BASE}/{CONVERSATION}"
    genesys.answers["get"] = [Answer(404, {"code": "not.found"})]
    assert await perform(sender, QUERY) == Delivered(answer=DeskObserved(DeskState.GONE))


@pytest.mark.parametrize("body", [{}, {"participants": None}, {"participants": {"a": 1}}, []])
async def test_a_conversation_of_another_shape_tells_nothing(
    genesys: FakeGenesys, sender: GenesysSender, body: Any
) -> None:
    genesys.answers["get"] = [Answer(200, body)]
    assert transient(await perform(sender, QUERY)).fault.code == outcomes.UNREADABLE


@pytest.mark.parametrize("ref", ["", "..", "a/b", "a?b", "é", "x" * 65])
async def test_a_reference_cannot_lead_elsewhere(
    genesys: FakeGenesys, sender: GenesysSender, ref: str
) -> None:
    for call in (QueryDesk(HND, ref), CloseDesk(HND, ref)):
        assert rejected(await perform(sender, call)).fault.code == outcomes.INVALID
    assert genesys.seen == []


async def test_close(genesys: FakeGenesys, sender: GenesysSender) -> None:
    genesys.participants = [{**CUSTOMER, "id": "p0", "state": "disconnected"}, CUSTOMER, AGENT]
    assert await perform(sender, CLOSE) == Delivered(answer=DeskClosed())
    (seen,) = genesys.said("patch")
    assert seen.path == f"{BASE}/{CONVERSATION}/participants/p1"
    assert seen.json == {"state": "disconnected"}


async def test_close_where_none_is_ours(genesys: FakeGenesys, sender: GenesysSender) -> None:
    genesys.participants = [AGENT]
    assert await perform(sender, CLOSE) == Delivered(answer=DeskClosed())
    assert genesys.said("patch_all")[0].json == {"state": "disconnected"}


async def test_close_of_what_is_over(genesys: FakeGenesys, sender: GenesysSender) -> None:
    closed = Delivered(answer=DeskClosed())
    genesys.participants = [{**CUSTOMER, "state": "disconnected"}]
    assert await perform(sender, CLOSE) == closed
    genesys.answers["get"] = [Answer(404)]
    assert await perform(sender, CLOSE) == closed
    assert genesys.said("patch") == []
    genesys.participants = [CUSTOMER]
    genesys.answers["patch"] = [Answer(404)]
    assert await perform(sender, CLOSE) == closed


async def test_close_in_conflict_or_forbidden(genesys: FakeGenesys, sender: GenesysSender) -> None:
    genesys.participants = [CUSTOMER]
    genesys.answers["patch"] = [Answer(409), Answer(403, {"code": "missing.permissions"})]
    assert transient(await perform(sender, CLOSE)).fault.code == outcomes.LOCKED
    refused = rejected(await perform(sender, CLOSE))
    assert refused.alarm
    assert refused.fault.code == outcomes.FORBIDDEN
    assert "missing.permissions" in refused.fault.detail


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (outcomes.WINDOW_CLOSED, "MessageExpired"),
        (outcomes.EXPIRED, "MessageExpired"),
        (outcomes.RECIPIENT, "InvalidDestination"),
        (outcomes.RATE_LIMITED, "RateLimited"),
        (outcomes.PAYMENT, "GeneralError"),
        ("a code of tomorrow", "GeneralError"),
    ],
)
async def test_failed_receipt(
    genesys: FakeGenesys, sender: GenesysSender, code: str, reason: str
) -> None:
    assert await perform(sender, ReportLine(HND, "c327c207", code)) == Delivered("g-2")
    (seen,) = genesys.said("receipt")
    assert seen.path == f"{BASE}/{INTEGRATION}/inbound/open/receipt"
    body = seen.json
    assert body.pop("reasons")[0].items() >= {"code": reason}.items()
    assert body == {
        "id": "c327c207",
        "channel": {"to": {"id": HND, "idType": "Opaque"}, "time": ISO_NOW},
        "status": "Failed",
        "isFinalReceipt": True,
    }


async def test_a_receipt_can_be_refused_under_a_200(
    genesys: FakeGenesys, sender: GenesysSender
) -> None:
    said = {"status": "Failed", "reasons": [{"code": "UnknownMessage", "message": "Ana Silva"}]}
    genesys.answers["receipt"] = [Answer(200, said), Answer(404)]
    refused = rejected(await perform(sender, REPORT))
    assert refused.fault.detail == "the receipt was refused: UnknownMessage"
    late = rejected(await perform(sender, REPORT))
    assert late.fault.code == outcomes.NOT_FOUND
    assert not late.alarm


async def test_everything_may_be_asked_again(sender: GenesysSender) -> None:
    for call in (OPEN, LINE, QUERY, CLOSE, REPORT):
        assert sender.promise(call) is Promise.REPEATABLE
