"""Meta's error codes, and what each means for a message of ours.

What lives here: the table, and reading an error object however it is shaped. What must not: HTTP.
A code decides; only where there is none does the HTTP status. Titles, texts and subcodes never do:
Meta changes them.
Sources: support/error-codes; the classes are explained at `Kind`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

from msgspec import Struct

from actors import outcomes
from actors.outcomes import Rejected, Transient, Unknown
from actors.values import Fault
from adapters.http import HttpReply, retry_after_s

PAIR_RETRY_MAX_S = 256.0
NUMBER_RETRY_MAX_S = 60.0
MAINTENANCE_RETRY_S = 60.0


class Kind(Enum):
    """What can be done about an error."""

    RETRY = "retry"
    """Surely not carried out; the whole number should wait."""
    PAIR = "pair"
    """Surely not carried out; this person alone should wait."""
    TOKEN = "token"
    """Not let in: the queue is kept until the operator has mended the token."""
    ASK = "ask"
    """It may have gone out."""
    ASK_ONCE = "ask_once"
    """As `ASK`, but a second time means that the request itself is at fault."""
    NEVER = "never"
    """Refused; this call cannot succeed."""
    OPERATOR = "operator"
    """Refused, and nobody but the operator can change that."""


class Verdict(Struct, frozen=True):
    """What a code means."""

    kind: Kind
    fault: str
    """A code of `actors.outcomes`."""
    retry_s: float | None = None


def _table() -> Mapping[int, Verdict]:
    rows: list[tuple[Kind, str, tuple[int, ...]]] = [
        (Kind.TOKEN, outcomes.UNAUTHORIZED, (0, 190)),
        (Kind.OPERATOR, outcomes.FORBIDDEN, (3, 10, *range(200, 300), 131005)),
        # 131064: enforcement for wrongly classed templates; 368: policy; 133016: registrations.
        (Kind.OPERATOR, outcomes.ACCOUNT, (368, 131031, 131048, 131064, 133016)),
        (Kind.OPERATOR, outcomes.PAYMENT, (131042,)),
        # The number: deleted, not registered, name not approved, two-step PIN, test list, country.
        (Kind.OPERATOR, outcomes.NOT_CONFIGURED, (33, 131030, 131037, 131045, 131063, 133010)),
        (Kind.OPERATOR, outcomes.NOT_CONFIGURED, (133000, 133005, 133006, 133008, 133009, 133015)),
        (Kind.OPERATOR, outcomes.RECIPIENT, (130497,)),
        (Kind.RETRY, outcomes.RATE_LIMITED, (4, 80007, 130429)),
        (Kind.PAIR, outcomes.RATE_LIMITED, (131056,)),
        (Kind.ASK, outcomes.UNAVAILABLE, (2, 131000, 131016, 133004)),
        (Kind.ASK_ONCE, outcomes.UNAVAILABLE, (1,)),
        (Kind.NEVER, outcomes.WINDOW_CLOSED, (131047,)),
        # Not on WhatsApp, blocked by us, held back by Meta, opted out, experiment, identity.
        (Kind.NEVER, outcomes.RECIPIENT, (131026, 130403, 131049, 131050, 130472, 137000)),
        (Kind.NEVER, outcomes.INVALID, (100, 131008, 131009, 131021, 131051, 131052, 131053)),
        (Kind.NEVER, outcomes.INVALID, (131055, 131059, 131062, 132005, 132007, 132068, 132069)),
        (Kind.NEVER, outcomes.INVALID, (134011, 134100, 134101, 134102, 135000)),
        (Kind.NEVER, outcomes.INVALID, (139100, 139101, 139102, 139103)),
        # Templates that do not fit what we send, or are paused: somebody has to look.
        (Kind.OPERATOR, outcomes.INVALID, (132000, 132001, 132012, 132015, 132016, 132018)),
        (Kind.OPERATOR, outcomes.FORBIDDEN, (2494191,)),
    ]
    table = {code: Verdict(kind, fault) for kind, fault, codes in rows for code in codes}
    # The number's throughput is being raised: under a minute, and nothing was sent.
    maintenance = Verdict(Kind.RETRY, outcomes.UNAVAILABLE, MAINTENANCE_RETRY_S)
    table[131057] = table[2494100] = maintenance
    # Calls of the app, calls of the account: their quotas move by the hour, not by the second.
    table[4] = Verdict(Kind.RETRY, outcomes.RATE_LIMITED, 60.0)
    table[80007] = Verdict(Kind.RETRY, outcomes.RATE_LIMITED, 300.0)
    return table


TABLE = _table()
_TEMPLATE_CREATION = range(2388000, 2389000)


class VendorError(Struct, frozen=True):
    """What could be read of an error object."""

    code: int | None
    trace: str = ""
    """Meta's own id of the failed request, for its support."""


