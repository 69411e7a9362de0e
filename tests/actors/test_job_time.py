"""A job and time: looks, stalls, the deadline and its verdict, and the clean-up after it."""

from __future__ import annotations

import pytest

from actors.calls import CancelJob, QueryJob, StartJob
from actors.messages import News, TimerFired
from actors.policies import JobPolicy
from actors.router_job import Phase
from actors.values import CancelResult, JobState
from tests.actors.given import JOB_ID, Job, running, tidying, timed_out

# --- looks --------------------------------------------------------------------------------------


def test_looks_begin_soon_and_become_rarer_up_to_a_limit() -> None:
    job = running(JobPolicy(poll_first_s=5, poll_factor=2, poll_max_s=30))
    pauses = []
    for _ in range(5):
        pauses.append(job.seconds_until("poll"))
        assert job.fire("poll").calls == [QueryJob(JOB_ID, 1, "main", "p1")]
        job.found(JobState.RUNNING)

    for pause, base in zip(pauses, [5, 10, 20, 30, 30], strict=True):
        assert base <= pause <= base * 1.1


def test_looks_go_on_for_days_if_the_policy_says_so() -> None:
    job = running(JobPolicy(poll_first_s=1, poll_max_s=1, poll_factor=3.0, deadline_s=86_400))

    for _ in range(1500):
        job.fire("poll")
        job.found(JobState.RUNNING)

    assert job.seconds_until("poll") <= 1.1


def test_the_provider_may_say_when_it_wants_to_be_asked() -> None:
    job = Job()

    job.report(JobState.QUEUED, job="p1", retry_after_s=60)
    first = job.seconds_until("poll")
    job.fire("poll")
    job.report(JobState.RUNNING, retry_after_s=90)

    assert 60 <= first <= 66
    assert 90 <= job.seconds_until("poll") <= 99


def test_a_provider_that_wants_to_be_asked_tomorrow_is_looked_at_by_the_deadline() -> None:
    job = Job(JobPolicy(deadline_s=600))

    job.report(JobState.QUEUED, job="p1", retry_after_s=86_400)

    assert job.seconds_until("deadline") == 600


def test_failed_looks_are_told_once_after_several_and_never_as_a_failure() -> None:
    job = running(JobPolicy(poll_failures_told=3))
    told = []
    for _ in range(6):
        job.fire("poll")
        told.append(job.reject(QueryJob).news)

    assert told == [[], [], [News.UNSEEN], [], [], []]
    assert job.phase is Phase.RUNNING


def test_a_look_that_works_again_starts_the_count_anew() -> None:
    job = running(JobPolicy(poll_failures_told=2))
    told = []
    for _ in range(2):
        for _ in range(2):
            job.fire("poll")
            told += job.reject(QueryJob).news
        job.fire("poll")
        told += job.found(JobState.RUNNING).news

    assert told == [News.UNSEEN, News.UNSEEN]


def test_a_running_job_that_is_not_found_is_unseen_and_not_failed() -> None:
    job = running(JobPolicy(poll_failures_told=1))
    job.fire("poll")

    assert job.not_found().news == [News.UNSEEN]
    assert job.phase is Phase.RUNNING


# --- stalls -------------------------------------------------------------------------------------


def test_a_stall_is_told_once_a_step() -> None:
    job = running(JobPolicy(stall_s=60))
    job.report(JobState.RUNNING, step="reach")

    first = job.fire("stall")
    job.report(JobState.RUNNING, step="reach")
    same_step = job.fire("stall")
    job.report(JobState.RUNNING, step="reboot")
    next_step = job.fire("stall")

    assert first.news == [News.STALLED]
    assert first.report.can_cancel
    assert same_step.news == []
    assert next_step.news == [News.STALLED]


def test_looks_that_find_nothing_new_do_not_put_the_stall_off() -> None:
    job = running(JobPolicy(stall_s=60))
    due = job.due["stall"]
    job.fire("poll")

    job.found(JobState.QUEUED)

    assert job.due["stall"] == due


# --- the deadline -------------------------------------------------------------------------------


def test_at_the_deadline_it_is_looked_at_once_more_before_anything_is_said() -> None:
    job = running()

    heard = job.fire("deadline")

    assert heard.calls == [QueryJob(JOB_ID, 1, "main", "p1")]
    assert heard.news == []
    assert job.phase is Phase.OVERDUE


@pytest.mark.parametrize(
    ("word", "news"),
    [
        (JobState.SUCCEEDED, News.SUCCEEDED),
        (JobState.FAILED, News.FAILED),
        (JobState.TIMED_OUT, News.TIMED_OUT),
        (JobState.CANCELLED, News.FAILED),
    ],
)
def test_the_verdict_follows_the_fresh_look(word: JobState, news: News) -> None:
    job = running()
    job.wait(6 * 3600)
    job.fire("deadline")

    assert job.found(word).news == [news]


def test_a_job_that_still_runs_at_its_deadline_is_taken_back() -> None:
    job = running()
    job.fire("deadline")

    heard = job.found(JobState.RUNNING)

    assert heard.calls == [CancelJob(JOB_ID, 1, "main", "p1")]
    assert heard.news == []
    assert job.phase is Phase.TIDYING


def test_a_fresh_look_that_fails_is_a_time_out_too() -> None:
    job = running()
    job.fire("deadline")

    assert len(job.reject(QueryJob).cancels) == 1


