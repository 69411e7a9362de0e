"""Cancelling: confirmed, pending, too late, not found, never answered; and leaving a failure."""

from __future__ import annotations

import pytest

from actors import outcomes
from actors.calls import CancelJob, StartJob, lane_of
from actors.effects import Finish
from actors.messages import News
from actors.policies import JobPolicy
from actors.router_job import Phase
from actors.values import CancelResult, JobState
from tests.actors.given import JOB_ID, Job, failed, looking, running


def cancelling() -> Job:
    """A running job that the customer wants stopped."""
    job = running()
    job.press_cancel()
    return job


def test_a_cancel_is_sent_and_nothing_is_promised_before_the_answer() -> None:
    job = running()

    heard = job.press_cancel()

    assert heard.calls == [CancelJob(JOB_ID, 1, "main", "p1")]
    assert heard.news == [News.CANCELLING]
    assert not heard.report.can_cancel


def test_a_confirmed_cancel_is_told() -> None:
    heard = cancelling().cancel_answered(CancelResult.CANCELLED)

    assert heard.news == [News.CANCELLED]
    assert heard.has(Finish)


def test_a_pending_cancel_waits_for_the_providers_word() -> None:
    job = cancelling()

    pending = job.cancel_answered(CancelResult.CANCELLING)
    alive = job.report(JobState.RUNNING, step="reboot")
    heard = job.report(JobState.CANCELLED)

    assert pending.news == []
    assert alive.nothing
    assert heard.news == [News.CANCELLED]


def test_a_cancel_that_comes_too_late_says_so_and_goes_on_watching() -> None:
    job = cancelling()

    heard = job.cancel_answered(CancelResult.TOO_LATE)

    assert heard.news == [News.CANCEL_TOO_LATE]
    assert job.phase is Phase.RUNNING
    assert set(job.due) == {"poll", "stall", "deadline"}
    assert job.report(JobState.SUCCEEDED).news == [News.SUCCEEDED]


@pytest.mark.parametrize(
    ("word", "news"), [(JobState.SUCCEEDED, News.SUCCEEDED), (JobState.FAILED, News.FAILED)]
)
def test_a_job_that_ends_while_it_is_cancelled_tells_its_end(word: JobState, news: News) -> None:
    assert cancelling().report(word).news == [news]


def test_a_cancel_for_a_job_that_the_provider_no_longer_knows_is_done() -> None:
    assert cancelling().cancel_answered(CancelResult.NOT_FOUND).news == [News.CANCELLED]


def test_cancel_pressed_twice_gets_the_present_truth() -> None:
    job = cancelling()

    heard = job.press_cancel()

    assert heard.calls == []
    assert heard.news == [News.CANCELLING]
    assert heard.report.again


def test_leave_pressed_twice_gets_the_present_truth() -> None:
    job = failed()
    job.press_cancel()

    heard = job.press_cancel()

    assert heard.news == [News.CANCELLED]
    assert heard.report.again


def test_a_cancel_after_the_success_gets_the_present_truth() -> None:
    job = running()
    job.report(JobState.SUCCEEDED)

    heard = job.press_cancel()

    assert heard.calls == []
    assert heard.news == [News.SUCCEEDED]
    assert heard.report.again


def test_a_cancel_never_waits_behind_a_start_that_hangs() -> None:
    job = Job()
    (start,) = job.begun.starts

    (cancel,) = job.press_cancel().cancels

    assert lane_of(JOB_ID, cancel) != lane_of(JOB_ID, start)


def test_an_unsent_cancel_is_replaced_by_a_newer_one() -> None:
    (do,) = running().press_cancel().dos

    assert do.topic == "cancel"


# --- before the provider has taken it -----------------------------------------------------------


def test_a_start_that_was_not_sent_is_withdrawn() -> None:
    job = Job()
    start, _ = job.open_call(StartJob)

    heard = job.press_cancel()
    end = job.reject(StartJob, outcomes.WITHDRAWN)

    assert heard.withdrawn == [start]
    assert end.news == [News.CANCELLED]
    assert end.report.fault is None
    assert job.phase is Phase.CANCELLED


