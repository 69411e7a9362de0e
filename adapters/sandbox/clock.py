"""The time of a sandbox with tasks, and the count of what is under way in it.

What lives here: `SimClock`, the agenda that tasks can wait for, and `Activity`, by which servers
and couriers say whether they are at rest. What must not: what a simulator does.

A frozen clock moves only by `advance`, so hours pass in an instant and a run repeats exactly. A
running one follows real time, and `advance` makes it jump ahead. Nothing in the sandbox may wait
for a later time in any other way: what is not on this clock cannot be fast-forwarded, and whoever
plays a script could not tell whether more is to come.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio

from adapters.sandbox.agenda import Action, Agenda, Scheduled


class Activity:
    """Counts what is under way; whatever is counted here is counted in `parent` too."""

    def __init__(self, parent: Activity | None = None) -> None:
        self._parent = parent
        self._count = 0
        self._idle = trio.Event()
        self._idle.set()

    @property
    def count(self) -> int:
        """How many things are under way."""
        return self._count

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way."""
        return self._count == 0

    def begin(self) -> None:
        """One more thing is under way."""
        if self._count == 0:
            self._idle = trio.Event()
        self._count += 1
        if self._parent is not None:
            self._parent.begin()

    def end(self) -> None:
        """One of them is done."""
        self._count -= 1
        if self._count == 0:
            self._idle.set()
        if self._parent is not None:
            self._parent.end()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Count the body of the `with` as one thing."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the body out of the count: it only waits for somebody else."""
        self.end()
        try:
            yield
        finally:
            self.begin()

    async def wait_quiet(self) -> None:
        """Block until nothing is under way."""
        while self._count:
            await self._idle.wait()


class SimClock(Agenda):
    """An agenda beside tasks: it can be waited for, and may follow real time.

    Make one with `frozen_at` or `running`. `run` must be running in a task for scheduled actions
    to happen; `sleep_until` works without it.
    """

    def __init__(self, frozen_ms: int, real_ms: Callable[[], int] | None) -> None:
        super().__init__(frozen_ms)
        self._real_ms = real_ms
        self._offset_ms = 0
        self._sleepers: dict[object, int] = {}
        self._changed = trio.Event()
        self._listeners: list[Callable[[], None]] = []
        self.activity = Activity()
        """All that is under way in the sandbox: the simulators' own counts add up here."""

    @classmethod
    def frozen_at(cls, start_ms: int) -> SimClock:
        """A clock that stands still at `start_ms` until it is advanced."""
        return cls(start_ms, None)

    @classmethod
    def running(cls, real_ms: Callable[[], int]) -> SimClock:
        """A clock that follows `real_ms`, plus whatever it is advanced by."""
        return cls(0, real_ms)

    @property
    def frozen(self) -> bool:
        """Whether only `advance` moves this clock."""
        return self._real_ms is None

    @property
    def offset_ms(self) -> int:
        """How far ahead of real time a running clock is."""
        return self._offset_ms

    def now_ms(self) -> int:
        """The time."""
        if self._real_ms is None:
            return super().now_ms()
        return self._real_ms() + self._offset_ms

    def advance(self, ms: int) -> None:
        """Move on at once; what has come due begins as soon as the caller waits.

        To let each thing happen at its own time, go from `next_due_ms` to `next_due_ms` (as
        `World.pass_time` does).
        """
        super().advance(ms)
        self._offset_ms += ms
        self._ring()
        for listener in self._listeners:
            listener()

    def on_advance(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each `advance`."""
        self._listeners.append(listener)

    def call_at(self, due_ms: int, action: Action) -> Scheduled:
        """Do `action` at `due_ms`, or as soon as possible where that has passed."""
        scheduled = super().call_at(due_ms, action)
        self._ring()
        return scheduled

    async def sleep_until(self, due_ms: int) -> None:
        """Wait for a time, whether it comes by itself or by an advance. A checkpoint."""
        key = object()
        self._sleepers[key] = due_ms
        try:
            while self.now_ms() < due_ms:
                await self._wait(due_ms)
            await trio.lowlevel.checkpoint()
        finally:
            del self._sleepers[key]

    def next_due_ms(self) -> int | None:
        """The earliest time that anything waits for; None where nothing does."""
        due_ms = super().next_due_ms()
        dues = [*self._sleepers.values(), *([] if due_ms is None else [due_ms])]
        return min(dues, default=None)

    @property
    def pending_now(self) -> int:
        """How many actions are due, and how many sleepers are about to wake."""
        now_ms = self.now_ms()
        return self.due_now + sum(1 for at_ms in self._sleepers.values() if at_ms <= now_ms)

    @property
    def quiet(self) -> bool:
        """Whether nothing is due and nothing that is counted in `activity` is under way."""
        return self.activity.quiet and self.pending_now == 0

    async def wait_quiet(self) -> None:
        """Block until nothing will happen in the sandbox before the time moves on."""
        await trio.lowlevel.checkpoint()
        while not self.quiet:
            # With nothing under way, something due has not begun yet: its task is next in line.
            await self.activity.wait_quiet()
            await trio.lowlevel.checkpoint()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Do what is scheduled, for ever. An action that raises ends the sandbox: it is a bug."""
        task_status.started()
        while True:
            scheduled = self.take_due()
            if scheduled is None:
                await self._wait(super().next_due_ms())
            else:
                scheduled.action()

    async def _wait(self, due_ms: int | None) -> None:
        """Block until something changed, or a running clock has come to `due_ms`."""
        seconds = math.inf
        if due_ms is not None and not self.frozen:
            seconds = max(due_ms - self.now_ms(), 0) / 1000
        with trio.move_on_after(seconds):
            await self._changed.wait()

    def _ring(self) -> None:
        # Each waiter holds the event of its own round, so that none misses a ring.
        self._changed.set()
        self._changed = trio.Event()
