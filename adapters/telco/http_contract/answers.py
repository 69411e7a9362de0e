"""What a provider's HTTP answer means when it is not a plain success: shared by all calls.

What lives here: statuses to outcomes, and telling pages from answers. What must not: requests.
Fault details hold the status alone: a provider's text may name a customer.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from actors import outcomes
from actors.outcomes import Rejected, Transient, Unknown
from actors.values import Fault
from adapters import http
from adapters.http import HttpReply
from adapters.telco.http_contract import contract


def fault(code: str, reply: HttpReply, why: str = "") -> Fault:
    """A fault that tells the status."""
    return Fault(code, f"HTTP {reply.status}{': ' if why else ''}{why}")


def is_page(reply: HttpReply) -> bool:
    """Whether this is a page for people: some proxy spoke, not the provider's system."""
    media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in ("text/html", "application/xhtml+xml"):
        return True
    return reply.body.lstrip()[:1] == b"<"


def refusal(reply: HttpReply, now_ms: int) -> Transient | Rejected | None:
    """What is the same whatever was asked; None where the answer depends on the question.

    Rate limits pause the whole destination. A refused login or a redirect is the operator's to
    mend: redirects are never followed.
    """
    wait_s = http.retry_after_s(reply.headers, now_ms)
    match reply.status:
        case 401:
            return Rejected(fault(outcomes.UNAUTHORIZED, reply), alarm=True)
        case 403:
            return Rejected(fault(outcomes.FORBIDDEN, reply), alarm=True)
        case 429:
            return Transient(fault(outcomes.RATE_LIMITED, reply), wait_s, pause_destination=True)
        case 503:
            return Transient(fault(outcomes.UNAVAILABLE, reply), wait_s)
        case 408 | 425:
            return Transient(fault(outcomes.UNAVAILABLE, reply), wait_s)
        case status if 300 <= status < 400:
            return Rejected(fault(outcomes.NOT_CONFIGURED, reply, "a redirect"), alarm=True)
        case _:
            return None


def refusal_of_repeatable(reply: HttpReply, now_ms: int) -> Transient | Rejected:
    """The rest of the answers to a query or a cancel, which may simply be made again."""
    common = refusal(reply, now_ms)
    if common is not None:
        return common
    wait_s = http.retry_after_s(reply.headers, now_ms)
    if reply.status >= 500 or reply.status in (409, 423):
        return Transient(fault(outcomes.UNAVAILABLE, reply), wait_s)
    if reply.status < 300 or is_page(reply):
        return Transient(fault(outcomes.UNREADABLE, reply), wait_s)
    return Rejected(fault(outcomes.INVALID, reply), alarm=True)


def again(lost: Transient | Unknown) -> Transient:
    """A call that may simply be made again: whether it got through does not matter."""
    return lost if isinstance(lost, Transient) else Transient(lost.fault)


def job_in_location(reply: HttpReply) -> str | None:
    """The job's id in a `Location` that ends in `/jobs/<id>`, relative or absolute."""
    try:
        path = urlsplit(reply.headers.get("location", "")).path
    except ValueError:
        return None
    _, found, last = ("/" + path.lstrip("/")).rpartition("/jobs/")
    last = last.rstrip("/")
    if not found or "/" in last:
        return None
    return contract.job_id_of(unquote(last))
