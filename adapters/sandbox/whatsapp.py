"""The simulated WhatsApp Cloud API, and the network behind it that reaches the phones.

What lives here: https://developers.facebook.com/docs/whatsapp/cloud-api for one business number:
sending, statuses, webhooks with their signature and retries. What must not: what a body may hold
(`whatsapp_rules`) or what a customer does (`phone`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any, Literal

from adapters.sandbox import whatsapp_rules as rules
from adapters.sandbox.agenda import Agenda
from adapters.sandbox.exchange import Answer, Asked, Reply, Route, System, reply
from adapters.sandbox.phone import Phone, ShownMessage
from adapters.sandbox.troubles import Troubles
from adapters.sandbox.whatsapp_screen import shown
from adapters.sandbox.wire import Parcel, RetryRules, Wire

WEBHOOK_PATH = "/webhooks/whatsapp"

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000
# "Immediately, then a few more times with decreasing frequency over 7 days"; only 200 will do.
META_RETRIES = RetryRules(
    delays_ms=(0, 5_000, 30_000, 2 * _MINUTE, 10 * _MINUTE, _HOUR, 6 * _HOUR, 12 * _HOUR),
    repeat_last=True,
    keep_ms=7 * _DAY,
    is_taken=lambda status: status == 200,
)
_TYPING_MS = 25_000


class SimulatedWhatsApp(System):
    """One business number at the Cloud API, and everybody who has it in a chat."""

    def __init__(self, clock: Agenda, wire: Wire) -> None:
        super().__init__("whatsapp")
        self.business_account_id = "102290129340398"
        self.phone_number_id = "106540352242922"
        self.display_number = "15550783881"
        self.access_token = "EAA" + secrets.token_hex(24)
        self.app_secret = secrets.token_hex(16)
        self.verify_token = secrets.token_urlsafe(24)
        self.phones: dict[str, Phone] = {}
        """By their digits."""
        self.statuses: Literal["on", "off"] = "on"
        self.without_statuses: set[str] = set()
        """Digits of phones: of what they are sent, no status is ever posted."""
        self.sent_after_ms = 300
        """How long after a message is accepted its status `sent` is posted."""
        self.delivered_after_ms = 900
        self.window_refusal: Literal["at_once", "later"] = "at_once"
        """Whether a message outside the window is refused, or accepted and failed by a status."""
        self.rejected: list[tuple[int, str]] = []
        """Code and details of each message that broke a rule: the daemon should cause none."""
        self.on_send = Troubles(clock)
        """What goes wrong with the next messages that the daemon sends."""
        self._failing: list[int] = []
        self._clock = clock
        self._run = wire.new_id()
        self._counted = 0
        self._inbound: dict[str, Phone] = {}
        self.courier = wire.carrier(META_RETRIES, self._headers)
        path = "/{version}/{number}"
        self.routes = (
            Route("POST", path + "/messages", self._messages),
            Route("GET", path, self._number),
        )
        self.server = wire.door(self)

    # --- for the player -----------------------------------------------------------------------

    def phone(self, number: str, name: str = "Ana") -> Phone:
        """The phone with this number (E.164); made at the first call."""
        digits = _digits(number)
        if digits not in self.phones:
            self.phones[digits] = Phone(
                "+" + digits,
                name,
                self.display_number,
                self._clock.now_ms,
                self._post_inbound,
                self._post_read,
            )
        return self.phones[digits]

    def fail_next(
        self, n: int = 1, *, code: int = 131000, status: int | None = None, details: str = ""
    ) -> None:
        """Refuse the next `n` messages with this error of the Graph API."""
        self.on_send.refuse(lambda: rules.error_answer(code, details, status), n)

    def hang_next(self, n: int = 1, *, carried_out: bool = False) -> None:
        """Never answer the next `n` sends; `carried_out`: the phone shows the message anyway."""
        self.on_send.hang(n, carried_out=carried_out)

    def accept_but_drop_answer(self, n: int = 1) -> None:
        """Take the next `n` messages and show them, but close the connection unanswered."""
        self.on_send.drop(n, carried_out=True)

    def fail_delivery_next(self, n: int = 1, *, code: int = 131026) -> None:
        """Accept the next `n` messages, then report by a status that they failed."""
        self._failing.extend([code] * n)

    def duplicate_webhooks_next(self, n: int = 1) -> None:
        """Post each of the next `n` webhooks twice."""
        self.courier.duplicate_next(n)

    def post_webhook(self, value: dict[str, Any], field: str = "messages") -> None:
        """Post a `value` of one's own making, signed and retried like any other."""
        metadata = {
            "display_phone_number": self.display_number,
            "phone_number_id": self.phone_number_id,
        }
        whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        entry = {"id": self.business_account_id, "changes": [{"field": field, "value": whole}]}
        # Meta escapes whatever is not ASCII, and signs the escaped bytes.
        text = json.dumps({"object": "whatsapp_business_account", "entry": [entry]})
        parcel = Parcel(self._unique("hook"), WEBHOOK_PATH, text.encode(), self._clock.now_ms())
        self.courier.post(parcel)

    def handshake(self, challenge: str, token: str | None = None) -> dict[str, str]:
        """The query of the dashboard's handshake, which the daemon answers with the challenge."""
        return {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": self.verify_token if token is None else token,
        }

    # --- the wire -----------------------------------------------------------------------------

    def _messages(self, asked: Asked) -> Answer:
        refused = self._refuse_caller(asked)
        if refused is not None:
            return refused
        body = asked.json()
        if isinstance(body, dict) and body.get("status") == "read":
            return self._mark_read(body)
        return self.on_send.around(self._send)(asked)

    def _send(self, asked: Asked) -> Reply:
        body = asked.json()
        try:
            rules.check_message(body)
            digits = _digits(body["to"])
            phone = self.phones.get(digits)
            closed = body.get("type") != "template" and not (phone and phone.window_open())
            if closed and self.window_refusal == "at_once":
                raise rules.Refused(
                    131047,
                    "More than 24 hours have passed since the recipient "
                    "last replied to the sender number.",
                )
        except rules.Refused as refused:
            self.rejected.append((refused.code, refused.details))
            return rules.error_answer(refused.code, refused.details)
        wamid = self._wamid(digits)
        failed = self._failing.pop(0) if self._failing else None
        if closed:
            failed = 131047
        elif phone is None:
            failed = 131026
        if phone is not None and failed is None:
            phone.show(shown(body, wamid, self._clock.now_ms()))
        self._follow(body, wamid, digits, failed)
        contact = {"input": body["to"], "wa_id": digits}
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [contact],
            "messages": [{"id": wamid}],
        }
        return reply(200, answer)

    def _number(self, asked: Asked) -> Reply:
        refused = self._refuse_caller(asked)
        if refused is not None:
            return refused
        number = {"id": self.phone_number_id, "display_phone_number": self.display_number}
        return reply(200, {**number, "verified_name": "Sandbox", "quality_rating": "GREEN"})

    def _refuse_caller(self, asked: Asked) -> Reply | None:
        given = asked.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.access_token}".encode()):
            details = "Invalid OAuth access token - Cannot parse access token"
            return rules.error_answer(190, details, 401)
        number = asked.parts["number"]
        if number != self.phone_number_id:
            details = f"Unsupported request. Object with ID '{number}' does not exist."
            return reply(400, rules.error_body(100, details, subcode=33))
        return None

    def _mark_read(self, body: dict[str, Any]) -> Reply:
        phone = self._inbound.get(str(body.get("message_id")))
        if phone is None:
            return rules.error_answer(131009, "message_id is not a message that came in")
        if body.get("typing_indicator") is not None:
            phone.typing_until_ms = self._clock.now_ms() + _TYPING_MS
        return reply(200, {"success": True})

    # --- webhooks -----------------------------------------------------------------------------

    def _headers(self, parcel: Parcel) -> Mapping[str, str]:
        digest = hmac.new(self.app_secret.encode(), parcel.body, hashlib.sha256).hexdigest()
        return {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}"}

    def _post_inbound(self, phone: Phone, payload: dict[str, Any]) -> str:
        """Tell the daemon what a customer sent."""
        wamid = self._wamid(phone.wa_id)
        self._inbound[wamid] = phone
        head = {"from": phone.wa_id, "id": wamid, "timestamp": self._timestamp()}
        contact = {"profile": {"name": phone.name}, "wa_id": phone.wa_id}
        self.post_webhook({"contacts": [contact], "messages": [{**head, **payload}]})
        return wamid

    def _post_read(self, phone: Phone, message: ShownMessage) -> None:
        self._post_status(message.wamid, phone.wa_id, message.opaque, "read")

    def _follow(self, body: dict[str, Any], wamid: str, digits: str, failed: int | None) -> None:
        """Let the statuses of a message follow in their time."""
        opaque = body.get("biz_opaque_callback_data")

        def first() -> None:
            self._post_status(wamid, digits, opaque, "failed" if failed else "sent", failed)

        def second() -> None:
            self._post_status(wamid, digits, opaque, "delivered")

        if self.statuses == "off" or digits in self.without_statuses:
            return
        self._clock.call_later(self.sent_after_ms, first)
        if failed is None:
            self._clock.call_later(self.delivered_after_ms, second)

    def _post_status(
        self, wamid: str, digits: str, opaque: str | None, word: str, failed: int | None = None
    ) -> None:
        status: dict[str, Any] = {
            "id": wamid,
            "status": word,
            "timestamp": self._timestamp(),
            "recipient_id": digits,
        }
        if opaque is not None:
            status["biz_opaque_callback_data"] = opaque
        if failed is not None:
            title = rules.title_of(failed)
            error = {"code": failed, "title": title, "message": title}
            status["errors"] = [{**error, "error_data": {"details": title}}]
        elif word == "sent":
            pricing = {"billable": False, "pricing_model": "PMP", "category": "service"}
            status["pricing"] = {**pricing, "type": "free_customer_service"}
        self.post_webhook({"statuses": [status]})

    def _timestamp(self) -> str:
        return str(self._clock.now_ms() // 1000)

    def _unique(self, prefix: str) -> str:
        self._counted += 1
        return f"{prefix}-{self._run}-{self._counted}"

    def _wamid(self, digits: str) -> str:
        # Unlike any of an earlier run: a daemon with an old database would take it for a repeat.
        raw = f"{digits}:{self._unique('m')}".encode()
        return "wamid." + base64.b64encode(raw).decode()


def _digits(number: str) -> str:
    return "".join(character for character in number if character.isdigit())
