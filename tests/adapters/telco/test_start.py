"""Starting a job over real HTTP: the bytes that go out, and what each answer means."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

import msgspec
import pytest
import trio

from actors import outcomes
from actors.calls import Promise, QueryJob, StartJob, WebRequest
from actors.ids import ROUTER_JOB, actor_id
from actors.messages import ProviderReported, Road
from actors.outcomes import Delivered, Outcome, Rejected, Transient, Unknown
from actors.values import JobFault, JobState
from adapters.ports import Attempt, Sender
from adapters.secret import Secret
from adapters.telco.http_contract.outbound import TelcoSender, start_body
from adapters.telco.http_contract.settings import TelcoSettings
from tests.adapters.telco.loopback import (
    HALF,
    Script,
    Seen,
    closed_port,
    drip,
    hang_up,
    http_client,
    raw,
    says,
    serving,
    silence,
)

NOW_MS = 1767225600_000
JOB = actor_id(ROUTER_JOB, "one")
KEY = f"{JOB}.2"
START = StartJob(
    JOB, 2, "main", "router.restart", "dev_42", account="A-1001", deadline_ms=NOW_MS + 1
)
ATTEMPT = Attempt("att_1", 1, NOW_MS, JOB, "eff_1")
REPEATED = msgspec.structs.replace(ATTEMPT, number=2)
ACCEPTED = {"id": "job_01", "state": "queued", "seq": 1, "steps": [{"id": "reach"}]}


def settings(base_url: str, **changed: Any) -> TelcoSettings:
    values: dict[str, Any] = {
        "name": "main",
        "base_url": base_url,
        "callback_url": "https://bot.example.net/webhooks/telco/main",
        "callback_secrets": (Secret("whsec_" + "QUJD" * 10),),
        "authorization": Secret("Bearer t0ken"),
        "call_deadline_s": 5.0,
    }
    return TelcoSettings(**(values | changed))


async def start(script: Script, attempt: Attempt = ATTEMPT, **changed: Any) -> Outcome:
    async with serving(script) as server, http_client() as client:
        sender: Sender = TelcoSender(client, settings(server.base_url, **changed))
        return await sender.perform(START, attempt)


def started(outcome: Outcome) -> ProviderReported:
    assert isinstance(outcome, Delivered)
    assert isinstance(outcome.answer, ProviderReported)
    assert outcome.vendor_id == outcome.answer.provider_job
    return outcome.answer


def code(outcome: Outcome) -> str:
    assert not isinstance(outcome, Delivered)
    return outcome.fault.code


async def test_the_request() -> None:
    async with serving(says(202, ACCEPTED)) as server, http_client() as client:
        sender = TelcoSender(client, settings(server.base_url + "/acs/"))
        for _ in range(2):
            started(await sender.perform(START, ATTEMPT))
        first, second = server.seen
    assert (first.method, first.target) == ("POST", "/acs/jobs")
    assert first.headers["idempotency-key"] == KEY
    assert first.headers["authorization"] == "Bearer t0ken"
    assert first.headers["content-type"] == "application/json"
    assert msgspec.json.decode(first.body) == {
        "kind": "router.restart",
        "device": "dev_42",
        "account": "A-1001",
        "params": {},
        "callback": "https://bot.example.net/webhooks/telco/main",
        "correlation": KEY,
        "deadline": "2026-01-01T00:00:00.001Z",
    }
    assert isinstance(second, Seen)
    assert (second.body, second.headers) == (first.body, first.headers)


def test_what_is_not_known_is_null() -> None:
    bare = msgspec.json.decode(start_body(StartJob(JOB, 1, "main", "k", "d"), "https://x"))
    assert (bare["account"], bare["deadline"]) == (None, None)


async def test_accepted() -> None:
    report = started(await start(says(202, ACCEPTED, {"Retry-After": "5"})))
    assert report == ProviderReported(
        attempt=2,
        state=JobState.QUEUED,
        road=Road.START,
        provider_job="job_01",
        seq=1,
        retry_after_s=5.0,
    )


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("field", ["id", "jobId", "job_id", "requestId", "transactionId"])
async def test_other_names_for_the_id(status: int, field: str) -> None:
    assert started(await start(says(status, {field: "j/1"}))).provider_job == "j/1"


async def test_a_configured_name_for_the_id() -> None:
    body = {"id": "no", "ticket": 7, "state": "failed", "error": {"code": "c", "retryable": True}}
    report = started(await start(says(200, body), id_fields=("ticket",)))
    assert (report.provider_job, report.state) == ("7", JobState.FAILED)
    assert report.fault == JobFault("c", retryable=True)


@pytest.mark.parametrize(
    "location", ["/jobs/job%2D1", "jobs/job-1/", "https://acs.example.net/v1/jobs/job-1?x=1"]
)
async def test_the_id_may_be_in_location_alone(location: str) -> None:
    report = started(await start(says(201, b"", {"Location": location})))
    assert (report.provider_job, report.state) == ("job-1", JobState.QUEUED)


@pytest.mark.parametrize(
    "script",
    [
        says(200, b"<html>Welcome</html>", {"Content-Type": "text/html"}),
        says(202, b'{"id":"job_'),
        says(202, b""),
        says(204, b""),
        says(202, {"state": "queued"}),
        says(202, {"id": ".."}),
        says(202, {"id": "x" * 300}),
        says(202, [ACCEPTED]),
        says(202, b"", {"Location": "/jobs/"}),
        says(202, b"", {"Location": "/queue/1"}),
        says(202, b"", {"Location": "http://[x/jobs/1"}),
        says(202, b"[" * 100_000),
        says(202, b" " * 1_100_000),
        raw(HALF),
        raw(b"nonsense\r\n\r\n"),
        hang_up,
    ],
)
async def test_unreadable_success_is_unknown(script: Script) -> None:
    outcome = await start(script)
    assert isinstance(outcome, Unknown)
    assert code(outcome) == outcomes.UNREADABLE


@pytest.mark.parametrize("script", [silence, drip])
async def test_the_deadline_is_for_the_whole_call(script: Script) -> None:
    with trio.fail_after(2):
        outcome = await start(script, call_deadline_s=0.2)
    assert isinstance(outcome, Unknown)
    assert code(outcome) == outcomes.TIMEOUT


async def test_nobody_listens() -> None:
    async with http_client() as client:
        sender = TelcoSender(client, settings(await closed_port()))
        outcome = await sender.perform(START, ATTEMPT)
    assert isinstance(outcome, Transient)
    assert code(outcome) == outcomes.CONNECT


@pytest.mark.parametrize(
    ("body", "job", "state"),
    [
        ({"id": "job_9"}, "job_9", JobState.RUNNING),
        ({"id": "job_9", "state": "waiting_device"}, "job_9", JobState.WAITING_DEVICE),
        ({"error": "busy", "job": {"id": "job_9"}}, "job_9", JobState.RUNNING),
        ({"requestId": "r", "state": "queued"}, "r", JobState.QUEUED),
    ],
)
async def test_409_with_a_job_attaches_to_it(body: object, job: str, state: JobState) -> None:
    report = started(await start(says(409, body)))
    assert (report.provider_job, report.state, report.attempt) == (job, state, 2)


@pytest.mark.parametrize(
    "body", [b"", b"<html>Conflict</html>", {"error": "busy"}, {"requestId": "req-1"}, []]
)
@pytest.mark.parametrize("status", [409, 423])
async def test_locked(status: int, body: object) -> None:
    outcome = await start(says(status, body))
    assert isinstance(outcome, Rejected)
    assert (code(outcome), outcome.alarm) == (outcomes.LOCKED, False)


async def test_locked_on_a_repetition_may_be_our_own_first_try() -> None:
    for status in (409, 423):
        outcome = await start(says(status), REPEATED)
        assert isinstance(outcome, Unknown)
        assert code(outcome) == outcomes.LOCKED


@pytest.mark.parametrize(
    ("status", "expected", "alarm"),
    [
        (400, outcomes.INVALID, False),
        (422, outcomes.INVALID, False),
        (401, outcomes.UNAUTHORIZED, True),
        (403, outcomes.FORBIDDEN, True),
        (404, outcomes.NOT_FOUND, False),
        (405, outcomes.INVALID, True),
        (302, outcomes.NOT_CONFIGURED, True),
    ],
)
async def test_refused(status: int, expected: str, alarm: bool) -> None:
    body = {"error": {"message": "dev_42 of Ana Pérez"}}
    outcome = await start(says(status, body, {"Location": "/jobs/elsewhere"}))
    assert isinstance(outcome, Rejected)
    assert (code(outcome), outcome.alarm) == (expected, alarm)
    assert "Ana" not in outcome.fault.detail


async def test_a_page_for_a_404_means_a_wrong_address() -> None:
    outcome = await start(says(404, b"<!doctype html><p>nginx"))
    assert isinstance(outcome, Rejected)
    assert outcome.alarm


DATE = formatdate(NOW_MS / 1000 + 90, usegmt=True)


@pytest.mark.parametrize(
    ("status", "headers", "expected", "wait_s"),
    [
        (429, {"Retry-After": "7"}, outcomes.RATE_LIMITED, 7.0),
        (503, {"Retry-After": DATE}, outcomes.UNAVAILABLE, 90.0),
        (503, {"Retry-After": "86400"}, outcomes.UNAVAILABLE, 3600.0),
        (503, {"Retry-After": "soon"}, outcomes.UNAVAILABLE, None),
        (429, {}, outcomes.RATE_LIMITED, None),
    ],
)
async def test_later(
    status: int, headers: Mapping[str, str], expected: str, wait_s: float | None
) -> None:
    outcome = await start(says(status, b"<html>", headers))
    assert isinstance(outcome, Transient)
    assert (code(outcome), outcome.retry_after_s) == (expected, wait_s)
    assert outcome.pause_destination is (status == 429)


@pytest.mark.parametrize("status", [500, 502, 504])
@pytest.mark.parametrize("honours", [True, False])
async def test_other_errors_leave_it_open_whether_it_began(status: int, honours: bool) -> None:
    outcome = await start(
        says(status, b"<html>Bad gateway</html>"), honours_idempotency_keys=honours
    )
    assert isinstance(outcome, Unknown)


async def test_promises_and_other_calls() -> None:
    async with http_client() as client:
        honours = TelcoSender(client, settings("https://acs.example.net"))
        plain = TelcoSender(
            client, settings("https://acs.example.net", honours_idempotency_keys=False)
        )
        assert honours.promise(START) is Promise.REPEATABLE
        assert plain.promise(START) is Promise.AT_MOST_ONCE
        assert plain.promise(QueryJob(JOB, 1, "main")) is Promise.REPEATABLE
        with pytest.raises(TypeError, match="WebRequest"):
            await plain.perform(WebRequest("crm", "GET", "/"), ATTEMPT)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "a:b"},
        {"name": ""},
        {"base_url": "acs.example.net"},
        {"base_url": "ftp://acs.example.net"},
        {"base_url": "https://acs.example.net/?x=1"},
        {"base_url": "https://u:p@acs.example.net/"},
        {"callback_url": "/webhooks"},
        {"callback_secrets": ()},
        {"callback_secrets": (Secret("whsec_short"),)},
        {"authorization": Secret("Bearer x\n")},
        {"id_fields": ()},
        {"call_deadline_s": 0.0},
        {"call_deadline_s": float("nan")},
        {"body_max_bytes": 0},
    ],
)
def test_settings_that_cannot_work(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changed))):
        settings(**({"base_url": "https://acs.example.net"} | changed))
