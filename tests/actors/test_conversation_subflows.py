"""Sub-flows: called from several places, returned from, left by every road, never lost in."""

from __future__ import annotations

import pytest

from actors.conversation.state import Frame
from tests.actors.chatting import Chat, reached, texts
from tests.actors.small_flow import around, changed, extended, source

MAIN = "Hola Ana, ¿qué hacemos?"
DAY_S = 86_400
ACCOUNT = """
    subflows:
      account:
        entry: ask
        steps:
          ask:
            do: question
            text: { es: "¿Cuenta?", en: "Account?" }
            keep: found
            then: sure
            answer: { kind: account, pattern: "[0-9]{4}" }
          sure:
            do: menu
            text: { es: "¿Es {found}?", en: "Is it {found}?" }
            options:
              "yes": { title: { es: "Sí", en: "Yes" }, goto: back }
              "no": { title: { es: "No", en: "No" }, goto: ask }
              out: { title: { es: Salir ya, en: Out }, goto: main }
              deeper: { title: { es: Otra vez, en: Deeper }, goto: call_other }
          call_other: { do: call, flow: other, then: back }
          back: { do: return }
      other:
        entry: ask
        steps:
          ask: { do: question, text: { es: "¿Otra?", en: "Other?" }, keep: other, then: end }
          end: { do: return }
"""
STEPS = """
test: { do: call, flow: account, then: after }
after: { do: message, text: { es: "Tienes {found}", en: "-" }, then: thanks }
again: { do: call, flow: account, then: main }
"""


def called() -> Chat:
    return reached(extended(STEPS, top=ACCOUNT))


def test_a_sub_flow_goes_on_where_it_was_called() -> None:
    chat = called()
    assert chat.last.text == "¿Cuenta?"
    assert chat.state.step == "account.ask"
    assert chat.state.stack == (Frame("account", "after"),)
    chat.types("1234")
    assert chat.state.step == "account.sure"
    assert texts(chat.taps("Sí")) == [f"Tienes 1234\n\nGracias\n\n{MAIN}"]
    assert not chat.state.stack


def test_its_steps_lead_to_each_other() -> None:
    chat = called()
    chat.types("1234")
    assert texts(chat.taps("No")) == ["¿Cuenta?"]
    assert texts(chat.types("xx")) == ["No entendí\n\n¿Cuenta?"]
    chat.types("4321")
    assert texts(chat.types("1")) == [f"Tienes 4321\n\nGracias\n\n{MAIN}"]


def test_one_sub_flow_inside_another() -> None:
    chat = called()
    chat.types("1234")
    chat.taps("Otra vez")
    assert chat.state.step == "other.ask"
    assert chat.state.stack == (Frame("account", "after"), Frame("other", "account.back"))
    assert texts(chat.types("x")) == [f"Tienes 1234\n\nGracias\n\n{MAIN}"]


@pytest.mark.parametrize("way", ["word", "near", "out", "failure", "person", "day", "sticker"])
def test_every_road_out_leaves_it_behind(way: str) -> None:
    chat = called()
    chat.types("1234")
    match way:
        case "word":
            assert texts(chat.types("menu")) == [MAIN]
        case "near":
            assert texts(chat.types("inicoi")) == [MAIN]
        case "out":
            assert texts(chat.taps("Salir ya")) == [MAIN]
        case "failure":
            chat.taps("No")
            for _ in range(3):
                chat.types("xx")
        case "person":
            chat.meets_agent()
            chat.line_comes_back("menu")
        case "day":
            chat.wait(DAY_S + 1)
            chat.types("hola")
        case _:
            chat.sends("sticker")
            assert chat.state.step == "account.sure"
            assert chat.state.stack
            return
    assert chat.state.step == "main"
    assert not chat.state.stack


def test_an_old_button_of_a_sub_flow_that_was_left_goes_on_and_then_home() -> None:
    chat = called()
    chat.types("1234")
    yes, no = chat.button("Sí"), chat.button("No")
    chat.types("menu")
    assert texts(chat.presses(no)) == ["¿Cuenta?"]
    assert not chat.state.stack
    assert texts(chat.presses(yes)) == [MAIN]


