"""A stage that several tests share, in a thread of its own with a trio loop of its own.

A test posts like a vendor, by a client of its own, and asks the stage by `do` to settle or to let
somebody write. So a module pays for one daemon, and a test reads from top to bottom.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import trio

from adapters.sandbox.phone import Phone
from daemon.sandbox.stage import Stage, open_stage
from tests.endtoend import reading

T = TypeVar("T")

WHATSAPP = "/webhooks/whatsapp"
TELCO = "/webhooks/telco/main"
GENESYS = "/webhooks/genesys"

_TOLD_S = 5.0


class Scene:
    """The stage as seen from a test's thread."""

    def __init__(self, stage: Stage, token: trio.lowlevel.TrioToken) -> None:
        self.stage = stage
        self.world = stage.world
        self.log = stage.daemon.log
        self.url = stage.world.daemon_url or ""
        self._token = token
        self._wamids = 0

    def do(self, what: Callable[..., Awaitable[T]], *arguments: object) -> T:
        """Let the stage's loop do something; what comes of it."""
        return trio.from_thread.run(what, *arguments, trio_token=self._token)

    # --- people ---------------------------------------------------------------------------------

    def writes(self, text: str, number: str | None = None) -> list[str]:
        """The customer writes; what the bot answered once all was at rest."""
        return self._acts(lambda phone: phone.write(text), number)

    def taps(self, title: str, number: str | None = None) -> list[str]:
        """The customer taps a button; what the bot answered."""
        return self._acts(lambda phone: phone.tap(title), number)

    def phone(self, number: str | None = None) -> Phone:
        """Whose phone: the usual one's, or another."""
        return self.world.whatsapp.phone(number) if number else self.stage.phone

    def _acts(self, what: Callable[[Phone], str], number: str | None) -> list[str]:
        phone = self.phone(number)
        before = len(phone.received)

        async def act() -> None:
            what(phone)
            await self.stage.settle()

        self.do(act)
        return [message.text for message in phone.received[before:]]

    # --- vendors --------------------------------------------------------------------------------

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str] | None = None, method: str = "POST"
    ) -> httpx.Response:
        """A request as it is; then wait until what it caused is over."""
        with httpx.Client(trust_env=False, timeout=20) as client:
            answer = client.request(method, self.url + path, content=body, headers=headers)
        self.do(self.stage.settle)
        return answer

    def whatsapp(self, body: bytes | object) -> httpx.Response:
        """A delivery of WhatsApp's, rightly signed."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.post(WHATSAPP, raw, self.whatsapp_headers(raw))

    def whatsapp_headers(self, raw: bytes) -> dict[str, str]:
        """The signature of these bytes."""
        digest = hmac.new(self.world.whatsapp.app_secret.encode(), raw, hashlib.sha256).hexdigest()
        return {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}"}

    def telco(self, event: object, webhook_id: str) -> httpx.Response:
        """A callback of the provider's, rightly signed."""
        raw = event if isinstance(event, bytes) else json.dumps(event).encode()
        stamp = str(self.world.clock.now_ms() // 1000)
        key = b64decode(self.world.telco.callback_secret.removeprefix("whsec_"))
        signed = f"{webhook_id}.{stamp}.".encode() + raw
        signature = b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        headers = {
            "content-type": "application/cloudevents+json",
            "webhook-id": webhook_id,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{signature}",
        }
        return self.post(TELCO, raw, headers)

    def genesys(self, body: bytes | object) -> httpx.Response:
        """A webhook of Genesys', rightly signed."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        digest = hmac.new(self.world.genesys.webhook_secret.encode(), raw, hashlib.sha256).digest()
        headers = {
            "content-type": "application/json",
            "x-hub-signature-256": "sha256=" + b64encode(digest).decode(),
        }
        return self.post(GENESYS, raw, headers)

    # --- WhatsApp's words -----------------------------------------------------------------------

    def message(self, number: str, wamid: str | None = None, **parts: Any) -> dict[str, Any]:
        """A message of a customer's: a text, unless `parts` say otherwise."""
        self._wamids += 1
        head = {
            "from": number.lstrip("+"),
            "id": wamid or f"wamid.test.{self._wamids}",
            "timestamp": str(self.world.clock.now_ms() // 1000),
        }
        return {**head, **(parts or {"type": "text", "text": {"body": "hello"}})}

    def delivery(self, *messages: object, number_id: str | None = None) -> dict[str, Any]:
        """A delivery with these messages."""
        whatsapp = self.world.whatsapp
        value = {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": whatsapp.display_number,
                "phone_number_id": number_id or whatsapp.phone_number_id,
            },
            "messages": list(messages),
        }
        change = {"field": "messages", "value": value}
        entry = {"id": whatsapp.business_account_id, "changes": [change]}
        return {"object": "whatsapp_business_account", "entry": [entry]}

    # --- the log --------------------------------------------------------------------------------

    def told(self, *names: str) -> list[dict[str, Any]]:
        """The events in the daemon's log with one of these names."""
        return reading.named(self.log, *names)

    def times_told(self, name: str, wanted: int) -> int:
        """How often an event is in the log, once it is there as often as wanted.

        Lines are written by a thread of the daemon: an answer may be here before them.
        """
        ends = time.monotonic() + _TOLD_S
        while (times := len(self.told(name))) < wanted and time.monotonic() < ends:
            time.sleep(0.005)
        return times


@contextmanager
def scene(folder: Path, *, limits: str = "", language: str = "en") -> Iterator[Scene]:
    """Set a stage and keep it until the block ends."""
    ready = threading.Event()
    made: list[Scene] = []
    failed: list[BaseException] = []
    ended: list[trio.Event] = []

    async def play() -> None:
        async with open_stage(folder, frozen=True, language=language, limits=limits) as stage:
            ended.append(trio.Event())
            made.append(Scene(stage, trio.lowlevel.current_trio_token()))
            ready.set()
            await ended[0].wait()

    def run() -> None:
        try:
            trio.run(play)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="scene", daemon=True)
    thread.start()
    ready.wait(40)
    if not made:
        raise RuntimeError("the stage could not be set") from (failed[0] if failed else None)
    try:
        yield made[0]
    finally:
        if thread.is_alive():
            trio.from_thread.run_sync(ended[0].set, trio_token=made[0]._token)
        thread.join(30)
    if failed:
        raise failed[0]
