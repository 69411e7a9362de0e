"""One HTTP call to a vendor, bounded in time and size, its troubles as outcomes.

What lives here: what is the same for every vendor. What must not: the meaning of an answer.
httpx's own time-outs are per read, not in total, so a dripping server could hold a call for ever:
every call here has a total deadline, and a bound on the size of the answer. That a connection
cannot be made is known sooner, and harmless (`connections`).
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import AsyncIterable, Mapping
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

import httpx
import msgspec
import trio

from actors import outcomes
from actors.outcomes import Transient, Unknown
from actors.values import Fault

ANSWER_MAX_BYTES = 1 << 20
_CAUSES_MAX = 8
_HEADERS = {"accept": "*/*", "user-agent": "routerbot"}


class HttpReply(msgspec.Struct, frozen=True):
    """A whole answer within the limits."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        """The body as JSON, or None where it is none (an error page, half an answer)."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None


async def call(
    transport: httpx.AsyncBaseTransport,
    method: str,
    url: str,
    *,
    deadline_s: float,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    content: bytes | None = None,
    answer_max_bytes: int = ANSWER_MAX_BYTES,
) -> HttpReply | Transient | Unknown:
    """Make one request. May block for `deadline_s` at most.

    `Transient` where the request surely did not reach the vendor (no connection, or it is none that
    can be sent), `Unknown` where it may have. Redirects are answers, never followed: a token must
    not travel.
    """
    size = 0
    try:
        with trio.fail_after(deadline_s):
            request = httpx.Request(
                method,
                _parsed(url),
                params=query,
                headers={**_HEADERS, **(headers or {})},
                content=content,
            )
            response = await transport.handle_async_request(request)
            try:
                chunks: list[bytes] = []
                async for chunk in _pieces(response):
                    size += len(chunk)
                    if size > answer_max_bytes:
                        # Closing makes the next read fail, which unwinds httpx's generators;
                        # leaving the loop would abandon them to the garbage collector.
                        await response.aclose()
                    else:
                        chunks.append(chunk)
            finally:
                await response.aclose()
            if size > answer_max_bytes:  # The chunk over the limit was the last one.
                return Unknown(Fault(outcomes.UNREADABLE, "the answer is over the limit"))
            lowered = {name.lower(): value for name, value in response.headers.items()}
            return HttpReply(response.status_code, lowered, b"".join(chunks))
    except (UnicodeError, httpx.InvalidURL, httpx.LocalProtocolError) as error:
        return Transient(Fault(outcomes.INVALID, _why(error)))
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        return Transient(Fault(outcomes.CONNECT, _why(error)))
    except (trio.TooSlowError, httpx.TimeoutException) as error:
        return Unknown(Fault(outcomes.TIMEOUT, _why(error)))
    except httpx.StreamClosed:
        return Unknown(Fault(outcomes.UNREADABLE, "the answer is over the limit"))
    except httpx.HTTPError as error:
        if size > answer_max_bytes:
            return Unknown(Fault(outcomes.UNREADABLE, "the answer is over the limit"))
        return Unknown(Fault(outcomes.UNREADABLE, _why(error)))


def _pieces(response: httpx.Response) -> AsyncIterable[bytes]:
    """The body in pieces, by httpx's layers only where there is something to decode."""
    stream = response.stream
    if "content-encoding" in response.headers or not isinstance(stream, httpx.AsyncByteStream):
        return response.aiter_bytes()
    return stream


@lru_cache(maxsize=1024)
def _parsed(url: str) -> httpx.URL:
    return httpx.URL(url)


def _why(error: BaseException) -> str:
    """The cause in a few words: `ConnectError: ConnectionRefusedError ECONNREFUSED`.

    httpx hides the system's own word behind its own; an operator needs it. Neither holds a name, a
    number or an address.
    """
    kind = type(error).__name__
    cause: BaseException | None = error
    for _ in range(_CAUSES_MAX):
        cause = cause.__cause__ or cause.__context__ if cause is not None else None
        match cause:
            case ssl.SSLCertVerificationError(verify_message=message):
                return f"{kind}: certificate: {message}"
            case ssl.SSLError(reason=reason):
                return f"{kind}: TLS: {reason}"
            case socket.gaierror(errno=number):
                return f"{kind}: name not found ({number})"
            case OSError(errno=number) if number is not None:
                return f"{kind}: {type(cause).__name__} {errno.errorcode.get(number, number)}"
            case _:
                pass
    return kind


def retry_after_s(
    headers: Mapping[str, str], now_ms: int, longest_s: float = 3600.0
) -> float | None:
    """`Retry-After` in seconds (a number or an HTTP date), capped; None where there is none."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now_ms / 1000
        except (ValueError, TypeError):
            return None
    if seconds != seconds:  # NaN
        return None
    return min(max(seconds, 0.0), longest_s)
