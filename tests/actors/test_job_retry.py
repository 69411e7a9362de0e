"""Trying again: what is looked at first, how often, how soon, and what an old press does."""

from __future__ import annotations

import pytest

from actors.calls import CancelJob, QueryJob
from actors.messages import CancelAnswered, News, Road
from actors.policies import JobPolicy
from actors.router_job import Phase
from actors.values import CancelResult, JobState
from tests.actors.given import JOB_ID, Job, checking, failed, running, second_attempt, timed_out


def test_a_retry_looks_at_the_failed_attempt_before_it_starts_another() -> None:
    job = failed()

    heard = job.press_retry()

    assert heard.calls == [QueryJob(JOB_ID, 1, "main", "p1")]
    assert heard.news == [News.CHECKING]
    assert job.phase is Phase.CHECKING


def test_an_attempt_that_is_still_failed_is_followed_by_the_next() -> None:
    job = checking()

    heard = job.found(JobState.FAILED)

    assert [start.attempt for start in heard.starts] == [2]
    assert heard.news == [News.REQUESTED]
    assert heard.report.attempt == 2
    assert job.state.past[0].provider_job == "p1"
    assert job.state.provider_job is None


def test_an_attempt_that_is_gone_is_followed_by_the_next() -> None:
    assert [start.attempt for start in checking().not_found().starts] == [2]


def test_an_attempt_that_the_provider_had_cancelled_is_followed_by_the_next() -> None:
    job = running()
    job.report(JobState.CANCELLED)
    job.press_retry()

    assert [start.attempt for start in job.found(JobState.CANCELLED).starts] == [2]


def test_an_attempt_that_succeeded_is_told_instead_of_a_second_start() -> None:
    job = checking()

    heard = job.found(JobState.SUCCEEDED)

    assert heard.starts == []
    assert job.phase is Phase.SUCCEEDED


def test_an_attempt_that_cannot_be_seen_is_not_followed_by_another() -> None:
    job = checking()

    heard = job.reject(QueryJob)

    assert heard.starts == []
    assert heard.news == [News.FATE_UNKNOWN]
    assert not heard.report.can_retry


def test_a_look_that_does_not_come_back_is_not_followed_by_another_attempt() -> None:
    job = checking()

    heard = job.fire("verdict")

    assert heard.starts == []
    assert heard.news == [News.FATE_UNKNOWN]
    assert job.found(JobState.FAILED).starts == []


def test_an_attempt_that_lives_is_taken_back_first() -> None:
    job = timed_out()
    job.press_retry()

    alive = job.found(JobState.RUNNING)
    heard = job.cancel_answered(CancelResult.CANCELLED)

    assert alive.starts == []
    assert alive.calls == [CancelJob(JOB_ID, 1, "main", "p1")]
    assert [start.attempt for start in heard.starts] == [2]


def test_an_attempt_that_lives_and_cannot_be_taken_back_any_more_is_followed_instead() -> None:
    job = timed_out()
    job.press_retry()
    job.found(JobState.RUNNING)

    heard = job.cancel_answered(CancelResult.TOO_LATE)

    assert heard.news == [News.CANCEL_TOO_LATE]
    assert job.phase is Phase.RUNNING
    assert set(job.due) == {"poll", "stall", "deadline"}


@pytest.mark.parametrize("how", ["verdict", "refused"])
def test_an_attempt_that_lives_is_cleaned_up_durably_when_its_cancel_goes_unanswered(
    how: str,
) -> None:
    job = timed_out()
    job.press_retry()
    job.found(JobState.RUNNING)

    _ = job.fire("verdict") if how == "verdict" else job.reject(CancelJob)

    assert job.phase is Phase.TIDYING
    menu = job.fire("tidy")
    assert menu.news == [News.TIMED_OUT]
    assert not menu.report.can_retry
    assert job.cancel_answered(CancelResult.CANCELLED).report.can_retry


def test_leaving_it_while_a_living_attempt_is_taken_back_keeps_cleaning_up() -> None:
    job = timed_out()
    job.press_retry()
    job.found(JobState.RUNNING)

    heard = job.press_cancel()

    assert heard.news == [News.CANCELLED]
    assert len(job.fire("tidy").cancels) == 1
    assert job.cancel_answered(CancelResult.CANCELLED).news == []
    assert job.phase is Phase.LEFT


def test_the_answer_to_an_older_cancel_is_no_look() -> None:
    job = timed_out()
    job.press_retry()

    heard = job.hear(CancelAnswered(1, CancelResult.NOT_FOUND))

    assert heard.starts == []
    assert job.phase is Phase.CHECKING


