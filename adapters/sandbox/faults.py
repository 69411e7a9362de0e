"""The ways in which a simulated system can misbehave towards a caller.

What lives here: refusing, hanging and dropping, the same for every simulator. What must not: a
vendor's error bodies.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import trio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from adapters.sandbox.clock import SimClock
from adapters.sandbox.server import SCOPE_KEY, Connection

Handler = Callable[[Request], Awaitable[Response]]


class Dropped(Response):
    """Closes the connection without an answer."""

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        """Close it."""
        connection: Connection = scope[SCOPE_KEY]
        await connection.close()


class Hung(Response):
    """Never answers: waits until the caller gives up, or until `until_ms` and then hangs up."""

    def __init__(self, clock: SimClock, until_ms: int | None) -> None:
        super().__init__()
        self._clock = clock
        self._until_ms = until_ms

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        """Wait, not counted as under way: whether this ends is up to the caller."""
        connection: Connection = scope[SCOPE_KEY]
        with connection.activity.paused():
            async with trio.open_nursery() as nursery:
                if self._until_ms is not None:
                    nursery.start_soon(self._hang_up, nursery.cancel_scope, self._until_ms)
                while (await receive())["type"] != "http.disconnect":
                    pass
                nursery.cancel_scope.cancel()
        await connection.close()

    async def _hang_up(self, scope: trio.CancelScope, until_ms: int) -> None:
        await self._clock.sleep_until(until_ms)
        scope.cancel()


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with one request."""

    carried_out: bool
    """Whether what was asked for is done all the same, although nobody hears of it."""
    answer: Callable[[], Response]


class Troubles:
    """What is to go wrong with the next requests of one sort, in order; then all is well again."""

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self._next: deque[Trouble] = deque()
        self.standing: Trouble | None = None
        """Befalls every request until it is taken away."""

    @property
    def waiting(self) -> int:
        """How many of the next requests something will befall."""
        return len(self._next)

    def refuse(self, answer: Callable[[], Response], n: int = 1) -> None:
        """Answer the next `n` requests so, and do nothing of what they ask."""
        self._next.extend([Trouble(False, answer)] * n)

    def drop(self, n: int = 1, *, carried_out: bool = True) -> None:
        """Do what the next `n` requests ask, then close the connection without an answer."""
        self._next.extend([Trouble(carried_out, Dropped)] * n)

    def hang(self, n: int = 1, *, carried_out: bool = False, for_ms: int | None = None) -> None:
        """Leave the next `n` callers waiting: for ever, or `for_ms` by the clock."""

        def answer() -> Response:
            return Hung(self._clock, None if for_ms is None else self._clock.now_ms() + for_ms)

        self._next.extend([Trouble(carried_out, answer)] * n)

    def clear(self) -> None:
        """Forget all troubles."""
        self._next.clear()
        self.standing = None

    def around(self, handler: Handler) -> Handler:
        """`handler`, but for the troubles that befall it."""

        async def troubled(request: Request) -> Response:
            trouble = self._next.popleft() if self._next else self.standing
            if trouble is None:
                return await handler(request)
            # The request must have come in whole, or closing would be a reset in its middle.
            await request.body()
            if trouble.carried_out:
                refused = await handler(request)
                if refused.status_code >= 400:
                    return refused
            return trouble.answer()

        return troubled
