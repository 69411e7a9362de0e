"""The whole sandbox: all simulators at once, and time that passes for all of them.

What lives here: `World`, however its vendors are reached, and `SandboxWorld`, where they are
servers on loopback: starting, resting, and writing what the daemon needs to find this world. What
must not: what any one simulator does; the daemon itself.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import trio

from adapters.sandbox import configuration
from adapters.sandbox.agenda import Agenda
from adapters.sandbox.clock import SimClock
from adapters.sandbox.configuration import Secrets, text_of
from adapters.sandbox.courier import Courier
from adapters.sandbox.genesys import SimulatedGenesys
from adapters.sandbox.loopback import HttpWire
from adapters.sandbox.server import HOST, LoopbackServer
from adapters.sandbox.services import CRM, SimulatedServices
from adapters.sandbox.stubs import StubbedServices, Stubs
from adapters.sandbox.telco import SimulatedTelco
from adapters.sandbox.whatsapp import WEBHOOK_PATH, SimulatedWhatsApp
from adapters.sandbox.wire import Wire

_SMALL_STEP_MS = 20

Settle = Callable[[], Awaitable[None]]
NextDue = Callable[[], int | None]


@dataclass(frozen=True)
class Ports:
    """Where the simulators listen; 0: any free port."""

    whatsapp: int = 0
    telco: int = 0
    services: int = 0
    others: int = 0
    genesys: int = 0


class World:
    """Everything outside the daemon. It outlives the daemon's restarts."""

    def __init__(
        self,
        clock: Agenda,
        whatsapp: Wire,
        telco: Wire,
        services: Wire,
        others: Wire,
        genesys: Wire,
        *,
        scale: float = 1.0,
    ) -> None:
        """How each vendor is reached. `scale` stretches the provider's jobs."""
        self.clock = clock
        self.whatsapp = SimulatedWhatsApp(clock, whatsapp)
        self.telco = SimulatedTelco(clock, telco, scale=scale)
        self.stubs = Stubs()
        """What a script wants services of the operator to answer."""
        self.services = SimulatedServices(clock, services, self.stubs)
        self.others = StubbedServices(others, self.stubs)
        self.genesys = SimulatedGenesys(clock, genesys)

    def daemon_started(self) -> None:
        """The daemon listens (again): post at once what waits for another attempt."""
        for courier in (self.whatsapp.courier, self.telco.courier, self.genesys.courier):
            courier.retry_now()

    async def pass_time(self, ms: int, *, settle: Settle, next_due_ms: NextDue) -> None:
        """Let `ms` pass, from event to event, each at its own time.

        `settle` blocks until the world and whoever else takes part are at rest; `next_due_ms` tells
        what others on the same clock wait for.
        """
        end_ms = self.clock.now_ms() + ms
        while True:
            await settle()
            now = self.clock.now_ms()
            dues = [self.clock.next_due_ms(), next_due_ms()]
            due = min((each for each in dues if each is not None), default=end_ms)
            if now >= end_ms:
                return
            # What is overdue after all came to rest waits for something else than the time: a
            # small step then, rather than standing still for ever.
            due = due if due > now else now + _SMALL_STEP_MS
            self.clock.advance(min(due, end_ms) - now)


