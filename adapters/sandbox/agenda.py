"""Virtual time, and what is to happen at which time.

What lives here: `Agenda`, by which everything in the sandbox knows the time and delays what it does
later. What must not: waiting. Whoever turns the agenda on does what has come due: a task beside the
servers (`clock`), or one loop that does everything in turn.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

Action = Callable[[], None]


class Scheduled:
    """Something that will be done; `cancel` forgets it."""

    def __init__(self, due_ms: int, action: Action) -> None:
        self.due_ms = due_ms
        self.action = action
        self.cancelled = False

    def cancel(self) -> None:
        """Do not do it, unless it has been done already."""
        self.cancelled = True


class Agenda:
    """Time in milliseconds since 1970 that moves only by `advance`, and what is due when."""

    def __init__(self, start_ms: int) -> None:
        self._now_ms = start_ms
        self._heap: list[tuple[int, int, Scheduled]] = []
        self._order = itertools.count()

    def now_ms(self) -> int:
        """The time."""
        return self._now_ms

    def advance(self, ms: int) -> None:
        """Move on at once; what has come due is then to be taken (`take_due`).

        A leap over several due times makes them all due together.
        """
        if ms < 0:
            raise ValueError("the clock never goes back")
        self._now_ms += ms

    def call_at(self, due_ms: int, action: Action) -> Scheduled:
        """Do `action` at `due_ms`, or as soon as possible where that has passed.

        Actions happen one after another, by time and then in the order of the calls, so none of
        them may wait: a webhook is handed to a courier.
        """
        scheduled = Scheduled(due_ms, action)
        heapq.heappush(self._heap, (due_ms, next(self._order), scheduled))
        return scheduled

    def call_later(self, delay_ms: int, action: Action) -> Scheduled:
        """Do `action` when `delay_ms` have passed."""
        return self.call_at(self.now_ms() + delay_ms, action)

    def next_due_ms(self) -> int | None:
        """The earliest time that anything waits for; None where nothing does."""
        self._drop_cancelled()
        return self._heap[0][0] if self._heap else None

    @property
    def due_now(self) -> int:
        """How many actions are due and not done yet."""
        now_ms = self.now_ms()
        return sum(1 for at_ms, _, item in self._heap if at_ms <= now_ms and not item.cancelled)

    def take_due(self) -> Scheduled | None:
        """The next action that is due, which the caller does; None where none is."""
        self._drop_cancelled()
        if not self._heap or self._heap[0][0] > self.now_ms():
            return None
        return heapq.heappop(self._heap)[2]

    def _drop_cancelled(self) -> None:
        while self._heap and self._heap[0][2].cancelled:
            heapq.heappop(self._heap)
