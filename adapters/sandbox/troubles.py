"""The ways in which a simulated system can misbehave towards a caller.

What lives here: refusing, hanging and dropping, the same for every simulator. What must not: a
vendor's error bodies, or how a connection is closed (`loopback`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from adapters.sandbox.agenda import Agenda
from adapters.sandbox.exchange import Answer, Asked, Dropped, Handler, Hung, Reply


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with one request."""

    carried_out: bool
    """Whether what was asked for is done all the same, although nobody hears of it."""
    answer: Callable[[], Answer]


class Troubles:
    """What is to go wrong with the next requests of one sort, in order; then all is well again."""

    def __init__(self, clock: Agenda) -> None:
        self._clock = clock
        self._next: deque[Trouble] = deque()
        self.standing: Trouble | None = None
        """Befalls every request until it is taken away."""

    @property
    def waiting(self) -> int:
        """How many of the next requests something will befall."""
        return len(self._next)

    def refuse(self, answer: Callable[[], Answer], n: int = 1) -> None:
        """Answer the next `n` requests so, and do nothing of what they ask."""
        self._next.extend([Trouble(False, answer)] * n)

    def drop(self, n: int = 1, *, carried_out: bool = True) -> None:
        """Do what the next `n` requests ask, then close the connection without an answer."""
        self._next.extend([Trouble(carried_out, Dropped)] * n)

    def hang(self, n: int = 1, *, carried_out: bool = False, for_ms: int | None = None) -> None:
        """Leave the next `n` callers waiting: for ever, or `for_ms` by the clock."""

        def answer() -> Answer:
            return Hung(None if for_ms is None else self._clock.now_ms() + for_ms)

        self._next.extend([Trouble(carried_out, answer)] * n)

    def clear(self) -> None:
        """Forget all troubles."""
        self._next.clear()
        self.standing = None

    def around(self, handler: Handler) -> Handler:
        """`handler`, but for the troubles that befall it."""

        def troubled(asked: Asked) -> Answer:
            trouble = self._next.popleft() if self._next else self.standing
            if trouble is None:
                return handler(asked)
            if trouble.carried_out:
                refused = handler(asked)
                if isinstance(refused, Reply) and refused.status >= 400:
                    return refused
            return trouble.answer()

        return troubled