def test_the_refusal_of_an_older_cancel_is_no_look_either() -> None:
    job = running()
    job.fire("deadline")
    job.found(JobState.RUNNING)
    job.report(JobState.CANCELLED)
    job.press_retry()

    assert job.reject(CancelJob).nothing
    assert job.phase is Phase.CHECKING


def test_a_failure_that_is_sent_again_by_callback_is_no_look() -> None:
    job = checking()

    heard = job.report(JobState.FAILED, Road.CALLBACK)

    assert heard.starts == []
    assert job.phase is Phase.CHECKING


# --- how often and how soon ---------------------------------------------------------------------


def test_the_pause_before_a_retry_doubles() -> None:
    job = failed(JobPolicy(retries_max=3, retry_backoff_s=5))
    pauses = []
    for _ in range(3):
        job.press_retry()
        (do,) = job.found(JobState.FAILED).dos
        assert do.not_before_ms is not None
        pauses.append((do.not_before_ms - job.now_ms) / 1000)
        job.accept()
        job.fail()

    assert pauses == [5, 10, 20]


def test_the_patience_for_a_retry_begins_after_its_pause() -> None:
    job = checking(JobPolicy(retry_backoff_s=5, start_patience_s=20))
    job.found(JobState.FAILED)

    assert job.seconds_until("patience") == 25


def test_retries_are_capped_and_counted_down() -> None:
    job = failed(JobPolicy(retries_max=2))
    left = []
    for _ in range(2):
        job.press_retry()
        job.found(JobState.FAILED)
        job.accept()
        left.append(job.fail().report.retries_left)

    heard = job.press_retry()

    assert left == [1, 0]
    assert heard.calls == []
    assert heard.report.again
    assert not heard.report.can_retry


def test_a_policy_may_allow_no_retry_at_all() -> None:
    assert not running(JobPolicy(retries_max=0)).fail().report.can_retry


@pytest.mark.parametrize(("retryable", "offered"), [(None, True), (True, True), (False, False)])
def test_a_retry_is_offered_unless_the_provider_says_that_it_cannot_help(
    retryable: bool | None, offered: bool
) -> None:
    assert running().fail(retryable=retryable).report.can_retry is offered


def test_the_next_attempt_begins_with_a_clean_sheet() -> None:
    job = second_attempt()

    assert job.state.step is None
    assert job.state.fault is None
    assert job.state.word is None
    assert job.state.polls == 0
    assert job.state.starts == 1


# --- presses that come too late -----------------------------------------------------------------


def test_pressed_twice_the_second_press_gets_the_present_truth() -> None:
    job = failed()
    job.press_retry()

    heard = job.press_retry()

    assert heard.calls == []
    assert heard.news == [News.CHECKING]
    assert heard.report.again


def test_the_button_of_an_older_attempt_gets_the_present_truth() -> None:
    job = second_attempt()
    job.accept("p2")

    heard = job.press_retry(attempt=1)

    assert heard.calls == []
    assert heard.report.attempt == 2
    assert heard.report.news is News.ACCEPTED
    assert heard.report.again


def test_the_button_of_an_older_attempt_starts_nothing_on_a_failure_menu() -> None:
    job = second_attempt()
    job.accept("p2")
    job.fail()

    heard = job.press_retry(attempt=1)

    assert heard.calls == []
    assert heard.news == [News.FAILED]


def test_a_retry_of_a_job_that_has_recovered_gets_the_present_truth() -> None:
    job = timed_out()
    job.report(JobState.SUCCEEDED)

    heard = job.press_retry()

    assert heard.calls == []
    assert heard.news == [News.CORRECTED]


# --- both at once -------------------------------------------------------------------------------


def test_cancel_then_retry_at_once_leaves_it() -> None:
    job = failed()

    job.press_cancel()
    heard = job.press_retry()

    assert heard.calls == []
    assert heard.news == [News.CANCELLED]
    assert job.phase is Phase.LEFT


def test_retry_then_cancel_at_once_leaves_it_and_the_look_changes_nothing() -> None:
    job = checking()

    heard = job.press_cancel()
    look = job.found(JobState.FAILED)

    assert heard.news == [News.CANCELLED]
    assert look.starts == []
    assert job.phase is Phase.LEFT


def test_a_cancel_for_the_attempt_before_does_not_stop_the_next() -> None:
    job = second_attempt()

    heard = job.press_cancel(attempt=1)

    assert heard.calls == []
    assert heard.report.again
    assert job.phase is Phase.STARTING


def test_a_retry_can_be_cancelled_during_its_pause() -> None:
    job = second_attempt()

    heard = job.press_cancel()

    assert len(heard.withdrawn) == 1


def test_a_new_job_has_no_retry_to_press() -> None:
    job = Job()

    heard = job.press_retry()

    assert heard.calls == []
    assert heard.report.again
