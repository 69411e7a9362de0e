"""A hand-over up to its end: opening, waiting, a person, lines, looks."""

from __future__ import annotations

import pytest

from actors import handover, outcomes
from actors.calls import CloseDesk, OpenDesk, QueryDesk, ReportLine, SendToDesk
from actors.effects import Finish
from actors.handover import Phase
from actors.ids import MessageId
from actors.messages import (
    AgentSaid,
    CustomerLine,
    DeskOpened,
    DeskRefusedLine,
    DeskWrote,
    Envelope,
    HandoverNews,
    HandoverReported,
    JobLine,
    LeaveRequested,
    LineUndelivered,
    TimerFired,
)
from actors.policies import HandoverPolicy
from actors.values import DeskState
from tests.actors.chats import Begin, active, closing, ended, lines, look, opened, queued
from tests.actors.given import HANDOVER_ID, NOW_MS, Chat

# --- opening ------------------------------------------------------------------------------------


def test_a_request_opens_a_chat_and_sets_a_limit_to_the_waiting() -> None:
    chat = Chat(HandoverPolicy(patience_s=600))

    (call,) = chat.begun.calls
    assert call == OpenDesk(HANDOVER_ID, "summary", {"rb_language": "es"}, "Ana", NOW_MS)
    assert chat.seconds_until("patience") == 600
    assert chat.begun.handover_news == []


def test_a_hand_over_that_was_never_requested_hears_nothing() -> None:
    envelope = Envelope(MessageId("m1"), NOW_MS, LeaveRequested())

    assert handover.decide(HANDOVER_ID, None, envelope, NOW_MS) is None


def test_once_it_is_open_the_customer_waits_in_the_queue() -> None:
    chat = Chat()

    heard = opened(chat)

    assert heard.handover_news == [HandoverNews.QUEUED]
    assert chat.phase is Phase.QUEUED
    assert "poll" in chat.due


def test_lines_written_before_it_is_open_are_kept_and_sent_in_order() -> None:
    chat = Chat(words="it is broken")
    chat.hear(CustomerLine("hello?", NOW_MS))
    chat.hear(JobLine("restart: failed", NOW_MS))

    heard = opened(chat)

    assert lines(heard) == ["it is broken", "hello?", "restart: failed"]
    assert chat.state.waiting == ()


def test_without_words_nothing_but_the_summary_is_sent() -> None:
    assert lines(opened(Chat(words=None))) == []


def test_lines_kept_are_bounded() -> None:
    chat = Chat(words=None)
    for number in range(52):
        chat.hear(CustomerLine(str(number), NOW_MS))

    sent = lines(opened(chat))
    assert len(sent) == 50
    assert sent[-1] == "49\n50\n51"


def test_a_person_may_write_before_the_opening_is_answered_and_no_line_is_overtaken() -> None:
    chat = Chat(words="first")

    joined = chat.hear(DeskWrote("l1", "hi", human=True, desk_ref="c1"))
    later = chat.hear(CustomerLine("second", NOW_MS))
    answer = opened(chat)

    assert joined.handover_news == [HandoverNews.JOINED]
    assert lines(joined) + lines(later) + lines(answer) == ["first", "second"]
    assert answer.handover_news == []


@pytest.mark.parametrize("code", [outcomes.UNAUTHORIZED, outcomes.EXPIRED])
def test_a_desk_that_cannot_be_reached_leads_back_to_the_bot(code: str) -> None:
    chat = Chat()

    heard = chat.reject(OpenDesk, code)

    assert heard.handover_news == [HandoverNews.UNAVAILABLE]
    assert heard.has(Finish)
    assert not chat.due


def test_a_chat_that_opens_after_it_was_given_up_is_closed() -> None:
    chat = Chat()
    chat.reject(OpenDesk)

    heard = chat.hear(DeskOpened("c1"))

    assert heard.calls == [CloseDesk(HANDOVER_ID, "c1")]
    assert heard.handover_news == []


# --- a person joins -----------------------------------------------------------------------------


def test_a_person_joins_once_whatever_shows_it() -> None:
    chat = queued()

    told = [
        *look(chat, DeskState.RINGING).handover_news,
        *look(chat, DeskState.ACTIVE, "Rita").handover_news,
        *look(chat, DeskState.ACTIVE, "Rita").handover_news,
        *chat.hear(DeskWrote("l1", "hi", human=True)).handover_news,
    ]

    assert told == [HandoverNews.JOINED]
    assert "patience" not in chat.due


def test_the_persons_name_is_told() -> None:
    heard = look(queued(), DeskState.ACTIVE, "Rita")

    assert [report.agent for report in heard.told(HandoverReported)] == ["Rita"]


