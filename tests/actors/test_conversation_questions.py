"""Questions: what fits is kept, what does not is asked for again, and nobody is asked for ever."""

from __future__ import annotations

import pytest

from actors.messages import News, Other, RetryRequested, Tapped
from tests.actors.chatting import Chat, reached, texts
from tests.actors.small_flow import extended, question

MAIN = "Hola Ana, ¿qué hacemos?"
AGAIN = "No entendí\n\n"


def asked(answer: str, more: str = "") -> Chat:
    """A chat in which a question with this `answer` was just asked."""
    return reached(extended(question(answer, more)))


def test_a_number_is_kept_as_one() -> None:
    chat = asked("{ kind: number, least: 1, most: 100, decimals: 2 }")
    assert texts(chat.types("S/ 20,50")) == ["Gracias\n\n" + MAIN]
    assert chat.state.values["got"] == 20.5


def test_a_day_is_kept_as_iso_text() -> None:
    chat = asked('{ kind: date, earliest: today, latest: "today + 30 days" }')
    # The clock stands at 14 November 2023 in UTC.
    assert texts(chat.types("12/11")) == [AGAIN + "¿Qué?"]
    chat.types("16/11")
    assert chat.state.values["got"] == "2023-11-16"


def test_today_is_the_day_of_the_flows_time_zone() -> None:
    text = extended("""
        test:
          do: question
          text: { es: "¿Qué?", en: "What?" }
          keep: got
          then: thanks
          answer: { kind: date }
    """)
    kept = {}
    for zone in ("Pacific/Kiritimati", "America/Lima"):
        chat = reached(text, time_zone=zone)
        chat.types("hoy")
        kept[zone] = chat.state.values["got"]
    assert kept == {"Pacific/Kiritimati": "2023-11-15", "America/Lima": "2023-11-14"}


def test_an_account_keeps_its_zeros() -> None:
    chat = asked('{ kind: account, pattern: "[0-9]{8}" }')
    chat.types("001.234-56")
    assert chat.state.values["got"] == "00123456"


def test_a_text_that_does_not_fit_its_pattern() -> None:
    chat = asked("{ kind: text, longest: 10, pattern: '[a-z]+@[a-z]+' }")
    assert texts(chat.types("ana")) == [AGAIN + "¿Qué?"]
    assert texts(chat.types("x" * 11)) == ["Muy largo\n\n¿Qué?"]
    chat.types("ana@x")
    assert chat.state.values["got"] == "ana@x"


INVALID = 'invalid: { es: "Así no.", en: "Not so." }'


def test_after_three_misses_the_main_menu_comes() -> None:
    chat = asked("{ kind: number }", INVALID)
    assert texts(chat.types("x")) == ["Así no.\n\n¿Qué?"]
    assert texts(chat.types("y")) == ["Así no.\n\n¿Qué?"]
    assert texts(chat.types("z")) == ["Así no.\n\n" + MAIN]
    assert "got" not in chat.state.values


@pytest.mark.parametrize("tries", [1, 2, 5])
def test_as_many_misses_as_the_flow_says_lead_where_it_says(tries: int) -> None:
    chat = asked("{ kind: number }", f"tries: {tries}\n              on_failure: person")
    for _ in range(tries - 1):
        assert texts(chat.types("x")) == [AGAIN + "¿Qué?"]
    assert chat.types("x") == []
    assert chat.state.handover is not None


def test_misses_are_counted_in_a_row_and_for_one_question() -> None:
    chat = asked("{ kind: number }")
    chat.types("x")
    chat.types("y")
    chat.types("menu")
    chat.taps("Más")
    assert texts(chat.types("x")) == [AGAIN + "¿Qué?"]
    chat.types("y")
    chat.types("5")
    chat.taps("Más")
    assert texts(chat.types("x")) == [AGAIN + "¿Qué?"]


def test_a_free_answer_without_tries_is_asked_for_without_end() -> None:
    chat = reached(
        extended("""
        test: { do: question, text: { es: "¿Qué?", en: "What?" }, keep: got, then: thanks }
    """)
    )
    for _ in range(20):
        assert texts(chat.types("x" * 61)) == ["Muy largo\n\n¿Qué?"]


def test_what_can_be_done_about_a_job_is_understood_where_a_number_was_asked_for() -> None:
    chat = asked("{ kind: number }")
    chat.types("inicio")
    chat.starts_restart()
    chat.taps("Más")
    chat.news(News.FAILED, can_retry=True)
    chat.types("1")
    assert chat.state.values["got"] == 1
    chat.taps("Más")
    chat.types("Reintentar")
    assert chat.told(chat.job)[-1] == RetryRequested(1)


