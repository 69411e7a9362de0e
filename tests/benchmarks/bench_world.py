"""What is around the daemon in the benchmarks of speed: a plain Graph API, a plain customer system,
customers with phones, and the daemon itself as a process of its own.

What lives here: as little as will do, because whatever this costs is missing to the daemon; the
sandbox's simulators, which check everything, are for tests. What must not: what is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from adapters.sandbox.server import free_port
from tests.benchmarks import webhooks, wire
from tests.benchmarks.configuration import ACCESS_TOKEN, BUSINESS_NUMBER, write_config

MESSAGES = f"/v25.0/{BUSINESS_NUMBER}/messages"
_READY_S = 60.0
_STOP_S = 60.0


class Sent(NamedTuple):
    """A message that the platform took."""

    to: str
    attempt: str
    wamid: str


class World:
    """The platform and the customer system, and what was sent through them."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.doubles = 0
        self._attempts: set[str] = set()
        self._wanted = 0
        self._enough = asyncio.Event()

    async def wait_sent(self, wanted: int, patience_s: float) -> int:
        """Block until so many messages were sent in all, or too long; how many are missing."""
        self._wanted = wanted
        self._enough.clear()
        if len(self.sent) < wanted:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._enough.wait()
        return wanted - len(self.sent)

    def graph(self, target: str, headers: Mapping[str, str], body: bytes) -> wire.Answer:
        """The Graph API: takes each message that is addressed and authorised as it should be."""
        if headers.get("authorization") != f"Bearer {ACCESS_TOKEN}" or target != MESSAGES:
            return 401, b'{"error": {"code": 190}}'
        message = json.loads(body)
        to, attempt = message["to"], message["biz_opaque_callback_data"]
        wamid = f"wamid.out.{len(self.sent)}"
        self.doubles += attempt in self._attempts
        self._attempts.add(attempt)
        self.sent.append(Sent(to, attempt, wamid))
        if len(self.sent) >= self._wanted:
            self._enough.set()
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": to, "wa_id": to[1:]}],
            "messages": [{"id": wamid}],
        }
        return 200, json.dumps(answer).encode()

    def crm(self, target: str, _headers: Mapping[str, str], _body: bytes) -> wire.Answer:
        """The customer system: everybody has one line with one router."""
        number = target.rpartition("phone=%2B")[2].partition("&")[0]
        device = {"id": f"r-{number}", "model": "HG-8145"}
        line = {"id": f"l-{number}", "address_hint": "", "plan": "Fibra 300", "devices": [device]}
        return 200, json.dumps([{"id": f"c-{number}", "name": "Ana", "lines": [line]}]).encode()


class Phones:
    """Customers, and what they write: whole signed webhooks."""

    def __init__(self, count: int) -> None:
        self.numbers = [f"51{900_000_000 + index}" for index in range(count)]
        self._ids = itertools.count(1)
        self._run = os.urandom(4).hex()

    def write(self, text: str, count: int) -> list[bytes]:
        """So many messages, from one customer after the other."""
        return [self._writes(self.numbers[i % len(self.numbers)], text) for i in range(count)]

    def _writes(self, number: str, text: str) -> bytes:
        message_id = f"wamid.in.{self._run}.{next(self._ids)}"
        return _delivery(webhooks.typed(number, message_id, text))


def statuses(told: Iterable[tuple[Sent, str]]) -> bytes:
    """A webhook with these statuses: messages of ours, and what became of each."""
    pricing = {
        "billable": False,
        "pricing_model": "PMP",
        "category": "service",
        "type": "free_customer_service",
    }
    conversation = {"id": "bench", "origin": {"type": "service"}}
    entries = [
        {
            **webhooks.status(sent.to[1:], sent.wamid, word, sent.attempt),
            "conversation": conversation,
            "pricing": pricing,
        }
        for sent, word in told
    ]
    return _delivery({"statuses": entries})


def _delivery(value: webhooks.Value) -> bytes:
    body, headers = webhooks.signed(value)
    return wire.request(webhooks.PATH, body, headers)


# --- the daemon ---------------------------------------------------------------------------------


class Daemon:
    """The daemon's process, as in service: its log goes to a file."""

    def __init__(self, folder: Path, graph_port: int, crm_port: int, limits: str = "") -> None:
        self.folder = folder
        self.port, self._admin_port = free_port(), free_port()
        self.log = folder / "daemon.log"
        self._config = write_config(
            folder,
            self.port,
            self._admin_port,
            graph=f"http://127.0.0.1:{graph_port}",
            crm=f"http://127.0.0.1:{crm_port}",
            limits=limits,
        )
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "daemon", "run", "--config", str(self._config)),
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(_READY_S):
            while not await asyncio.to_thread(self._ready):
                if self._process.returncode is not None:
                    raise RuntimeError(f"the daemon ended: see {self.log}")
                await asyncio.sleep(0.02)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.admin}/health/ready", timeout=1):
                return True
        except OSError:
            return False

    @property
    def admin(self) -> str:
        """The operator's address."""
        return f"http://127.0.0.1:{self._admin_port}"

    @property
    def pid(self) -> int:
        """The id of the process."""
        assert self._process is not None
        return self._process.pid

    def cpu_s(self) -> float:
        """Processor seconds that the process has used, in all its threads."""
        fields = (
            Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        )
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def stop(self) -> None:
        """Ask it to end, and wait."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(_STOP_S):
                await self._process.wait()


@asynccontextmanager
async def open_world(folder: Path, limits: str = "") -> AsyncIterator[tuple[World, Daemon]]:
    """The world, and a daemon in it that is ready. `limits`: lines of TOML."""
    world = World()
    graph, graph_port = await wire.listen(world.graph)
    crm, crm_port = await wire.listen(world.crm)
    daemon = Daemon(folder, graph_port, crm_port, limits)
    try:
        await daemon.start()
        yield world, daemon
    finally:
        await daemon.stop()
        graph.close()
        crm.close()