def test_a_persons_first_line_joins_and_is_given() -> None:
    chat = queued()

    heard = chat.hear(DeskWrote("l1", "hi", human=True))

    assert heard.handover_news == [HandoverNews.JOINED]
    assert heard.told(AgentSaid) == [AgentSaid(HANDOVER_ID, "l1", "hi", late=False)]
    assert "patience" not in chat.due


@pytest.mark.parametrize("human", [False, None])
def test_the_desks_own_lines_are_given_but_nobody_has_joined(human: bool | None) -> None:
    chat = queued()

    heard = chat.hear(DeskWrote("l1", "you are number 3", human=human))

    assert heard.handover_news == []
    assert len(heard.told(AgentSaid)) == 1
    assert chat.phase is Phase.QUEUED


def test_nobody_within_patience_leads_back_to_the_bot_and_closes_the_chat() -> None:
    chat = queued()

    heard = chat.fire("patience")

    assert heard.handover_news == [HandoverNews.NOBODY]
    assert heard.calls == [CloseDesk(HANDOVER_ID, "c1")]


def test_a_desk_that_does_not_even_answer_the_opening_is_nobody_too() -> None:
    chat = Chat()

    gave_up = chat.fire("patience")
    late = opened(chat)

    assert gave_up.handover_news == [HandoverNews.NOBODY]
    assert late.calls == [CloseDesk(HANDOVER_ID, "c1")]
    assert late.handover_news == []


def test_a_chat_that_vanishes_from_the_queue_is_nobody() -> None:
    chat = queued()
    look(chat, DeskState.GONE)

    assert look(chat, DeskState.GONE).handover_news == [HandoverNews.NOBODY]


# --- lines --------------------------------------------------------------------------------------


@pytest.mark.parametrize("begin", [queued, active])
def test_lines_go_to_the_desk_with_ids_of_their_own(begin: Begin) -> None:
    chat = begin()

    heard = chat.hear(CustomerLine("hello", NOW_MS))
    job = chat.hear(JobLine("restart: done", NOW_MS))

    (call,) = heard.calls
    assert isinstance(call, SendToDesk)
    assert call.text == "hello"
    assert lines(job) == ["restart: done"]
    assert job.calls[0] != call


def test_a_line_that_nobody_signed_is_the_persons_once_one_is_there() -> None:
    heard = active().hear(DeskWrote("l1", "hi", human=None))

    assert heard.told(AgentSaid) == [AgentSaid(HANDOVER_ID, "l1", "hi", late=False)]


def test_an_undelivered_line_is_reported_to_the_desk() -> None:
    for chat in (Chat(), queued(), active(), closing(), ended()):
        heard = chat.hear(LineUndelivered("l1", outcomes.RECIPIENT))

        assert heard.calls == [ReportLine(HANDOVER_ID, "l1", outcomes.RECIPIENT)]


def test_a_line_that_the_desk_refuses_afterwards_is_an_alarm() -> None:
    heard = active().hear(DeskRefusedLine("l1", outcomes.INVALID))

    assert heard.alarms == ["desk_refused_a_line"]


# --- the desk's name for the chat ---------------------------------------------------------------


def test_without_a_name_the_chat_cannot_be_looked_at_and_waits_for_one() -> None:
    chat = Chat()
    opened(chat, ref=None)

    heard = chat.fire("poll")

    assert heard.calls == []
    assert "poll" in chat.due


def test_the_first_webhook_teaches_the_name() -> None:
    chat = Chat()
    opened(chat, ref=None)
    chat.hear(DeskWrote("l1", "hi", human=True, desk_ref="c1"))

    assert chat.fire("poll").calls == [QueryDesk(HANDOVER_ID, "c1")]


def test_the_name_learned_first_stays() -> None:
    chat = queued()
    chat.hear(DeskWrote("l1", "hi", human=True, desk_ref="c2"))

    assert chat.fire("poll").calls == [QueryDesk(HANDOVER_ID, "c1")]


# --- how closely the desk is watched ------------------------------------------------------------


def test_looks_are_close_at_first_then_as_the_policy_says() -> None:
    policy = HandoverPolicy(poll_opening_s=5, poll_queued_s=15, poll_active_s=30)
    chat = queued(policy)
    first = chat.seconds_until("poll")
    chat.wait(60)
    look(chat, DeskState.QUEUED)
    waiting = chat.seconds_until("poll")
    look(chat, DeskState.ACTIVE)

    assert (first, waiting, chat.seconds_until("poll")) == (5, 15, 30)


def test_a_timer_of_an_old_generation_is_ignored() -> None:
    chat = queued()
    old = chat.due["poll"]
    look(chat, DeskState.QUEUED)

    assert chat.hear(TimerFired("poll", old.generation, old.due_ms)).effects == ()
