"""Making the flow's web requests: where they may go, and what their answers become.

What lives here: addresses, bounds, JSON. What must not: the meaning of an answer; any status is
one, and the flow branches on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlencode

import httpx
import msgspec
from msgspec import Raw

from actors import outcomes
from actors.calls import Call, Promise, WebRequest, promise_of
from actors.ids import EffectId
from actors.messages import RequestAnswered
from actors.outcomes import Delivered, Outcome, Rejected, Transient, Unknown
from actors.values import Fault
from adapters import http
from adapters.http import HttpReply
from adapters.ports import Attempt
from adapters.secret import Secret
from adapters.services.settings import ServiceSettings

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

_NULL = Raw(b"null")
# An answer travels on inside other JSON, whose readers count levels too.
_LEVELS_MAX = 64
# A value that was encoded twice is still found out; nobody encodes an honest one more often.
_DECODINGS_MAX = 5


class ServiceSender:
    """Carries out `WebRequest` at the operator's services. A `Sender`.

    `transport` is shared and stays the caller's; it needs no settings of its own.
    """

    def __init__(
        self, transport: httpx.AsyncBaseTransport, services: Mapping[str, ServiceSettings]
    ) -> None:
        self._transport = transport
        self._services = dict(services)

    def promise(self, call: Call) -> Promise:
        """What holds for the method: reading is repeatable, the rest is made at most once."""
        return promise_of(call)

    async def perform(self, call: Call, attempt: Attempt) -> Outcome:
        """Make the request once. Blocks for `call.timeout_s` at most, and never for longer than the
        operator gives the service; TypeError for other calls.

        Any status is an answer, redirects too, except for 429 and 503 to a reading request: that
        is made again later. What is not JSON, too long or too deep reaches the flow as `null`.
        """
        if not isinstance(call, WebRequest):
            raise TypeError(f"not a call to a service: {type(call).__name__}")
        service = self._services.get(call.service)
        if service is None:
            fault = Fault(outcomes.NOT_CONFIGURED, "the flow names a service that is not set up")
            return Rejected(fault, alarm=True)
        if call.method not in METHODS:
            return Rejected(Fault(outcomes.INVALID, "not an HTTP method for flows"), alarm=True)
        url = address(service.base_url, call.path, call.query)
        if url is None:
            # No alarm: a customer's own words may be what made the path unfit.
            return Rejected(Fault(outcomes.INVALID, "the path leaves the service's base"))
        reply = await self._http(service, call, url)
        reading = promise_of(call) is Promise.REPEATABLE
        if not isinstance(reply, HttpReply):
            lost = isinstance(reply, Unknown) and reading
            return Transient(reply.fault) if lost else reply
        if reading and reply.status in (429, 503):
            limited = reply.status == 429
            code = outcomes.RATE_LIMITED if limited else outcomes.UNAVAILABLE
            wait_s = http.retry_after_s(reply.headers, attempt.now_ms)
            return Transient(Fault(code, f"HTTP {reply.status}"), wait_s, limited)
        body = _json_of(reply, service.answer_max_bytes)
        return Delivered(answer=RequestAnswered(EffectId(attempt.effect), reply.status, body))

    async def _http(
        self, service: ServiceSettings, call: WebRequest, url: str
    ) -> HttpReply | Transient | Unknown:
        # Uncompressed, so that the bound on the answer's size is one on the work as well.
        sent = {"accept": "application/json", "accept-encoding": "identity"}
        content = None
        if call.body is not None:
            content = msgspec.json.encode(call.body)
            sent["content-type"] = "application/json"
        for name, value in service.headers.items():
            sent[name.lower()] = value.reveal() if isinstance(value, Secret) else value
        return await http.call(
            self._transport,
            call.method,
            url,
            deadline_s=max(0.0, min(call.timeout_s, service.call_deadline_s)),
            headers=sent,
            content=content,
            # The status of an answer that is somewhat too long is still worth knowing.
            answer_max_bytes=max(service.answer_max_bytes, http.ANSWER_MAX_BYTES),
        )


def address(base_url: str, path: str, query: Mapping[str, str]) -> str | None:
    """The address of `path` below `base_url`; None where it would not stay there.

    The values in `path` come from customers: no segment may be `.` or `..`, or become one where a
    server decodes once more, reads `\\` as `/`, or drops what follows a `;`. Nor may one be empty,
    except for the last: `/customers//lines` would be another question than the flow asked.
    """
    if not path.startswith("/") or not path.isascii() or not path.isprintable():
        return None
    if any(character in path for character in ' ?#\\<>"{}|^`'):
        return None
    if "" in path.split("/")[1:-1] or path.startswith("//") or not _stays_below(path):
        return None
    base = base_url.rstrip("/")
    text = base + path + (f"?{urlencode(query)}" if query else "")
    try:
        before, after = httpx.URL(base), httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError):
        return None
    same = (before.scheme, before.netloc) == (after.scheme, after.netloc)
    below = after.raw_path.startswith(before.raw_path.rstrip(b"/") + b"/")
    return text if same and below else None


def _stays_below(path: str) -> bool:
    for _ in range(_DECODINGS_MAX):
        for segment in path.replace("\\", "/").split("/"):
            if segment.partition(";")[0].strip() in (".", ".."):
                return False
        if any(character < " " or character == "\x7f" for character in path):
            return False
        decoded = unquote(path, errors="replace")
        if decoded == path:
            return True
        path = decoded
    return False


def _json_of(reply: HttpReply, max_bytes: int) -> Raw:
    if len(reply.body) > max_bytes:
        return _NULL
    value = reply.json()
    if value is None or _levels(value) > _LEVELS_MAX:
        return _NULL
    return Raw(reply.body)


def _levels(value: Any) -> int:
    """How deep lists and objects are nested; stops counting beyond the limit."""
    levels = 0
    layer = [value]
    while layer and levels <= _LEVELS_MAX:
        inner: list[Any] = []
        for each in layer:
            if isinstance(each, dict):
                inner.extend(each.values())
            elif isinstance(each, list):
                inner.extend(each)
        levels += 1
        layer = inner
    return levels
