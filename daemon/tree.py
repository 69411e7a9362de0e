"""The tree of tasks: read down to start, up to stop.

What lives here: which task lives inside which, the order of start and stop, and readiness. What
must not: what any task does. Nesting: store > relay, upkeep > actors > timers > doors. A stop
closes the doors first and the store last; SIGKILL is safe at any moment, so grace is courtesy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

import msgspec
import trio
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from structlog.typing import FilteringBoundLogger

from actors.conversation.state import Surroundings
from actors.flow.reader import FlowSource
from daemon import flows, upkeep, wiring
from daemon.actor_loop import ActorLoop
from daemon.clock import Clock, VirtualClock
from daemon.config import Config
from daemon.config_model import Limits
from daemon.connection import ServerLimits
from daemon.intake import Intake
from daemon.metrics import Metrics
from daemon.operator import Operator
from daemon.operator_socket import serve_operator
from daemon.pauses import Pauses
from daemon.registry import Registry
from daemon.relay import Relay
from daemon.scripts.look import look_in
from daemon.sending import pace_of
from daemon.server import BindFailed, serve
from daemon.systemd import Notifier, watchdog, watchdog_interval_s
from daemon.timers import Timers
from daemon.web import WebLimits, admin_app, public_app
from daemon.wiring import Vendors
from state.rows import InboxRow, LaneRing
from state.store import Store

_ACTORS_GRACE_S = 2.0
"""For turns under way, where the doors have used up all patience."""
_RELAY_GRACE_S = 10.0


class Switchboard:
    """The store's bell. Deaf until the receivers exist; recovery finds what rang before."""

    def __init__(self) -> None:
        self._registry: Registry | None = None
        self._relay: Relay | None = None
        self._timers: Timers | None = None

    def connect(self, registry: Registry, relay: Relay, timers: Timers) -> None:
        """From here on rings are heard."""
        self._registry, self._relay, self._timers = registry, relay, timers

    def inbox(self, rows: Sequence[InboxRow]) -> None:
        """New messages."""
        if self._registry is not None:
            self._registry.inbox(rows)

    def lanes(self, rings: Sequence[LaneRing]) -> None:
        """New calls."""
        if self._relay is not None:
            self._relay.lanes(rings)

    def looked_at(self, lanes: Sequence[str]) -> None:
        """Claims."""
        if self._relay is not None:
            self._relay.looked_at(lanes)

    def timer(self, due_ms: int) -> None:
        """A new timer."""
        if self._timers is not None:
            self._timers.timer(due_ms)


