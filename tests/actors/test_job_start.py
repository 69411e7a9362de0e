"""How a job begins: its start accepted, refused, expired, lost, found again."""

from __future__ import annotations

import pytest

from actors import outcomes, router_job
from actors.calls import QueryJob, StartJob
from actors.effects import Alias, Finish
from actors.ids import MessageId
from actors.messages import Envelope, JobRequested, News, RetryRequested, Road
from actors.policies import JobPolicy
from actors.router_job import Phase
from actors.values import JobState
from tests.actors.given import CONVERSATION_ID, DEVICE, JOB_ID, NOW_MS, Job, looking


def test_a_request_starts_the_first_attempt_and_says_so() -> None:
    job = Job()

    (start,) = job.begun.starts
    assert (start.attempt, start.kind, start.device, start.account) == (
        1,
        "router.restart",
        "dev_42",
        "A-1001",
    )
    assert job.begun.news == [News.REQUESTED]
    assert job.begun.report.can_cancel
    assert job.phase is Phase.STARTING


def test_a_start_is_worth_making_for_its_time_only() -> None:
    job = Job(JobPolicy(start_expiry_s=300))

    assert job.begun.dos[0].not_after_ms == NOW_MS + 300_000
    assert job.begun.dos[0].not_before_ms is None


def test_a_job_that_was_never_requested_hears_nothing() -> None:
    envelope = Envelope(MessageId("m1"), NOW_MS, RetryRequested(1))

    assert router_job.decide(JOB_ID, None, envelope, NOW_MS) is None


def test_an_accepted_job_is_watched_and_known_by_the_providers_name_too() -> None:
    job = Job()

    heard = job.accept("p1")

    assert heard.news == [News.ACCEPTED]
    assert Alias("telco:main:p1") in heard.effects
    assert set(job.due) == {"poll", "stall", "deadline"}


def test_the_happy_path_with_its_steps() -> None:
    job = Job()

    told = [
        *job.begun.news,
        *job.accept("p1", seq=1).news,
        *job.report(JobState.RUNNING, step="reach", seq=2).news,
        *job.report(JobState.RUNNING, step="reach", seq=3, percent=50).news,
        *job.report(JobState.RUNNING, step="reboot", seq=4).news,
    ]
    last = job.report(JobState.SUCCEEDED, seq=5)

    assert told == [News.REQUESTED, News.ACCEPTED, News.STEP, News.STEP]
    assert last.news == [News.SUCCEEDED]
    assert last.has(Finish)
    assert job.phase is Phase.SUCCEEDED
    assert not job.due


def test_a_callback_may_come_before_the_starts_answer() -> None:
    job = Job()

    early = job.report(JobState.RUNNING, job="p1", step="reach", seq=2)
    answer = job.accept("p1", seq=1)

    assert early.news == [News.ACCEPTED]
    assert answer.news == []
    assert job.state.step == "reach"
    assert job.state.word is JobState.RUNNING


def test_the_starts_answer_teaches_the_providers_name_even_when_it_is_old_news() -> None:
    job = Job()

    job.report(JobState.RUNNING, seq=2)
    heard = job.accept("p1", seq=1)

    assert Alias("telco:main:p1") in heard.effects
    assert job.state.provider_job == "p1"


def test_the_starts_answer_never_turns_the_steps_back() -> None:
    job = Job()

    job.report(JobState.RUNNING, step="reboot")
    heard = job.report(JobState.QUEUED, Road.START, job="p1", step="reach")

    assert heard.news == []
    assert (job.state.word, job.state.step) == (JobState.RUNNING, "reboot")


def test_a_start_may_be_answered_with_the_end_at_once() -> None:
    job = Job()

    assert job.report(JobState.SUCCEEDED, Road.START, job="p1").news == [News.SUCCEEDED]


def test_waiting_for_the_provider_is_told_once() -> None:
    job = Job(JobPolicy(start_patience_s=20))

    heard = job.fire("patience")

    assert heard.news == [News.WAITING_FOR_PROVIDER]
    assert heard.report.can_cancel
    assert not job.due


# --- refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "can_retry"),
    [
        (outcomes.INVALID, False),
        (outcomes.NOT_FOUND, False),
        (outcomes.FORBIDDEN, False),
        (outcomes.UNAUTHORIZED, False),
        (outcomes.NOT_CONFIGURED, False),
        (outcomes.LOCKED, True),
        (outcomes.EXPIRED, True),
        (outcomes.EXHAUSTED, True),
        (outcomes.RATE_LIMITED, True),
    ],
)
def test_a_refused_start_changed_nothing_and_offers_a_retry_only_where_it_can_help(
    code: str, can_retry: bool
) -> None:
    job = Job()

    heard = job.reject(StartJob, code)

    assert heard.news == [News.NOTHING_CHANGED]
    assert heard.report.can_retry is can_retry
    assert heard.report.fault is not None
    assert heard.report.fault.code == code
    assert job.phase is Phase.FAILED
    assert not job.due


def test_a_refusal_of_a_start_that_is_known_to_run_changes_nothing() -> None:
    job = Job()
    job.report(JobState.RUNNING, job="p1")

    heard = job.reject(StartJob, outcomes.INVALID)

    assert heard.nothing
    assert job.phase is Phase.RUNNING
    assert job.state.fault is None
    assert not job.state.retry_useless


