"""Posts webhooks to the daemon over HTTP, again and again until they are taken.

What lives here: order, attempts and the count of posts under way. What must not: what a webhook
says or how it is signed; each simulator brings its own signature and its vendor's retry rules.
"""

from __future__ import annotations

import math
from collections import deque

import httpx
import trio

from adapters.sandbox.agenda import Scheduled
from adapters.sandbox.clock import Activity, SimClock
from adapters.sandbox.wire import Headers, Parcel, RetryRules

ANSWER_WITHIN_S = 10.0
"""Real seconds: the daemon that must answer is a real one, even where the clock is frozen."""


class _Body(httpx.AsyncByteStream):
    """The bytes in one piece, and no generator.

    httpx would wrap bytes into an async generator, of which Python complains when the daemon dies
    in the middle of a post and nobody reads on.
    """

    def __init__(self, body: bytes) -> None:
        self._pieces = iter([body] if body else [])

    def __aiter__(self) -> _Body:
        return self

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration


class Courier:
    """Carries one simulator's webhooks in order, one after another. A `Carrier`.

    What fails is carried again by the rules while others go ahead of it, as with the real ones.
    """

    def __init__(
        self,
        clock: SimClock,
        activity: Activity,
        rules: RetryRules,
        headers: Headers,
    ) -> None:
        self._clock = clock
        self._activity = activity
        self._rules = rules
        self._headers = headers
        self._send, self._receive = trio.open_memory_channel[Parcel](math.inf)
        self._waiting: dict[Parcel, Scheduled] = {}
        self._duplicates = 0
        self.base_url: str | None = None
        """Where the daemon listens; None: nowhere yet."""
        self.log: deque[Parcel] = deque(maxlen=2000)
        """What was posted lately, taken or not."""

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

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Carry webhooks until cancelled."""
        # No kept connections: one to a daemon that was killed would fail the next attempt.
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(trust_env=False, limits=limits, timeout=None) as client:
            task_status.started()
            async for parcel in self._receive:
                try:
                    await self._attempt(client, parcel)
                finally:
                    self._activity.end()

    def _put(self, parcel: Parcel) -> None:
        self._activity.begin()
        self._send.send_nowait(parcel)

    async def _attempt(self, client: httpx.AsyncClient, parcel: Parcel) -> None:
        status = await self._status(client, parcel)
        parcel.answers.append(status)
        due_ms = self._rules.again_ms(parcel, self._clock.now_ms())
        if due_ms is None:
            return

        def again() -> None:
            if self._waiting.pop(parcel, None) is not None:
                self._put(parcel)

        self._waiting[parcel] = self._clock.call_at(due_ms, again)

    async def _status(self, client: httpx.AsyncClient, parcel: Parcel) -> int | None:
        """Make one attempt; None where no answer came."""
        url = parcel.target
        if url.startswith("/"):
            if self.base_url is None:
                return None
            url = self.base_url + url
        try:
            with trio.fail_after(ANSWER_WITHIN_S):
                size = {"content-length": str(len(parcel.body))}
                headers = {**self._headers(parcel), **size}
                response = await client.post(url, content=_Body(parcel.body), headers=headers)
        except (httpx.HTTPError, trio.TooSlowError):
            return None
        return response.status_code