def test_an_old_button_within_the_same_call_still_returns() -> None:
    chat = called()
    chat.types("1234")
    yes = chat.button("Sí")
    chat.taps("No")
    assert texts(chat.presses(yes)) == [f"Tienes 1234\n\nGracias\n\n{MAIN}"]


def test_a_button_of_the_outer_sub_flow_leaves_the_inner_one() -> None:
    chat = called()
    chat.types("1234")
    yes = chat.button("Sí")
    chat.taps("Otra vez")
    assert texts(chat.presses(yes)) == [f"Tienes 1234\n\nGracias\n\n{MAIN}"]


def test_a_request_inside_a_sub_flow_comes_back_into_it() -> None:
    top = """
        subflows:
          look:
            entry: ask
            steps:
              ask:
                do: request
                service: crm
                path: /x
                keep: { x: x }
                then: got
                on_error: got
                on_timeout: main
              got: { do: return }
              main: { do: message, text: { es: Tarde, en: Late }, then: got }
    """
    chat = reached(extended("test: { do: call, flow: look, then: thanks }", top=top))
    assert chat.state.waiting is not None
    assert chat.state.waiting.step == "look.ask"
    assert texts(chat.answer(200, b'{"x": 1}')) == ["Gracias\n\n" + MAIN]
    chat.taps("Más")
    # Its own step `main` comes before the file's.
    assert texts(chat.request_fails()) == ["Tarde\n\nGracias\n\n" + MAIN]


def test_a_step_of_a_sub_flow_can_be_gone_to_from_outside_and_returns_to_the_root() -> None:
    chat = reached(
        extended(
            "test: { do: message, text: { es: a, en: a }, then: account.sure }",
            "unused: { do: set, values: { found: 1 }, then: main }",
            top=ACCOUNT,
        )
    )
    assert chat.state.step == "account.sure"
    assert texts(chat.taps("Sí")) == [MAIN]


def test_a_flow_without_the_sub_flow_leads_home() -> None:
    chat = called()
    chat.types("1234")
    yes = chat.button("Sí")
    lost = source(extended("test: { do: message, text: { es: a, en: a }, then: main }"))
    chat.around = around(flows={lost.version: lost.flow}, flow_version=lost.version)
    assert texts(chat.presses(yes)) == [MAIN]
    assert not chat.state.stack


def test_where_the_caller_is_gone_a_return_leads_home() -> None:
    chat = called()
    chat.types("1234")
    text = extended(STEPS, top=ACCOUNT)
    text = changed("flow: account, then: after }", "flow: account, then: later }", text)
    other = source(changed("  after: {", "  later: {", text))
    chat.around = around(flows={other.version: other.flow}, flow_version=other.version)
    assert texts(chat.taps("Sí")) == [MAIN]
    assert "step_gone" in chat.noted()


def test_a_call_deeper_than_the_check_allows_leads_home() -> None:
    """Only a flow that no check has seen can have it."""
    names = [f"s{n}" for n in range(7)]
    top = "subflows:\n" + "".join(
        f"  {name}: {{ entry: a, steps: {{ a: {{ do: call, flow: {inner}, then: b }}, "
        f"b: {{ do: return }} }} }}\n"
        for name, inner in zip(names, [*names[1:], "s0"], strict=True)
    )
    found = source(extended("test: { do: call, flow: s0, then: main }", top=top))
    chat = Chat(around(flows={found.version: found.flow}, flow_version=found.version))
    chat.types("hola")
    assert texts(chat.taps("Más")) == [MAIN]
    assert "subflow_not_entered" in chat.noted()
    assert not chat.state.stack


def test_an_option_that_starts_a_job_behind_a_call_is_never_chosen_by_a_near_word() -> None:
    top = """
        subflows:
          start:
            entry: now
            steps:
              now: { do: start_job, job: restart, then: end }
              end: { do: return }
    """
    menu = """
        test:
          do: menu
          text: { es: "¿Qué?", en: "What?" }
          options:
            go: { title: { es: Adelante, en: Go on }, goto: call_it }
            back: { title: { es: Para atrás, en: Back }, goto: main }
        call_it: { do: call, flow: start, then: main }
    """
    chat = reached(extended(menu, top=top))
    assert texts(chat.types("adelantte")) == ["No entendí\n\n¿Qué?"]
    assert not chat.jobs
    chat.types("adelante")
    assert len(chat.jobs) == 1
