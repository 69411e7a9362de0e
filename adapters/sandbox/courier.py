"""Posts webhooks to the daemon over HTTP.

What lives here: order, and the count of posts under way. What must not: when they are posted again
(`carrying`), what a webhook says or how it is signed; each simulator brings its own signature.
"""

from __future__ import annotations

import math

import httpx
import trio

from adapters.sandbox.carrying import Carrying
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


class Courier(Carrying):
    """Carries one simulator's webhooks in order, one after another.

    What fails is carried again by the rules while others go ahead of it, as with the real ones.
    """

    def __init__(
        self,
        clock: SimClock,
        activity: Activity,
        rules: RetryRules,
        headers: Headers,
    ) -> None:
        super().__init__(clock, rules, headers)
        self._activity = activity
        self._send, self._receive = trio.open_memory_channel[Parcel](math.inf)
        self.base_url: str | None = None
        """Where the daemon listens; None: nowhere yet."""

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Carry webhooks until cancelled."""
        # No kept connections: one to a daemon that was killed would fail the next attempt.
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(trust_env=False, limits=limits, timeout=None) as client:
            task_status.started()
            async for parcel in self._receive:
                try:
                    self.answered(parcel, await self._status(client, parcel))
                finally:
                    self._activity.end()

    def _put(self, parcel: Parcel) -> None:
        self._activity.begin()
        self._send.send_nowait(parcel)

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
                headers = {**self.headers(parcel), **size}
                response = await client.post(url, content=_Body(parcel.body), headers=headers)
        except (httpx.HTTPError, trio.TooSlowError):
            return None
        return response.status_code
