"""The real daemon as a process of its own, small vendors beside the benchmark, and customers who
type.

What lives here: the configuration, starting and killing, signed webhooks, waiting for replies. What
must not: what is measured.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
import trio

from daemon.clock import wall_ms, write_virtual_clock
from daemon.sandbox.process import DaemonProcess
from daemon.shipped import shipped_flow
from tests.benchmarks.daemon_figures import Figures, look
from tests.benchmarks.population import identifier
from tests.benchmarks.posting import Poster, open_poster
from tests.benchmarks.story import BUSINESS_NUMBER
from tests.benchmarks.vendors import Vendors

PATH = "/webhooks/whatsapp"
_ACCOUNT = "102290129340398"
_SECRET = "a-secret-of-the-benchmark-alone"
_REPLY_S = 60.0
_AGAIN_S = 0.1
CONNECTIONS = 64


@dataclass(frozen=True)
class Reply:
    """How long a customer's message took."""

    ack_s: float
    """Until the webhook was acknowledged."""
    reply_s: float
    """Until the answer was at WhatsApp."""


async def until(condition: Callable[[], bool], *, within_s: float, every_s: float = 0.05) -> bool:
    """Wait for what only looking can tell; whether it came about in time."""
    with trio.move_on_after(within_s):
        while True:
            if condition():
                return True
            await trio.sleep(every_s)
    return False


