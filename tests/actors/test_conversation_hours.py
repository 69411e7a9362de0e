"""Opening hours in a conversation: branches, texts, and the ways to a person."""

from __future__ import annotations

import pytest

from actors.messages import HandoverRequested, News
from tests.actors.chatting import Chat, reached, texts
from tests.actors.small_flow import changed, extended

MAIN = "Hola Ana, ¿qué hacemos?"
# The chats begin on Tuesday 14 November 2023, 22:13 UTC: 17:13 in Lima, 23:13 in Madrid.
DAY_S = 86_400
TOP = """
    hours:
      office: { week: { mon-fri: ["08:00-18:00"] } }
      madrid: { week: { mon-sun: ["09:00-23:00"] }, time_zone: Europe/Madrid }
"""
OPEN = "is_open: { do: message, text: { es: Abierto, en: Open }, then: main }"
CLOSED = """
is_closed:
  do: message
  text:
    es: "Abrimos {hours.office.opens, date, full} a las {hours.office.opens, time}"
    en: "{hours.office.opens}"
  then: main
"""


def chat_in(zone: str, *steps: str, top: str = TOP) -> Chat:
    return reached(extended(*steps, OPEN, CLOSED, top=top), time_zone=zone)


ASKS = "test: { do: hours, of: %s, open: is_open, closed: is_closed }"


def test_hours_go_by_the_clocks_of_the_flow() -> None:
    assert chat_in("America/Lima", ASKS % "office").last.text.startswith("Abierto")
    said = chat_in("Europe/Madrid", ASKS % "office").last.text
    assert said == "Abrimos miércoles, 15 de noviembre de 2023 a las 8:00\n\n" + MAIN


def test_or_by_clocks_of_their_own() -> None:
    assert chat_in("America/Lima", ASKS % "madrid").last.text.startswith("Abrimos")


def test_hours_are_values_too() -> None:
    chat = chat_in(
        "America/Lima",
        """
        test:
          do: set
          values: { first: "{hours.office.open}", next: "{hours.office.opens}" }
          compute: { both: hours.office.open and hours.madrid.open }
          then: main
        """,
    )
    assert [chat.state.values[name] for name in ("first", "next", "both")] == [
        *(True, "2023-11-15T08:00:00-05:00", False)
    ]


def test_a_menu_may_show_by_them() -> None:
    menu = """
        test:
          do: menu
          text: { es: a, en: a }
          options:
            call: { title: { es: Llamar, en: Call }, when: hours.office.open, goto: person }
            back: { title: { es: Volver, en: Back }, goto: main }
    """
    chat = chat_in("America/Lima", menu)
    assert chat.titles == ["Llamar", "Volver"]
    chat.wait(3600)
    chat.types("xx")
    assert chat.titles == ["Volver"]


HANDS_OVER = "test: { do: handover, hours: office, closed: is_closed }"


def test_a_hand_over_step_leads_to_a_person_only_while_they_are_there() -> None:
    chat = chat_in("America/Lima", HANDS_OVER)
    assert chat.state.handover is not None
    chat = chat_in("Europe/Madrid", HANDS_OVER)
    assert chat.state.handover is None
    assert chat.last.text.startswith("Abrimos")
    assert chat.state.step == "main"


def test_who_has_a_person_already_is_not_told_that_they_are_closed() -> None:
    chat = chat_in("America/Lima", HANDS_OVER)
    test = chat.button("Más")
    chat.wait(3600)
    assert texts(chat.presses(test)) == ["Ya avisamos"]


CLOSED_FOR_ALL = "handover:\n  hours: office\n  closed: is_closed\n  summary"


def closed_for_all(zone: str) -> Chat:
    text = extended("test: { do: handover }", OPEN, CLOSED, top=TOP)
    return reached(changed("handover:\n  summary", CLOSED_FOR_ALL, text), time_zone=zone)


def test_the_hours_of_all_hand_overs_hold_for_every_way_to_a_person() -> None:
    chat = closed_for_all("America/Lima")
    assert chat.state.handover is not None
    chat = closed_for_all("Europe/Madrid")
    assert chat.last.text.startswith("Abrimos")
    assert texts(chat.types("persona"))[0].startswith("Abrimos")
    assert texts(chat.types("quiero una persona"))[0].startswith("Abrimos")
    chat.starts_restart()
    chat.news(News.FAILED)
    assert texts(chat.taps("Hablar con alguien"))[0].startswith("Abrimos")
    assert chat.state.handover is None


REASON = """
test:
  do: handover
  reason: { es: "Quiere {plan, select, other {cambiar}} de plan, {customer.name}", en: "-" }
"""


@pytest.mark.parametrize(
    ("summary", "read"),
    [
        ('es: "{reason} | {customer}"', "Quiere cambiar de plan, Ana | Ana"),
        ('es: "{customer}"', "Quiere cambiar de plan, Ana\nAna"),
    ],
)
def test_the_agent_reads_the_reason_first(summary: str, read: str) -> None:
    old = 'es: "{customer} | {device} | {jobs} | {transcript}"'
    chat = reached(changed(old, summary, extended(REASON)))
    (asked,) = [tell.message for tell in chat.tells if isinstance(tell.message, HandoverRequested)]
    assert asked.summary == read


def test_without_a_reason_nothing_stands_in_its_place() -> None:
    old = 'es: "{customer} | {device} | {jobs} | {transcript}"'
    chat = reached(changed(old, 'es: "[{reason}]{customer}"', extended("test: { do: handover }")))
    (asked,) = [tell.message for tell in chat.tells if isinstance(tell.message, HandoverRequested)]
    assert asked.summary == "[]Ana"
