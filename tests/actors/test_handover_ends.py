"""How a hand-over ends: by itself, by the customer, by nobody; and what comes after."""

from __future__ import annotations

import pytest

from actors import outcomes
from actors.calls import CloseDesk, OpenDesk, QueryDesk
from actors.effects import Finish
from actors.handover import Phase
from actors.messages import (
    AgentSaid,
    CustomerLine,
    DeskClosed,
    DeskObserved,
    DeskWrote,
    HandoverNews,
    JobLine,
    LeaveRequested,
    LineReturned,
)
from actors.policies import HandoverPolicy
from actors.values import DeskState
from tests.actors.chats import Begin, active, closing, ended, look, opened, queued
from tests.actors.given import HANDOVER_ID, NOW_MS, Chat

# --- the end ------------------------------------------------------------------------------------


def test_the_end_takes_two_looks_some_time_apart() -> None:
    chat = active(HandoverPolicy(gone_confirm_s=10))

    first = look(chat, DeskState.GONE)
    assert chat.seconds_until("poll") == 10
    second = look(chat, DeskState.GONE)

    assert first.handover_news == []
    assert second.handover_news == [HandoverNews.ENDED]
    assert second.has(Finish)
    assert not chat.due


def test_two_looks_at_the_same_instant_are_one() -> None:
    chat = active()
    look(chat, DeskState.GONE)

    heard = chat.hear(DeskObserved(DeskState.GONE))

    assert heard.handover_news == []


@pytest.mark.parametrize("between", [DeskState.RINGING, DeskState.QUEUED, DeskState.ACTIVE])
def test_a_persons_refusal_in_between_is_no_end(between: DeskState) -> None:
    chat = active()

    told = [
        *look(chat, DeskState.GONE).handover_news,
        *look(chat, between).handover_news,
        *look(chat, DeskState.GONE).handover_news,
    ]

    assert told == []
    assert chat.phase is Phase.ACTIVE


def test_a_line_in_between_is_no_end_either() -> None:
    chat = active()
    look(chat, DeskState.GONE)
    chat.hear(DeskWrote("l1", "still here", human=True))

    assert look(chat, DeskState.GONE).handover_news == []


def test_a_look_that_fails_says_nothing() -> None:
    chat = active()
    chat.fire("poll")

    heard = chat.reject(QueryDesk, outcomes.RATE_LIMITED)

    assert heard.handover_news == []
    assert "poll" in chat.due


def test_hours_without_a_word_end_the_chat() -> None:
    chat = active(HandoverPolicy(idle_max_s=7200))

    heard = chat.fire("idle")

    assert heard.handover_news == [HandoverNews.ENDED]
    assert heard.calls == [CloseDesk(HANDOVER_ID, "c1")]


def test_a_word_puts_the_idle_end_off() -> None:
    chat = active(HandoverPolicy(idle_max_s=7200))
    chat.wait(3600)
    chat.hear(CustomerLine("hello", chat.now_ms))

    heard = chat.fire("idle")

    assert heard.handover_news == []
    assert chat.seconds_until("idle") == 3600


# --- the customer leaves ------------------------------------------------------------------------


def test_leaving_before_the_chat_is_open_closes_it_when_it_opens() -> None:
    chat = Chat()

    left = chat.hear(LeaveRequested())
    heard = opened(chat)

    assert left.handover_news == [HandoverNews.LEFT]
    assert left.calls == []
    assert heard.calls == [CloseDesk(HANDOVER_ID, "c1")]
    assert heard.handover_news == []


def test_leaving_before_a_chat_that_never_opens_ends_it() -> None:
    chat = Chat()
    chat.hear(LeaveRequested())

    heard = chat.reject(OpenDesk)

    assert heard.handover_news == []
    assert chat.phase is Phase.ENDED


@pytest.mark.parametrize("begin", [queued, active])
def test_leaving_closes_the_chat_at_the_desk(begin: Begin) -> None:
    chat = begin()

    heard = chat.hear(LeaveRequested())
    end = chat.answered(CloseDesk, DeskClosed())

    assert heard.handover_news == [HandoverNews.LEFT]
    assert heard.calls == [CloseDesk(HANDOVER_ID, "c1")]
    assert end.handover_news == []
    assert end.has(Finish)


def test_leaving_twice_is_leaving_once() -> None:
    assert closing().hear(LeaveRequested()).effects == ()
    assert ended().hear(LeaveRequested()).effects == ()


def test_a_close_that_fails_is_tried_again_and_then_given_up_with_an_alarm() -> None:
    chat = closing(HandoverPolicy(close_tries=3))
    closes = 1
    heard = chat.begun
    while chat.phase is Phase.CLOSING:
        heard = chat.reject(CloseDesk) if chat.under_way_of(CloseDesk) else chat.fire("poll")
        closes += len(heard.calls)

    assert closes == 3
    assert "desk_chat_not_closed" in heard.alarms
    assert heard.has(Finish)
    assert not chat.due


def test_a_chat_whose_name_is_never_learned_does_not_close_for_ever() -> None:
    chat = Chat(HandoverPolicy(close_tries=3))
    opened(chat, ref=None)
    chat.hear(LeaveRequested())

    alarms = []
    while chat.due:
        alarms += chat.fire_next().alarms

    assert chat.phase is Phase.ENDED
    assert alarms == ["desk_chat_not_closed"]


def test_a_name_learned_while_closing_closes_the_chat() -> None:
    chat = Chat()
    opened(chat, ref=None)
    chat.hear(LeaveRequested())
    chat.hear(DeskWrote("l1", "hi", human=True, desk_ref="c1"))

    heard = chat.fire("poll")

    assert heard.calls == [CloseDesk(HANDOVER_ID, "c1")]


# --- after the end ------------------------------------------------------------------------------


@pytest.mark.parametrize("begin", [closing, ended])
def test_a_customers_line_after_the_end_goes_back_to_the_bot(begin: Begin) -> None:
    chat = begin()

    heard = chat.hear(CustomerLine("hello?", 123))

    assert heard.calls == []
    assert heard.told(LineReturned) == [LineReturned(HANDOVER_ID, "hello?", 123)]


@pytest.mark.parametrize("begin", [closing, ended])
@pytest.mark.parametrize("human", [True, None])
def test_a_persons_line_after_the_end_is_given_and_marked_late(
    begin: Begin, human: bool | None
) -> None:
    chat = begin()

    heard = chat.hear(DeskWrote("l9", "one more thing", human=human))

    assert heard.told(AgentSaid) == [AgentSaid(HANDOVER_ID, "l9", "one more thing", late=True)]
    assert heard.handover_news == []


@pytest.mark.parametrize("begin", [closing, ended])
def test_the_desks_own_lines_after_the_end_are_not_given(begin: Begin) -> None:
    assert begin().hear(DeskWrote("l9", "the chat was closed", human=False)).nothing


@pytest.mark.parametrize("begin", [closing, ended])
def test_news_of_a_job_after_the_end_is_nothing_for_the_desk(begin: Begin) -> None:
    assert begin().hear(JobLine("restart: done", NOW_MS)).nothing


def test_an_ended_hand_over_keeps_no_timers() -> None:
    chat = ended()

    assert chat.state.timers == {}
    assert not chat.due
