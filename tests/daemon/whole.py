"""A whole daemon for tests: real configuration and flow, a memory store and scripted vendors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.calls import Call, WebRequest
from actors.ids import MessageId
from actors.messages import CustomerWrote, Typed
from actors.outcomes import Delivered, Outcome, Rejected
from actors.values import Fault
from adapters.ports import Attempt, Event, ForCustomer, HttpAnswer, HttpRequest, Reception
from daemon import wiring
from daemon.clock import Clock
from daemon.config import Config
from daemon.metrics import Metrics
from daemon.service import load_all
from daemon.tree import Daemon
from daemon.wiring import Vendors
from state.memory_disk import MemoryDisk
from state.memory_store import MemoryStore
from state.store import Bell, Store
from tests.actors.small_flow import SMALL_FLOW
from tests.daemon.parts import CUSTOMER, NOW_MS, Log, TrioClock, Vendor

KEY = "0123456789abcdef0123456789abcdef"
CONFIG = """
[server]
bind = "127.0.0.1:0"
public_url = "https://bot.example.net"
[admin]
bind = "127.0.0.1:0"
socket = "admin.sock"
[state]
database = "routerbot.db"
[privacy]
pseudonym_key = { env = "KEY" }
[flow]
file = "flow.yaml"
default_language = "es"
time_zone = "America/Lima"
[services.crm]
base_url = "https://crm.example.net"
[whatsapp]
business_account_id = "102290129340398"
verify_token = { env = "KEY" }
app_secrets = [{ env = "KEY" }]
[[whatsapp.numbers]]
phone_number_id = "106"
access_token = { env = "KEY" }
[telco.main]
base_url = "https://acs.example.net"
callback_secrets = [{ env = "KEY" }]
"""

Opener = Callable[[Config, Bell], AbstractAsyncContextManager[Store]]


def write_files(folder: Path, *, config: str = CONFIG, flow: str = SMALL_FLOW) -> Path:
    """Write configuration and flow; where the configuration is."""
    path = folder / "routerbot.toml"
    path.write_text(config, encoding="utf-8")
    (folder / "flow.yaml").write_text(flow, encoding="utf-8")
    return path


class RunningClock(TrioClock):
    """Shows `NOW_MS` when it is first looked at: trio's real clock begins anywhere."""

    began: float | None = None

    def now_ms(self) -> int:
        if self.began is None:
            self.began = trio.current_time()
        return NOW_MS + round((trio.current_time() - self.began) * 1000)


class Phone:
    """A receiver that takes every body for a customer's text, its first word for the id."""

    methods = ("POST",)
    body_max_bytes = 1000

    def receive(self, request: HttpRequest) -> Reception:
        name, _, text = request.body.decode().partition(" ")
        wrote = CustomerWrote(CUSTOMER, Typed(text), request.now_ms)
        event = Event(MessageId(name), ForCustomer("106/51999"), wrote, opens_window_s=86_400)
        return Reception(HttpAnswer(200, b"taken"), (event,))


async def no_crm(call: Call, _attempt: Attempt) -> Outcome:
    """Refuse look-ups, so that a new customer gets the menu at once; take everything else."""
    return Rejected(Fault("unavailable")) if isinstance(call, WebRequest) else Delivered()


class Whole:
    """What a whole daemon is wired to."""

    def __init__(self, disk: MemoryDisk | None = None) -> None:
        self.disk = disk or MemoryDisk()
        self.whatsapp = Vendor()
        self.others = Vendor(answer=no_crm)
        self.log = Log()
        self.metrics = Metrics()
        self.clock: Clock = RunningClock()
        self.store: Callable[[Bell], Any] = lambda bell: MemoryStore(self.disk, bell)
        self.open_store: Opener = self._open_store

    def wire(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put the parts of the test in the places of the real ones."""
        monkeypatch.setattr(
            wiring, "open_store", lambda config, bell, _metrics: self.open_store(config, bell)
        )
        monkeypatch.setattr(wiring, "open_vendors", self._open_vendors)
        monkeypatch.setattr(wiring, "make_clock", lambda _config, _metrics: self.clock)

    @asynccontextmanager
    async def _open_store(self, _config: Config, bell: Bell) -> AsyncIterator[Store]:
        yield self.store(bell)

    @asynccontextmanager
    async def _open_vendors(self, _config: Config) -> AsyncIterator[Vendors]:
        senders = {"whatsapp": self.whatsapp, "service": self.others, "agents": self.others}
        yield Vendors({"/webhooks/whatsapp": ("whatsapp", Phone())}, senders)


def make_daemon(whole: Whole, folder: Path, environ: dict[str, str] | None = None) -> Daemon:
    loaded = load_all(write_files(folder), {"KEY": KEY})
    assert isinstance(loaded, tuple), "\n".join(loaded)
    config, flow = loaded
    return Daemon(config, flow.source, whole.metrics, whole.log.logger, environ or {})


@asynccontextmanager
async def running(
    whole: Whole,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str] | None = None,
) -> AsyncIterator[tuple[Daemon, int]]:
    """Run a daemon for the block, then stop it gracefully."""
    whole.wire(monkeypatch)
    daemon = make_daemon(whole, folder, environ)
    async with trio.open_nursery() as nursery:
        port = await nursery.start(daemon.run)
        yield daemon, port
        daemon.stop.set()
