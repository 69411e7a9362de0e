"""Web requests in full: bodies, classes of status, time-outs, counting, and no going round."""

from __future__ import annotations

import pytest

from actors.calls import WebRequest
from actors.conversation.requests import REQUESTS_MAX
from actors.effects import Do
from tests.actors.chatting import Chat, reached, texts
from tests.actors.small_flow import extended

MAIN = "Hola Ana, ¿qué hacemos?"


def asks(more: str, *steps: str) -> Chat:
    """A chat that has just asked the service for something."""
    lines = "\n".join(f"  {line.strip()}" for line in more.strip().splitlines())
    return reached(
        extended(
            f"test:\n  do: request\n  service: crm\n  path: /x\n  then: went_well\n"
            f"  on_error: failed\n{lines}",
            "went_well: { do: message, text: { es: Bien, en: Well }, then: main }",
            "failed: { do: message, text: { es: Mal, en: Bad }, then: main }",
            "late: { do: message, text: { es: Tarde, en: Late }, then: main }",
            *steps,
        )
    )


def sent(chat: Chat) -> WebRequest:
    return chat.requests[0][1]


def test_a_body_is_json_of_any_shape_with_values_in_it() -> None:
    chat = asks("""
        method: POST
        body: { who: { name: "{customer.name}", ids: ["{account}", 7, { deep: "<{label}>" }] },
        gone: "{plan}", all: true, none: null }
    """)
    assert sent(chat).body == {
        "who": {"name": "Ana", "ids": ["A1", 7, {"deep": "<Router azul>"}]},
        "gone": None,
        "all": True,
        "none": None,
    }


def test_a_value_alone_in_a_text_keeps_its_kind_and_others_are_text() -> None:
    chat = reached(
        extended(
            "test: { do: set, values: { n: 3, b: false, f: 0.5 }, then: ask }",
            """
            ask:
              do: request
              service: crm
              method: POST
              path: "/x/{n}"
              query: { n: "{n}" }
              body: { n: "{n}", t: "n={n}", b: "{b}", f: "{f}" }
              then: main
              on_error: main
            """,
        )
    )
    request = sent(chat)
    assert request.body == {"n": 3, "t": "n=3", "b": False, "f": 0.5}
    assert request.query == {"n": "3"}
    assert request.path == "/x/3"


def test_what_a_customer_typed_adds_nothing_to_the_json() -> None:
    chat = asks('method: POST\nbody: { a: ["{label}", "x{label}"] }')
    assert sent(chat).body == {"a": ["Router azul", "xRouter azul"]}


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "Tarde"), (400, "Bien"), (499, "Bien"), (500, "Mal"), (503, "Mal"), (302, "Mal")],
)
def test_a_class_of_status_has_its_way_where_the_status_has_none(status: int, said: str) -> None:
    chat = asks('on_status: { "404": late, 4xx: went_well }')
    assert texts(chat.answer(status, b"null")) == [f"{said}\n\n{MAIN}"]


@pytest.mark.parametrize(
    ("code", "detail", "unknown", "said"),
    [
        ("timeout", "", False, "Tarde"),
        ("timeout", "", True, "Tarde"),
        ("unreadable_answer", "", True, "Tarde"),
        ("interrupted", "", True, "Tarde"),
        ("expired", "", False, "Tarde"),
        ("expired", "timeout TooSlowError", False, "Tarde"),
        ("exhausted", "timeout TooSlowError", False, "Tarde"),
        ("exhausted", "connect ConnectError", False, "Mal"),
        ("expired", "connect ConnectError", False, "Mal"),
        ("exhausted", "unavailable HTTP 503", False, "Mal"),
        ("not_configured", "", False, "Mal"),
        ("invalid_request", "", False, "Mal"),
    ],
)
def test_no_answer_in_time_has_its_own_way(
    code: str, detail: str, unknown: bool, said: str
) -> None:
    chat = asks("on_timeout: late")
    found = texts(chat.request_fails(unknown=unknown, code=code, detail=detail))
    assert found == [f"{said}\n\n{MAIN}"]
    chat = asks("timeout_s: 8")
    found = texts(chat.request_fails(unknown=unknown, code=code, detail=detail))
    assert found == [f"Mal\n\n{MAIN}"]


def test_a_status_for_which_a_request_was_repeated_in_vain_is_a_status_too() -> None:
    for code, detail in (
        ("exhausted", "unavailable HTTP 503"),
        ("expired", "rate_limited HTTP 429"),
    ):
        chat = asks('on_status: { "503": late, 4xx: late }\non_timeout: went_well')
        assert texts(chat.request_fails(code=code, detail=detail)) == [f"Tarde\n\n{MAIN}"]


def test_attempts_go_along_and_make_the_request_worth_longer() -> None:
    chat = asks("timeout_s: 10\nattempts: 3")
    effect = next(do for do in chat.effects if isinstance(do, Do))
    assert sent(chat).attempts == 3
    assert effect.not_after_ms == chat.now_ms + 60_000
    assert sent(asks("timeout_s: 10")).attempts is None


def test_elements_of_a_list_are_counted() -> None:
    chat = asks("keep: { lines: lines.#, all: '#', first: lines.0.#, gone: gone.# }")
    chat.answer(200, b'{"lines": [[1, 2], {}, "x"]}')
    found = chat.state.values
    assert [found[name] for name in ("lines", "all", "first", "gone")] == [3, None, 2, None]
    chat = asks("keep: { all: '#' }")
    assert texts(chat.answer(200, b"[]")) == [f"Bien\n\n{MAIN}"]
    assert chat.state.values["all"] == 0


def test_steps_that_go_round_through_a_service_end_in_the_main_menu() -> None:
    """A service that answers at once would be asked for ever, at the speed of the network."""
    chat = reached(
        extended("test: { do: request, service: crm, path: /x, then: test, on_error: test }")
    )
    for _ in range(REQUESTS_MAX - 1):
        assert chat.answer(200, b"null") == []
    assert texts(chat.answer(200, b"null")) == [f"Perdón\n\n{MAIN}"]
    assert not chat.requests
    assert "requests_go_round" in chat.noted()
    chat.taps("Más")  # the customer may ask again
    assert len(chat.requests) == 1
