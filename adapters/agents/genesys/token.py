"""The access token: one for all calls, fetched by one task at a time.

What lives here: the client-credentials grant and its cache, in memory only. What must not: what a
token is used for. https://developer.genesys.cloud/authorization/platform-auth/use-client-credentials

The login host has a rate limit of its own, which it announces as a 400. After a failure it is left
alone for a while; a token that is still good is used on.
"""

from __future__ import annotations

import base64
import math
from typing import Any

import httpx
import trio

from actors import outcomes
from actors.outcomes import Rejected, Transient, Unknown
from actors.values import Fault
from adapters.agents.genesys.settings import GenesysSettings
from adapters.agents.genesys.shapes import at, text_at, word
from adapters.http import HttpReply, call, retry_after_s

_LIFETIME_S = 3600.0
_MARGIN_S = 60.0
_BACKOFF_FIRST_S = 5.0
_BACKOFF_MAX_S = 60.0
_ASKED_MAX_S = 300.0
_LIMITED = "rate limit exceeded"
_BODY = b"grant_type=client_credentials"


class TokenCache:
    """Hands out the token and renews it in time. For one `trio` run, by any number of tasks."""

    def __init__(self, transport: httpx.AsyncBaseTransport, settings: GenesysSettings) -> None:
        self._transport = transport
        self._settings = settings
        self._lock = trio.Lock()
        self._token: str | None = None
        self._renew_at = -math.inf
        self._expires_at = -math.inf
        self._failure: Transient | Rejected | None = None
        self._failures = 0
        self._quiet_until = -math.inf

    async def get(self, now_ms: int) -> str | Transient | Rejected:
        """A token that should be good, else why there is none.

        `Rejected` (alarm) where the login host refuses the client. May block for one call; many
        callers wait for the same one. A checkpoint where it blocks.
        """
        if self._good_until(self._renew_at):
            return self._current()
        if self._lock.locked() and self._good_until(self._expires_at):
            # Another task renews it early; nobody else need wait for that.
            return self._current()
        async with self._lock:
            if self._good_until(self._renew_at):
                return self._current()
            failure = await self._fetch(now_ms)
            if failure is None or self._good_until(self._expires_at):
                return self._current()
            return failure

    async def renew(self, refused: str, now_ms: int) -> str | Transient | Rejected:
        """Another token than `refused`, which the API host did not take. May block as `get`.

        Of many callers with the same refused token, one fetches and the others get what it got.
        """
        async with self._lock:
            if self._token is not None and self._token != refused:
                return self._token
            # Not good any more, whatever its lifetime says.
            self._token = None
            self._renew_at = self._expires_at = -math.inf
            failure = await self._fetch(now_ms)
            return self._current() if failure is None else failure

    def _good_until(self, when: float) -> bool:
        return self._token is not None and trio.current_time() < when

    def _current(self) -> str:
        assert self._token is not None
        return self._token

    async def _fetch(self, now_ms: int) -> Transient | Rejected | None:
        asked_at = trio.current_time()
        if self._failure is not None and asked_at < self._quiet_until:
            return self._failure
        answer = await self._ask(now_ms)
        if isinstance(answer, Transient | Rejected):
            pause = min(_BACKOFF_FIRST_S * 2**self._failures, _BACKOFF_MAX_S)
            if isinstance(answer, Transient) and answer.retry_after_s is not None:
                pause = min(answer.retry_after_s, _ASKED_MAX_S)
            self._failures = min(self._failures + 1, 10)
            self._failure = answer
            self._quiet_until = trio.current_time() + pause
            return answer
        token, lifetime = answer
        self._token = token
        # Counted from before the request. A minute's margin, less for very short lives.
        self._renew_at = asked_at + max(lifetime - _MARGIN_S, lifetime * 0.8)
        self._expires_at = asked_at + lifetime
        self._failure, self._failures = None, 0
        return None

    async def _ask(self, now_ms: int) -> tuple[str, float] | Transient | Rejected:
        settings = self._settings
        pair = f"{settings.client_id.reveal()}:{settings.client_secret.reveal()}"
        reply = await call(
            self._transport,
            "POST",
            settings.token_url,
            # Half of a call's time, so that an old token can still be used in the other half.
            deadline_s=settings.call_deadline_s / 2,
            headers={
                "authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
                "content-type": "application/x-www-form-urlencoded",
            },
            content=_BODY,
        )
        if isinstance(reply, Transient | Unknown):
            # A token that was made and lost on the way does no harm.
            detail = f"login host: {reply.fault.detail}"
            return Transient(Fault(reply.fault.code, detail), pause_destination=True)
        if 200 <= reply.status < 300:
            return _token_in(reply)
        return _refusal(reply, now_ms)


def _token_in(reply: HttpReply) -> tuple[str, float] | Transient:
    data = reply.json()
    token = text_at(data, "access_token")
    if token is None or not (token.isascii() and token.isprintable()):
        fault = Fault(outcomes.UNREADABLE, "the login host's answer holds no token")
        return Transient(fault, pause_destination=True)
    return token.strip(), _lifetime(at(data, "expires_in"))


def _lifetime(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return _LIFETIME_S
    return float(min(value, 1 << 31))


def _refusal(reply: HttpReply, now_ms: int) -> Transient | Rejected:
    data = reply.json()
    said = [text_at(data, name) or "" for name in ("description", "error_description", "error")]
    error = word(text_at(data, "error"))
    detail = f"login host: HTTP {reply.status}" + (f", {error}" if error else "")
    wait_s = retry_after_s(reply.headers, now_ms)
    limited = any(text.strip().lower().startswith(_LIMITED) for text in said)
    if limited or reply.status == 429:
        return Transient(Fault(outcomes.RATE_LIMITED, detail), wait_s, pause_destination=True)
    if reply.status == 408 or reply.status >= 500:
        return Transient(Fault(outcomes.UNAVAILABLE, detail), wait_s, pause_destination=True)
    code = outcomes.FORBIDDEN if reply.status == 403 else outcomes.UNAUTHORIZED
    return Rejected(Fault(code, detail), alarm=True)