def test_a_fresh_look_that_does_not_come_back_is_a_time_out_too() -> None:
    job = running()
    job.fire("deadline")

    assert len(job.fire("verdict").cancels) == 1
    assert job.phase is Phase.TIDYING


# --- the clean-up -------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [CancelResult.CANCELLED, CancelResult.NOT_FOUND])
def test_once_it_is_cleaned_up_the_failure_is_told_with_a_retry(answer: CancelResult) -> None:
    heard = tidying().cancel_answered(answer)

    assert heard.news == [News.TIMED_OUT]
    assert heard.report.can_retry


def test_the_providers_own_cancelled_ends_the_clean_up() -> None:
    job = tidying()
    job.cancel_answered(CancelResult.CANCELLING)

    heard = job.report(JobState.CANCELLED)

    assert heard.news == [News.TIMED_OUT]
    assert heard.report.can_retry


def test_while_the_clean_up_is_open_the_failure_is_told_without_a_retry() -> None:
    job = tidying(JobPolicy(tidy_patience_s=15))

    assert job.seconds_until("tidy") == 15
    heard = job.fire("tidy")

    assert heard.news == [News.TIMED_OUT]
    assert not heard.report.can_retry
    assert len(heard.cancels) == 1


def test_the_failure_is_told_again_when_a_retry_has_become_possible() -> None:
    job = tidying()
    job.fire("tidy")
    again = job.fire("tidy")

    heard = job.cancel_answered(CancelResult.CANCELLED)

    assert again.news == []
    assert heard.news == [News.TIMED_OUT]
    assert heard.report.can_retry


def test_a_retry_pressed_while_the_clean_up_is_open_starts_nothing() -> None:
    job = tidying()
    job.fire("tidy")

    heard = job.press_retry()

    assert heard.starts == []
    assert heard.report.again
    assert not heard.report.can_retry


def test_a_clean_up_that_comes_too_late_goes_on_looking_for_the_end() -> None:
    job = tidying()

    heard = job.cancel_answered(CancelResult.TOO_LATE)
    look = job.fire("poll")

    assert heard.news == [News.TIMED_OUT]
    assert not heard.report.can_retry
    assert len(look.queries) == 1
    assert job.found(JobState.SUCCEEDED).news == [News.CORRECTED]


def test_the_clean_up_is_repeated_until_it_expires_and_then_the_fate_is_unknown() -> None:
    job = tidying(JobPolicy(tidy_patience_s=15, tidy_again_s=30, tidy_expiry_s=1800))
    begun = job.now_ms
    cancels = 0
    news = []
    while job.phase is Phase.TIDYING:
        heard = job.fire_next()
        cancels += len(heard.cancels)
        news += heard.news

    assert 1800 <= (job.now_ms - begun) / 1000 <= 1830
    assert cancels > 50
    assert news == [News.TIMED_OUT, News.FATE_UNKNOWN]
    assert not job.state.timers
    assert not job.press_retry().report.can_retry


def test_a_clean_up_whose_call_was_refused_is_tried_again() -> None:
    job = tidying()
    job.reject(CancelJob)

    assert len(job.fire("tidy").cancels) == 1


def test_leaving_it_while_the_clean_up_is_open_keeps_cleaning_up_in_silence() -> None:
    job = tidying()
    job.fire("tidy")

    left = job.press_cancel()
    later = job.fire("tidy")
    end = job.cancel_answered(CancelResult.CANCELLED)

    assert left.news == [News.CANCELLED]
    assert len(later.cancels) == 1
    assert later.news == []
    assert end.news == []
    assert job.phase is Phase.LEFT


def test_a_job_of_unknown_fate_that_shows_up_alive_is_taken_back_and_can_be_tried_again() -> None:
    job = tidying()
    while job.phase is Phase.TIDYING:
        job.fire("tidy")

    alive = job.report(JobState.RUNNING)
    heard = job.cancel_answered(CancelResult.CANCELLED)

    assert len(alive.cancels) == 1
    assert heard.news == [News.TIMED_OUT]
    assert heard.report.can_retry


# --- timers -------------------------------------------------------------------------------------


def test_a_timer_of_an_old_generation_is_ignored() -> None:
    job = running()
    old = job.due["poll"]
    job.report(JobState.RUNNING)
    before = job.state

    heard = job.hear(TimerFired("poll", old.generation, old.due_ms))

    assert heard.effects == ()
    assert job.state == before


def test_a_timer_is_heard_once() -> None:
    job = running()
    deadline = job.due["deadline"]
    job.fire("deadline")

    heard = job.hear(TimerFired("deadline", deadline.generation, deadline.due_ms))

    assert heard.effects == ()


def test_a_timer_that_nobody_knows_is_ignored() -> None:
    assert running().hear(TimerFired("tea", 1, 0)).effects == ()


def test_a_job_at_rest_keeps_no_timers() -> None:
    job = timed_out()

    assert job.state.timers == {}
    assert job.due == {}


def test_a_second_attempt_has_its_whole_time_again() -> None:
    job = timed_out(JobPolicy(deadline_s=600))
    job.press_retry()
    job.not_found()
    job.accept("p2")

    assert job.seconds_until("deadline") == 600


def test_the_start_tells_the_provider_when_it_may_give_up() -> None:
    job = Job(JobPolicy(start_expiry_s=300, deadline_s=600))

    assert job.open_call(StartJob)[1].deadline_ms == job.now_ms + 900_000