class SandboxWorld(World):
    """A world of servers on loopback, for a daemon in another process; see `open_world`."""

    clock: SimClock

    def __init__(self, clock: SimClock, ports: Ports, scale: float) -> None:
        wires = [
            HttpWire(clock, port)
            for port in (
                ports.whatsapp,
                ports.telco,
                ports.services,
                ports.others,
                ports.genesys,
            )
        ]
        super().__init__(clock, *wires, scale=scale)
        self.servers: tuple[LoopbackServer, ...] = tuple(s for wire in wires for s in wire.servers)
        self.couriers: tuple[Courier, ...] = tuple(c for wire in wires for c in wire.couriers)
        self._pseudonym_key = os.urandom(32).hex()
        self._clock_file: Path | None = None
        clock.on_advance(self._write_clock)

    # --- rest and time ------------------------------------------------------------------------

    def quiet(self) -> bool:
        """Whether nothing more will happen here by itself before the time moves on.

        A webhook that waits for its next attempt is quiet: the clock knows when that is due.
        """
        return self.clock.quiet

    async def wait_quiet(self) -> None:
        """Block until `quiet`."""
        await self.clock.wait_quiet()

    async def pass_time(
        self, ms: int, *, settle: Settle | None = None, next_due_ms: NextDue = lambda: None
    ) -> None:
        """See `World.pass_time`; by default the world alone takes part."""
        await super().pass_time(ms, settle=settle or self.wait_quiet, next_due_ms=next_due_ms)

    # --- the daemon ---------------------------------------------------------------------------

    @property
    def daemon_url(self) -> str | None:
        """Where webhooks go; None: nowhere yet."""
        return self.couriers[0].base_url

    def daemon_listens_at(self, webhook_port: int) -> None:
        """Where webhooks go from now on."""
        for courier in self.couriers:
            courier.base_url = f"http://{HOST}:{webhook_port}"

    async def verify_webhook(self, token: str | None = None) -> bool:
        """Shake hands as WhatsApp's dashboard does; whether the daemon answered as it should."""
        challenge = str(secrets.randbelow(10**10))
        query = self.whatsapp.handshake(challenge, token)
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                response = await client.get(f"{self.daemon_url}{WEBHOOK_PATH}", params=query)
            except httpx.HTTPError:
                return False
        return response.status_code == 200 and response.content == challenge.encode()

    def config_toml(
        self,
        directory: Path,
        webhook_port: int,
        admin_port: int,
        database: Path,
        flow_file: Path | None = None,
        *,
        language: str = "es",
        time_zone: str = configuration.TIME_ZONE,
        providers: Iterable[str] = ("main",),
        services: Iterable[str] = (CRM,),
    ) -> str:
        """The configuration of a daemon that lives in this world.

        Writes the secrets, and the file that tells the time, under `directory`; webhooks go to
        `webhook_port` from now on. The directory must be private and exist. Without `flow_file`
        there is no table `[flow]`: the caller adds one. All `providers` are the one simulated here;
        of `services`, `crm` is the customer system and any other is what a script stubs.

        The file of the time is written anew at each advance, before any listener that was added
        to the clock later hears of it: such a listener can tell the daemon to read it.
        """
        self.daemon_listens_at(webhook_port)
        self._clock_file = directory / "clock.json"
        self._write_clock()
        kept = Secrets(directory / "secrets")
        lines = [
            "[server]",
            f"bind = {text_of(f'{HOST}:{webhook_port}')}",
            f"public_url = {text_of(f'http://{HOST}:{webhook_port}')}",
            "[admin]",
            f"bind = {text_of(f'{HOST}:{admin_port}')}",
            f"socket = {text_of(directory / 'admin.sock')}",
            "[state]",
            f"database = {text_of(database)}",
            "[privacy]",
            f"pseudonym_key = {kept.put('pseudonym_key', self._pseudonym_key)}",
            *configuration.whatsapp_lines(self.whatsapp, kept),
            *configuration.telco_lines(self.telco, providers, kept),
            *configuration.services_lines(self.services, self.others, services, kept),
            *configuration.genesys_lines(self.genesys, kept),
            "[sandbox]",
            'clock = "virtual"',
            f"clock_offset_file = {text_of(self._clock_file)}",
        ]
        if flow_file is not None:
            lines += ["[flow]", f"file = {text_of(flow_file)}"]
            lines += [
                f"default_language = {text_of(language)}",
                f"time_zone = {text_of(time_zone)}",
            ]
        return "\n".join(lines) + "\n"

    def _write_clock(self) -> None:
        """Tell a daemon in another process what time it is: it has no other way to know."""
        if self._clock_file is None:
            return
        running = not self.clock.frozen
        told: dict[str, object] = {"now_ms": self.clock.now_ms(), "running": running}
        if running:
            # By the clock that all processes of a machine share, so that reading late does no harm.
            told["at_monotonic_s"] = time.monotonic()
        # In one step, so that nobody reads half a file.
        fresh = self._clock_file.with_suffix(".new")
        fresh.write_text(json.dumps(told), encoding="utf-8")
        fresh.replace(self._clock_file)


@asynccontextmanager
async def open_world(
    clock: SimClock, *, ports: Ports | None = None, scale: float = 1.0
) -> AsyncIterator[SandboxWorld]:
    """All simulators, listening on loopback until the block ends.

    `scale` stretches the provider's jobs: with 0.1 a restart takes ten seconds and a half.
    """
    world = SandboxWorld(clock, ports or Ports(), scale)
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(clock.run)
            for server in world.servers:
                await nursery.start(server.run)
            for courier in world.couriers:
                await nursery.start(courier.run)
            yield world
            nursery.cancel_scope.cancel()
    finally:
        for server in world.servers:
            server.close()
