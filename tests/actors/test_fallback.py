"""Where `decide` raised: nobody finds silence, a person is reached, results arrive."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors import fallback
from actors.buttons import JobAction, JobButton, PersonButton, encode
from actors.calls import CancelJob, Say, SendToDesk, WebRequest
from actors.conversation.state import Waiting
from actors.effects import Do, Tell
from actors.handover.state import Handover, Phase
from actors.ids import HANDOVER, EffectId, MessageId, actor_id
from actors.messages import (
    AgentSaid,
    CallRejected,
    CustomerLine,
    CustomerWrote,
    DeskWrote,
    Envelope,
    HandoverNews,
    HandoverReported,
    HandoverRequested,
    JobReported,
    JobRequested,
    LeaveRequested,
    Message,
    News,
    ProviderReported,
    RequestAnswered,
    Road,
    TimerFired,
    Typed,
)
from actors.policies import HandoverPolicy, JobPolicy
from actors.router_job.state import RouterJob
from actors.values import Device, Fault, JobState
from tests.actors.chatting import (
    ANA,
    START_MS,
    Chat,
    arrived,
    leave_button,
    some_handover,
    some_job,
    texts,
)
from tests.actors.small_flow import around, source, without_jobs

MAIN = "Hola Ana, ¿qué hacemos?"


def broken(chat: Chat, *, quarantined: bool = True) -> Chat:
    chat.quarantined = quarantined
    return chat


@pytest.mark.parametrize("quarantined", [False, True])
def test_any_word_gets_an_apology_with_the_way_to_a_person(quarantined: bool) -> None:
    chat = broken(arrived(), quarantined=quarantined)
    assert texts(chat.types("hola")) == ["Perdón"]
    assert chat.titles == ["Con una persona"]
    assert chat.last.choices[0].id == encode(chat.actor, PersonButton())
    assert texts(chat.sends("sticker")) == ["Perdón"]


@pytest.mark.parametrize("quarantined", [False, True])
def test_even_the_first_word(quarantined: bool) -> None:
    chat = broken(Chat(), quarantined=quarantined)
    assert texts(chat.types("hola")) == ["Perdón"]
    assert chat.state.flow_version == chat.around.flow_version


def test_nobody_there_stays_nobody() -> None:
    chat = broken(Chat())
    assert chat.hear(TimerFired("x", 1, 0)) == []
    assert chat.data is None


def test_after_a_single_fault_the_person_button_works_as_ever() -> None:
    chat = broken(arrived(), quarantined=False)
    chat.types("hola")
    chat.quarantined = None
    chat.taps("Con una persona")
    assert chat.handover


def test_a_quarantined_conversation_still_reaches_a_person_and_comes_back() -> None:
    chat = broken(arrived())
    chat.types("hola")
    assert chat.taps("Con una persona") == []
    handover = chat.handover
    assert texts(chat.desk(HandoverNews.QUEUED)) == ["En cola, Ana"]
    assert texts(chat.desk(HandoverNews.JOINED, "Luz")) == ["Te atiende Luz"]
    chat.types("mi router")
    assert chat.told(handover)[-1] == CustomerLine("mi router", chat.now_ms)
    assert texts(chat.agent_says("ya lo veo")) == ["ya lo veo"]
    chat.presses(leave_button(chat, handover))
    assert chat.told(handover)[-1] == LeaveRequested()
    assert texts(chat.desk(HandoverNews.LEFT)) == ["Perdón"]
    assert chat.state.handover is None
    assert chat.titles == ["Con una persona"]


def test_a_quarantined_conversation_knows_the_leave_word_and_sends_no_empty_line() -> None:
    chat = arrived()
    chat.meets_agent()
    broken(chat)
    chat.types("")
    assert chat.told(chat.handover)[-1] == CustomerLine("[tap]", chat.now_ms)
    chat.types("salir")
    assert chat.told(chat.handover)[-1] == LeaveRequested()


def test_a_quarantined_conversation_starts_nothing() -> None:
    chat = arrived()
    chat.taps("Reiniciar")
    yes = chat.button("Sí")
    broken(chat)
    assert texts(chat.presses(yes)) == ["Perdón"]
    assert texts(chat.presses(encode(chat.actor, JobButton(some_job(), 1, JobAction.RETRY)))) == [
        "Perdón"
    ]
    assert not chat.jobs


@pytest.mark.parametrize(
    ("news", "said"),
    [
        (News.SUCCEEDED, "Listo: Router azul"),
        (News.FAILED, "Falló, quedan 2"),
        (News.CORRECTED, "Al final funcionó"),
        (News.CANCELLED, "Cancelado"),
    ],
)
def test_a_quarantined_conversation_tells_results_plainly(news: News, said: str) -> None:
    chat = arrived()
    chat.starts_restart()
    broken(chat)
    assert texts(chat.news(news, retries_left=2)) == [said]
    assert chat.titles == ["Con una persona"]
    assert not chat.state.jobs[0].running


@pytest.mark.parametrize("news", [News.ACCEPTED, News.STALLED, News.REQUESTED])
def test_progress_is_left_out(news: News) -> None:
    chat = arrived()
    chat.starts_restart()
    assert broken(chat).news(news) == []


def test_results_of_nobodys_job_are_left_out() -> None:
    chat = broken(arrived())
    assert chat.news(News.SUCCEEDED, some_job()) == []


def test_results_for_a_flow_that_lost_its_jobs_raise_nothing() -> None:
    chat = arrived()
    chat.starts_restart()
    lost = source(without_jobs())
    chat.around = around(flows={lost.version: lost.flow}, flow_version=lost.version)
    assert broken(chat).news(News.SUCCEEDED) == []


def test_a_line_that_comes_back_is_answered_and_does_not_circle() -> None:
    chat = arrived()
    chat.meets_agent()
    broken(chat)
    assert texts(chat.line_comes_back("hola")) == ["Perdón"]
    assert chat.state.handover is None
    chat.taps("Con una persona")
    assert chat.state.handover is not None


def test_news_of_a_foreign_hand_over_are_left_aside() -> None:
    chat = broken(arrived())
    assert chat.hear(HandoverReported(some_handover(), HandoverNews.ENDED)) == []


# --- hand-overs -----------------------------------------------------------------------------------


def told_by_handover(body: Message, *, quarantined: bool) -> list[object]:
    conversation = Chat().actor
    state = Handover(conversation, HandoverPolicy(), Phase.ACTIVE)
    envelope = Envelope(MessageId("m1"), START_MS, body)
    decision = fallback.handover(
        some_handover(), state, envelope, START_MS, quarantined=quarantined
    )
    assert decision is not None
    found: list[object] = []
    for effect in decision.effects:
        if isinstance(effect, Tell):
            assert effect.to == conversation
            found.append(effect.message)
        elif isinstance(effect, Do):
            found.append(effect.call)
    return found


def test_a_broken_hand_over_still_relays() -> None:
    said = AgentSaid(some_handover(), "L1", "hola")
    assert told_by_handover(DeskWrote("L1", "hola", True), quarantined=True) == [said]
    assert told_by_handover(CustomerLine("qué tal", 5), quarantined=True) == [
        SendToDesk(some_handover(), "m1", "qué tal", 5)
    ]


@pytest.mark.parametrize("quarantined", [False, True])
def test_a_customer_can_always_leave_a_broken_hand_over(quarantined: bool) -> None:
    left = HandoverReported(some_handover(), HandoverNews.LEFT)
    assert told_by_handover(LeaveRequested(), quarantined=quarantined) == [left]


def test_a_hand_over_that_never_was_has_no_fallback() -> None:
    envelope = Envelope(MessageId("m1"), START_MS, CustomerLine("x", 5))
    assert fallback.handover(some_handover(), None, envelope, START_MS, quarantined=True) is None


# --- jobs -----------------------------------------------------------------------------------------


def test_a_quarantined_job_says_once_that_nobody_knows() -> None:
    conversation = Chat().actor
    state = RouterJob(conversation, "k", Device("d"), "main", JobPolicy(), attempt=2)
    body = CustomerWrote(ANA, Typed("x"), START_MS)
    envelope = Envelope(MessageId("m1"), START_MS, body)
    first = fallback.router_job(some_job(), state, envelope, START_MS, quarantined=True)
    assert first is not None
    tell, cancel = first.effects
    assert isinstance(tell, Tell)
    assert isinstance(cancel, Do)
    assert isinstance(cancel.call, CancelJob)
    assert isinstance(tell.message, JobReported)
    assert (tell.message.news, tell.message.attempt) == (News.FATE_UNKNOWN, 2)
    again = fallback.router_job(some_job(), first.state, envelope, START_MS, quarantined=True)
    assert again is not None
    assert again.effects == ()
    once = fallback.router_job(some_job(), state, envelope, START_MS, quarantined=False)
    assert once is not None
    assert once.effects == ()


def test_a_job_that_cannot_begin_does_not_seem_to_run() -> None:
    asked = JobRequested(Chat().actor, "k", Device("d"), "main", JobPolicy())
    envelope = Envelope(MessageId("m1"), START_MS, asked)
    born = fallback.router_job(some_job(), None, envelope, START_MS, quarantined=False)
    assert born is not None
    (tell,) = born.effects
    assert isinstance(tell, Tell)
    assert isinstance(tell.message, JobReported)
    assert (tell.to, tell.message.news) == (Chat().actor, News.NOTHING_CHANGED)


def test_a_hand_over_that_cannot_begin_sends_the_customer_back_to_the_bot() -> None:
    asked = HandoverRequested(Chat().actor, "Ana", "summary", None, {}, HandoverPolicy())
    envelope = Envelope(MessageId("m1"), START_MS, asked)
    actor = actor_id(HANDOVER, "x")
    born = fallback.handover(actor, None, envelope, START_MS, quarantined=False)
    assert born is not None
    (tell,) = born.effects
    assert isinstance(tell, Tell)
    assert tell.message == HandoverReported(actor, HandoverNews.UNAVAILABLE)


def test_who_waits_for_a_look_up_that_broke_us_gets_the_apology() -> None:
    waiting = Waiting(EffectId("eff_x"), "find")
    state = replace(arrived().state, waiting=waiting)
    for body in (
        RequestAnswered(EffectId("eff_x"), 200),
        CallRejected(EffectId("eff_x"), WebRequest("crm", "GET", "/"), Fault("timeout")),
    ):
        envelope = Envelope(MessageId("m1"), START_MS, body)
        plain = fallback.conversation(
            Chat().actor, state, envelope, START_MS, Chat().around, quarantined=False
        )
        assert plain is not None
        (do,) = plain.effects
        assert isinstance(do, Do)
        assert isinstance(do.call, Say)
        assert plain.state.waiting is None


def test_a_quarantined_job_still_tells_its_last_word_plainly() -> None:
    state = RouterJob(
        Chat().actor, "k", Device("d"), "main", JobPolicy(), attempt=1, told=News.FATE_UNKNOWN
    )
    body = ProviderReported(1, JobState.SUCCEEDED, Road.CALLBACK)
    envelope = Envelope(MessageId("m1"), START_MS, body)
    told = fallback.router_job(some_job(), state, envelope, START_MS, quarantined=True)
    assert told is not None
    (tell,) = told.effects
    assert isinstance(tell, Tell)
    assert isinstance(tell.message, JobReported)
    assert tell.message.news is News.CORRECTED
