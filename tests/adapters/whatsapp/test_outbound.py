"""The sender, over real HTTP on loopback."""

from __future__ import annotations

import pytest
import trio

from actors import outcomes
from actors.calls import Promise, QueryJob
from actors.ids import ActorId
from actors.outcomes import Delivered, Outcome, Rejected, Transient, Unknown
from actors.values import Fault
from adapters.ports import Sender
from adapters.whatsapp import WhatsAppSender
from tests.adapters.telco.loopback import http_client
from tests.adapters.whatsapp.helpers import NUMBER, attempt, choices, say, settings
from tests.adapters.whatsapp.wire import TAKEN, Vendor, answer, vendor

WAMID = TAKEN["messages"][0]["id"]


async def send(there: Vendor, deadline_s: float = 5.0) -> Outcome:
    async with http_client() as client:
        sender = WhatsAppSender(client, settings(api_url=there.url, send_deadline_s=deadline_s))
        return await sender.perform(say("Hello"), attempt())


async def test_what_goes_over_the_wire() -> None:
    async with vendor() as there, http_client() as client:
        sender: Sender = WhatsAppSender(client, settings(api_url=there.url + "/"))
        outcome = await sender.perform(say("Grüße 😀", choices=choices(2)), attempt())
    assert outcome == Delivered(WAMID)
    (seen,) = there.seen
    assert seen.line == f"POST /v25.0/{NUMBER}/messages HTTP/1.1"
    assert seen.headers["authorization"] == "Bearer EAAtoken"
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["user-agent"]
    sent = seen.json()
    assert sent["biz_opaque_callback_data"] == "att_1"
    assert sent["interactive"]["body"]["text"] == "Grüße 😀"


async def test_answer_for_a_user_id() -> None:
    taken = {
        "contacts": [{"input": "US.1", "user_id": "US.1"}],
        "messages": [{"id": "wamid.1", "message_status": "accepted"}],
    }
    async with vendor() as there:
        there.reply = answer(200, taken)
        assert await send(there) == Delivered("wamid.1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>maintenance</html>",
        b"\xff",
        b"[" * 50_000,
        {},
        [],
        None,
        {"messages": []},
        {"messages": {}},
        {"messages": ["wamid.1"]},
        {"messages": [{"id": None}]},
        {"messages": [{"id": ""}]},
        {"error": {"code": 100}},
    ],
)
async def test_success_that_cannot_be_read_is_unknown(body: object) -> None:
    async with vendor() as there:
        there.reply = answer(200, body)
        outcome = await send(there)
    assert isinstance(outcome, Unknown)
    assert outcome.fault.code == outcomes.UNREADABLE
    assert len(there.seen) == 1


async def test_error_of_the_vendor() -> None:
    error = {"error": {"message": "(#131047) Re-engagement message", "code": 131047}}
    async with vendor() as there:
        there.reply = answer(400, error)
        outcome = await send(there)
    assert outcome == Rejected(Fault(outcomes.WINDOW_CLOSED, "http 400, code 131047"))


async def test_a_gateway_in_between() -> None:
    async with vendor() as there:
        there.reply = answer(502, b"<html>Bad Gateway</html>")
        assert await send(there) == Unknown(Fault(outcomes.UNAVAILABLE, "http 502"))


async def test_a_redirect_is_not_followed() -> None:
    async with vendor() as there, vendor() as elsewhere:
        there.reply = answer(307, b"", f"location: {elsewhere.url}/")
        outcome = await send(there)
    assert isinstance(outcome, Transient)
    assert outcome.pause_destination
    assert not elsewhere.seen


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 -\r\ncontent-le", b"no http at all\r\n\r\n"])
@pytest.mark.parametrize("reset", [False, True])
async def test_broken_off_is_unknown(reply: bytes, reset: bool) -> None:
    async with vendor() as there:
        there.reply, there.reset = reply, reset
        outcome = await send(there)
    assert isinstance(outcome, Unknown)


async def test_half_a_body_is_unknown() -> None:
    async with vendor() as there:
        there.reply = answer(200, TAKEN)[:-20]
        assert isinstance(await send(there), Unknown)


@pytest.mark.parametrize("reply", [b"", answer(200, TAKEN)[:-20]])
async def test_the_deadline_is_for_the_whole_call(reply: bytes) -> None:
    async with vendor() as there:
        there.reply, there.then_hang = reply, True
        with trio.fail_after(3):
            outcome = await send(there, deadline_s=0.2)
    assert isinstance(outcome, Unknown)
    assert outcome.fault.code == outcomes.TIMEOUT
    assert len(there.seen) == 1


async def test_nobody_listens() -> None:
    async with vendor() as there:
        pass
    outcome = await send(there)
    assert isinstance(outcome, Transient)
    assert outcome.fault.code == outcomes.CONNECT
    assert not outcome.pause_destination


async def test_refused_before_anything_is_sent() -> None:
    async with vendor() as there, http_client() as client:
        sender = WhatsAppSender(client, settings(api_url=there.url))
        eleven = await sender.perform(say("?", choices=choices(11)), attempt())
        stranger = await sender.perform(say("Hello", number="999"), attempt())
    assert isinstance(eleven, Rejected)
    assert eleven.fault.code == outcomes.INVALID
    assert isinstance(stranger, Rejected)
    assert stranger.alarm
    assert stranger.fault.code == outcomes.NOT_CONFIGURED
    assert not there.seen


async def test_calls_of_others_are_a_bug() -> None:
    query = QueryJob(ActorId("job_x"), 1, "main")
    async with http_client() as client:
        sender = WhatsAppSender(client, settings())
        assert sender.promise(say("Hello")) is Promise.RECONCILED
        with pytest.raises(TypeError, match="QueryJob"):
            sender.promise(query)
        with pytest.raises(TypeError, match="QueryJob"):
            await sender.perform(query, attempt())
