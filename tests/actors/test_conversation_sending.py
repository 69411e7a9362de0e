"""What becomes one message, what becomes two, and what is said again."""

from __future__ import annotations

import pytest

from actors.calls import Purpose
from actors.flow.limits import MENU_TEXT_MAX, TEXT_MAX, units
from actors.messages import HandoverNews, News
from tests.actors.chatting import Chat, arrived, texts
from tests.actors.small_flow import around, changed, source

MAIN = "Hola Ana, ¿qué hacemos?"


def chat_with(text: str) -> Chat:
    found = source(text)
    return arrived(around(flows={found.version: found.flow}, flow_version=found.version))


def says_long(length: int, thanks: str = "Gracias") -> Chat:
    """A chat whose plain answer to a plan is `length` characters long."""
    text = changed("es: Sencillo", f"es: {'s' * length}").replace("es: Gracias", f"es: {thanks}")
    chat = chat_with(text)
    chat.taps("Mi plan")
    chat.types("oro")
    return chat


def test_texts_that_follow_each_other_are_one_message_with_the_menu() -> None:
    chat = says_long(10)
    said = chat.answer(200, b'{"premium":"no"}')
    assert texts(said) == [f"{'s' * 10}\n\nGracias\n\n{MAIN}"]


def test_texts_too_long_for_a_menu_go_before_it() -> None:
    chat = says_long(MENU_TEXT_MAX - len(f"\n\nGracias\n\n{MAIN}") + 1)
    said = chat.answer(200, b'{"premium":"no"}')
    assert [say.purpose for say in said] == [Purpose.REPLY, Purpose.QUESTION]
    assert said[0].text.endswith("Gracias")
    assert said[1].text == MAIN


def test_texts_that_just_fit_stay_together() -> None:
    chat = says_long(MENU_TEXT_MAX - len(f"\n\nGracias\n\n{MAIN}"))
    (said,) = chat.answer(200, b'{"premium":"no"}')
    assert units(said.text) == MENU_TEXT_MAX


def test_texts_too_long_for_one_message_are_several() -> None:
    chat = says_long(3000, "g" * 3000)
    said = chat.answer(200, b'{"premium":"no"}')
    assert texts(said) == ["s" * 3000, "g" * 3000, MAIN]
    assert all(units(say.text) <= TEXT_MAX for say in said)


def test_what_was_said_before_a_look_up_is_not_held_back_by_it() -> None:
    text = changed("        goto: look_at_line\n", "        goto: patience\n").replace(
        "  look_at_line:\n",
        "  patience: { do: message, text: { es: Un momento, en: Wait }, then: look_at_line }\n"
        "  look_at_line:\n",
    )
    chat = chat_with(text)
    chat.answers = {}
    assert texts(chat.taps("Reinicio rápido")) == ["Un momento"]


# --- fates that nobody knows ----------------------------------------------------------------------


def test_a_menu_of_unknown_fate_is_shown_anew() -> None:
    chat = arrived()
    first = chat.last_id
    assert texts(chat.fate_unknown()) == [MAIN]
    assert chat.last_id != first
    assert chat.last.choices
    assert chat.noted() == ["said_anew"]


def test_the_answer_above_a_menu_of_unknown_fate_is_not_lost() -> None:
    chat = says_long(10)
    (said,) = chat.answer(200, b'{"premium":"no"}')
    (again,) = chat.fate_unknown()
    assert again.text == said.text == f"{'s' * 10}\n\nGracias\n\n{MAIN}"
    # It is the same menu: a tap is no old one, whichever of the two it is on.
    assert again.choices == said.choices
    chat.taps("Reiniciar")
    chat.taps("Sí")
    assert len(chat.jobs) == 1


def test_a_reply_of_unknown_fate_is_said_anew() -> None:
    chat = arrived()
    chat.types("persona")
    chat.types("persona")
    chat.desk(HandoverNews.QUEUED)
    said = chat.fate_unknown()
    assert texts(said) == ["En cola, Ana"]
    assert said[0].choices


def test_nothing_is_said_anew_where_something_newer_was_said() -> None:
    chat = arrived()
    chat.taps("Mi plan")
    assert chat.fate_unknown(0) == []
    assert chat.noted()[-1] == "newer_was_said"


def test_a_menu_that_was_answered_is_not_shown_anew() -> None:
    """The tap proves that it arrived; showing it again would leave the look-up aside."""
    chat = arrived()
    chat.answers = {}
    chat.taps("Reinicio rápido")
    assert chat.fate_unknown() == []
    chat.answer(200, b'{"state":"up"}')
    assert len(chat.jobs) == 1


def test_it_is_said_anew_once_and_not_for_ever() -> None:
    chat = arrived()
    assert chat.fate_unknown()
    assert chat.fate_unknown() == []
    chat.types("hm")
    assert chat.fate_unknown()


def test_a_result_of_unknown_fate_is_left_to_the_shell_which_sent_it_twice() -> None:
    chat = arrived()
    chat.starts_restart()
    chat.news(News.SUCCEEDED)
    assert chat.fate_unknown() == []


def test_an_agents_line_of_unknown_fate_is_not_said_a_third_time() -> None:
    chat = arrived()
    chat.meets_agent()
    chat.agent_says("hola")
    assert chat.fate_unknown() == []


def test_nothing_is_said_anew_for_what_was_refused() -> None:
    chat = arrived()
    assert chat.not_sent() == []
    assert chat.not_delivered() == []
    assert chat.noted() == ["message_not_delivered"] * 2


@pytest.mark.parametrize("news", [News.SUCCEEDED, News.ACCEPTED])
def test_how_long_news_are_worth_sending(news: News) -> None:
    chat = arrived()
    chat.starts_restart()
    chat.wait(60)
    chat.news(news)
    worth_ms = {News.SUCCEEDED: 3 * 86_400_000, News.ACCEPTED: 600_000}[news]
    assert chat.last_do.not_after_ms == chat.now_ms + worth_ms
