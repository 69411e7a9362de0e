"""The real daemon as a process of its own, small vendors beside the benchmark, and customers who
type.

What lives here: starting and killing, posting webhooks, waiting for replies. What must not: what is
measured. The loads of speed have a leaner one (`bench_world`).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import trio

from adapters.sandbox.server import free_port
from daemon.clock import wall_ms, write_virtual_clock
from daemon.sandbox.process import DaemonProcess
from tests.benchmarks import webhooks
from tests.benchmarks.configuration import write_config
from tests.benchmarks.daemon_figures import Figures, look
from tests.benchmarks.population import identifier
from tests.benchmarks.posting import Poster, open_poster
from tests.benchmarks.vendors import Vendors

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
        message = webhooks.typed(digits, self._unique(digits), text, "Ana Quispe")
        await self.post(message, apart=apart)
        ack_s = trio.current_time() - began
        with trio.fail_after(within_s):
            await came.wait()
        return Reply(ack_s, trio.current_time() - began)

    async def post(self, value: webhooks.Value, *, apart: bool = False) -> None:
        """Post a webhook, signed; again where it is not taken."""
        poster = self._apart if apart else self._poster
        body, headers = webhooks.signed(value)
        headers["content-type"] = "application/json"
        while True:
            try:
                if await poster.post(webhooks.PATH, body, headers) == 200:
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
            status = webhooks.status(digits, f"wamid.{attempt}", word, attempt)
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
        public_port, admin_port = free_port(), free_port()
        sandbox = ""
        if clock_can_be_turned:
            write_virtual_clock(rig.clock, wall_ms(), running=True)
            sandbox = f'[sandbox]\nclock = "virtual"\nclock_offset_file = "{rig.clock}"\n'
        vendors = f"http://127.0.0.1:{vendors_port}"
        config = write_config(
            folder,
            public_port,
            admin_port,
            graph=vendors,
            crm=f"{vendors}/api",
            telco=vendors,
            limits=limits,
            more=sandbox,
        )
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
