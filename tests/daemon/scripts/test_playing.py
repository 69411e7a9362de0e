"""What lines of a conversation file do and expect, on the pure core."""

from __future__ import annotations

import pytest

from tests.daemon.rehearsing import HELLO, KNOWN, goes_well, goes_wrong

RESTARTED = (
    HELLO
    + """\
customer: [Restart]
bot: Restart Box? [Yes] [No]
customer: [Yes]
bot: Asked: Box [Cancel]
bot: Hello Ana, what now?
"""
)


# --- what the bot says ---------------------------------------------------------------------------


def test_all_that_is_said_must_be_expected() -> None:
    failure = goes_wrong(KNOWN + "customer: hi\ncustomer: home\n")
    assert (failure.number, failure.what) == (4, "before this, the bot also said")
    assert failure.came is not None
    assert failure.came.startswith("Hello Ana, what now? [Restart]")
    failure = goes_wrong(KNOWN + "customer: hi\n")
    assert (failure.number, failure.what) == (0, "at the end, the bot also said")


def test_another_text_or_another_choice_is_shown_beside_the_one_expected() -> None:
    failure = goes_wrong(KNOWN + "customer: hi\nbot: Hello Bob* [Restart]\n")
    assert (failure.number, failure.expected) == (4, "Hello Bob* [Restart]")
    assert failure.came is not None
    assert failure.came.startswith("Hello Ana")
    failure = goes_wrong(KNOWN + "customer: hi\nbot: Hello Ana* [Restart]\n")
    assert failure.what == "the bot offered something else"


def test_silence_is_told_from_words() -> None:
    goes_well(HELLO + "bot: says nothing\n")
    failure = goes_wrong(HELLO + "bot: Anything else?\n")
    assert (failure.what, failure.came) == ("the bot said nothing more", "(nothing)")


# --- what the bot has in mind --------------------------------------------------------------------


def test_step_language_and_partner_of_a_conversation() -> None:
    goes_well(
        HELLO
        + """\
conversation: is at main
conversation: talks to the bot
conversation: speaks en
customer: human
bot: In the queue, Ana [Leave the chat]
conversation: waits for a person
agent: accept Eva
after 10 seconds
bot: Eva is here
conversation: talks to a person
"""
    )
    failure = goes_wrong(HELLO + "conversation: is at confirm\n")
    assert failure.expected == "conversation: is at confirm"
    assert failure.came == "conversation: is at main"
    assert goes_wrong("conversation: is at main\n").what == (
        "the bot has not heard of this customer"
    )


def test_values_are_compared_as_the_flow_shows_them() -> None:
    goes_well(HELLO + "value: router = r-1\nvalue: label = B*\nvalue: plan is not set\n")
    failure = goes_wrong(HELLO + "value: router = r-2\n")
    assert (failure.expected, failure.came) == ("r-2", "r-1")
    assert goes_wrong(HELLO + "value: plan = x\n").came == "(not set)"
    assert goes_wrong(HELLO + "value: router is not set\n").came == "r-1"


def test_phase_step_and_attempt_of_a_job() -> None:
    goes_well(
        RESTARTED
        + """\
job: restart is running
job: restart attempt = 1
after 20 seconds
job: restart is at reboot
after 3 minutes
bot: ... Done: Box
job: restart is succeeded
"""
    )
    failure = goes_wrong(RESTARTED + "job: restart is succeeded\n")
    assert failure.came == "job: restart is running"
    assert goes_wrong(HELLO + "job: restart is running\n").came == "(there is none)"


# --- services ------------------------------------------------------------------------------------


def test_services_answer_as_the_lines_say() -> None:
    goes_well(
        HELLO
        + """\
service: crm POST /plans/*/now -> 200 {"premium": true}
service: crm POST /plans/*/now -> once 503
service: crm POST /plans/*/now -> 2 times 200 {"premium": 3}
customer: [My plan]
bot: Which plan?
customer: gold
bot: System down*
customer: [My plan]
bot: Which plan?
customer: gold
bot: Three Thanks*
customer: [My plan]
bot: Which plan?
customer: gold
bot: Three*
customer: [My plan]
bot: Which plan?
customer: gold
bot: Premium*
service: crm POST /plans/*/now -> 200 {"premium": false}
customer: [My plan]
bot: Which plan?
customer: gold
bot: Plain*
service: crm was asked 5 times POST /plans/gold/now
service: crm was asked POST /plans/gold/now?q=g* {"plan": "gold", "count": 3}
service: crm was asked 0 times POST /plans/gold/now {"plan": "silver"}
"""
    )


def test_no_answer_is_an_error_to_the_flow() -> None:
    goes_well(
        HELLO
        + """\
service: crm POST /plans/* -> no answer
customer: [My plan]
bot: Which plan?
customer: gold
bot: System down*
"""
    )


def test_what_was_not_asked_is_told_with_what_was() -> None:
    failure = goes_wrong(HELLO + "service: crm was asked POST /plans/gold\n")
    assert failure.came is not None
    assert "crm GET /customers/+12025550143" in failure.came


# --- the provider, by hand -----------------------------------------------------------------------


def test_a_job_by_hand_does_only_what_is_said() -> None:
    goes_well(
        "language: en\nprovider: by hand\n"
        + RESTARTED.removeprefix("language: en\n")
        + """\
provider: starts = 1
provider: restarts = 0
provider: says running reboot 10%
provider: restarts = 1
provider: says failed 9002
bot: ... Failed, 2 left [Retry] [Talk to a person] [Leave it]
customer: [Retry]
bot: Looking again
bot: Asked: Box
after 6 seconds
provider: starts = 2
provider: says failed 7 for good
bot: Failed, 0 left [Talk to a person] [Leave it]
"""
    )


# --- lines that make no sense --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("provider: dances", "the provider cannot 'dances'"),
        ("provider: says gone", "a job is not 'gone'"),
        ("crm: outage", "the CRM cannot 'outage'"),
        ("agent: sings", "the agent cannot 'sings'"),
        ("daemon: dance", "the daemon cannot 'dance'"),
        ("after a while", "not a duration: 'a while'"),
        ("service: crm GET customers -> 200", "not a request: 'crm GET customers'"),
        ("service: crm GET /customers -> fine", "not an answer: 'fine'"),
        ("service: crm GET /customers -> 200 {", "not JSON: '{'"),
        ("service: crm GET /customers -> 200 @no.json", "no.json: cannot be read: No such file"),
        ("service: crm sleeps", "a service cannot 'crm sleeps'"),
        ("conversation: is happy", "a conversation is not 'is happy'"),
        ("value: router", "not about a value: 'router'"),
        ("customer: [Nothing]", "'Nothing' is not offered; there is: Restart"),
        ("customer: [Restart] of 2", "[Restart] was offered 1 times"),
        ("agent: end", "nobody has come to the desk"),
    ],
)
def test_a_line_that_cannot_be_done_is_named(line: str, told: str) -> None:
    failure = goes_wrong(f"{HELLO}{line}\n")
    assert failure.number == 5
    assert told in failure.what
