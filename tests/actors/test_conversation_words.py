"""Typing errors: understood where only one thing can be meant and nothing starts by them."""

from __future__ import annotations

import pytest

from actors.messages import News
from tests.actors.chatting import Chat, arrived, texts
from tests.actors.small_flow import SMALL_FLOW, around, changed, source

MAIN = "Hola Ana, ¿qué hacemos?"
AGAIN = "No entendí\n\n"


def flow_with(*changes: tuple[str, str]) -> Chat:
    text = SMALL_FLOW
    for old, new in changes:
        text = changed(old, new, text)
    found = source(text)
    return arrived(around(flows={found.version: found.flow}, flow_version=found.version))


@pytest.mark.parametrize("typed", ["incio", "INICIO", "inicoi", "inicio."])
def test_a_global_word_with_an_error_leads_where_it_should(typed: str) -> None:
    chat = arrived()
    chat.taps("Reiniciar")
    assert texts(chat.types(typed)) == [MAIN]


def test_an_option_with_an_error_is_chosen() -> None:
    chat = arrived()
    assert texts(chat.types("Reinciar")) == ["¿Reinicio Router azul?"]  # it asks before it starts
    chat = arrived()
    assert texts(chat.types("mis tabajos"))[0] == "Sin trabajos\n\n" + MAIN


def test_an_option_that_starts_a_job_is_never_chosen_by_a_near_word() -> None:
    """The same option, reached through a look-up, and through its title or its words."""
    for typed in ("Reinicio rapdio", "reinicio rápidoo"):
        chat = arrived()
        assert texts(chat.types(typed)) == [AGAIN + MAIN]
        assert not chat.jobs
    chat = flow_with(("words: { es: [dale]", "words: { es: [adelante]"))
    chat.taps("Reiniciar")
    assert texts(chat.types("adelantte")) == [AGAIN + "¿Reinicio Router azul?"]
    assert not chat.jobs
    chat.types("adelante")
    assert len(chat.jobs) == 1


def test_a_global_word_that_starts_a_job_must_be_right() -> None:
    word = "  now: { words: { es: [reinicia ya] }, goto: restart }\n"
    chat = flow_with(("  person: { words", word + "  person: { words"))
    assert texts(chat.types("reinica ya")) == [AGAIN + MAIN]
    assert not chat.jobs
    chat.types("reinicia ya")
    assert len(chat.jobs) == 1


def test_a_button_of_a_job_must_be_right_but_for_the_one_to_a_person() -> None:
    chat = arrived()
    chat.starts_restart()
    assert texts(chat.types("cancelarr")) == [AGAIN + MAIN]
    assert chat.told(chat.job) == chat.told(chat.job)[:1]
    chat.types("cancelar")
    assert len(chat.told(chat.job)) == 2
    chat.news(News.FAILED, can_retry=True)
    chat.types("reintentarr")
    assert len(chat.told(chat.job)) == 2
    chat.types("hablar con algiuen")
    assert chat.state.handover is not None


def test_what_may_mean_two_things_means_neither() -> None:
    chat = flow_with(
        ("es: Mi plan", "es: Mi casaz"),
        ("es: Más,", "es: Mi casay,"),
    )
    assert texts(chat.types("mi casax")) == [AGAIN + MAIN]


def test_two_words_for_the_same_place_are_one_meaning() -> None:
    chat = flow_with(("es: [otra cosa], en: [else]", "es: [otracosa], en: [otracosas]"))
    assert texts(chat.types("otracosass")) == ["Más cosas"]


@pytest.mark.parametrize(
    "sentence", ["quiero hablar con una perzona por favor", "me pasas con personas"]
)
def test_a_sentence_that_speaks_of_a_person_with_an_error(sentence: str) -> None:
    chat = arrived()
    chat.types(sentence)
    assert chat.state.handover is not None


def test_a_free_answer_is_kept_though_it_is_near_to_a_word() -> None:
    chat = arrived()
    chat.taps("Mi plan")
    chat.types("perzona")
    assert chat.state.values["plan"] == "perzona"


def test_the_words_that_lead_out_of_a_chat_with_a_person_must_be_right() -> None:
    chat = arrived()
    chat.meets_agent()
    assert chat.types("salirr") == []
    assert chat.state.handover is not None


@pytest.mark.parametrize(
    "typed",
    [
        "1\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}",
        "\N{FULLWIDTH DIGIT ONE}",
        "\N{ARABIC-INDIC DIGIT ONE}",
    ],
)
def test_a_digit_in_any_dress_is_the_number_of_an_option(typed: str) -> None:
    chat = arrived()
    assert texts(chat.types(typed)) == ["¿Reinicio Router azul?"]