class Daemon:
    """One run of the daemon."""

    def __init__(
        self,
        config: Config,
        source: FlowSource,
        metrics: Metrics,
        log: FilteringBoundLogger,
        environ: Mapping[str, str],
        log_idle: Callable[[], bool] = lambda: True,
    ) -> None:
        """`log_idle`: whether all lines are written; the sandbox waits for that too."""
        self._log_idle = log_idle
        self._config = config
        self._source = source
        self._metrics = metrics
        self._log = log
        self._environ = environ
        self._notifier = Notifier(environ)
        self.stop = trio.Event()
        """Set it for a graceful end."""
        self._missing = ["recovery"]
        self._bell = Switchboard()
        self._pauses = Pauses(_beside(config.state.database, ".paused"))
        self._stopped_at = 0.0

    async def run(self, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until `stop` is set. Tells the public port when ready.

        Raises StoreRefused, StoreBroken and BindFailed (in groups), and whatever a bug raises.
        """
        clock = wiring.make_clock(self._config, self._metrics)
        async with wiring.open_store(self._config, self._bell, self._metrics) as store:
            versions = await flows.keep_versions(store, self._source, clock.now_ms(), self._log)
            around = flows.surroundings(self._config, self._source, versions)
            async with wiring.open_vendors(self._config) as vendors:
                await self._run(store, clock, vendors, around, task_status)
        self._log.info("stopped")

    async def _run(
        self,
        store: Store,
        clock: Clock,
        vendors: Vendors,
        around: Surroundings,
        task_status: trio.TaskStatus[int],
    ) -> None:
        limits = self._config.limits
        relay = self._relay(store, clock, vendors)
        timers = Timers(store, clock, self._metrics, per_second_max=limits.timers_per_second_max)
        loop = self._actor_loop(store, clock, around, relay)
        async with trio.open_nursery() as background:
            async with trio.open_nursery() as actors:
                registry = Registry(
                    actors,
                    loop.live,
                    self._metrics,
                    live_actors_max=limits.live_actors_max,
                    mailbox_max=limits.mailbox_max,
                )
                loop.registry = registry
                self._bell.connect(registry, relay, timers)
                self._start_background(background, store, clock, registry, relay)
                await relay.recover()
                woken = await upkeep.expect_waiting(store, registry)
                background.start_soon(relay.run)
                background.start_soon(registry.put_to_sleep, limits.actor_idle_s)
                async with trio.open_nursery() as inner:
                    inner.start_soon(registry.wake_expected)
                    inner.start_soon(timers.run)
                    quiet = partial(_quiet, clock, registry, relay, timers, self._log_idle)
                    operator = self._operator(store, clock, registry, relay)
                    await inner.start(self._operators_door, operator)
                    await self._doors(store, clock, vendors, quiet, woken, task_status)
                    inner.cancel_scope.cancel()
                registry.stop()
                # One patience for doors and actors together: the unit's TimeoutStopSec= is near.
                actors.cancel_scope.deadline = max(
                    self._stopped_at + limits.drain_s, trio.current_time() + _ACTORS_GRACE_S
                )
            relay.stop()
            with trio.move_on_after(min(_RELAY_GRACE_S, limits.drain_s)):
                await relay.drained()
            background.cancel_scope.cancel()

    def _relay(self, store: Store, clock: Clock, vendors: Vendors) -> Relay:
        limits = self._config.limits
        return Relay(
            store,
            clock,
            vendors.sender_of,
            self._metrics,
            self._log,
            pace=pace_of(limits),
            concurrency_of=limits.concurrency_of,
            pauses=self._pauses,
        )

    def _actor_loop(
        self, store: Store, clock: Clock, around: Surroundings, relay: Relay
    ) -> ActorLoop:
        limits = self._config.limits
        return ActorLoop(
            store,
            clock,
            lambda: around,
            self._metrics,
            self._log,
            batch_max=limits.batch_max,
            expect=relay.expect,
        )

    def _operator(self, store: Store, clock: Clock, registry: Registry, relay: Relay) -> Operator:
        about: dict[str, str | int] = {
            "version": version("routerbot"),
            "flow": self._source.flow.name,
            "flow_version": self._source.version,
        }
        language = self._config.flow.default_language
        return Operator(
            store, clock, registry, relay, self._pauses, about, default_language=language
        )

    async def _operators_door(self, operator: Operator, task_status: trio.TaskStatus[None]) -> None:
        path = self._config.admin.socket
        try:
            await serve_operator(path, operator, self._log, task_status=task_status)
        except OSError as error:
            raise BindFailed(f"admin.socket {path}: {error.strerror or error}") from error

    def _start_background(
        self,
        background: trio.Nursery,
        store: Store,
        clock: Clock,
        registry: Registry,
        relay: Relay,
    ) -> None:
        limits = self._config.limits
        background.start_soon(
            partial(upkeep.prune, message_keep_days=limits.message_keep_days),
            store,
            clock,
            self._log,
        )
        background.start_soon(
            partial(upkeep.sweep, sweep_s=limits.sweep_s, relay=relay),
            store,
            registry,
            clock,
            self._metrics,
            self._log,
        )
        interval_s = watchdog_interval_s(self._environ)
        if interval_s is not None:
            background.start_soon(watchdog, self._notifier, interval_s, store.ping)

    async def _doors(
        self,
        store: Store,
        clock: Clock,
        vendors: Vendors,
        quiet: partial[dict[str, object]],
        woken: int,
        task_status: trio.TaskStatus[int],
    ) -> None:
        config = self._config
        intake = Intake(store, clock, self._log)
        public = public_app(
            vendors.receivers,
            intake.accept,
            clock,
            _web_limits(config.limits),
            self._metrics,
            self._log,
        )
        routes: list[BaseRoute] = []
        if config.sandbox is not None:
            routes = _sandbox_routes(clock, intake, quiet, store)
        admin = admin_app(
            live=lambda: True,
            ready=lambda: self._missing,
            render_metrics=self._metrics.render,
            routes=routes,
        )
        open_door = partial(serve, stop=self.stop, metrics=self._metrics, log=self._log)
        limits = _server_limits(config.limits)
        # The operator is let in where vendors are not any more: into half of the reserve.
        admin_limits = replace(limits, descriptors_reserve=limits.descriptors_reserve // 2)
        async with trio.open_nursery() as doors:
            await doors.start(
                partial(open_door, admin, config.admin.bind, name="admin", limits=admin_limits)
            )
            port = await doors.start(
                partial(open_door, public, config.server.bind, name="public", limits=limits)
            )
            self._missing.clear()
            self._notifier.ready(f"serving, {woken} actors had messages waiting")
            self._log.info(
                "ready",
                port=port,
                flow_version=self._source.version,
                woken=woken,
                epoch=store.epoch,
            )
            task_status.started(port)
            await self.stop.wait()
            self._stopped_at = trio.current_time()
            self._missing.append("stopping")
            self._notifier.stopping()
            self._log.info("stopping")


def _web_limits(limits: Limits) -> WebLimits:
    return WebLimits(
        accept_timeout_ms=limits.accept_timeout_ms,
        body_deadline_s=limits.body_deadline_s,
        bodies_in_memory_max_bytes=limits.bodies_in_memory_max_bytes,
    )


def _server_limits(limits: Limits) -> ServerLimits:
    return ServerLimits(
        connections_max=limits.connections_max,
        descriptors_reserve=limits.descriptors_reserve,
        header_deadline_s=limits.header_deadline_s,
        idle_s=limits.idle_s,
        header_max_bytes=limits.header_max_bytes,
        drain_s=limits.drain_s,
    )


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _quiet(
    clock: Clock,
    registry: Registry,
    relay: Relay,
    timers: Timers,
    log_idle: Callable[[], bool],
) -> dict[str, object]:
    """Whether nothing is under way, and when something falls due by itself; for the sandbox."""
    dues = [due for due in (timers.next_due_ms(), relay.next_due_ms()) if due is not None]
    next_ms = min(dues, default=None)
    now_ms = clock.now_ms()
    due = next_ms is not None and next_ms <= now_ms
    busy = registry.busy_count + relay.active + timers.firing
    return {"quiet": not busy and not due and log_idle(), "next_due_ms": next_ms, "now_ms": now_ms}


def _sandbox_routes(
    clock: Clock, intake: Intake, quiet: partial[dict[str, object]], store: Store
) -> list[BaseRoute]:
    """What only the sandbox's own daemon answers: turning the clock, whether it is quiet, and what
    it has in mind of a customer."""

    async def turn_clock(_request: Request) -> Response:
        if isinstance(clock, VirtualClock):
            clock.reload()
        return JSONResponse({"now_ms": clock.now_ms()})

    async def is_quiet(_request: Request) -> Response:
        # Let tasks that were just woken run before looking.
        for _ in range(3):
            await trio.lowlevel.checkpoint()
        state = quiet()
        state["quiet"] = bool(state["quiet"]) and not intake.under_way
        return JSONResponse(state)

    async def look(request: Request) -> Response:
        found = await look_in(store, request.query_params["alias"])
        return Response(msgspec.json.encode(found), media_type="application/json")

    return [
        Route("/sandbox/look", look, methods=["GET"]),
        Route("/sandbox/clock", turn_clock, methods=["POST"]),
        Route("/sandbox/quiet", is_quiet, methods=["GET"]),
    ]
