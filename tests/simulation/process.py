"""One life of the process: the shell put together on the store, and the ways it ends.

What lives here: the assembly, and the death that the plan has for it. What must not: rules of the
shell; every part is the daemon's own. The doors of HTTP, the room of asyncio and the clock of the
machine are left out: events come in behind the receivers, calls go out before the senders' HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import trio
from msgspec.structs import replace

from actors.calls import Call
from actors.conversation.state import Surroundings
from actors.ids import MessageId
from adapters.ports import Event, Reception, Sender
from daemon import upkeep
from daemon.actor_loop import ActorLoop
from daemon.intake import Intake
from daemon.metrics import Metrics
from daemon.registry import Registry
from daemon.relay import Relay
from daemon.sending import Pace
from daemon.timers import Timers
from daemon.tree import Switchboard
from state.inline_store import InlineDisk, InlineStore
from state.rows import Commit
from state.store import StoreFull
from state.transactions import Unit
from tests.daemon.parts import TrioClock
from tests.simulation.defects import Defect, relay_of
from tests.simulation.journal import SimulatedLog
from tests.simulation.plan import AFTER_COMMIT, BEFORE_COMMIT, ON_CALL, SOON, STOP, Death
from tests.simulation.world import World

PACE = Pace(attempts_max=20, backoff_first_s=1.0, backoff_max_s=300.0, reconcile_after_s=90.0)
_METRICS = Metrics()


class Crash(BaseException):
    """The process is dead. Nobody may catch this."""


class WatchedStore(InlineStore):
    """Tells the life which unit of work is being written."""

    unit: Unit | None = None

    def _write_now(self, unit: Unit) -> object:
        self.unit = unit
        return super()._write_now(unit)


class Life:
    """From a start to the end. A `Door` while it takes events."""

    def __init__(
        self,
        world: World,
        disk: InlineDisk,
        around: Surroundings,
        senders: Mapping[str, Sender],
        death: Death | None,
        defect: Defect | None,
    ) -> None:
        self._world = world
        self._around = around
        self._senders = senders
        self._death = death
        self._defect = defect
        self._dead = False
        self._commits = 0
        self._scope = trio.CancelScope()
        self._visits: list[trio.CancelScope] = []
        self._left = trio.Event()
        self._deliveries = 0
        self._stop = trio.Event()
        self._dying = trio.Event()
        self._clock = TrioClock()
        self.log = SimulatedLog(world.journal)
        self.versions: dict[str, int] = {}
        self._store = WatchedStore(
            disk, bell := Switchboard(), before_commit=self._before, after_commit=self._after
        )
        self._bell = bell
        self._intake = Intake(self._store, self._clock, self.log.logger)

    async def run(self) -> None:
        """Live until the plan's death, or for ever."""
        self._world.note("process", f"begins, epoch {self._store.epoch}")
        try:
            with self._scope:
                await self._live()
        except* Crash:
            pass

    # --- the tree -------------------------------------------------------------------------------

    async def _live(self) -> None:
        store, clock, log = self._store, self._clock, self.log.logger
        concurrency = self._world.plan.mailbox_max + 1
        relay = relay_of(self._defect)(
            store,
            clock,
            lambda destination: self._senders.get(destination.partition(":")[0]),
            _METRICS,
            log,
            pace=PACE,
            concurrency_of=lambda _name: concurrency,
        )
        timers = Timers(store, clock, _METRICS, per_second_max=100)
        loop = ActorLoop(
            store,
            clock,
            lambda: self._around,
            _METRICS,
            log,
            batch_max=self._world.plan.batch_max,
            expect=relay.expect,
        )
        async with trio.open_nursery() as background:
            async with trio.open_nursery() as actors:
                registry = Registry(
                    actors,
                    loop.live,
                    _METRICS,
                    live_actors_max=self._world.plan.live_actors_max,
                    mailbox_max=self._world.plan.mailbox_max,
                )
                loop.registry = registry
                self._bell.connect(registry, relay, timers)
                background.start_soon(self._die_soon)
                background.start_soon(
                    partial(upkeep.sweep, sweep_s=60.0, relay=relay),
                    store,
                    registry,
                    clock,
                    _METRICS,
                    log,
                )
                await self._work(actors, background, registry, relay, timers)
            relay.stop()
            with trio.move_on_after(10):
                await relay.drained()
            background.cancel_scope.cancel()

    async def _work(
        self,
        actors: trio.Nursery,
        background: trio.Nursery,
        registry: Registry,
        relay: Relay,
        timers: Timers,
    ) -> None:
        await relay.recover()
        await upkeep.expect_waiting(self._store, registry)
        background.start_soon(relay.run)
        background.start_soon(registry.put_to_sleep, 20.0)
        async with trio.open_nursery() as inner:
            inner.start_soon(registry.wake_expected)
            inner.start_soon(timers.run)
            self._world.door = self
            await self._stop.wait()
            self._close_door()
            await self._visitors_gone()
            inner.cancel_scope.cancel()
        registry.stop()
        actors.cancel_scope.deadline = trio.current_time() + 2.0

    async def _visitors_gone(self) -> None:
        while self._visits:
            self._left = trio.Event()
            await self._left.wait()

    # --- the door -------------------------------------------------------------------------------

    async def take(self, reception: Reception, source: str) -> bool:
        """See `Door`. Runs in a task of the world: it sees the process die and lives on."""
        if self._defect is Defect.FORGETS_DUPLICATES:
            self._deliveries += 1
            reception = _renamed(reception, self._deliveries)
        taken = False
        with trio.CancelScope() as visit:
            self._visits.append(visit)
            try:
                await self._intake.accept(reception, source)
                taken = True
            except (StoreFull, Crash):
                pass
            finally:
                self._visits.remove(visit)
                self._left.set()
        return taken

    def carried_out(self, call: Call) -> None:
        """See `Door`."""
        name = type(call).__name__
        if self._due(ON_CALL) and self._death is not None and self._death.call == name:
            self.die(f"{ON_CALL}, {name}")

    def _close_door(self) -> None:
        if self._world.door is self:
            self._world.door = None

    # --- the end --------------------------------------------------------------------------------

    def die(self, how: str) -> None:
        """Nothing of this process happens after this."""
        if not self._dead:
            self._world.note("process", f"dies {how}")
            self._dead = True
            self._close_door()
            self._scope.cancel()
            for visit in self._visits:
                visit.cancel()

    async def _die_soon(self) -> None:
        await self._dying.wait()
        assert self._death is not None
        for _ in range(self._death.steps):
            await trio.lowlevel.checkpoint()
        self.die(SOON)

    def _due(self, how: str) -> bool:
        death = self._death
        due = death is not None and death.how == how and self._commits >= death.commit
        return due and not self._world.calm

    def _before(self, name: str) -> None:
        world = self._world
        if self._dead:
            raise Crash
        now_s = world.now_s()
        if not world.calm and any(s.begins_s <= now_s < s.ends_s for s in world.plan.disk_full):
            raise StoreFull("the simulated disk is full")
        if self._due(BEFORE_COMMIT):
            self.die(f"{BEFORE_COMMIT} of {name}")
            raise Crash

    def _after(self, name: str) -> None:
        self._commits += 1
        unit = self._store.unit
        if isinstance(unit, Commit):
            self._world.watch(unit)
        if self._due(AFTER_COMMIT):
            self.die(f"{AFTER_COMMIT} of {name}")
            raise Crash
        if self._due(SOON):
            self._dying.set()
        if self._due(STOP):
            self._stop.set()


def _renamed(reception: Reception, number: int) -> Reception:
    events = tuple(
        replace(event, message_id=MessageId(f"{event.message_id}#{number}"))
        for event in reception.events
        if isinstance(event, Event)
    )
    return replace(reception, events=events)