def test_not_found_proves_nothing_while_the_start_may_still_arrive() -> None:
    job = Job()
    job.press_cancel()

    for _ in range(3):
        assert job.cancel_answered(CancelResult.NOT_FOUND).news == []
        job.fire("tidy")

    assert job.phase is Phase.CANCELLING


def test_a_start_that_arrives_behind_the_cancel_is_cancelled_by_its_name() -> None:
    job = Job()
    job.press_cancel()
    job.cancel_answered(CancelResult.NOT_FOUND)

    heard = job.accept("p1")

    assert heard.calls == [CancelJob(JOB_ID, 1, "main", "p1")]
    assert heard.news == []
    assert job.cancel_answered(CancelResult.CANCELLED).news == [News.CANCELLED]


def test_a_job_known_to_live_is_not_cancelled_by_a_refusal_of_its_start() -> None:
    job = Job()
    job.report(JobState.RUNNING, job="p1")
    job.press_cancel()

    heard = job.reject(StartJob)

    assert heard.news == []
    assert job.phase is Phase.CANCELLING


def test_a_start_that_is_lost_behind_the_cancel_is_cancelled_once_more() -> None:
    job = Job()
    job.press_cancel()

    assert len(job.lose(StartJob).cancels) == 1


def test_a_lost_start_is_cancelled_after_two_empty_answers_some_time_apart() -> None:
    job = looking()
    job.press_cancel()

    first = job.cancel_answered(CancelResult.NOT_FOUND)
    job.fire("tidy")
    second = job.cancel_answered(CancelResult.NOT_FOUND)

    assert first.news == []
    assert second.news == [News.CANCELLED]


def test_two_empty_answers_at_the_same_instant_count_as_one() -> None:
    job = looking()
    job.fire("look")
    job.press_cancel()

    job.not_found()
    heard = job.cancel_answered(CancelResult.NOT_FOUND)

    assert heard.news == []
    assert job.phase is Phase.CANCELLING
    job.fire("tidy")
    assert job.cancel_answered(CancelResult.NOT_FOUND).news == [News.CANCELLED]


# --- the provider says nothing ------------------------------------------------------------------


def test_a_cancel_that_is_never_answered_is_repeated_and_ends_unknown() -> None:
    job = running(JobPolicy(tidy_expiry_s=120, tidy_patience_s=15, tidy_again_s=30))
    job.press_cancel()
    cancels = 0
    news = []
    while job.phase is Phase.CANCELLING:
        heard = job.fire_next()
        cancels += len(heard.cancels)
        news += heard.news

    assert cancels == 4
    assert news == [News.FATE_UNKNOWN]
    assert not job.due


def test_a_cancel_that_is_refused_is_tried_again() -> None:
    job = cancelling()
    job.reject(CancelJob)

    assert len(job.fire("tidy").cancels) == 1


# --- a cancelled job that lives all the same ----------------------------------------------------


def test_a_cancelled_job_that_shows_up_alive_is_taken_back_in_silence() -> None:
    job = Job()
    job.press_cancel()
    job.reject(StartJob, outcomes.WITHDRAWN)

    alive = job.report(JobState.RUNNING, job="p1")
    tidy = job.fire("tidy")
    end = job.cancel_answered(CancelResult.CANCELLED)

    assert len(alive.cancels) == 1
    assert [*alive.news, *tidy.news, *end.news] == []
    assert job.phase is Phase.LEFT


# --- leaving a failure --------------------------------------------------------------------------


def test_leaving_a_failure_ends_the_matter_without_a_call() -> None:
    job = failed()

    heard = job.press_cancel()

    assert heard.calls == []
    assert heard.news == [News.CANCELLED]
    assert heard.has(Finish)


def test_a_left_job_that_shows_up_alive_is_taken_back_in_silence() -> None:
    job = Job()
    job.reject(StartJob)
    job.press_cancel()

    alive = job.report(JobState.RUNNING, job="p1")
    end = job.cancel_answered(CancelResult.CANCELLED)

    assert len(alive.cancels) == 1
    assert [*alive.news, *end.news] == []
    assert job.phase is Phase.LEFT


def test_a_left_job_cannot_be_tried_again() -> None:
    job = failed()
    job.press_cancel()

    heard = job.press_retry()

    assert heard.calls == []
    assert not heard.report.can_retry
