"""The provider's word: its order, repetitions and contradictions, and words of other attempts."""

from __future__ import annotations

import pytest

from actors.calls import QueryJob
from actors.messages import News, ProviderReported, Road
from actors.policies import JobPolicy
from actors.router_job import Phase
from actors.values import CancelResult, JobFault, JobState
from tests.actors.given import Job, checking, failed, running, second_attempt, tidying, timed_out

# --- order --------------------------------------------------------------------------------------


def test_callbacks_1_3_2_3_are_told_as_1_3() -> None:
    job = running()

    told = [
        job.report(JobState.RUNNING, step=step, seq=seq).reports
        for step, seq in [("reach", 1), ("reboot", 3), ("down", 2), ("reboot", 3)]
    ]

    assert [[report.step for report in reports] for reports in told] == [
        ["reach"],
        ["reboot"],
        [],
        [],
    ]


def test_a_callback_that_comes_too_late_is_noted_and_changes_nothing() -> None:
    job = running()
    job.report(JobState.RUNNING, step="reboot", seq=3)
    before = job.state

    heard = job.report(JobState.RUNNING, step="reach", seq=2)

    assert heard.notes == ["report_out_of_order"]
    assert heard.nothing
    assert job.state == before


def test_a_look_with_the_number_seen_last_still_counts_as_a_look() -> None:
    job = running(JobPolicy(poll_failures_told=2))
    job.report(JobState.RUNNING, step="reach", seq=3)
    job.fire("poll")
    job.reject(QueryJob)
    job.fire("poll")

    heard = job.found(JobState.RUNNING, seq=3)

    assert heard.news == []
    assert job.state.look_failures == 0
    assert "poll" in job.due


def test_a_look_that_finds_older_news_does_not_stop_the_looking() -> None:
    job = running()
    job.report(JobState.RUNNING, step="reboot", seq=5)
    job.fire("poll")

    heard = job.report(JobState.RUNNING, Road.QUERY, step="reach", seq=4)

    assert heard.news == []
    assert job.state.step == "reboot"
    assert "poll" in job.due


def test_the_end_counts_whatever_its_number() -> None:
    job = running()
    job.report(JobState.RUNNING, seq=9)

    assert job.report(JobState.SUCCEEDED, seq=1).news == [News.SUCCEEDED]


def test_a_heartbeat_is_not_told_but_puts_the_stall_off() -> None:
    job = running(JobPolicy(stall_s=60))
    job.report(JobState.RUNNING, step="reboot")
    job.wait(50)

    heard = job.report(JobState.RUNNING, step="reboot")

    assert heard.news == []
    assert job.seconds_until("stall") == 60


def test_the_same_end_twice_is_told_once() -> None:
    job = failed()

    heard = job.fail()

    assert heard.news == []
    assert job.phase is Phase.FAILED


# --- whose word ---------------------------------------------------------------------------------


def test_an_event_that_names_only_the_providers_job_finds_the_present_attempt() -> None:
    job = running()

    heard = job.report(JobState.SUCCEEDED, attempt=0, job="p1")

    assert heard.news == [News.SUCCEEDED]


def test_an_event_that_names_only_the_job_of_an_older_attempt_is_that_ones() -> None:
    job = second_attempt()
    job.accept("p2")

    heard = job.report(JobState.FAILED, attempt=0, job="p1")

    assert heard.nothing
    assert job.phase is Phase.RUNNING


def test_an_event_of_nobodys_job_is_an_alarm() -> None:
    job = running()

    heard = job.report(JobState.SUCCEEDED, attempt=0, job="p9")

    assert heard.alarms == ["report_for_unknown_attempt"]
    assert heard.nothing


def test_an_event_of_an_attempt_to_come_is_an_alarm() -> None:
    job = running()

    heard = job.report(JobState.SUCCEEDED, attempt=2)

    assert heard.alarms == ["report_for_unknown_attempt"]
    assert job.phase is Phase.RUNNING


def test_another_provider_has_no_say() -> None:
    job = running()

    heard = job.hear(
        ProviderReported(1, JobState.SUCCEEDED, Road.CALLBACK, provider_job="p1", provider="other")
    )

    assert heard.alarms == ["report_by_another_provider"]
    assert heard.nothing
    assert job.phase is Phase.RUNNING


def test_an_older_attempt_that_failed_says_nothing_about_this_one() -> None:
    job = second_attempt()
    job.accept("p2")

    assert job.report(JobState.FAILED, attempt=1).nothing


def test_an_older_attempt_that_worked_after_all_leaves_a_running_one_alone() -> None:
    job = second_attempt()
    job.accept("p2")

    heard = job.report(JobState.SUCCEEDED, attempt=1)

    assert heard.alarms == ["past_attempt_succeeded"]
    assert job.phase is Phase.RUNNING


