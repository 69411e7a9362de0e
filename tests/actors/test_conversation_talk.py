"""What customers type, send and are answered, from the first word on."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.calls import Purpose
from actors.flow.reader import FlowSource
from actors.messages import CustomerWrote, DeskClosed, Tapped, TimerFired, Typed
from tests.actors.chatting import ANA, LOOK_UP, Chat, arrived, questions, texts
from tests.actors.small_flow import SMALL, VERSION, around, changed, source

MAIN = "Hola Ana, ¿qué hacemos?"
DAY_S = 86_400


def other_flow(old: str, new: str) -> FlowSource:
    return source(changed(old, new))


def test_first_contact_runs_the_entry_and_shows_the_menu() -> None:
    chat = Chat()
    said = chat.types("buenas")
    assert texts(said) == [MAIN]
    assert said[0].purpose is Purpose.QUESTION
    assert chat.titles == ["Reiniciar", "Reinicio rápido", "Mis trabajos", "Mi plan", "Más"]
    assert chat.state.values == {"router": "r-1", "label": "Router azul", "account": "A1"}


def test_nothing_but_a_customer_begins_a_conversation() -> None:
    chat = Chat()
    assert chat.hear(TimerFired("x", 1, 0)) == []
    assert chat.data is None


def test_more_than_three_options_are_a_list_with_its_label_and_descriptions() -> None:
    chat = arrived()
    assert chat.last.list_title == "Elegir"
    assert chat.last.choices[1].description == "Mira la línea antes"
    assert chat.taps("Reiniciar")[-1].list_title == ""
    assert len(chat.titles) == 2


def test_greeting_twice_while_the_look_up_runs_gives_one_menu() -> None:
    chat = Chat(answers={})
    chat.types("hola")
    chat.wait(0.1)
    assert chat.types("buenas tardes") == []
    assert len(chat.requests) == 1
    assert texts(chat.answer(200, b'{"account":"A1","routers":[{"id":"r","label":"L"}]}')) == [MAIN]


def test_greeting_again_when_the_look_up_never_came_back_begins_again() -> None:
    chat = Chat(answers={})
    chat.types("hola")
    chat.wait(60)
    chat.types("hola?")
    assert len(chat.requests) == 2
    assert chat.answer(500, b"null") == []  # the first one: nobody waits for it any more
    assert texts(chat.answer(500, b"null")) == ["Sin sistema\n\n" + MAIN]


def test_a_word_for_the_menu_as_first_contact_looks_the_customer_up_too() -> None:
    chat = Chat()
    chat.types("menu")
    assert chat.state.values["router"] == "r-1"
    assert chat.state.step == "main"


def test_who_asks_for_the_menu_again_while_the_look_up_hangs_gets_it() -> None:
    chat = Chat(answers={})
    assert chat.types("menu") == []
    assert texts(chat.types("menu")) == [MAIN]
    assert chat.answer(200, b"{}") == []


def test_a_text_that_comes_to_nothing_is_left_out_and_a_menu_has_one_all_the_same() -> None:
    """The platform refuses a message without a text."""
    text = changed("{ es: Sin equipo, en: No router }", '{ es: "{plan}", en: "{plan}" }')
    text = changed('{ es: "Hola {customer.name}, ¿qué hacemos?"', '{ es: " {plan}\\n"', text)
    flow = source(text)
    around_it = around(flows={flow.version: flow.flow}, flow_version=flow.version)
    chat = Chat(around_it, answers={LOOK_UP: (200, b"{}")})
    assert texts(chat.types("hola")) == ["Elegir"]
    assert chat.titles[0] == "Reiniciar"


@pytest.mark.parametrize(
    "typed",
    [
        "1",
        " 1 ",
        "1.",
        "1️⃣",
        "Reiniciar",
        "REINICIAR!!!",
        "reiniciár",
        "restart",
        "\U0001d411\U0001d41e\U0001d42c\U0001d42d\U0001d41a\U0001d42b\U0001d42d",
        "\uff32\uff25\uff33\uff34\uff21\uff32\uff34",
    ],
)
def test_a_number_or_title_in_any_dress_is_a_choice(typed: str) -> None:
    chat = arrived()
    assert texts(chat.types(typed)) == ["¿Reinicio Router azul?"]


@pytest.mark.parametrize("typed", ["dale", "OK", "sí", "si", "SI.", "1"])
def test_words_of_an_option(typed: str) -> None:
    chat = arrived()
    chat.taps("Reiniciar")
    chat.types(typed)
    assert len(chat.jobs) == 1


@pytest.mark.parametrize("typed", ["0", "6", "99", "00012345", "1 2", "11", "hm", "¿?", "👍", "-"])
def test_what_is_not_understood_shows_the_menu_again(typed: str) -> None:
    chat = arrived()
    said = chat.types(typed)
    assert texts(said) == ["No entendí\n\n" + MAIN]
    assert said[0].choices


@pytest.mark.parametrize("typed", ["MENU", "menú", "Inicio", "home"])
def test_a_global_word_leads_from_anywhere(typed: str) -> None:
    chat = arrived()
    chat.taps("Mi plan")
    assert texts(chat.types(typed)) == [MAIN]


def test_a_question_keeps_its_answer() -> None:
    chat = Chat(answers={LOOK_UP: (404, b"null")})
    assert texts(chat.types("hola")) == ["¿Tu número de cliente?"]
    assert texts(chat.types("  0123 ")) == [MAIN]
    assert chat.state.values["customer_id"] == "0123"


@pytest.mark.parametrize("typed", ["x" * 61, "   "])
def test_an_answer_too_long_or_empty_is_asked_for_again(typed: str) -> None:
    chat = arrived()
    chat.taps("Mi plan")
    assert texts(chat.types(typed)) == ["Muy largo\n\n¿Qué plan?"]
    assert "plan" not in chat.state.values


def test_a_burst_of_stickers_gets_one_answer() -> None:
    chat = arrived()
    said = []
    for _ in range(30):
        said += chat.sends("sticker")
        chat.wait(0.2)
    assert texts(said) == ["Solo leo texto\n\n" + MAIN]
    chat.wait(30)
    assert chat.sends("audio")


def test_a_sticker_as_first_contact_begins() -> None:
    assert "Solo leo texto" in texts(Chat().sends("sticker"))[0]


def test_a_sticker_while_a_look_up_runs_does_not_disturb_it() -> None:
    chat = Chat(answers={})
    chat.types("hola")
    assert texts(chat.sends("sticker")) == ["Solo leo texto"]
    assert questions(chat.answer(200, b"{}"))


@pytest.mark.parametrize("button", ["", "x", "restart", "abcdefgh/m/1/main/restart"])
def test_a_foreign_button_is_read_as_its_title(button: str) -> None:
    chat = arrived()
    assert texts(chat.does(Tapped(button, "Reiniciar"))) == ["¿Reinicio Router azul?"]
    assert "foreign_button" in chat.noted()
    assert chat.does(Tapped(button, "Otra cosa rara"))[0].text.startswith("No entendí")


def test_a_menu_forwarded_from_another_chat_is_not_ours() -> None:
    other = arrived()
    stranger = Chat(name="berta")
    stranger.types("hola")
    stranger.presses(other.button("Reiniciar"))
    assert "foreign_button" in stranger.noted()


def test_a_message_of_another_kind_of_actor_leaves_a_note() -> None:
    chat = arrived()
    assert chat.hear(DeskClosed()) == []
    assert chat.notes[-1].event == "message_not_for_this_kind"
    assert chat.notes[-1].alarm


def test_the_language_switches_at_once_and_stays() -> None:
    chat = arrived()
    chat.taps("Más")
    chat.taps("English")
    assert texts(chat.taps("English")) == ["Hello Ana, what now?"]
    assert chat.titles[0] == "Restart"
    chat.wait(2 * DAY_S)
    assert texts(chat.types("hi")) == ["Hello Ana, what now?"]


def test_the_default_language_falls_back_to_the_flows_first() -> None:
    assert texts(Chat(around(default_language="qu")).types("hola")) == [MAIN]
    assert texts(Chat(around(default_language="en")).types("hi")) == ["Hello Ana, what now?"]


def test_a_default_language_is_served_with_a_form_of_it() -> None:
    assert Chat(around(default_language="en_GB")).types("hi")[0].text.startswith("Hello")
    peru = other_flow("languages: [es, en]", "languages: [en, es-PE]")
    chat = Chat(around(flows={peru.version: peru.flow}, flow_version=peru.version))
    assert texts(chat.types("hola")) == [MAIN]
    assert chat.state.language == "es-PE"


def test_with_another_version_the_customers_language_becomes_the_form_that_it_speaks() -> None:
    chat = arrived()
    peru = other_flow("languages: [es, en]", "languages: [en, es-PE]")
    chat.around = around(flows={VERSION: SMALL, peru.version: peru.flow}, flow_version=peru.version)
    chat.types("eh")
    assert chat.state.flow_version == peru.version
    assert chat.state.language == "es-PE"


@pytest.mark.parametrize("name", [None, "{account}"])
def test_a_name_that_is_not_given_or_looks_like_a_value_shows_as_it_is(name: str | None) -> None:
    chat = Chat()
    chat.hear(CustomerWrote(replace(ANA, name=name), Typed("hola"), chat.now_ms))
    assert chat.state.customer.name == name
    assert chat.last.text == f"Hola {name or ''}, ¿qué hacemos?"


# --- a day later ----------------------------------------------------------------------------------


def test_a_day_of_silence_begins_again_with_fresh_values() -> None:
    chat = arrived()
    chat.taps("Mi plan")
    chat.wait(DAY_S + 1)
    chat.answers = {LOOK_UP: (200, b'{"account":"A2","routers":[{"id":"r-2","label":"Nuevo"}]}')}
    assert texts(chat.types("cualquier cosa")) == [MAIN]
    assert chat.state.values == {"router": "r-2", "label": "Nuevo", "account": "A2"}


def test_yesterdays_values_are_gone_even_where_the_look_up_fails() -> None:
    chat = arrived()
    chat.wait(DAY_S + 1)
    chat.answers = {LOOK_UP: (500, b"null")}
    assert texts(chat.types("hola")) == ["Sin sistema\n\n" + MAIN]
    assert chat.state.values == {}


def test_less_than_a_day_goes_on_where_it_was() -> None:
    chat = arrived()
    chat.taps("Reiniciar")
    chat.wait(DAY_S - 1)
    assert "¿Reinicio" in texts(chat.types("eh"))[0]


def test_yesterdays_menu_begins_anew_instead_of_doing_what_it_says() -> None:
    chat = arrived()
    chat.taps("Reiniciar")
    yes = chat.button("Sí")
    chat.wait(DAY_S + 1)
    assert texts(chat.presses(yes)) == [MAIN]
    assert not chat.jobs


# --- versions of the flow -------------------------------------------------------------------------

NEXT = other_flow("¿qué hacemos?", "¿qué haremos?")
BOTH = around(
    flows={VERSION: SMALL, NEXT.version: NEXT.flow},
    flow_version=NEXT.version,
)


def test_a_version_is_kept_in_the_middle_and_left_at_the_root() -> None:
    chat = arrived()
    chat.taps("Reiniciar")
    chat.around = BOTH
    assert texts(chat.taps("No")) == [MAIN]
    assert chat.state.flow_version == VERSION
    assert texts(chat.types("eh"))[0].endswith("¿qué haremos?")
    assert chat.state.flow_version == NEXT.version


def test_a_version_is_left_after_a_day() -> None:
    chat = arrived()
    chat.taps("Reiniciar")
    chat.around = BOTH
    chat.wait(DAY_S + 1)
    assert texts(chat.types("hola")) == ["Hola Ana, ¿qué haremos?"]
    assert chat.state.flow_version == NEXT.version


def test_a_version_is_not_left_while_a_look_up_of_it_runs() -> None:
    chat = arrived()
    chat.answers = {}
    chat.taps("Reinicio rápido")
    chat.around = BOTH
    chat.sends("sticker")
    assert chat.state.flow_version == VERSION
    chat.answer(200, b'{"state": "up"}')
    assert len(chat.jobs) == 1


def test_a_lost_version_and_a_lost_step_lead_to_the_root() -> None:
    chat = arrived()
    chat.taps("Más")
    lost = source(_without_more())
    chat.around = around(flows={lost.version: lost.flow}, flow_version=lost.version)
    assert texts(chat.types("hm")) == ["No entendí\n\n" + MAIN]
    assert chat.state.flow_version == lost.version
    assert "step_gone" in chat.noted()


def test_a_lost_version_while_a_look_up_runs_does_not_end_in_silence() -> None:
    chat = arrived()
    chat.answers = {}
    chat.taps("Reinicio rápido")
    lost = source(_without_look())
    chat.around = around(flows={lost.version: lost.flow}, flow_version=lost.version)
    assert texts(chat.answer(200, b'{"state": "up"}')) == [MAIN]
    assert chat.state.waiting is None


def _without_more() -> str:
    text = changed("goto: more }\n", "goto: more_things }\n")
    return changed("  more:\n    do: menu", "  more_things:\n    do: menu", text)


def _without_look() -> str:
    text = changed("goto: look_at_line", "goto: look")
    return changed("  look_at_line:\n", "  look:\n", text)


@pytest.mark.parametrize(
    ("sentence", "reaches"),
    [
        ("quiero hablar con una persona por favor", True),
        ("Persona, ya!", True),
        ("mi router no funciona", False),
        ("persona " + "bla " * 12, False),
    ],
)
def test_a_sentence_that_speaks_of_a_person_leads_to_one(sentence: str, reaches: bool) -> None:
    chat = arrived()
    chat.types(sentence)
    assert (chat.state.handover is not None) is reaches
