"""Callbacks: which job they are for, what they say, and that one event is one message."""

from __future__ import annotations

from typing import Any

import pytest

from actors.calls import correlation
from actors.ids import CONVERSATION, actor_id
from actors.messages import ProviderReported, Road
from actors.values import JobFault, JobState
from adapters.ports import ForActor, ForAlias
from adapters.telco.http_contract.inbound import PARK_S
from tests.adapters.telco.callbacks import JOB, damage, event, only, receive, told

# --- which job ---------------------------------------------------------------------------------


def test_an_event_with_our_correlation_goes_to_its_job() -> None:
    ours = correlation(JOB, 2)
    reception = receive(event({"state": "running", "correlation": ours, "seq": 7}))
    found = only(reception)
    assert found.target == ForActor(JOB, must_exist=True)
    assert found.message == ProviderReported(
        attempt=2,
        state=JobState.RUNNING,
        road=Road.CALLBACK,
        provider_job="job_01",
        seq=7,
        provider="main",
    )
    assert reception.answer_if_refused is not None
    assert reception.answer_if_refused.status == 404


def test_the_correlation_may_be_an_extension_attribute() -> None:
    found = only(receive(event(correlation=correlation(JOB, 1), subject=...)))
    assert found.target == ForActor(JOB)
    assert isinstance(found.message, ProviderReported)
    assert (found.message.attempt, found.message.provider_job) == (1, None)


def test_without_correlation_the_providers_id_finds_the_job() -> None:
    reception = receive(event())
    found = only(reception)
    assert found.target == ForAlias("telco:main:job_01", park_s=PARK_S)
    assert found.message == ProviderReported(
        attempt=0,
        state=JobState.RUNNING,
        road=Road.CALLBACK,
        provider_job="job_01",
        step="reboot",
        step_state="started",
        percent=40,
        seq=3,
        provider="main",
    )
    assert reception.answer_if_refused is None


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "job_01",
        f"{JOB}",
        f"{JOB}.",
        f"{JOB}.0",
        f"{JOB}.01",
        f"{JOB}.-1",
        f"{JOB}.1.1",
        f"{JOB}.9999999",
        f"{JOB}.\uff11",
        f"{JOB[:-1]}.1",
        f"{JOB.upper()}.1",
        f"{JOB[:-1]}é.1",
        f"{actor_id(CONVERSATION, 'x')}.1",
        7,
        None,
        ["x"],
    ],
)
def test_a_malformed_correlation_counts_as_none(wrong: Any) -> None:
    found = only(receive(event({"state": "queued", "correlation": wrong}, correlation=wrong)))
    assert found.target == ForAlias("telco:main:job_01", park_s=PARK_S)


def test_an_event_that_names_no_job_is_kept() -> None:
    assert "neither" in damage(receive(event(subject=...))).error
    assert "neither" in damage(receive(event(subject=".."))).error


def test_the_id_may_be_in_the_document() -> None:
    found = only(receive(event({"job": {"jobId": 42, "state": "success"}}, subject=...)))
    assert found.target == ForAlias("telco:main:42", park_s=PARK_S)


# --- what is said ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("queued", JobState.QUEUED),
        ("Pending", JobState.QUEUED),
        ("RUNNING", JobState.RUNNING),
        ("in_progress", JobState.RUNNING),
        ("in-progress", JobState.RUNNING),
        ("waiting_device", JobState.WAITING_DEVICE),
        ("success", JobState.SUCCEEDED),
        ("completed", JobState.SUCCEEDED),
        ("error", JobState.FAILED),
        ("canceled", JobState.CANCELLED),
        ("timed_out", JobState.TIMED_OUT),
    ],
)
def test_state_words(word: str, state: JobState) -> None:
    assert told(receive(event({"state": word}))).state is state


@pytest.mark.parametrize("data", [{"state": "exploded"}, {"state": 3}, {}, {"state": None}])
def test_an_unknown_state_is_kept_under_the_events_own_id(data: Any) -> None:
    found = damage(receive(event(data)))
    assert found.message_id == "telco:main:10:/telco/acs|evt_01"
    assert "state" in found.error
    assert b"evt_01" in found.raw


@pytest.mark.parametrize("data", ["text", 1, [], ...])
def test_data_must_be_an_object(data: Any) -> None:
    assert "data" in damage(receive(event(data=data) if data is not ... else event(data=...))).error


def test_faults() -> None:
    error = {"code": 9018, "message": "corrupt", "retryable": False}
    assert told(receive(event({"state": "failed", "error": error}))).fault == JobFault(
        "9018", "corrupt", False
    )
    bare = told(receive(event({"state": "failed", "error": "no_power"})))
    assert bare.fault == JobFault("no_power")
    unnamed = told(receive(event({"state": "failed", "error": {"message": "m"}})))
    assert unnamed.fault == JobFault("unspecified", "m")
    for nothing in (None, 5, {}, "", {"code": None}):
        assert told(receive(event({"state": "failed", "error": nothing}))).fault is None


@pytest.mark.parametrize(
    ("data", "sequence", "seq"),
    [
        ({"seq": 5}, "0000000009", 5),
        ({}, "0000000009", 9),
        ({"seq": "0007"}, ..., 7),
        ({"seq": True}, ..., None),
        ({"seq": -1}, ..., None),
        ({"seq": 2**63}, ..., None),
        ({}, "A1", None),
        ({}, 4, 4),
        ({}, ..., None),
    ],
)
def test_seq(data: dict[str, Any], sequence: Any, seq: int | None) -> None:
    assert told(receive(event({"state": "running", **data}, sequence=sequence))).seq == seq


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(0, 0), (99.9, 99), (101, None), (-1, None), ("5", None), (True, None)],
)
def test_percent(percent: Any, expected: int | None) -> None:
    assert told(receive(event({"state": "running", "percent": percent}))).percent == expected


@pytest.mark.parametrize(
    "name", ["router.job.v1.progress", "router.job.v1", "x.y.router.job.v1.finished.late"]
)
def test_types_of_ours(name: str) -> None:
    assert told(receive(event(type=name))).state is JobState.RUNNING


@pytest.mark.parametrize("name", ["router.job.v2.progress", "ping", "xrouter.job.v1.a", "a.job.v1"])
def test_other_types_are_ignored(name: str) -> None:
    reception = receive(event(type=name))
    assert reception.answer.status == 204
    assert not reception.events
    assert len(reception.ignored) == 1


# --- once --------------------------------------------------------------------------------------


def test_the_same_event_has_the_same_id_whatever_else_changed() -> None:
    first = only(receive(event()))
    again = only(receive(event({"state": "succeeded"}, time="later")))
    assert first.message_id == again.message_id == "telco:main:10:/telco/acs|evt_01"


def test_a_bar_in_either_part_makes_no_collision() -> None:
    one = only(receive(event(source="a|b", id="c"))).message_id
    two = only(receive(event(source="a", id="b|c"))).message_id
    assert one != two


def test_long_and_odd_ids_are_digested() -> None:
    for odd in ("x" * 500, "a\nb", "a\x00b"):
        found = only(receive(event(id=odd))).message_id
        assert found.startswith("telco:main:10#:")
        assert found.isprintable()
        assert len(found) < 100