def test_a_sticker_is_no_answer() -> None:
    chat = asked("{ kind: number }")
    assert texts(chat.does(Other("sticker"))) == ["Solo leo texto\n\n¿Qué?"]
    chat.types("5")
    assert chat.state.values["got"] == 5


# --- choices --------------------------------------------------------------------------------------

CHOICES = """{ kind: choice, choices: {
                morning: { title: { es: Mañana, en: Morning }, words: { es: [temprano] } },
                evening: { title: { es: Tardecita, en: Evening } } } }"""


def test_a_choice_is_shown_like_a_menu_and_its_name_is_kept() -> None:
    chat = asked(CHOICES)
    assert chat.titles == ["Mañana", "Tardecita"]
    chat.taps("Tardecita")
    assert chat.state.values["got"] == "evening"
    assert chat.state.step == "main"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("1", "morning"), ("manana", "morning"), ("Temprano!", "morning"), ("evening", "evening")],
)
def test_a_choice_can_be_typed(typed: str, kept: str) -> None:
    chat = asked(CHOICES)
    chat.types(typed)
    assert chat.state.values["got"] == kept


def test_a_choice_with_a_typing_error_is_taken_where_it_starts_nothing() -> None:
    chat = asked(CHOICES)
    chat.types("tardesita")
    assert chat.state.values["got"] == "evening"


def test_what_is_no_choice_is_a_miss() -> None:
    chat = asked(CHOICES)
    assert texts(chat.types("a medianoche")) == [AGAIN + "¿Qué?"]
    assert chat.titles == ["Mañana", "Tardecita"]
    chat.types("quizás")
    assert texts(chat.types("3")) == [AGAIN + MAIN]


def test_a_choice_that_was_shown_before_still_answers() -> None:
    chat = asked(CHOICES)
    button = chat.button("Mañana")
    chat.types("menu")
    chat.presses(button)
    assert chat.state.values["got"] == "morning"


def test_an_answer_that_leads_to_a_job_must_be_right() -> None:
    chat = reached(extended(question(CHOICES, then="restart")))
    assert texts(chat.types("tardesita")) == [AGAIN + "¿Qué?"]
    assert not chat.jobs
    chat.types("tardecita")
    assert len(chat.jobs) == 1


def test_an_old_answer_starts_no_job() -> None:
    chat = reached(extended(question(CHOICES, then="restart")))
    button = chat.button("Mañana")
    chat.types("menu")
    assert texts(chat.does(Tapped(button, "Mañana"))) == ["Ese botón es viejo\n\n" + MAIN]
    assert not chat.jobs


# --- words that lead elsewhere --------------------------------------------------------------------

KEYWORDS = """keywords:
                unknown: { words: { es: ["no lo tengo", "no sé"], en: [no idea] }, goto: person }"""


@pytest.mark.parametrize("typed", ["No lo tengo.", "no se", "NO IDEA"])
@pytest.mark.parametrize("answer", ["{ kind: text }", "{ kind: number }"])
def test_a_keyword_leads_elsewhere_and_is_not_kept(answer: str, typed: str) -> None:
    chat = asked(answer, KEYWORDS)
    chat.types(typed)
    assert chat.state.handover is not None
    assert "got" not in chat.state.values


def test_a_keyword_with_a_typing_error_is_understood_where_the_answer_is_not_free() -> None:
    chat = asked("{ kind: number }", KEYWORDS)
    chat.types("no lo tengoo")
    assert chat.state.handover is not None
    chat = asked("{ kind: text }", KEYWORDS)
    chat.types("no lo tengoo")
    assert chat.state.values["got"] == "no lo tengoo"


def test_global_words_come_first_and_typing_errors_in_them_are_no_answer() -> None:
    chat = asked("{ kind: number }")
    assert texts(chat.types("inicio")) == [MAIN]
    chat = asked("{ kind: number }")
    assert texts(chat.types("inicoi")) == [MAIN]


def test_who_asks_for_a_person_in_a_sentence_gets_one_though_a_number_was_asked_for() -> None:
    chat = asked("{ kind: number }")
    chat.types("mejor pásame con una persona")
    assert chat.state.handover is not None


def test_a_day_later_the_question_is_forgotten() -> None:
    chat = asked("{ kind: number }")
    chat.types("x")
    chat.wait(90_000)
    assert texts(chat.types("7")) == [MAIN]
    assert chat.state.misses == 0
    assert "got" not in chat.state.values
