"""The pure core as a stage: time, kills, vendors in trouble, and bugs that must not stay unseen."""

from __future__ import annotations

import pytest

from actors import conversation
from actors.flow.check import check_flow
from daemon.flowtest import stage as stage_module
from tests.actors.small_flow import changed, extended, source
from tests.daemon.rehearsing import HELLO, KNOWN, goes_well, goes_wrong, play

JOB = """\
customer: [Restart]
bot: *
customer: [Yes]
bot: Asked: Box [Cancel]
bot: Hello*
"""


def test_the_same_file_goes_the_same_way_each_time() -> None:
    text = HELLO + JOB + "after 5 minutes\nbot: ...\n"
    one, other = goes_well(text), goes_well(text)
    assert one == other
    assert one.turns > 20


def test_a_kill_loses_nothing_that_counts() -> None:
    goes_well(
        HELLO
        + JOB
        + """\
daemon: kill
customer: [My jobs]
after 1 hour
bot: says nothing
daemon: start
bot: ...
customer: [My jobs]
bot: Done: Box
bot: Hello*
provider: starts = 1
"""
    )


def test_a_tap_at_the_moment_of_a_kill_is_brought_again() -> None:
    goes_well(
        HELLO
        + """\
customer: [Restart]
bot: *
~customer: [Yes]
daemon: kill and start
bot: Asked: Box*
bot: Hello*
provider: starts = 1
"""
    )


def test_a_stop_is_clean_and_the_daemon_starts_again() -> None:
    goes_well(HELLO + "daemon: stop\ndaemon: start\ncustomer: home\nbot: Hello*\n")


def test_nobody_looks_into_a_daemon_that_does_not_run() -> None:
    failure = goes_wrong(HELLO + "daemon: kill\nconversation: is at main\n")
    assert "does not run" in failure.what


@pytest.mark.parametrize("trouble", ["hangs", "loses the answer", "refuse 503", "refuse 500"])
def test_a_start_in_trouble_is_made_once(trouble: str) -> None:
    text = f"{HELLO}provider: {trouble}\n{JOB}after 10 minutes\nbot: ... Done: Box\n"
    goes_well(text + "provider: starts = 1\nprovider: restarts = 1\n")


def test_while_a_provider_wants_a_pause_nothing_else_is_asked_of_it() -> None:
    other = "test: { do: set, values: { router: r-2, label: Other }, then: restart }"
    goes_well(
        f"{HELLO}provider: refuse 429 for 60 seconds\n{JOB}"
        + """\
customer: [More]
bot: Asked: Other [Cancel]
bot: Hello*
after 50 seconds
provider: starts = 0
after 10 minutes
bot: ... Done: Other
bot: ... Done: Box
provider: starts = 2
""",
        source(extended(other)),
    )


def test_a_provider_with_another_name_is_there_too() -> None:
    flow = source(changed("kind: router.restart\n", "kind: router.restart\n    provider: acs\n"))
    goes_well(HELLO + JOB + "after 5 minutes\nbot: ... Done: Box\n", flow)


def test_any_service_of_the_flow_can_be_stubbed() -> None:
    flow = source(changed('service: crm\n    path: "/lines', 'service: billing\n    path: "/lines'))
    goes_well(
        HELLO
        + """\
service: billing GET /lines/r-1 -> 200 {"state": "up"}
customer: [Quick restart]
bot: Asked: Box*
bot: Hello*
value: line = up
""",
        flow,
    )
    # Where no line fits, there is no such thing.
    goes_well(HELLO + "customer: [Quick restart]\nbot: System down*\n", flow)


def test_a_day_without_a_word_closes_the_window_and_a_result_waits() -> None:
    goes_well(
        HELLO
        + "provider: silent then succeeds after 25 hours\n"
        + JOB
        + """\
after 26 hours
bot: ...
customer: home
bot: It worked after all
bot: Hello*
"""
    )


def test_a_bug_of_ours_is_told_although_the_customer_got_an_apology(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def bug(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(conversation.decide.__globals__["hearing"], "hear", bug)
    failure = goes_wrong(KNOWN + "customer: hi\nbot: Sorry*\n")
    assert failure.number == 0
    assert "a bug of ours" in failure.what
    assert "ZeroDivisionError" in failure.what


def test_what_goes_round_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_module, "_STEPS_MAX", 3)
    failure = goes_wrong(HELLO)
    assert "not at rest after 3 steps" in failure.what


def test_each_turn_can_be_watched() -> None:
    seen: list[tuple[str, tuple[str, ...]]] = []
    rehearsal = play(
        HELLO,
        on_turn=lambda _row, result: seen.extend((one.message, one.steps) for one in result.heard),
    )
    assert seen == [("CustomerWrote", ("look_up",)), ("RequestAnswered", ("main",))]
    assert rehearsal.turns == 2


def test_the_small_flow_is_a_sound_one() -> None:
    assert check_flow(source(), frozenset({"main"}), frozenset({"crm"})) == []