def test_a_refusal_heard_after_the_failure_does_not_take_the_retry_away() -> None:
    job = Job()
    job.fail()

    job.reject(StartJob, outcomes.INVALID)

    assert job.press_retry().news == [News.CHECKING]


def test_the_answer_to_a_start_of_an_older_attempt_is_not_this_ones() -> None:
    job = Job()
    old = job.open_call(StartJob)
    job.fail()
    job.press_retry()
    job.found(JobState.FAILED)
    new = job.open_call(StartJob)
    assert new != old
    job.under_way = dict([old])

    assert job.reject(StartJob).nothing
    assert job.phase is Phase.STARTING


# --- lost ---------------------------------------------------------------------------------------


def test_a_lost_start_is_looked_for_after_a_while() -> None:
    job = Job(JobPolicy(lookup_spacing_s=10))

    job.lose(StartJob)

    assert job.phase is Phase.LOOKING
    assert job.seconds_until("look") == 10
    assert job.fire("look").calls == [QueryJob(JOB_ID, 1, "main")]


def test_a_lost_start_that_is_found_goes_on_as_if_nothing_had_happened() -> None:
    job = looking()
    job.fire("look")

    heard = job.report(JobState.RUNNING, Road.QUERY, job="p1")

    assert heard.news == [News.ACCEPTED]
    assert job.phase is Phase.RUNNING
    assert set(job.due) == {"poll", "stall", "deadline"}


def test_one_empty_look_is_not_enough_to_start_again() -> None:
    job = looking(JobPolicy(lookups=2, lookup_spacing_s=10))
    job.fire("look")

    heard = job.not_found()

    assert heard.starts == []
    assert job.phase is Phase.LOOKING
    assert job.seconds_until("look") == 10


def test_after_two_empty_looks_some_time_apart_it_is_started_again() -> None:
    job = looking()
    (first,) = job.begun.starts
    job.fire("look")
    job.not_found()
    job.fire("look")

    heard = job.not_found()

    # The same call: the same key and the same bytes, for a provider that remembers the key.
    assert heard.starts == [first]
    assert job.phase is Phase.STARTING


def test_an_attempt_is_started_three_times_at_most_and_then_its_fate_is_unknown() -> None:
    job = Job()
    starts = len(job.begun.starts)
    heard = job.begun
    while job.phase is not Phase.FAILED:
        job.lose(StartJob)
        while job.phase is Phase.LOOKING:
            job.fire("look")
            heard = job.not_found()
        starts += len(heard.starts)

    assert starts == 3
    assert heard.news == [News.FATE_UNKNOWN]
    assert not heard.report.can_retry


def test_failed_looks_for_a_lost_start_prove_nothing() -> None:
    job = looking(JobPolicy(poll_failures_told=3))
    told = []
    for _ in range(5):
        job.fire("look")
        heard = job.reject(QueryJob)
        assert heard.starts == []
        told += heard.news

    assert told == [News.UNSEEN]
    assert job.phase is Phase.LOOKING


def test_a_lost_start_that_nobody_can_see_until_the_deadline_is_unknown_and_taken_back() -> None:
    job = looking()

    heard = job.fire("deadline")

    assert heard.news == [News.FATE_UNKNOWN]
    assert not heard.report.can_retry
    # It may lie in a queue there: it must not run tomorrow.
    assert len(heard.cancels) == 1
    assert job.press_retry().report.again


def test_a_start_that_was_lost_and_then_refused_is_looked_for_before_a_retry() -> None:
    job = looking()
    for _ in range(2):
        job.fire("look")
        job.not_found()
    job.reject(StartJob)

    heard = job.press_retry()

    assert heard.starts == []
    assert len(heard.queries) == 1


def test_a_start_that_never_left_is_tried_again_without_a_look() -> None:
    job = Job()
    job.reject(StartJob)

    heard = job.press_retry()

    assert [start.attempt for start in heard.starts] == [2]


def test_a_job_that_lives_although_it_was_told_to_have_expired_is_taken_back() -> None:
    job = Job()
    job.reject(StartJob)

    heard = job.report(JobState.RUNNING, job="p1")

    assert len(heard.cancels) == 1
    assert job.phase is Phase.TIDYING
    assert not job.press_retry().report.can_retry


def test_a_second_request_for_the_same_job_is_nothing_new() -> None:
    job = Job()
    request = JobRequested(CONVERSATION_ID, "router.restart", DEVICE, "main", JobPolicy())

    assert job.hear(request).nothing


# --- heard late ---------------------------------------------------------------------------------


def test_a_request_that_lay_in_the_inbox_too_long_restarts_nothing_out_of_the_blue() -> None:
    job = Job(JobPolicy(start_expiry_s=300), heard_after_s=301)

    assert job.begun.calls == []
    assert job.begun.news == [News.NOTHING_CHANGED]
    assert job.begun.report.can_retry
    assert job.phase is Phase.FAILED


def test_a_job_that_was_heard_too_late_can_be_asked_for_again() -> None:
    job = Job(heard_after_s=3600)
    job.heard_after_s = 0

    heard = job.press_retry()

    assert [start.attempt for start in heard.starts] == [2]


def test_a_retry_that_lay_in_the_inbox_too_long_starts_nothing() -> None:
    job = Job()
    job.reject(StartJob)
    job.heard_after_s = 3600

    heard = job.press_retry()

    assert heard.calls == []
    assert heard.report.again
    assert heard.report.can_retry
