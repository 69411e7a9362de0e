"""What a refusal of the API host means for the call that met it.

What lives here: statuses to outcomes. What must not: the vendor's message text in a fault (it may
quote a customer). https://developer.genesys.cloud/platform/api/rate-limits and
https://developer.genesys.cloud/platform/api/status-codes
"""

from __future__ import annotations

import math
import re

from actors import outcomes
from actors.outcomes import Rejected, Transient, Unknown
from actors.values import Fault
from adapters.agents.genesys.shapes import text_at, word
from adapters.http import HttpReply, retry_after_s

_DEFAULT_WAIT_S = 10.0
_LONGEST_WAIT_S = 3600.0
_IN_SECONDS = re.compile(r"\[(\d{1,6})\]")


def again(lost: Transient | Unknown) -> Transient:
    """A call without an answer, as something to repeat.

    All of this adapter's calls are repeatable: a line goes out again with its own id and time,
    and a line seen twice is better than a line lost.
    """
    return lost if isinstance(lost, Transient) else Transient(lost.fault)


def unreadable(reply: HttpReply, what: str) -> Transient:
    """A success in words that Genesys does not use (a proxy's page): not to be believed."""
    return Transient(Fault(outcomes.UNREADABLE, f"{what}; {describe(reply)}"))


def refusal(reply: HttpReply, now_ms: int) -> Transient | Rejected:
    """The outcome for any status outside 2xx; 401 is handled before (`api.py`)."""
    status, detail = reply.status, describe(reply)
    if status == 429:
        fault = Fault(outcomes.RATE_LIMITED, detail)
        # The limit counts by token, and there is one token for all chats.
        return Transient(fault, _wait_s(reply, now_ms), pause_destination=True)
    if status == 408 or status >= 500:
        code = outcomes.TIMEOUT if status in (408, 504) else outcomes.UNAVAILABLE
        return Transient(Fault(code, detail), retry_after_s(reply.headers, now_ms))
    match status:
        case 400 | 422:
            return Rejected(Fault(outcomes.INVALID, detail))
        case 403:
            return Rejected(Fault(outcomes.FORBIDDEN, detail), alarm=True)
        case 404:
            return Rejected(Fault(outcomes.NOT_FOUND, detail), alarm=True)
        case 409:
            return Transient(Fault(outcomes.LOCKED, detail))
        case 413:
            return Rejected(Fault(outcomes.TOO_LARGE, detail))
        case _:
            # A redirect or a status that Genesys does not document: the address is wrong.
            return Rejected(Fault(outcomes.INVALID, detail), alarm=True)


def describe(reply: HttpReply) -> str:
    """Status, code and correlation id, for the operator to quote to Genesys."""
    parts = [f"HTTP {reply.status}"]
    if code := word(text_at(reply.json(), "code")):
        parts.append(code)
    for name in ("inin-correlation-id", "genesys-correlation-id"):
        if correlation := word(reply.headers.get(name)):
            parts.append(f"correlation {correlation}")
            break
    return ", ".join(parts)


def _wait_s(reply: HttpReply, now_ms: int) -> float:
    asked = retry_after_s(reply.headers, now_ms, _LONGEST_WAIT_S)
    if asked is not None:
        # One more: their second may end after ours.
        return asked + 1.0
    if found := _IN_SECONDS.search(text_at(reply.json(), "message") or ""):
        return min(float(found[1]), _LONGEST_WAIT_S)
    try:
        reset = float(reply.headers.get("inin-ratelimit-reset", ""))
    except ValueError:
        return _DEFAULT_WAIT_S
    return min(max(reset, 0.0), _LONGEST_WAIT_S) if math.isfinite(reset) else _DEFAULT_WAIT_S
