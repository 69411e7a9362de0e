"""The whole sandbox: all simulators at once, and the daemon's configuration for them.

What lives here: starting, resting, letting time pass, and writing what the daemon needs to find
this world. What must not: what any one simulator does; the daemon itself.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trio

from adapters.sandbox.clock import SimClock
from adapters.sandbox.courier import Courier
from adapters.sandbox.genesys import SimulatedGenesys
from adapters.sandbox.server import HOST, LoopbackServer
from adapters.sandbox.services import SimulatedServices
from adapters.sandbox.telco import SimulatedTelco
from adapters.sandbox.whatsapp import SimulatedWhatsApp

_SMALL_STEP_MS = 20


@dataclass(frozen=True)
class Ports:
    """Where the simulators listen; 0: any free port."""

    whatsapp: int = 0
    telco: int = 0
    services: int = 0
    genesys: int = 0


class SandboxWorld:
    """Everything outside the daemon. It outlives the daemon's restarts; see `open_world`."""

    def __init__(self, clock: SimClock, ports: Ports, scale: float) -> None:
        self.clock = clock
        self.whatsapp = SimulatedWhatsApp(clock, port=ports.whatsapp)
        self.telco = SimulatedTelco(clock, port=ports.telco, scale=scale)
        self.services = SimulatedServices(clock, port=ports.services)
        self.genesys = SimulatedGenesys(clock, port=ports.genesys)
        self._pseudonym_key = os.urandom(32).hex()
        self._clock_file: Path | None = None
        clock.on_advance(self._write_clock)

    @property
    def servers(self) -> tuple[LoopbackServer, ...]:
        """The servers of all simulators."""
        each = (self.whatsapp, self.telco, self.services, self.genesys)
        return tuple(simulator.server for simulator in each)

    @property
    def couriers(self) -> tuple[Courier, ...]:
        """What carries the webhooks of all simulators."""
        return (self.whatsapp.courier, self.telco.courier, self.genesys.courier)

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
        self,
        ms: int,
        *,
        settle: Callable[[], Awaitable[None]] | None = None,
        next_due_ms: Callable[[], int | None] | None = None,
    ) -> None:
        """Let `ms` pass, from event to event, each at its own time.

        `settle` blocks until the world and whoever else takes part are at rest (by default: until
        the world is); `next_due_ms` tells what others on the same clock wait for.
        """
        settle = settle or self.wait_quiet
        end_ms = self.clock.now_ms() + ms
        while True:
            await settle()
            now = self.clock.now_ms()
            dues = [self.clock.next_due_ms(), next_due_ms() if next_due_ms else None]
            due = min((each for each in dues if each is not None), default=end_ms)
            if now >= end_ms:
                return
            # What is overdue after all came to rest waits for something else than the time: a
            # small step then, rather than standing still for ever.
            due = due if due > now else now + _SMALL_STEP_MS
            self.clock.advance(min(due, end_ms) - now)

    # --- the daemon ---------------------------------------------------------------------------

    def daemon_listens_at(self, webhook_port: int) -> None:
        """Where webhooks go from now on."""
        for courier in self.couriers:
            courier.base_url = f"http://{HOST}:{webhook_port}"

    def daemon_started(self) -> None:
        """The daemon listens (again): post at once what waits for another attempt."""
        for courier in self.couriers:
            courier.retry_now()

    def config_toml(
        self,
        directory: Path,
        webhook_port: int,
        admin_port: int,
        database: Path,
        flow_file: Path | None = None,
        *,
        language: str = "es",
        time_zone: str = "America/Lima",
    ) -> str:
        """The configuration of a daemon that lives in this world.

        Writes the secrets, and the file that tells the time, under `directory`; webhooks go to
        `webhook_port` from now on. The directory must be private and exist. Without `flow_file`
        there is no table `[flow]`: the caller adds one.

        The file of the time is written anew at each advance, before any listener that was added
        to the clock later hears of it: such a listener can tell the daemon to read it.
        """
        self.daemon_listens_at(webhook_port)
        self._clock_file = directory / "clock.json"
        self._write_clock()
        secrets = _Secrets(directory / "secrets")
        lines = [
            "[server]",
            f"bind = {_text(f'{HOST}:{webhook_port}')}",
            f"public_url = {_text(f'http://{HOST}:{webhook_port}')}",
            "[admin]",
            f"bind = {_text(f'{HOST}:{admin_port}')}",
            f"socket = {_text(directory / 'admin.sock')}",
            "[state]",
            f"database = {_text(database)}",
            "[privacy]",
            f"pseudonym_key = {secrets.put('pseudonym_key', self._pseudonym_key)}",
            *_whatsapp_lines(self.whatsapp, secrets),
            *_telco_lines(self.telco, secrets),
            *_services_lines(self.services, secrets),
            *_genesys_lines(self.genesys, secrets),
            "[sandbox]",
            'clock = "virtual"',
            f"clock_offset_file = {_text(self._clock_file)}",
        ]
        if flow_file is not None:
            lines += ["[flow]", f"file = {_text(flow_file)}"]
            lines += [f"default_language = {_text(language)}", f"time_zone = {_text(time_zone)}"]
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


