"""What becomes of webhooks, however they are carried: again and again until they are taken.

What lives here: attempts, what waits for its next one, and duplicates. What must not: the carrying
itself (`courier` over HTTP, `direct` in place).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque

from adapters.sandbox.agenda import Agenda, Scheduled
from adapters.sandbox.wire import Headers, Parcel, RetryRules


class Carrying(ABC):
    """Webhooks under way, of one vendor. A `Carrier`."""

    def __init__(self, clock: Agenda, rules: RetryRules, headers: Headers) -> None:
        self._clock = clock
        self._rules = rules
        self._waiting: dict[Parcel, Scheduled] = {}
        self._duplicates = 0
        self.headers = headers
        self.log: deque[Parcel] = deque(maxlen=2000)
        """What was posted lately, taken or not."""

    @abstractmethod
    def _put(self, parcel: Parcel) -> None:
        """Begin an attempt; `answered` is told how it went."""

    @property
    def waiting(self) -> tuple[Parcel, ...]:
        """What failed and will be tried again later."""
        return tuple(self._waiting)

    def post(self, parcel: Parcel) -> None:
        """Carry it now."""
        self.log.append(parcel)
        self._put(parcel)
        if self._duplicates:
            self._duplicates -= 1
            self._put(Parcel(parcel.id, parcel.target, parcel.body, parcel.posted_ms))

    def duplicate_next(self, n: int = 1) -> None:
        """Carry each of the next `n` webhooks twice."""
        self._duplicates += n

    def retry_now(self) -> None:
        """Carry at once whatever waits for its next attempt."""
        for parcel, scheduled in list(self._waiting.items()):
            scheduled.cancel()
            del self._waiting[parcel]
            self._put(parcel)

    def answered(self, parcel: Parcel, status: int | None) -> None:
        """What became of an attempt; None: nobody answered."""
        parcel.answers.append(status)
        due_ms = self._rules.again_ms(parcel, self._clock.now_ms())
        if due_ms is None:
            return

        def again() -> None:
            if self._waiting.pop(parcel, None) is not None:
                self._put(parcel)

        self._waiting[parcel] = self._clock.call_at(due_ms, again)