class Rig:
    """A daemon with its world. Get it from `open_rig`; start the daemon when the database lies."""

    def __init__(self, folder: Path, nursery: trio.Nursery, *, job_s: float, look_s: float) -> None:
        self.folder = folder
        self.database = folder / "routerbot.db"
        self.clock = folder / "clock.json"
        self.vendors = Vendors(self._shown, job_s=job_s, look_s=look_s)
        self.statuses = False
        """Whether each message is followed by its statuses."""
        self._nursery = nursery
        self._waiting: dict[str, trio.Event] = {}
        self._counted = 0
        self._following = 0
        self.not_taken = 0
        """Webhooks that had to be posted once more."""
        self._run = os.urandom(4).hex()
        self.daemon: DaemonProcess
        self._poster: Poster
        self._apart: Poster
        self._client = httpx.AsyncClient(trust_env=False, timeout=60)

    # --- the daemon -------------------------------------------------------------------------------

    async def start(self) -> float:
        """Start the daemon; how many seconds from there until it is ready."""
        began = trio.current_time()
        await self.daemon.start(self._nursery)
        return trio.current_time() - began

    async def turn_clock(self, now_ms: int) -> None:
        """Let it be another time for the daemon."""
        write_virtual_clock(self.clock, now_ms, running=True)
        await self.daemon.turn_clock()

    async def figures(self) -> Figures:
        """The daemon's, now."""
        return await look(self._client, self.daemon.admin_url)

    def memory_bytes(self) -> int:
        """The resident memory of the daemon."""
        text = Path(f"/proc/{self.daemon.pid}/status").read_text(encoding="ascii")
        return int(text.partition("VmRSS:")[2].split()[0]) * 1024

    # --- customers --------------------------------------------------------------------------------

    async def says(
        self, number: int, text: str, *, within_s: float = _REPLY_S, apart: bool = False
    ) -> Reply:
        """A customer types something; returns when the answer has come. Raises TooSlowError.

        `apart`: over connections of its own, not behind what else waits to be posted here.
        """
        digits = identifier(number)
        came = self._waiting[digits] = trio.Event()
        began = trio.current_time()
        message = {
            "from": digits,
            "id": self._unique(digits),
            "timestamp": str(wall_ms() // 1000),
            "type": "text",
            "text": {"body": text},
        }
        contact = {"profile": {"name": "Ana Quispe"}, "wa_id": digits}
        await self.post({"contacts": [contact], "messages": [message]}, apart=apart)
        ack_s = trio.current_time() - began
        with trio.fail_after(within_s):
            await came.wait()
        return Reply(ack_s, trio.current_time() - began)

    async def post(self, value: dict[str, object], *, apart: bool = False) -> None:
        """Post a webhook, signed; again where it is not taken."""
        poster = self._apart if apart else self._poster
        metadata = {"display_phone_number": "15550783881", "phone_number_id": BUSINESS_NUMBER}
        whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        entry = {"id": _ACCOUNT, "changes": [{"field": "messages", "value": whole}]}
        body = msgspec.json.encode({"object": "whatsapp_business_account", "entry": [entry]})
        digest = hmac.new(_SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}"}
        while True:
            try:
                if await poster.post(PATH, body, headers) == 200:
                    return
            except OSError:
                pass  # nobody is there, just now
            self.not_taken += 1
            await trio.sleep(_AGAIN_S)

    def _shown(self, digits: str, text: str, attempt: str) -> None:
        came = self._waiting.pop(digits, None)
        if came is not None:
            came.set()
        if self.statuses:
            self._nursery.start_soon(self._follow, digits, attempt)

    async def settled(self) -> None:
        """Returns when no status is on its way any more."""
        await until(lambda: not self._following, within_s=_REPLY_S, every_s=0.01)

    async def _follow(self, digits: str, attempt: str) -> None:
        self._following += 1
        for word in ("sent", "delivered"):
            status = {
                "id": f"wamid.{attempt}",
                "status": word,
                "timestamp": str(wall_ms() // 1000),
                "recipient_id": digits,
                "biz_opaque_callback_data": attempt,
            }
            await self.post({"statuses": [status]})
        self._following -= 1

    def _unique(self, digits: str) -> str:
        self._counted += 1
        return f"wamid.{digits}.{self._run}.{self._counted}"


@asynccontextmanager
async def open_rig(
    folder: Path,
    *,
    limits: str = "",
    job_s: float = 3600.0,
    look_s: float = 0.0,
    clock_can_be_turned: bool = False,
) -> AsyncIterator[Rig]:
    """A rig in an empty folder, its daemon not started yet. `limits`: lines of TOML."""
    async with trio.open_nursery() as nursery:
        rig = Rig(folder, nursery, job_s=job_s, look_s=look_s)
        vendors_port = await nursery.start(rig.vendors.serve)
        public_port, admin_port = _free_port(), _free_port()
        config = folder / "routerbot.toml"
        text = _toml(rig, vendors_port, public_port, admin_port, limits)
        if clock_can_be_turned:
            write_virtual_clock(rig.clock, wall_ms(), running=True)
            text += f'[sandbox]\nclock = "virtual"\nclock_offset_file = "{rig.clock}"\n'
        config.write_text(text)
        config.chmod(0o600)
        rig.daemon = DaemonProcess(config, folder / "daemon.log", admin_port)
        url = f"http://127.0.0.1:{public_port}"
        async with (
            open_poster(url, CONNECTIONS) as rig._poster,
            open_poster(url, CONNECTIONS) as rig._apart,
        ):
            try:
                yield rig
            finally:
                await rig.daemon.aclose()
                with trio.CancelScope(shield=True):
                    await rig._client.aclose()
        nursery.cancel_scope.cancel()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _toml(rig: Rig, vendors: int, public: int, admin: int, limits: str) -> str:
    secrets = {
        "plain": _SECRET,
        "webhook": "whsec_" + base64.b64encode(hashlib.sha256(_SECRET.encode()).digest()).decode(),
    }
    for name, secret in secrets.items():
        (rig.folder / name).write_text(secret)
        (rig.folder / name).chmod(0o600)
    return f"""
[server]
bind = "127.0.0.1:{public}"
public_url = "http://127.0.0.1:{public}"
[admin]
bind = "127.0.0.1:{admin}"
socket = "{rig.folder}/admin.sock"
[state]
database = "{rig.database}"
[privacy]
pseudonym_key = {{ file = "plain" }}
[flow]
file = "{shipped_flow()}"
default_language = "en"
time_zone = "America/Lima"
[services.crm]
base_url = "http://127.0.0.1:{vendors}/api"
[whatsapp]
api_url = "http://127.0.0.1:{vendors}"
business_account_id = "{_ACCOUNT}"
verify_token = {{ file = "plain" }}
app_secrets = [{{ file = "plain" }}]
[[whatsapp.numbers]]
phone_number_id = "{BUSINESS_NUMBER}"
access_token = {{ file = "plain" }}
[telco.main]
base_url = "http://127.0.0.1:{vendors}"
callback_secrets = [{{ file = "webhook" }}]
[agents]
adapter = "none"
[limits]
{limits}
"""