class _Secrets:
    """The folder of secret files; the configuration names files, never a secret itself."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder

    def put(self, name: str, secret: str) -> str:
        """Write a secret; how the configuration refers to it."""
        path = self._folder / name
        path.unlink(missing_ok=True)
        # Readable by its owner alone from its first moment on.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secret)
        return f"{{ file = {_text(path)} }}"


def _text(value: object) -> str:
    # A JSON string in ASCII is a TOML string too.
    return json.dumps(str(value))


def _whatsapp_lines(whatsapp: SimulatedWhatsApp, secrets: _Secrets) -> list[str]:
    return [
        "[whatsapp]",
        f"api_url = {_text(whatsapp.server.url)}",
        'api_version = "v25.0"',
        f"business_account_id = {_text(whatsapp.business_account_id)}",
        f"verify_token = {secrets.put('whatsapp_verify_token', whatsapp.verify_token)}",
        f"app_secrets = [{secrets.put('whatsapp_app_secret', whatsapp.app_secret)}]",
        "[[whatsapp.numbers]]",
        f"phone_number_id = {_text(whatsapp.phone_number_id)}",
        f"access_token = {secrets.put('whatsapp_access_token', whatsapp.access_token)}",
    ]


def _telco_lines(telco: SimulatedTelco, secrets: _Secrets) -> list[str]:
    return [
        "[telco.main]",
        'adapter = "http"',
        f"base_url = {_text(telco.server.url)}",
        f"callback_secrets = [{secrets.put('telco_callback_secret', telco.callback_secret)}]",
    ]


def _services_lines(crm: SimulatedServices, secrets: _Secrets) -> list[str]:
    authorization = secrets.put("crm_authorization", crm.authorization)
    return [
        "[services.crm]",
        f"base_url = {_text(crm.server.url + '/api')}",
        f"headers = {{ Authorization = {authorization} }}",
    ]


def _genesys_lines(desk: SimulatedGenesys, secrets: _Secrets) -> list[str]:
    return [
        "[agents]",
        'adapter = "genesys"',
        "[agents.genesys]",
        f"api_url = {_text(desk.server.url)}",
        f"login_url = {_text(desk.server.url)}",
        f"integration_id = {_text(desk.integration_id)}",
        f"queue_id = {_text(desk.queue_id)}",
        f"client_id = {secrets.put('genesys_client_id', desk.client_id)}",
        f"client_secret = {secrets.put('genesys_client_secret', desk.client_secret)}",
        f"webhook_secret = {secrets.put('genesys_webhook_secret', desk.webhook_secret)}",
    ]
