"""Looking at a job and taking it back, over real HTTP: whatever is lost may be asked again."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from actors import outcomes
from actors.calls import CancelJob, QueryJob
from actors.messages import CancelAnswered, JobNotFound, ProviderReported, Road
from actors.outcomes import Delivered, Outcome, Rejected, Transient
from actors.values import CancelResult, JobState
from adapters.telco.http_contract.outbound import TelcoSender
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
from tests.adapters.telco.test_start import ATTEMPT, JOB, KEY, code, settings

BY_ID = QueryJob(JOB, 2, "main", "job_01")
BY_KEY = QueryJob(JOB, 2, "main")
CANCEL = CancelJob(JOB, 2, "main", "job_01")
CANCEL_BY_KEY = CancelJob(JOB, 2, "main")
MINE = {"id": "job_01", "correlation": KEY, "state": "running", "seq": 4}
OTHERS = {"id": "job_02", "correlation": f"{JOB}.1", "state": "succeeded"}
PAGE = b"<html><title>404 Not Found</title></html>"


async def ask(
    call: QueryJob | CancelJob, *scripts: Script, **changed: Any
) -> tuple[Outcome, list[Seen]]:
    async with serving(*scripts) as server, http_client() as client:
        sender = TelcoSender(client, settings(server.base_url, **changed))
        return await sender.perform(call, ATTEMPT), server.seen


def targets(seen: list[Seen]) -> list[str]:
    return [f"{each.method} {each.target}" for each in seen]


# --- query -------------------------------------------------------------------------------------


async def test_query_by_id() -> None:
    body = {"state": "running", "step": "reboot", "percent": 40, "seq": 3}
    outcome, seen = await ask(BY_ID, says(200, body, {"Retry-After": "12"}))
    assert targets(seen) == ["GET /jobs/job_01"]
    assert outcome == Delivered(
        "job_01",
        ProviderReported(
            attempt=2,
            state=JobState.RUNNING,
            road=Road.QUERY,
            provider_job="job_01",
            step="reboot",
            percent=40,
            seq=3,
            retry_after_s=12.0,
        ),
    )


async def test_odd_ids_survive_the_address() -> None:
    call = QueryJob(JOB, 2, "main", "SR%2D1 ñ/../x?y#z")
    _, seen = await ask(call, says(200, MINE))
    assert targets(seen) == ["GET /jobs/SR%252D1%20%C3%B1%2F..%2Fx%3Fy%23z"]


@pytest.mark.parametrize(
    "body",
    [
        [MINE],
        {"jobs": [OTHERS, MINE]},
        MINE,
        [{**MINE, "state": "failed", "id": "job_00"}, MINE],
        ["junk", None, MINE],
    ],
)
async def test_query_by_correlation(body: object) -> None:
    outcome, seen = await ask(BY_KEY, says(200, body))
    assert targets(seen) == [f"GET /jobs?correlation={KEY}"]
    assert isinstance(outcome, Delivered)
    assert isinstance(outcome.answer, ProviderReported)
    assert outcome.answer.provider_job == "job_01"
    assert outcome.answer.state is JobState.RUNNING


@pytest.mark.parametrize("body", [[], {"jobs": []}])
async def test_an_empty_list_is_no_job(body: object) -> None:
    outcome, _ = await ask(BY_KEY, says(200, body))
    assert outcome == Delivered(answer=JobNotFound(2))


@pytest.mark.parametrize("call", [BY_ID, BY_KEY])
@pytest.mark.parametrize("status", [404, 410])
async def test_not_found(call: QueryJob, status: int) -> None:
    outcome, _ = await ask(call, says(status, {"error": "no such job"}))
    assert outcome == Delivered(answer=JobNotFound(2))


@pytest.mark.parametrize(
    "body", [[OTHERS], {"jobs": [{"id": "job_01", "state": "running"}]}, {}, ["x"], PAGE, b""]
)
async def test_a_list_without_ours_is_no_proof_that_there_is_none(body: object) -> None:
    outcome, _ = await ask(BY_KEY, says(200, body))
    assert isinstance(outcome, Transient)
    assert code(outcome) == outcomes.UNREADABLE


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (says(404, PAGE), outcomes.UNREADABLE),
        (says(200, PAGE), outcomes.UNREADABLE),
        (says(200, {"id": "job_01", "state": "exploded"}), outcomes.UNREADABLE),
        (says(200, b'{"state":"run'), outcomes.UNREADABLE),
        (raw(HALF), outcomes.UNREADABLE),
        (hang_up, outcomes.UNREADABLE),
        (silence, outcomes.TIMEOUT),
        (drip, outcomes.TIMEOUT),
        (says(500), outcomes.UNAVAILABLE),
        (says(502, PAGE), outcomes.UNAVAILABLE),
        (says(503), outcomes.UNAVAILABLE),
        (says(429), outcomes.RATE_LIMITED),
    ],
)
async def test_trouble_says_nothing_of_the_job(script: Script, expected: str) -> None:
    with trio.fail_after(2):
        outcome, _ = await ask(BY_ID, script, call_deadline_s=0.2)
    assert isinstance(outcome, Transient)
    assert code(outcome) == expected


@pytest.mark.parametrize("call", [BY_ID, BY_KEY, CANCEL, CANCEL_BY_KEY])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, outcomes.UNAUTHORIZED),
        (403, outcomes.FORBIDDEN),
        (400, outcomes.INVALID),
        (307, outcomes.NOT_CONFIGURED),
    ],
)
async def test_the_operators_to_mend(
    call: QueryJob | CancelJob, status: int, expected: str
) -> None:
    outcome, _ = await ask(call, says(status))
    assert isinstance(outcome, Rejected)
    assert (code(outcome), outcome.alarm) == (expected, True)


@pytest.mark.parametrize("call", [BY_ID, BY_KEY, CANCEL, CANCEL_BY_KEY])
async def test_nobody_listens(call: QueryJob | CancelJob) -> None:
    async with http_client() as client:
        outcome = await TelcoSender(client, settings(await closed_port())).perform(call, ATTEMPT)
    assert isinstance(outcome, Transient)
    assert code(outcome) == outcomes.CONNECT


# --- cancel ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "result"),
    [
        (says(200), CancelResult.CANCELLED),
        (says(204), CancelResult.CANCELLED),
        (says(200, {"ok": True}), CancelResult.CANCELLED),
        (says(200, {"state": "canceled"}), CancelResult.CANCELLED),
        (says(200, {"state": "running"}), CancelResult.CANCELLING),
        (says(200, {"state": "succeeded"}), CancelResult.TOO_LATE),
        (says(202), CancelResult.CANCELLING),
        (says(404), CancelResult.NOT_FOUND),
        (says(409), CancelResult.TOO_LATE),
    ],
)
async def test_cancel(script: Script, result: CancelResult) -> None:
    outcome, seen = await ask(CANCEL, script)
    assert targets(seen) == ["POST /jobs/job_01/cancel"]
    assert outcome == Delivered(answer=CancelAnswered(2, result))


async def test_cancel_without_an_id_looks_up_first() -> None:
    outcome, seen = await ask(CANCEL_BY_KEY, says(200, [MINE]), says(202))
    assert targets(seen) == [f"GET /jobs?correlation={KEY}", "POST /jobs/job_01/cancel"]
    assert outcome == Delivered(answer=CancelAnswered(2, CancelResult.CANCELLING))


async def test_cancel_of_what_the_provider_does_not_know() -> None:
    outcome, seen = await ask(CANCEL_BY_KEY, says(200, []))
    assert len(seen) == 1
    assert outcome == Delivered(answer=CancelAnswered(2, CancelResult.NOT_FOUND))


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (says(200, PAGE), outcomes.UNREADABLE),
        (says(404, PAGE), outcomes.UNREADABLE),
        (says(409, PAGE), outcomes.UNAVAILABLE),
        (says(206), outcomes.UNREADABLE),
        (says(423), outcomes.UNAVAILABLE),
        (says(500), outcomes.UNAVAILABLE),
        (raw(HALF), outcomes.UNREADABLE),
        (hang_up, outcomes.UNREADABLE),
        (silence, outcomes.TIMEOUT),
        (drip, outcomes.TIMEOUT),
    ],
)
async def test_cancel_is_never_promised_without_an_answer(script: Script, expected: str) -> None:
    outcome, _ = await ask(CANCEL, script, call_deadline_s=0.2)
    assert isinstance(outcome, Transient)
    assert code(outcome) == expected


async def test_look_up_and_cancel_share_one_deadline() -> None:
    began = trio.current_time()
    outcome, seen = await ask(CANCEL_BY_KEY, says(200, [MINE]), silence, call_deadline_s=0.2)
    assert len(seen) == 2
    assert trio.current_time() - began < 1
    assert isinstance(outcome, Transient)


@pytest.mark.parametrize("script", [says(503), silence, says(200, [{**MINE, "id": None}])])
async def test_a_look_up_in_trouble_cancels_nothing(script: Script) -> None:
    outcome, seen = await ask(CANCEL_BY_KEY, script, call_deadline_s=0.2)
    assert len(seen) == 1
    assert isinstance(outcome, Transient)
