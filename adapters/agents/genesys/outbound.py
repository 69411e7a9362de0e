"""What the daemon asks of Genesys: open a chat, add a line, look, close, report.

What lives here: each call's requests, and what their answers mean. What must not: when to look, or
how often to try. https://developer.genesys.cloud/commdigital/digital/openmessaging/

No request to this vendor tells us when an agent accepts or a chat ends, so the hand-over looks
(`QueryDesk`). Whether Genesys drops a repeated message id is not documented: a line whose answer
was lost is repeated all the same.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx
import trio

from actors import outcomes
from actors.calls import (
    Call,
    CloseDesk,
    OpenDesk,
    Promise,
    QueryDesk,
    ReportLine,
    SendToDesk,
    promise_of,
)
from actors.messages import DeskClosed, DeskObserved, DeskOpened
from actors.outcomes import Delivered, Outcome, Rejected, Transient
from actors.values import DeskState, Fault
from adapters.agents.genesys import wire
from adapters.agents.genesys.api import Budget, GenesysApi
from adapters.agents.genesys.faults import describe, refusal, unreadable
from adapters.agents.genesys.participants import derive, is_alive, is_customer
from adapters.agents.genesys.settings import GenesysSettings
from adapters.agents.genesys.shapes import at, objects_at, text_at, word
from adapters.http import HttpReply
from adapters.ports import Attempt

_MESSAGES = "/api/v2/conversations/messages"
_CLOSED = Delivered(answer=DeskClosed())
_DISCONNECTED = b'{"state":"disconnected"}'


class GenesysSender:
    """The sender of one integration; any number of calls at a time."""

    def __init__(self, transport: httpx.AsyncBaseTransport, settings: GenesysSettings) -> None:
        """`transport` stays its owner's: it is neither set up nor closed here."""
        self._api = GenesysApi(transport, settings)
        self._settings = settings
        self._inbound = f"{_MESSAGES}/{quote(settings.integration_id, safe='')}/inbound/open"

    def promise(self, call: Call) -> Promise:
        """As `actors.calls.promise_of`: everything a desk is asked may be asked again."""
        return promise_of(call)

    async def perform(self, call: Call, attempt: Attempt) -> Outcome:
        """Make the call within `call_deadline_s` in all. May block; a checkpoint.

        Never `Unknown`: what was lost on the way may be repeated and so is `Transient`.
        """
        await trio.lowlevel.checkpoint()
        until = trio.current_time() + self._settings.call_deadline_s
        budget = Budget(attempt.now_ms, until)
        match call:
            case OpenDesk():
                return await self._open(call, budget)
            case SendToDesk():
                return await self._send(call, budget)
            case QueryDesk():
                return await self._query(call, budget)
            case CloseDesk():
                return await self._close(call, budget)
            case ReportLine():
                return await self._report(call, budget)
            case _:
                raise TypeError(f"no call for a desk: {type(call).__name__}")

    async def _open(self, call: OpenDesk, budget: Budget) -> Outcome:
        content = wire.opening(call, self._settings)
        reply = await self._post_message(budget, content, prefetch=True)
        if isinstance(reply, HttpReply) and reply.status == 400 and call.attributes:
            # Their limits for attributes are not published; better a chat without them than none.
            content = wire.opening(call, self._settings, attributes=False)
            reply = await self._post_message(budget, content, prefetch=True)
        data = _understood(reply, budget)
        if isinstance(data, Transient | Rejected):
            return data
        message_id = text_at(data, "id")
        ref = word(text_at(data, "conversationId"))
        if ref is None and (known := word(message_id)):
            ref = await self._look_up(known, budget)
        return Delivered(message_id, DeskOpened(ref))

    async def _look_up(self, message_id: str, budget: Budget) -> str | None:
        """The conversation of a message, at best: the chat is open whether we find it or not."""
        path = f"{_MESSAGES}/{message_id}/details"
        data = _understood(await self._api.request(budget, "GET", path), budget)
        if isinstance(data, Transient | Rejected):
            return None
        return word(text_at(data, "conversationId"))

    async def _send(self, call: SendToDesk, budget: Budget) -> Outcome:
        if not call.text.strip():
            # Genesys takes no message without text; a 400 would look like a fault of the chat.
            return Rejected(Fault(outcomes.INVALID, "a blank line"))
        content = wire.line(call, self._settings)
        data = _understood(await self._post_message(budget, content), budget)
        if isinstance(data, Transient | Rejected):
            return data
        return Delivered(text_at(data, "id"))

    async def _post_message(
        self, budget: Budget, content: bytes, *, prefetch: bool = False
    ) -> HttpReply | Transient | Rejected:
        # Only with this does the answer name the conversation; it takes them longer.
        query = {"prefetchConversationId": "true"} if prefetch else None
        path = f"{self._inbound}/message"
        return await self._api.request(budget, "POST", path, query=query, content=content)

    async def _query(self, call: QueryDesk, budget: Budget) -> Outcome:
        people = await self._participants(call.desk_ref, budget)
        if people is None:
            return Delivered(answer=DeskObserved(DeskState.GONE))
        return Delivered(answer=derive(people)) if isinstance(people, list) else people

    async def _close(self, call: CloseDesk, budget: Budget) -> Outcome:
        people = await self._participants(call.desk_ref, budget)
        if people is None:
            return _CLOSED
        if not isinstance(people, list):
            return people
        ours = [one for one in people if is_customer(one)]
        alive = [one for one in ours if is_alive(one)]
        if ours and not alive:
            return _CLOSED
        # The agent sees the customer leave and keeps the time for after-call work. Where none of
        # the participants is ours, the conversation itself is closed, for everybody.
        paths = [f"/participants/{key}" for one in alive if (key := word(text_at(one, "id")))]
        for path in paths or [""]:
            reply = await self._api.request(
                budget, "PATCH", f"{_conversation(call.desk_ref)}{path}", content=_DISCONNECTED
            )
            if not isinstance(reply, HttpReply):
                return reply
            if reply.status != 404 and not 200 <= reply.status < 300:
                return refusal(reply, budget.now_ms)
        return _CLOSED

    async def _participants(
        self, desk_ref: str, budget: Budget
    ) -> list[dict[str, Any]] | Transient | Rejected | None:
        """Who is in the conversation; None where it is not known (any more)."""
        if word(desk_ref) is None:
            return Rejected(Fault(outcomes.INVALID, "not a conversation's id"))
        reply = await self._api.request(budget, "GET", _conversation(desk_ref))
        if isinstance(reply, HttpReply) and reply.status == 404:
            return None
        data = _understood(reply, budget)
        if isinstance(data, Transient | Rejected):
            return data
        if not isinstance(at(data, "participants"), list):
            return Transient(Fault(outcomes.UNREADABLE, "a conversation without participants"))
        return objects_at(data, "participants")

    async def _report(self, call: ReportLine, budget: Budget) -> Outcome:
        content = wire.failed_receipt(call, budget.now_ms)
        path = f"{self._inbound}/receipt"
        reply = await self._api.request(budget, "POST", path, content=content)
        if isinstance(reply, HttpReply) and reply.status == 404:
            # Most likely the line is gone with its chat: nothing for the operator to mend.
            return Rejected(Fault(outcomes.NOT_FOUND, describe(reply)))
        data = _understood(reply, budget)
        if isinstance(data, Transient | Rejected):
            return data
        # The answer is a receipt itself, and may say no under a status of 200.
        if (text_at(data, "status") or "").lower() == "failed":
            codes = [word(text_at(one, "code")) for one in objects_at(data, "reasons")]
            detail = "the receipt was refused: " + ", ".join(code for code in codes if code)
            return Rejected(Fault(outcomes.INVALID, detail.removesuffix(": ")))
        return Delivered(text_at(data, "id"))


def _conversation(desk_ref: str) -> str:
    return f"{_MESSAGES}/{desk_ref}"


def _understood(
    reply: HttpReply | Transient | Rejected, budget: Budget
) -> dict[str, Any] | Transient | Rejected:
    """The object in a 2xx answer (an empty answer is an empty one), else what went wrong."""
    if isinstance(reply, Transient | Rejected):
        return reply
    if not 200 <= reply.status < 300:
        return refusal(reply, budget.now_ms)
    if not reply.body.strip():
        return {}
    data = reply.json()
    if not isinstance(data, dict):
        return unreadable(reply, "a success that is not JSON")
    return data
