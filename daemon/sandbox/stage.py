"""The stage: a world, a daemon in it, and a clock that both go by.

What lives here: setting the stage in a folder, waiting until everybody is at rest, letting time
pass. What must not: what is played on it (`player`, `chat`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import trio

from actors.flow.reader import read_flow
from adapters.sandbox.clock import SimClock
from adapters.sandbox.customers import DEFAULT_PHONE
from adapters.sandbox.phone import Phone
from adapters.sandbox.server import free_port
from adapters.sandbox.world import SandboxWorld, open_world
from daemon import wiring
from daemon.clock import wall_ms
from daemon.sandbox.process import DaemonProcess
from daemon.scripts.format import SCRIPT_BEGINS_MS
from daemon.scripts.look import Look
from daemon.scripts.needs import Needs, needs_of
from daemon.scripts.stage import NotAtRest
from daemon.shipped import shipped_flow

_REST_S = 60.0
_LOOK_S = 0.003


class Stage:
    """A world with a daemon process in it. Get it from `open_stage`."""

    def __init__(
        self, world: SandboxWorld, daemon: DaemonProcess, folder: Path, nursery: trio.Nursery
    ) -> None:
        self.world = world
        self.daemon = daemon
        self.folder = folder
        self._nursery = nursery
        self._daemon_due_ms: int | None = None
        self._told_ms = -1

    @property
    def phone(self) -> Phone:
        """The customer's phone."""
        return self.world.whatsapp.phone(DEFAULT_PHONE)

    async def start_daemon(self) -> None:
        """Start it; whatever waits for it outside is sent again at once."""
        if not self.daemon.running:
            await self.daemon.start(self._nursery)
            self.world.daemon_started()

    async def kill_daemon(self) -> None:
        """SIGKILL."""
        await self.daemon.kill()

    async def stop_daemon(self) -> int:
        """SIGTERM; its exit code."""
        return await self.daemon.stop()

    async def look(self) -> Look | None:
        """See `daemon.scripts.stage.Stage`."""
        if not self.daemon.running:
            raise LookupError("the daemon does not run: nobody can look into it")
        number = self.world.whatsapp.phone_number_id
        return await self.daemon.look(wiring.customer_alias(number, self.phone.wa_id))

    async def settle(self) -> None:
        """Wait until nothing happens any more before time moves on. Raises NotAtRest."""
        with trio.move_on_after(_REST_S):
            while True:
                await self.world.wait_quiet()
                await self._tell_time()
                if await self._both_quiet() and await self._both_quiet():
                    # Twice: what one sent last may have come in while we asked the other.
                    return
                await trio.sleep(_LOOK_S)
        raise NotAtRest(f"not at rest after {_REST_S:.0f} s:\n{self.daemon.log_tail()}")

    async def _both_quiet(self) -> bool:
        return await self._daemon_quiet() and self.world.quiet()

    async def _daemon_quiet(self) -> bool:
        if not self.daemon.running:
            self._daemon_due_ms = None
            return True
        try:
            quiet, self._daemon_due_ms = await self.daemon.quiet()
        except httpx.HTTPError:
            # It went away between the look and the question.
            return not self.daemon.running
        return quiet

    async def _tell_time(self) -> None:
        now_ms = self.world.clock.now_ms()
        if self.daemon.running and now_ms != self._told_ms:
            await self.daemon.turn_clock()
            self._told_ms = now_ms

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, from event to event."""
        await self.world.pass_time(
            round(seconds * 1000),
            settle=self.settle,
            next_due_ms=lambda: self._daemon_due_ms,
        )
        await self.settle()


def _needs(flow_path: Path) -> Needs:
    """What the flow needs; a file that cannot be read is the daemon's to complain of."""
    try:
        found = read_flow(flow_path.read_bytes())
    except OSError:
        return Needs()
    return Needs() if isinstance(found, list) else needs_of(found.flow)


@asynccontextmanager
async def open_stage(
    folder: Path,
    *,
    frozen: bool,
    language: str,
    scale: float = 1.0,
    limits: str = "",
    flow_file: Path | None = None,
    interpreter: Sequence[str] | None = None,
    begins_ms: int = SCRIPT_BEGINS_MS,
    ahead_ms: int = 0,
) -> AsyncIterator[Stage]:
    """Set the stage in a private folder and start the daemon.

    `limits`: lines of TOML. `interpreter`: see `DaemonProcess`. `begins_ms`: by a frozen clock;
    `ahead_ms`: how far ahead of real time a running one is.
    """
    clock = SimClock.frozen_at(begins_ms) if frozen else SimClock.running(wall_ms)
    if not frozen:
        clock.advance(ahead_ms)
    async with open_world(clock, scale=scale) as world:
        webhook_port, admin_port = free_port(), free_port()
        config = folder / "routerbot.toml"
        flow_path = (flow_file or shipped_flow()).absolute()
        needs = _needs(flow_path)
        text = world.config_toml(
            folder,
            webhook_port,
            admin_port,
            folder / "routerbot.db",
            flow_path,
            language=language,
            providers=needs.providers,
            services=needs.services,
        )
        config.write_text(f"{text}[limits]\n{limits}", encoding="utf-8")
        config.chmod(0o600)
        daemon = DaemonProcess(config, folder / "daemon.log", admin_port, interpreter)
        async with trio.open_nursery() as nursery:
            stage = Stage(world, daemon, folder, nursery)
            try:
                await stage.start_daemon()
                await world.verify_webhook()
                yield stage
            finally:
                await daemon.aclose()
            nursery.cancel_scope.cancel()
