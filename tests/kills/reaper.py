"""The real process with a killer at its heels: armed, killed, buried, started again.

What lives here: when which order is given, what is noted at each death, and coming to rest in spite
of it. What must not: choosing orders (`plan`), or judging what the deaths did (`oracle`).
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Iterable
from pathlib import Path

import httpx
import trio
from msgspec import Struct
from msgspec.structs import replace

from adapters.sandbox.world import SandboxWorld
from daemon.sandbox.process import DaemonFailed
from daemon.sandbox.stage import Stage
from daemon.scripts.stage import NotAtRest
from tests.kills import evidence
from tests.kills.evidence import Cut
from tests.kills.orders import Order, Seam, give, withdraw

_REST_S = 60.0
_LOOK_S = 0.003
_ENDS_MAX = 3


class Assignment(Struct, frozen=True):
    """An order, and when it is given."""

    order: Order
    hot: bool
    """Before the process is started; else when it has come to rest.

    Never two in a row: what is open at three starts counts as poison and is set aside.
    """
    down_ms: int = 0
    """How long it stays dead. The world goes on meanwhile, and posts to a closed door."""


class Death(Struct, frozen=True):
    """What one kill cut off."""

    order: Order
    at_ms: int
    cut: tuple[Cut, ...]
    """Calls under way."""


class Reaper:
    """A `Host` for `people` in which the process dies as planned."""

    def __init__(
        self, stage: Stage, orders: Path, plan: Iterable[Assignment], *, peace_ms: int
    ) -> None:
        """`peace_ms`: how long nobody is killed after a message to a person was cut off.

        It is promised one more try, not two: so that try is left in peace.
        """
        self.deaths: list[Death] = []
        self.restarts = 0
        self.wrong: list[str] = []
        """Ends that nobody had ordered."""
        self._stage = stage
        self._orders = orders
        self._plan = deque(plan)
        self._armed: Assignment | None = None
        self._peace_ms = peace_ms
        self._peace_until_ms = 0
        self._due_ms: int | None = None
        self._told_ms = -1

    @property
    def world(self) -> SandboxWorld:
        """The world."""
        return self._stage.world

    @property
    def left(self) -> int:
        """How many kills are still to come."""
        return len(self._plan) + (self._armed is not None)

    def disarm(self) -> None:
        """No more kills."""
        self._plan.clear()
        self._armed = None
        withdraw(self._orders)

    def next_due_ms(self) -> int | None:
        """See `Host`."""
        return self._due_ms

    async def settle(self) -> None:
        """See `Host`. However often the process dies meanwhile; raises NotAtRest."""
        with trio.move_on_after(_REST_S + 10 * self.left):
            rest = 0
            while rest < 2:
                rest = rest + 1 if await self._is_at_rest() else 0
                if not rest:
                    await trio.sleep(_LOOK_S)
            if self._plan and self._armed is None and not self._in_peace:
                self._arm()
            return
        raise NotAtRest(f"not at rest in time:\n{self._stage.daemon.log_tail()}")

    async def _is_at_rest(self) -> bool:
        daemon = self._stage.daemon
        if not daemon.running:
            await self._bury()
            await self._start()
            return False
        if self._armed is not None and self._in_peace:
            return False  # it dies as it recovers
        await self.world.wait_quiet()
        try:
            now_ms = self.world.clock.now_ms()
            if now_ms != self._told_ms:
                await daemon.turn_clock()
                self._told_ms = now_ms
            quiet, self._due_ms = await daemon.quiet()
        except httpx.HTTPError:
            return False  # it has just died, or is about to
        return quiet and self.world.quiet()

    # --- dying ----------------------------------------------------------------------------------

    @property
    def _in_peace(self) -> bool:
        return self.world.clock.now_ms() < self._peace_until_ms

    def _arm(self) -> None:
        self._armed = self._plan.popleft()
        give(self._orders, self._armed.order)

    def _arm_before_start(self) -> None:
        """Let the next process die while it recovers."""
        if not self._plan or not self._plan[0].hot:
            return
        if self._in_peace:
            # Only what surely comes about while it deals with the calls that were cut off.
            first, order, cut = self._plan[0], self._plan[0].order, self.deaths[-1].cut
            if order.seam not in (Seam.SETTLED, Seam.RANDOM) or not cut:
                return
            self._plan[0] = replace(first, order=replace(order, count=min(order.count, len(cut))))
        self._arm()

    async def _bury(self) -> None:
        code = await self._stage.daemon.ended()
        killed, self._armed = self._armed, None
        withdraw(self._orders)
        if killed is None or code != -signal.SIGKILL:
            order = killed.order if killed is not None else None
            tail = self._stage.daemon.log_tail()
            self.wrong.append(f"the process ended with {code}; ordered: {order}\n{tail}")
            return
        cut = tuple(evidence.cut_off(self._stage.folder / "routerbot.db"))
        self.deaths.append(Death(killed.order, self.world.clock.now_ms(), cut))
        await self.world.pass_time(killed.down_ms)
        if any(each.call == "Say" for each in cut):
            # From here on: the next process finds it, and gives it its time.
            self._peace_until_ms = self.world.clock.now_ms() + self._peace_ms

    async def _start(self) -> None:
        if len(self.wrong) > _ENDS_MAX:
            raise DaemonFailed("\n".join(self.wrong))
        self._arm_before_start()
        self.restarts += 1
        self._told_ms = -1
        try:
            await self._stage.start_daemon()
        except DaemonFailed:
            if self._stage.daemon.running:
                raise