def parse(data: object) -> VendorError | None:
    """Read the error of an answer, `{"error": {...}}`; None where there is none."""
    error = data.get("error") if isinstance(data, dict) else None
    if isinstance(error, dict):
        return VendorError(code_of(error), _trace(error.get("fbtrace_id")))
    return None


def code_of(error: Mapping[str, Any]) -> int | None:
    """The code of an error object, be it a number or a string of digits."""
    code = error.get("code")
    if isinstance(code, bool):
        return None
    if isinstance(code, str) and re.fullmatch(r" *[0-9]{1,9} *", code, re.ASCII):
        return int(code)
    if isinstance(code, float) and code.is_integer() and abs(code) < 1e9:
        return int(code)
    return code if isinstance(code, int) and abs(code) < 10**9 else None


def verdict(code: int | None) -> Verdict | None:
    """What `code` means; None where the table does not know it."""
    if code is None:
        return None
    if code in _TEMPLATE_CREATION:
        return Verdict(Kind.NEVER, outcomes.INVALID)
    return TABLE.get(code)


def fault_code(code: int | None) -> str:
    """The fault of a message that Meta took and then reported as failed."""
    known = verdict(code)
    return known.fault if known else outcomes.RECIPIENT


def classify(
    reply: HttpReply, data: object, attempt_number: int, now_ms: int
) -> Transient | Rejected | Unknown:
    """What an answer other than success means. `data` is its body as JSON, or None."""
    error = parse(data)
    known = verdict(error.code if error else None) or _by_status(reply.status)
    fault = Fault(known.fault, _detail(reply.status, error))
    asked = retry_after_s(reply.headers, now_ms)
    match known.kind:
        case Kind.RETRY:
            wait = asked or known.retry_s or _growing(2, attempt_number, NUMBER_RETRY_MAX_S)
            return Transient(fault, retry_after_s=wait, pause_destination=True)
        case Kind.PAIR:
            # What Meta advises for one pair: 1, 4, 16, 64 seconds.
            wait = asked or _growing(4, attempt_number, PAIR_RETRY_MAX_S)
            return Transient(fault, retry_after_s=wait)
        case Kind.TOKEN:
            return Transient(fault, retry_after_s=asked, pause_destination=True)
        case Kind.ASK:
            return Unknown(fault)
        case Kind.ASK_ONCE:
            if attempt_number <= 1:
                return Unknown(fault)
            return Rejected(Fault(outcomes.INVALID, fault.detail))
        case Kind.NEVER:
            return Rejected(fault)
        case Kind.OPERATOR:
            return Rejected(fault, alarm=True)


def _by_status(status: int) -> Verdict:
    """For an answer without a code that we know: an error page of a proxy, a new code."""
    by_status = {
        401: Verdict(Kind.TOKEN, outcomes.UNAUTHORIZED),
        403: Verdict(Kind.OPERATOR, outcomes.FORBIDDEN),
        404: Verdict(Kind.OPERATOR, outcomes.NOT_FOUND),
        405: Verdict(Kind.OPERATOR, outcomes.NOT_CONFIGURED),
        408: Verdict(Kind.ASK, outcomes.TIMEOUT),
        413: Verdict(Kind.NEVER, outcomes.TOO_LARGE),
        429: Verdict(Kind.RETRY, outcomes.RATE_LIMITED),
    }
    if status in by_status:
        return by_status[status]
    if 300 <= status < 400:
        # Redirects are not followed (a token must not travel), so nothing was done: a wrong
        # address or a captive network. The queue is kept while somebody looks.
        return Verdict(Kind.RETRY, outcomes.UNAVAILABLE, MAINTENANCE_RETRY_S)
    if 400 <= status < 500:
        return Verdict(Kind.NEVER, outcomes.INVALID)
    return Verdict(Kind.ASK, outcomes.UNAVAILABLE)


def _growing(base: int, attempt_number: int, longest_s: float) -> float:
    # The exponent is bounded before the power is taken: 4 ** 100000 would be a long number.
    return float(min(base ** min(max(attempt_number - 1, 0), 10), longest_s))


def _detail(status: int, error: VendorError | None) -> str:
    """Codes only: Meta's texts may quote numbers and names."""
    words = [f"http {status}"]
    if error is not None:
        words.append(f"code {error.code}" if error.code is not None else "no code")
        if error.trace:
            words.append(f"trace {error.trace}")
    return ", ".join(words)


def _trace(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value, re.ASCII):
        return value
    return ""
