"""Persons: coming in, talking, and the way back to the bot."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.buttons import PersonButton, encode
from actors.calls import Purpose, Say
from actors.effects import Do, Drop
from actors.messages import (
    CancelRequested,
    CustomerLine,
    HandoverNews,
    HandoverRequested,
    JobLine,
    LeaveRequested,
    LineUndelivered,
    News,
    RetryRequested,
    Tapped,
)
from actors.values import JobFault
from tests.actors.chatting import CODEC, Chat, arrived, leave_button, some_handover, texts

MAIN = "Hola Ana, ¿qué hacemos?"


def failed() -> Chat:
    """A chat whose job has failed."""
    chat = arrived()
    chat.starts_restart()
    fault = JobFault("E7", "no answer")
    chat.news(News.FAILED, can_retry=True, retries_left=2, fault=fault, step="rebooting")
    return chat


def talking() -> Chat:
    """A chat with an agent in it, and a job that runs."""
    chat = arrived()
    chat.starts_restart()
    chat.meets_agent()
    return chat


def test_asking_for_a_person_takes_along_what_happened() -> None:
    chat = failed()
    chat.types("no anda nada")
    chat.taps("Hablar con alguien")
    (asked,) = chat.told(chat.handover)
    assert isinstance(asked, HandoverRequested)
    assert asked.conversation == chat.actor
    assert asked.customer_name == "Ana"
    assert "> no anda nada" in asked.summary
    assert "< Falló, quedan 2" in asked.summary
    assert "- Reinicio: failed, rebooting, #1 [E7 no answer]" in asked.summary
    assert asked.words == "Hablar con alguien"
    assert list(asked.attributes.items()) == [
        ("rb_handoverId", chat.handover),
        ("rb_language", "es"),
        ("rb_job", "restart"),
        ("rb_jobStatus", "failed"),
        ("rb_attempt", "1"),
        ("rb_device", "Router azul"),
        ("rb_faultCode", "E7"),
        ("rb_faultText", "no answer"),
    ]


def test_the_summary_is_bounded() -> None:
    chat = arrived()
    for _ in range(30):
        chat.types("x" * 4000)
    chat.types("persona")
    (asked,) = chat.told(chat.handover)
    assert isinstance(asked, HandoverRequested)
    assert len(asked.summary) <= 3500
    assert len(chat.state.transcript) == 20


def test_one_hand_over_at_a_time() -> None:
    chat = failed()
    chat.taps("Hablar con alguien")
    first = chat.handover
    assert texts(chat.taps("Hablar con alguien")) == ["Ya avisamos"]
    assert texts(chat.presses(encode(chat.actor, PersonButton()))) == ["Ya avisamos"]
    assert chat.handover == first
    assert len(chat.told(first)) == 1


def test_asking_while_a_look_up_runs_leaves_its_answer_aside() -> None:
    chat = arrived()
    chat.answers = {}
    chat.taps("Reinicio rápido")
    chat.types("persona")
    assert chat.answer(200, b'{"state":"up"}') == []
    assert not chat.jobs


def test_queued_and_joined_are_told_with_the_way_back() -> None:
    chat = arrived()
    chat.types("persona")
    assert texts(chat.desk(HandoverNews.QUEUED)) == ["En cola, Ana"]
    assert chat.titles == ["Salir del chat"]
    assert texts(chat.desk(HandoverNews.JOINED, "Luz")) == ["Te atiende Luz"]
    assert chat.state.handover is not None
    assert chat.state.handover.joined


@pytest.mark.parametrize("typed", ["hola", "1", "menu", "Reiniciar", "persona"])
def test_whatever_is_typed_goes_to_the_agent(typed: str) -> None:
    chat = talking()
    assert chat.types(typed) == []
    assert chat.told(chat.handover)[-1] == CustomerLine(typed, chat.now_ms)


def test_what_the_relay_cannot_carry_is_named_and_nothing_empty_is_sent() -> None:
    chat = talking()
    chat.sends("image")
    chat.does(Tapped("foreign", ""))
    lines = [line.text for line in chat.told(chat.handover) if isinstance(line, CustomerLine)]
    assert lines == ["[image]", "[tap]"]


@pytest.mark.parametrize("typed", ["salir", "SALIR.", "leave"])
def test_the_word_that_leads_back(typed: str) -> None:
    chat = talking()
    chat.types(typed)
    assert chat.told(chat.handover)[-1] == LeaveRequested()
    assert texts(chat.desk(HandoverNews.LEFT)) == ["Saliste del chat\n\n" + MAIN]
    assert chat.state.handover is None


def test_the_button_that_leads_back() -> None:
    chat = talking()
    chat.taps("Salir del chat")
    assert chat.told(chat.handover)[-1] == LeaveRequested()


def test_the_button_of_a_chat_that_is_over_shows_the_menu() -> None:
    chat = talking()
    old = chat.handover
    chat.desk(HandoverNews.ENDED)
    assert texts(chat.presses(leave_button(chat, old))) == [MAIN]
    chat.meets_agent()
    assert chat.handover != old
    assert texts(chat.presses(leave_button(chat, old))) == [MAIN]


def test_job_buttons_still_act() -> None:
    chat = failed()
    retry, leave = chat.button("Reintentar"), chat.button("Dejarlo así")
    chat.meets_agent()
    chat.presses(retry)
    chat.presses(leave)
    assert chat.told(chat.job)[1:] == [RetryRequested(1), CancelRequested(1)]


def test_the_agent_sees_the_job_and_the_customers_chat_is_quiet() -> None:
    chat = talking()
    for news in (News.ACCEPTED, News.STALLED, News.UNSEEN):
        assert chat.news(news, can_cancel=True) == []
    assert chat.news(News.STEP, step="rebooting") == []
    lines = [line.text for line in chat.told(chat.handover) if isinstance(line, JobLine)]
    assert lines == [
        "[Reinicio] Aceptado",
        "[Reinicio] Sigue en marcha",
        "[Reinicio] No vemos el avance",
        "[Reinicio] Se apaga",
    ]


def test_the_agent_sees_the_fault_and_the_customer_a_result_without_buttons() -> None:
    chat = talking()
    said = chat.news(News.FAILED, can_retry=True, retries_left=1, fault=JobFault("E7", "no answer"))
    assert texts(said) == ["Falló, quedan 1"]
    assert said[0].purpose is Purpose.RESULT
    assert said[0].choices == ()
    assert chat.told(chat.handover)[-1] == JobLine(
        "[Reinicio] Falló, quedan 1 [E7 no answer]", chat.now_ms
    )


def test_progress_that_still_waits_is_not_said_into_the_agents_chat() -> None:
    chat = arrived()
    chat.starts_restart()
    chat.news(News.ACCEPTED)
    chat.meets_agent()
    assert Drop(f"job:{chat.job}") in chat.effects


def test_before_anybody_came_progress_is_told_to_both() -> None:
    chat = arrived()
    chat.starts_restart()
    chat.types("persona")
    assert texts(chat.news(News.ACCEPTED)) == ["Aceptado"]
    assert isinstance(chat.told(chat.handover)[-1], JobLine)


def test_an_agents_line_is_carried_word_for_word() -> None:
    chat = talking()
    said = chat.agent_says("Buenas {customer.name} *hola*", "L7")
    assert texts(said) == ["Buenas {customer.name} *hola*"]
    assert (said[0].line_id, said[0].handover) == ("L7", chat.handover)
    assert said[0].purpose is Purpose.AGENT_LINE


def test_a_late_line_still_arrives() -> None:
    chat = talking()
    chat.desk(HandoverNews.ENDED)
    assert texts(chat.agent_says("una cosa más", late=True)) == ["una cosa más"]


@pytest.mark.parametrize("how", ["not_sent", "not_delivered", "fate_unknown"])
def test_a_line_that_fails_is_reported_back(how: str) -> None:
    chat = talking()
    chat.agent_says("primera", "L1")
    index = len(chat.said) - 1
    chat.agent_says("segunda", "L2")
    assert getattr(chat, how)(index) == []
    told = chat.told(chat.handover)[-1]
    assert isinstance(told, LineUndelivered)
    assert told.line_id == "L1"


def test_a_failure_of_something_else_is_noted_only() -> None:
    chat = talking()
    chat.not_delivered(0)
    assert chat.noted()[-1] == "message_not_delivered"
    assert not isinstance(chat.told(chat.handover)[-1], LineUndelivered)


def test_remembered_lines_stay_bounded() -> None:
    chat = talking()
    for number in range(50):
        chat.agent_says("x", f"L{number}")
    assert len(chat.state.agent_lines) == 20


@pytest.mark.parametrize(
    ("news", "said"),
    [
        (HandoverNews.ENDED, "Fin del chat"),
        (HandoverNews.LEFT, "Saliste del chat"),
        (HandoverNews.NOBODY, "No hay nadie"),
        (HandoverNews.UNAVAILABLE, "No disponible"),
    ],
)
def test_the_end_brings_back_the_menu_and_undecided_failures(news: HandoverNews, said: str) -> None:
    chat = failed()
    chat.meets_agent()
    assert texts(chat.desk(news)) == [f"{said}\n\n{MAIN}", "Falló, quedan 2"]
    assert chat.titles == ["Reintentar", "Hablar con alguien", "Dejarlo así"]
    chat.taps("Reintentar")
    assert chat.told(chat.job)[-1] == RetryRequested(1)


def test_the_end_does_not_bring_back_what_is_settled_or_old() -> None:
    chat = failed()
    chat.meets_agent()
    chat.news(News.CANCELLED)
    assert texts(chat.desk(HandoverNews.ENDED)) == ["Fin del chat\n\n" + MAIN]
    chat = failed()
    chat.meets_agent()
    chat.wait(86_401)
    assert texts(chat.desk(HandoverNews.ENDED)) == ["Fin del chat\n\n" + MAIN]


def test_news_of_a_past_or_foreign_hand_over_are_left_aside() -> None:
    chat = talking()
    old = chat.handover
    chat.desk(HandoverNews.ENDED)
    assert chat.desk(HandoverNews.ENDED) == []
    assert chat.desk(HandoverNews.JOINED, "Luz") == []
    assert chat.state.handover is None
    assert chat.noted()[-1] == "news_of_a_past_handover"
    assert chat.agent_says("tarde")[0].handover == old


def test_the_end_for_somebody_who_was_never_looked_up_begins_at_the_entry() -> None:
    chat = Chat(answers={})
    chat.types("hola")
    chat.types("persona")
    chat.desk(HandoverNews.NOBODY)
    assert len(chat.requests) == 2
    assert chat.answer(404, b"null") == []
    assert texts(chat.answer(404, b"null")) == ["¿Tu número de cliente?"]


def test_a_line_that_comes_back_is_answered_by_the_bot() -> None:
    chat = talking()
    chat.desk(HandoverNews.ENDED)
    assert texts(chat.line_comes_back("menu")) == [MAIN]
    assert texts(chat.line_comes_back("gracias")) == ["No entendí\n\n" + MAIN]


def test_a_line_that_comes_back_too_old_starts_nothing() -> None:
    chat = talking()
    chat.news(News.SUCCEEDED)
    chat.desk(HandoverNews.ENDED)
    chat.taps("Reiniciar")
    chat.hear_returned("sí", age_s=601)
    assert len(chat.jobs) == 1


def test_a_line_that_comes_back_goes_to_the_next_hand_over() -> None:
    chat = talking()
    old = chat.handover
    chat.desk(HandoverNews.ENDED)
    chat.meets_agent()
    chat.line_comes_back("¿sigue ahí?", old)
    assert chat.told(chat.handover)[-1] == CustomerLine("¿sigue ahí?", chat.now_ms)


def test_a_line_that_comes_back_from_a_chat_believed_open_does_not_circle() -> None:
    chat = talking()
    handover = chat.handover
    before = len(chat.told(handover))
    assert texts(chat.line_comes_back("hola", handover)) == ["No entendí\n\n" + MAIN]
    assert len(chat.told(handover)) == before
    assert chat.state.handover is None


def test_a_sleepless_hand_over_of_days_ends_in_a_fresh_look_up() -> None:
    chat = talking()
    chat.wait(90_000)
    chat.types("¿hola?")
    assert chat.told(chat.handover)[-1] == CustomerLine("¿hola?", chat.now_ms)
    chat.desk(HandoverNews.ENDED)
    assert chat.state.values["router"] == "r-1"
    assert chat.last.text == "Hola Ana, ¿qué hacemos?"


def test_a_stranger_hand_over_never_moves_ours() -> None:
    chat = talking()
    state = chat.state
    assert state.handover is not None
    chat.data = CODEC.encode(replace(state, handover=replace(state.handover, id=some_handover())))
    assert chat.desk(HandoverNews.ENDED) == []
    assert chat.state.handover is not None


def test_replies_around_a_hand_over_are_worth_an_hour() -> None:
    chat = arrived()
    chat.types("persona")
    chat.desk(HandoverNews.QUEUED)
    do = next(effect for effect in chat.effects if isinstance(effect, Do))
    assert isinstance(do.call, Say)
    assert do.not_after_ms == chat.now_ms + 3_600_000


def test_the_person_sees_what_is_tapped_in_the_bot_beside_the_chat() -> None:
    chat = talking()
    chat.taps("Reiniciar")
    lines = [m.text for m in chat.told(chat.handover) if isinstance(m, CustomerLine)]
    assert lines[-1] == "[Reiniciar]"
