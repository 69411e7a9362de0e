"""The token: fetched once, renewed in time, and the login host's own troubles."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock

from actors import outcomes
from actors.outcomes import Delivered
from adapters.agents.genesys.outbound import GenesysSender
from tests.adapters.agents.genesys.fake import (
    LINE,
    OPEN,
    Answer,
    FakeGenesys,
    perform,
    rejected,
    settings_for,
    transient,
)

LIMITED = {
    "error": "invalid_request",
    "description": "rate limit exceeded; 30 requests per minute",
}
OK = Delivered("g-1")


async def test_the_request(genesys: FakeGenesys, sender: GenesysSender) -> None:
    await perform(sender, LINE)
    (seen,) = genesys.said("token")
    pair = base64.b64encode(b"client-7:s3cr3t").decode()
    assert seen.headers["authorization"] == f"Basic {pair}"
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert seen.raw == b"grant_type=client_credentials"


async def test_one_fetch_for_a_burst(genesys: FakeGenesys, sender: GenesysSender) -> None:
    async def one() -> None:
        assert await perform(sender, LINE) == OK

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(one)
    assert genesys.tokens == 1


@pytest.mark.parametrize(("lifetime", "good_for"), [(86399, 86338), (300, 239), (10, 7.9)])
async def test_renewed_before_it_ends(
    genesys: FakeGenesys,
    sender: GenesysSender,
    mock_clock: MockClock,
    lifetime: int,
    good_for: float,
) -> None:
    genesys.lifetime = lifetime
    await perform(sender, LINE)
    mock_clock.jump(good_for)
    await perform(sender, LINE)
    assert genesys.tokens == 1
    mock_clock.jump(1.2)
    await perform(sender, LINE)
    assert genesys.tokens == 2


@pytest.mark.parametrize("lifetime", [None, "86399", 0, -5, True])
async def test_a_strange_lifetime_is_an_hour(
    genesys: FakeGenesys, sender: GenesysSender, mock_clock: MockClock, lifetime: Any
) -> None:
    genesys.answers["token"] = [Answer(200, {"access_token": "t", "expires_in": lifetime})]
    await perform(sender, LINE)
    mock_clock.jump(3539)
    await perform(sender, LINE)
    assert genesys.tokens == 0
    mock_clock.jump(2)
    await perform(sender, LINE)
    assert genesys.tokens == 1


async def test_expiry_in_mid_burst(
    genesys: FakeGenesys, sender: GenesysSender, mock_clock: MockClock
) -> None:
    await perform(sender, LINE)
    mock_clock.jump(86_399)
    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(perform, sender, LINE)
    assert genesys.tokens == 2
    assert {one.headers["authorization"] for one in genesys.said("message")[1:]} == {
        "Bearer token-2"
    }


async def test_refused_once(genesys: FakeGenesys, sender: GenesysSender) -> None:
    genesys.answers["message"] = [Answer(401, {"code": "bad.credentials"})]
    assert await perform(sender, LINE) == OK
    first, second = genesys.said("message")
    assert first.raw == second.raw
    assert [one.headers["authorization"] for one in (first, second)] == [
        "Bearer token-1",
        "Bearer token-2",
    ]


async def test_a_burst_of_refusals_fetches_once(
    genesys: FakeGenesys, sender: GenesysSender
) -> None:
    await perform(sender, LINE)
    genesys.answers["message"] = [Answer(401, delay_s=0.05) for _ in range(5)]
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(perform, sender, LINE)
    assert genesys.tokens == 2


async def test_refused_twice(genesys: FakeGenesys, sender: GenesysSender) -> None:
    genesys.answers["message"] = [Answer(401), Answer(401)]
    waits = transient(await perform(sender, LINE))
    assert waits.fault.code == outcomes.UNAUTHORIZED
    assert waits.pause_destination
    assert len(genesys.said("message")) == 2


async def test_login_rate_limit(
    genesys: FakeGenesys, sender: GenesysSender, mock_clock: MockClock
) -> None:
    genesys.answers["token"] = [Answer(400, LIMITED)]
    for _ in range(3):
        waits = transient(await perform(sender, LINE))
        assert waits.fault.code == outcomes.RATE_LIMITED
        assert waits.pause_destination
    assert len(genesys.said("token")) == 1
    mock_clock.jump(5.1)
    assert await perform(sender, LINE) == OK


@pytest.mark.parametrize(
    "trouble", [Answer(400, LIMITED), Answer(401, {"error": "invalid_client"}), Answer(503)]
)
async def test_an_old_token_is_used_to_its_end(
    genesys: FakeGenesys, sender: GenesysSender, mock_clock: MockClock, trouble: Answer
) -> None:
    genesys.lifetime = 300
    await perform(sender, LINE)
    genesys.answers["token"] = [trouble, trouble]
    mock_clock.jump(250)
    for _ in range(3):
        assert await perform(sender, LINE) == OK
    assert len(genesys.said("token")) == 2
    mock_clock.jump(60)
    assert await perform(sender, LINE) != OK


async def test_login_down(client: httpx.AsyncBaseTransport, genesys: FakeGenesys) -> None:
    settings = settings_for(genesys.url, login_url="http://127.0.0.1:1")
    waits = transient(await perform(GenesysSender(client, settings), LINE))
    assert waits.fault.code == outcomes.CONNECT
    assert genesys.seen == []


async def test_a_login_that_hangs(client: httpx.AsyncBaseTransport, genesys: FakeGenesys) -> None:
    genesys.answers["token"] = [Answer(200, delay_s=2), Answer(200, delay_s=2)]
    sender = GenesysSender(client, settings_for(genesys.url, call_deadline_s=0.2))

    async def one() -> None:
        assert transient(await perform(sender, OPEN)).fault.code == outcomes.TIMEOUT

    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(one)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(400, {"error": "invalid_client", "description": "x"}), outcomes.UNAUTHORIZED),
        (Answer(401, {"error": "invalid_client"}), outcomes.UNAUTHORIZED),
        (Answer(403, b"<html>no</html>"), outcomes.FORBIDDEN),
        (Answer(302, headers={"location": "/elsewhere"}), outcomes.UNAUTHORIZED),
    ],
)
async def test_a_client_that_is_refused_is_an_alarm(
    genesys: FakeGenesys, sender: GenesysSender, answer: Answer, code: str
) -> None:
    genesys.answers["token"] = [answer]
    refused = rejected(await perform(sender, OPEN))
    assert refused.alarm
    assert refused.fault.code == code
    assert "s3cr3t" not in repr(refused)
    assert genesys.said("message") == []


@pytest.mark.parametrize("body", [b"<html>", [], {}, {"access_token": 7}, {"access_token": "a\nb"}])
async def test_an_answer_without_a_token(
    genesys: FakeGenesys, sender: GenesysSender, body: Any
) -> None:
    genesys.answers["token"] = [Answer(200, body)]
    assert transient(await perform(sender, OPEN)).fault.code == outcomes.UNREADABLE
