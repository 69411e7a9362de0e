"""Web requests that write: an old press makes none, and a second press makes no second one."""

from __future__ import annotations

import pytest

from tests.actors.chatting import Chat, reached, texts
from tests.actors.small_flow import extended

MAIN = "Hola Ana, ¿qué hacemos?"
BOOK = """
test:
  do: menu
  text: { es: "¿La agendo?", en: "Book it?" }
  options:
    book: { title: { es: Agendar, en: Book }, words: { es: [dale], en: [go] }, goto: book }
    look: { title: { es: Ver, en: Look }, goto: look }
    back: { title: { es: Ahora no, en: Not now }, goto: main }
"""
WRITES = """
book:
  do: request
  service: crm
  method: METHOD
  path: /visit
  then: booked
  on_error: failed
"""
READS = """
look: { do: request, service: crm, path: /visit, then: book, on_error: failed }
"""
ENDS = (
    "booked: { do: message, text: { es: Agendada, en: Booked }, then: main }",
    "failed: { do: message, text: { es: Mal, en: Bad }, then: main }",
)


def asked(method: str = "POST") -> Chat:
    """A chat that is asked whether something shall be booked."""
    return reached(extended(BOOK, WRITES.replace("METHOD", method), READS, *ENDS))


def made(chat: Chat) -> list[str]:
    """The methods of the requests that are open."""
    return [request.method for _, request in chat.requests]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_menu_that_has_scrolled_away_writes_nothing(method: str) -> None:
    chat = asked(method)
    book = chat.button("Agendar")
    chat.taps("Ahora no")
    assert texts(chat.presses(book)) == ["Ese botón es viejo\n\n" + MAIN]
    assert made(chat) == []
    assert "press_too_old" in chat.noted()


@pytest.mark.parametrize("how", ["tap", "word"])
def test_what_was_sent_long_ago_writes_nothing(how: str) -> None:
    chat = asked()
    said = chat.taps("Agendar", age_s=601) if how == "tap" else chat.types("dale", age_s=601)
    assert texts(said) == ["Ese botón es viejo\n\n" + MAIN]
    assert made(chat) == []


def test_an_old_menu_writes_nothing_after_a_request_in_between() -> None:
    chat = asked()
    look = chat.button("Ver")
    chat.taps("Ahora no")
    chat.presses(look)
    assert made(chat) == ["GET"]
    assert texts(chat.answer(200, b"{}")) == ["Ese botón es viejo\n\n" + MAIN]
    assert made(chat) == []


def test_what_reads_is_asked_for_however_old_the_press() -> None:
    chat = asked()
    look = chat.button("Ver")
    chat.taps("Ahora no")
    chat.presses(look, age_s=601)
    assert made(chat) == ["GET"]


@pytest.mark.parametrize("how", ["tap", "number", "word", "mixed"])
def test_a_second_press_while_it_is_under_way_writes_nothing_more(how: str) -> None:
    chat = asked()
    book = chat.button("Agendar")
    for _ in range(2):
        match how:
            case "tap":
                chat.presses(book)
            case "number":
                chat.types("1")
            case "word":
                chat.types("dale")
            case _ if chat.requests:
                chat.types("agendar")
            case _:
                chat.presses(book)
    assert made(chat) == ["POST"]
    assert "pressed_again" in chat.noted()
    assert texts(chat.answer(200, b"{}")) == ["Agendada\n\n" + MAIN]


def test_a_second_press_before_it_is_written_is_one_press() -> None:
    chat = asked()
    chat.taps("Ver")
    chat.taps("Ver")
    chat.answer(200, b"{}", effect=chat.requests[-1][0])
    assert made(chat)[-1:] == ["POST"]
    chat.taps("Ver")
    assert made(chat).count("POST") == 1
    assert texts(chat.answer(200, b"{}", effect=chat.requests[-1][0])) == ["Agendada\n\n" + MAIN]


def test_another_press_meanwhile_leads_elsewhere() -> None:
    chat = asked()
    chat.taps("Agendar")
    assert texts(chat.taps("Ahora no")) == [MAIN]
    assert chat.answer(200, b"{}") == []


def test_after_its_answer_it_can_be_pressed_again_in_a_new_menu() -> None:
    chat = asked()
    chat.taps("Agendar")
    chat.answer(500, b"null")
    chat.taps("Más")
    chat.taps("Agendar")
    assert made(chat) == ["POST"]