def test_an_older_attempt_that_worked_after_all_corrects_a_failure_menu() -> None:
    job = second_attempt()
    job.accept("p2")
    job.fail()

    heard = job.report(JobState.SUCCEEDED, attempt=1)

    assert heard.news == [News.CORRECTED]
    assert job.phase is Phase.SUCCEEDED


def test_an_older_attempt_that_worked_after_all_makes_a_retry_needless() -> None:
    job = second_attempt()
    job.accept("p2")
    job.fail()
    job.press_retry()

    heard = job.report(JobState.SUCCEEDED, attempt=1)

    assert heard.news == [News.CORRECTED]
    assert job.found(JobState.FAILED).starts == []


# --- contradictions -----------------------------------------------------------------------------


@pytest.mark.parametrize("second", [JobState.SUCCEEDED, JobState.CANCELLED, JobState.TIMED_OUT])
def test_of_two_different_last_words_the_first_stands_and_an_alarm_is_raised(
    second: JobState,
) -> None:
    job = failed()

    heard = job.report(second)

    assert heard.alarms == ["two_last_words"]
    assert heard.news == []
    assert job.state.word is JobState.FAILED


def test_a_failure_after_the_success_is_not_believed() -> None:
    job = running()
    job.report(JobState.SUCCEEDED)

    heard = job.fail()

    assert heard.alarms == ["two_last_words"]
    assert heard.news == []
    assert job.phase is Phase.SUCCEEDED


def test_progress_after_the_end_is_noted_and_dropped() -> None:
    job = failed()

    heard = job.report(JobState.RUNNING, step="reboot", seq=99)

    assert heard.notes == ["report_after_the_last_word"]
    assert heard.nothing


def test_a_provider_that_cancels_by_itself_is_a_failure() -> None:
    job = running()

    heard = job.report(JobState.CANCELLED)

    assert heard.news == [News.FAILED]
    assert heard.report.can_retry


def test_a_provider_that_gives_up_by_itself_timed_out() -> None:
    assert running().report(JobState.TIMED_OUT).news == [News.TIMED_OUT]


def test_a_fault_goes_out_with_the_failure() -> None:
    job = running()
    fault = JobFault("9018", "corrupted", retryable=False)

    heard = job.report(JobState.FAILED, fault=fault)

    assert heard.report.fault == fault
    assert not heard.report.can_retry


# --- corrections: our verdict yields ------------------------------------------------------------


def test_a_late_success_corrects_a_timed_out_job_whose_clean_up_is_open() -> None:
    job = tidying()
    job.fire("tidy")

    assert job.report(JobState.SUCCEEDED).news == [News.CORRECTED]


def test_a_late_success_before_the_failure_was_told_is_simply_a_success() -> None:
    assert tidying().report(JobState.SUCCEEDED).news == [News.SUCCEEDED]


def test_a_late_success_corrects_a_timed_out_job() -> None:
    job = timed_out()

    heard = job.report(JobState.SUCCEEDED)

    assert heard.news == [News.CORRECTED]
    assert job.state.verdict is None
    assert job.press_retry().report.news is News.CORRECTED


def test_a_late_success_corrects_a_cancelled_job() -> None:
    job = running()
    job.press_cancel()
    job.cancel_answered(CancelResult.CANCELLED)

    assert job.report(JobState.SUCCEEDED).news == [News.CORRECTED]


def test_a_late_success_corrects_a_job_that_the_customer_left() -> None:
    job = timed_out()
    job.press_cancel()

    assert job.report(JobState.SUCCEEDED).news == [News.CORRECTED]


def test_a_late_success_corrects_a_job_of_unknown_fate() -> None:
    job = Job()
    job.press_cancel()
    while job.phase is Phase.CANCELLING:
        job.fire("tidy")

    assert job.report(JobState.SUCCEEDED).news == [News.CORRECTED]


@pytest.mark.parametrize("late", [JobState.FAILED, JobState.TIMED_OUT])
def test_a_late_failure_is_told_where_the_fate_was_unknown(late: JobState) -> None:
    job = tidying()
    while job.phase is Phase.TIDYING:
        job.fire("tidy")
    assert job.state.told is News.FATE_UNKNOWN

    heard = job.report(late)

    assert len(heard.news) == 1
    assert heard.report.can_retry
    assert job.fail().news == []


def test_a_late_failure_of_a_job_that_the_customer_left_is_no_news() -> None:
    job = timed_out()
    job.press_cancel()

    assert job.fail().news == []


def test_a_success_found_by_the_look_before_a_retry_is_told_as_a_correction() -> None:
    job = checking()

    heard = job.found(JobState.SUCCEEDED)

    assert heard.news == [News.CORRECTED]
    assert heard.starts == []
