"""What the API host refuses, delays or garbles."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from actors import outcomes
from actors.calls import Say
from actors.outcomes import Delivered
from actors.values import Customer
from adapters.agents.genesys.outbound import GenesysSender
from adapters.agents.none import NoDesk
from adapters.ports import Attempt
from tests.adapters.agents.genesys.fake import (
    CLOSE,
    HND,
    LINE,
    NOW,
    OPEN,
    QUERY,
    REPORT,
    Answer,
    FakeGenesys,
    perform,
    rejected,
    settings_for,
    transient,
)

HTML = b"<html><body>504 Gateway Time-out for Ana Silva</body></html>"


@pytest.mark.parametrize(
    ("headers", "message", "wait_s"),
    [
        ({"retry-after": "3"}, "Retry the request in [9] seconds", 4.0),
        ({"retry-after": "0"}, "", 1.0),
        ({}, "Rate limit exceeded the maximum. Retry the request in [9] seconds", 9.0),
        ({"inin-ratelimit-reset": "17"}, "slow down", 17.0),
        ({"inin-ratelimit-reset": "nan"}, "", 10.0),
        ({"inin-ratelimit-reset": "soon"}, "", 10.0),
        ({}, "", 10.0),
    ],
)
async def test_rate_limit(
    genesys: FakeGenesys,
    sender: GenesysSender,
    headers: dict[str, str],
    message: str,
    wait_s: float,
) -> None:
    body = {"status": 429, "code": "too.many.requests", "message": message}
    genesys.answers["message"] = [Answer(429, body, headers)]
    waits = transient(await perform(sender, LINE))
    assert waits.fault.code == outcomes.RATE_LIMITED
    assert waits.retry_after_s == wait_s
    assert waits.pause_destination


async def test_three_faults_then_the_same_line(genesys: FakeGenesys, sender: GenesysSender) -> None:
    genesys.answers["message"] = [Answer(500), Answer(502, HTML), Answer(503)]
    for number in (1, 2, 3):
        waits = transient(await perform(sender, OPEN, number))
        assert waits.fault.code == outcomes.UNAVAILABLE
        assert not waits.pause_destination
    assert isinstance(await perform(sender, OPEN, 4), Delivered)
    # The same bytes each time: the same message id and the same time.
    assert len({one.raw for one in genesys.said("message")}) == 1


async def test_an_answer_that_is_lost(
    genesys: FakeGenesys, client: httpx.AsyncBaseTransport
) -> None:
    sender = GenesysSender(client, settings_for(genesys.url, call_deadline_s=0.3))
    genesys.answers["message"] = [Answer(200, delay_s=1.5)]
    assert transient(await perform(sender, LINE)).fault.code == outcomes.TIMEOUT
    assert await perform(sender, LINE, 2) == Delivered("g-1")
    first, second = genesys.said("message")
    assert first.raw == second.raw


async def test_nobody_listens(client: httpx.AsyncBaseTransport, genesys: FakeGenesys) -> None:
    settings = settings_for("http://127.0.0.1:1", login_url=genesys.url)
    waits = transient(await perform(GenesysSender(client, settings), OPEN))
    assert waits.fault.code == outcomes.CONNECT


@pytest.mark.parametrize(
    ("status", "code", "alarm"),
    [
        (400, outcomes.INVALID, False),
        (403, outcomes.FORBIDDEN, True),
        (404, outcomes.NOT_FOUND, True),
        (413, outcomes.TOO_LARGE, False),
        (415, outcomes.INVALID, True),
        (302, outcomes.INVALID, True),
    ],
)
async def test_refusals_for_good(
    genesys: FakeGenesys, sender: GenesysSender, status: int, code: str, alarm: bool
) -> None:
    headers = {"ININ-Correlation-Id": "be93021b-1"}
    body = {"status": status, "code": "bad.request", "message": "Ana Silva said hello"}
    genesys.answers["message"] = [Answer(status, body, headers)]
    refused = rejected(await perform(sender, LINE))
    assert refused.fault.code == code
    assert refused.alarm is alarm
    assert refused.fault.detail == f"HTTP {status}, bad.request, correlation be93021b-1"


@pytest.mark.parametrize("status", [408, 504])
async def test_their_own_time_out(genesys: FakeGenesys, sender: GenesysSender, status: int) -> None:
    genesys.answers["message"] = [Answer(status, HTML, {"retry-after": "7"})]
    waits = transient(await perform(sender, LINE))
    assert waits.fault.code == outcomes.TIMEOUT
    assert waits.retry_after_s == 7.0
    assert "Ana" not in waits.fault.detail


@pytest.mark.parametrize("call", [OPEN, LINE, QUERY, CLOSE, REPORT])
@pytest.mark.parametrize("body", [HTML, b"[1]", b'{"id":', b"\xff", b'"\\ud800"', b"[" * 9999])
async def test_a_success_that_is_none(
    genesys: FakeGenesys, sender: GenesysSender, call: Any, body: bytes
) -> None:
    for what in ("message", "receipt", "get"):
        genesys.answers[what] = [Answer(200, body)]
    assert transient(await perform(sender, call)).fault.code == outcomes.UNREADABLE


# What httpx had in hand when the reading stopped is collected later, with a warning.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_an_answer_without_end(genesys: FakeGenesys, sender: GenesysSender) -> None:
    genesys.answers["get"] = [Answer(200, b" " * (2 << 20))]
    assert transient(await perform(sender, QUERY)).fault.code == outcomes.UNREADABLE


async def test_other_peoples_calls_are_a_bug(sender: GenesysSender) -> None:
    say = Say(Customer("1", "2"), purpose=None, text="")  # type: ignore[arg-type]  # it is not looked at
    with pytest.raises(TypeError, match="Say"):
        await perform(sender, say)


async def test_no_desk() -> None:
    refused = rejected(await NoDesk().perform(OPEN, Attempt("a", 1, NOW, HND, "e")))
    assert refused.fault.code == outcomes.NOT_CONFIGURED
    assert not refused.alarm
