"""Calls to the API host, each with a good token and within its caller's time.

What lives here: the token's part in a call. What must not: what an answer means, 401 apart.
https://developer.genesys.cloud/platform/api/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import trio

from actors import outcomes
from actors.outcomes import Rejected, Transient, Unknown
from actors.values import Fault
from adapters.agents.genesys.faults import again, describe
from adapters.agents.genesys.settings import GenesysSettings
from adapters.agents.genesys.token import TokenCache
from adapters.http import HttpReply, call


@dataclass(frozen=True)
class Budget:
    """The time that an attempt has in all, however many requests it takes."""

    now_ms: int
    """When the attempt began, by our clock."""
    until: float
    """When it must be over, by `trio.current_time()`."""

    def left_s(self) -> float:
        """Seconds left; zero or less when it is over."""
        return self.until - trio.current_time()


class GenesysApi:
    """The API host of one organisation, with one token for all callers."""

    def __init__(self, transport: httpx.AsyncBaseTransport, settings: GenesysSettings) -> None:
        self._transport = transport
        self._settings = settings
        self._tokens = TokenCache(transport, settings)

    async def request(
        self,
        budget: Budget,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> HttpReply | Transient | Rejected:
        """Make one request. May block until the budget is spent.

        A reply has any status but 401. A refused token is renewed once and the request made once
        more; refused again, it is `Transient` and the whole destination pauses, because every
        other call would meet the same. `Rejected` where the login host refuses us.
        """
        token = await self._token(budget, None)
        if not isinstance(token, str):
            return token
        reply = await self._once(budget, token, method, path, query, content)
        if not isinstance(reply, HttpReply) or reply.status != 401:
            return reply
        token = await self._token(budget, token)
        if not isinstance(token, str):
            return token
        reply = await self._once(budget, token, method, path, query, content)
        if isinstance(reply, HttpReply) and reply.status == 401:
            detail = f"a new token was refused; {describe(reply)}"
            return Transient(Fault(outcomes.UNAUTHORIZED, detail), pause_destination=True)
        return reply

    async def _token(self, budget: Budget, refused: str | None) -> str | Transient | Rejected:
        got: str | Transient | Rejected = Transient(
            Fault(outcomes.TIMEOUT, "waiting for the token"), pause_destination=True
        )
        with trio.move_on_at(budget.until):
            if refused is None:
                got = await self._tokens.get(budget.now_ms)
            else:
                got = await self._tokens.renew(refused, budget.now_ms)
        return got

    async def _once(
        self,
        budget: Budget,
        token: str,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        content: bytes | None,
    ) -> HttpReply | Transient:
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        if content is not None:
            headers["content-type"] = "application/json"
        reply = await call(
            self._transport,
            method,
            self._settings.api(path),
            deadline_s=max(budget.left_s(), 0.0),
            headers=headers,
            query=query,
            content=content,
        )
        return again(reply) if isinstance(reply, Transient | Unknown) else reply
