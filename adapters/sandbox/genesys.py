"""The simulated Genesys Cloud: one Open Messaging integration with its queue and its agents.

What lives here: the token, the inbound endpoints, looking at and ending conversations, and signed
webhooks (https://developer.genesys.cloud/commdigital/digital/openmessaging/). What must not: the
state of a chat (`desk`) or what a body may hold (`genesys_rules`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from adapters.sandbox import genesys_rules as rules
from adapters.sandbox.agenda import Agenda
from adapters.sandbox.desk import DeskChat, DeskLine
from adapters.sandbox.exchange import Answer, Asked, Handler, Reply, Route, System, reply
from adapters.sandbox.telco_jobs import rfc3339
from adapters.sandbox.troubles import Troubles
from adapters.sandbox.wire import Parcel, RetryRules, Wire

WEBHOOK_PATH = "/webhooks/genesys"
# Five retries, five seconds apart, on time-outs, 429 and 5xx; then the line is lost.
GENESYS_RETRIES = RetryRules(
    delays_ms=(5_000,) * 5,
    is_final=lambda status: status != 429 and 300 <= status < 500,
)
_CONVERSATIONS = "/api/v2/conversations/messages"


class SimulatedGenesys(System):
    """One organisation at Genesys Cloud. The same address serves as API and as login host."""

    def __init__(self, clock: Agenda, wire: Wire) -> None:
        super().__init__("genesys")
        self.integration_id = str(uuid.uuid4())
        self.queue_id = str(uuid.uuid4())
        self.client_id = str(uuid.uuid4())
        self.client_secret = secrets.token_urlsafe(32)
        self.webhook_secret = secrets.token_urlsafe(24)
        self.token_lifetime_s = 86_399
        self.chats: list[DeskChat] = []
        """All conversations, oldest first."""
        self.nobody = False
        """Whether no agent is at the desk: nobody accepts, whatever was arranged."""
        self.publish_receipts = True
        """Whether each line of the daemon is confirmed by a receipt on the webhook."""
        self.on_message = Troubles(clock)
        self.on_receipt = Troubles(clock)
        self.on_look = Troubles(clock)
        self.on_close = Troubles(clock)
        self.on_login = Troubles(clock)
        self._auto: tuple[int, str] | None = None
        self._tokens: dict[str, int] = {}
        self._clock = clock
        self._new_id = wire.new_id
        self.courier = wire.carrier(GENESYS_RETRIES, self._headers)
        self.routes = self._interface()
        self.server = wire.door(self)

    # --- for the player -----------------------------------------------------------------------

    @property
    def chat(self) -> DeskChat:
        """The latest chat that is open, else the latest; LookupError where there was none."""
        for chat in reversed(self.chats):
            if chat.open:
                return chat
        if not self.chats:
            raise LookupError("nobody has come to the desk")
        return self.chats[-1]

    def accept(self, name: str = "Rita") -> DeskChat:
        """An agent takes the latest chat."""
        if self.nobody:
            raise RuntimeError("nobody is at the desk")
        self.chat.accept(name)
        return self.chat

    def say(self, text: str) -> DeskLine:
        """The agent of the latest chat writes a line."""
        return self.chat.say(text)

    def reject(self) -> None:
        """The agent whose screen rings does not take it (rings first, where it is queued)."""
        if self.chat.state == "queued":
            self.chat.ring()
        self.chat.reject()

    def transfer(self, queue: str | None = None) -> None:
        """The agent of the latest chat sends it to another queue."""
        self.chat.transfer(queue)

    def end(self) -> None:
        """The agent of the latest chat ends it."""
        self.chat.end()

    def auto_accept_after(self, ms: int | None, name: str = "Rita") -> None:
        """From now on an agent takes each chat so long after it was queued; None: no more."""
        self._auto = None if ms is None else (ms, name)

    def fail_next(
        self,
        n: int = 1,
        *,
        status: int = 503,
        code: str = "service.unavailable",
        retry_after_s: int | None = None,
    ) -> None:
        """Refuse the next `n` inbound messages."""
        headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
        self.on_message.refuse(lambda: rules.error_answer(status, code, code, headers), n)

    def hang_next(self, n: int = 1, *, carried_out: bool = False) -> None:
        """Never answer the next `n` inbound messages."""
        self.on_message.hang(n, carried_out=carried_out)

    def drop_answer_next(self, n: int = 1) -> None:
        """Take the next `n` inbound messages, but close the connection unanswered."""
        self.on_message.drop(n, carried_out=True)

    def limit_login_next(self, n: int = 1) -> None:
        """Let the login host say that it was asked for too many tokens; it says so by a 400."""
        body = {"error": "invalid_request", "description": "rate limit exceeded; try later"}
        self.on_login.refuse(lambda: reply(400, body), n)

    def expire_tokens(self) -> None:
        """Take no token that was given out so far."""
        self._tokens.clear()

    # --- the wire -----------------------------------------------------------------------------

    def _interface(self) -> tuple[Route, ...]:
        def route(method: str, path: str, troubles: Troubles, handler: Handler) -> Route:
            return Route(method, _CONVERSATIONS + path, self._guarded(troubles.around(handler)))

        inbound = "/{integration}/inbound/open"
        return (
            Route("POST", "/oauth/token", self.on_login.around(self._token)),
            route("POST", inbound + "/message", self.on_message, self._message),
            route("POST", inbound + "/receipt", self.on_receipt, self._receipt),
            route("GET", "/{id}", self.on_look, self._look),
            route("PATCH", "/{id}", self.on_close, self._close),
            route("PATCH", "/{id}/participants/{participant}", self.on_close, self._close),
        )

    def _token(self, asked: Asked) -> Reply:
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        given = asked.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Basic {pair}".encode()):
            described = "client not found: invalid_client"
            body = {"error": "invalid_client", "description": described}
            return reply(401, {**body, "error_description": described})
        if asked.body != b"grant_type=client_credentials":
            described = "grant_type is not supported"
            return reply(400, {"error": "invalid_request", "description": described})
        token = secrets.token_urlsafe(32)
        self._tokens[token] = self._clock.now_ms() + self.token_lifetime_s * 1000
        body = {"access_token": token, "token_type": "bearer"}
        return reply(200, {**body, "expires_in": self.token_lifetime_s})

    def _guarded(self, handler: Handler) -> Handler:
        def guarded(asked: Asked) -> Answer:
            scheme, _, token = asked.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token:
                message = "No authentication bearer token specified in authorization header."
                return rules.error_answer(401, "authentication.required", message)
            if self._tokens.get(token, 0) <= self._clock.now_ms():
                return rules.error_answer(401, "bad.credentials", "Invalid login credentials.")
            if len(asked.body) > rules.BODY_MAX_BYTES:
                return rules.error_answer(413, "request.entity.too.large", "body over the limit")
            return handler(asked)

        return guarded

    def _message(self, asked: Asked) -> Reply:
        refused = self._refuse_integration(asked)
        if refused is not None:
            return refused
        body = asked.json()
        try:
            rules.check_message(body)
        except rules.Refused as refusal:
            return rules.error_answer(400, "bad.request", str(refusal))
        channel = body["channel"]
        chat = self._chat_of(channel["from"])
        metadata = channel.get("metadata") or {}
        chat.attributes |= metadata.get("customAttributes") or {}
        line = DeskLine(
            self._new_id(),
            "customer",
            body.get("text") or "[attachment]",
            self._clock.now_ms(),
            channel.get("messageId"),
        )
        chat.transcript.append(line)
        if self.publish_receipts:
            self._post_receipt(chat, line)
        answer = {
            "id": line.id,
            "channel": {**self._channel(line, line.message_id), "from": channel["from"]},
            "type": "Text",
            "text": line.text,
            "direction": "Inbound",
        }
        if asked.query.get("prefetchConversationId") == "true":
            answer["conversationId"] = chat.id
        return reply(200, answer)

    def _receipt(self, asked: Asked) -> Reply:
        refused = self._refuse_integration(asked)
        if refused is not None:
            return refused
        body = asked.json()
        try:
            rules.check_receipt(body)
        except rules.Refused as refusal:
            return rules.error_answer(400, "bad.request", str(refusal))
        lines = (line for chat in self.chats for line in chat.transcript)
        line = next((line for line in lines if line.id == body["id"]), None)
        if line is None:
            return rules.error_answer(404, "not.found", "there is no such message")
        line.receipt = body["status"]
        line.reasons = tuple(reason["code"] for reason in body.get("reasons") or ())
        # The answer is a receipt of its own: that of our receipt, which was taken.
        taken = {"id": body["id"], "channel": body["channel"], "type": "Receipt"}
        return reply(200, {**taken, "status": "Published", "direction": "Outbound"})

    def _look(self, asked: Asked) -> Reply:
        chat = self._by_id(asked.parts["id"])
        return _no_conversation() if chat is None else reply(200, chat.document())

    def _close(self, asked: Asked) -> Reply:
        chat = self._by_id(asked.parts["id"])
        if chat is None or not chat.open:
            return _no_conversation()
        body = asked.json()
        if not isinstance(body, dict) or body.get("state") != "disconnected":
            return rules.error_answer(400, "invalid.value", "state: must be disconnected")
        wanted = asked.parts.get("participant")
        if wanted is not None:
            found = next((p for p in chat.participants if p.id == wanted), None)
            if found is None:
                return rules.error_answer(404, "not.found", "there is no such participant")
            if found.purpose != "customer":
                found.leave("client")
                return Reply(204)
        # Where the customer leaves, nobody is left to talk to.
        chat.disconnect()
        return Reply(204)

    def _refuse_integration(self, asked: Asked) -> Reply | None:
        if asked.parts["integration"] == self.integration_id:
            return None
        return rules.error_answer(404, "not.found", "there is no such integration")

    def _chat_of(self, sender: dict[str, Any]) -> DeskChat:
        """The open chat of this customer, or a new one: the threading time-out is 0."""
        for chat in self.chats:
            if chat.open and chat.customer == sender["id"]:
                return chat
        chat = DeskChat(
            self._new_id(),
            sender["id"],
            self.queue_id,
            self._clock,
            self._post_line,
            self._post_typing,
            self._new_id,
            sender.get("nickname"),
        )
        self.chats.append(chat)
        if self._auto is not None:
            delay_ms, name = self._auto

            def take() -> None:
                if not self.nobody and chat.state == "queued":
                    chat.accept(name)

            self._clock.call_later(delay_ms, take)
        return chat

    def _by_id(self, conversation: str) -> DeskChat | None:
        return next((chat for chat in self.chats if chat.id == conversation), None)

    # --- webhooks -----------------------------------------------------------------------------

    def _post_line(self, chat: DeskChat, line: DeskLine, origin: str) -> None:
        body = self._outbound(chat, line, line.id, "Text")
        self._post(line.id, {**body, "text": line.text, "originatingEntity": origin})

    def _post_typing(self, chat: DeskChat) -> None:
        line = DeskLine(self._new_id(), "", "", self._clock.now_ms())
        typing = {"eventType": "Typing", "typing": {"type": "On", "duration": 5000}}
        self._post(line.id, {**self._outbound(chat, line, line.id, "Event"), "events": [typing]})

    def _post_receipt(self, chat: DeskChat, line: DeskLine) -> None:
        body = self._outbound(chat, line, line.message_id, "Receipt")
        published = {"status": "Published", "isFinalReceipt": False, "direction": "Inbound"}
        self._post(line.id, {**body, **published})

    def _outbound(
        self, chat: DeskChat, line: DeskLine, message_id: str | None, kind: str
    ) -> dict[str, Any]:
        sender = {"nickname": "routerbot", "id": self.integration_id, "idType": "Opaque"}
        channel = {
            **self._channel(line, message_id),
            "to": {"id": chat.customer, "idType": "Opaque"},
            "from": sender,
        }
        head = {"id": line.id, "channel": channel, "conversationId": chat.id}
        return {**head, "type": kind, "direction": "Outbound"}

    def _channel(self, line: DeskLine, message_id: str | None) -> dict[str, Any]:
        return {
            "id": self.integration_id,
            "platform": "Open",
            "type": "Private",
            "messageId": message_id,
            "to": {"id": self.integration_id},
            "time": rfc3339(line.at_ms),
        }

    def _post(self, key: str, body: dict[str, Any]) -> None:
        raw = json.dumps(body, ensure_ascii=False).encode()
        self.courier.post(Parcel(key, WEBHOOK_PATH, raw, self._clock.now_ms()))

    def _headers(self, parcel: Parcel) -> Mapping[str, str]:
        # Base64 here, where others write hex.
        digest = hmac.new(self.webhook_secret.encode(), parcel.body, hashlib.sha256).digest()
        signature = "sha256=" + base64.b64encode(digest).decode()
        return {"content-type": "application/json", "x-hub-signature-256": signature}


def _no_conversation() -> Reply:
    return rules.error_answer(404, "not.found", "there is no such conversation")
