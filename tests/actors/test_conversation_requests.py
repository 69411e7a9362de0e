"""Web requests of the flow: where their answers lead, and when they come too late."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.calls import WebRequest
from actors.effects import Do
from tests.actors.chatting import CODEC, LOOK_UP, Chat, arrived, texts

MAIN = "Hola Ana, ¿qué hacemos?"
DOWN = ["Sin sistema\n\n" + MAIN]


def waiting() -> Chat:
    chat = Chat(answers={})
    chat.types("hola")
    return chat


def test_an_answer_with_everything_goes_on() -> None:
    chat = waiting()
    assert texts(chat.answer(200, b'{"account":7,"routers":[{"id":"a","label":"b"}]}')) == [MAIN]
    assert chat.state.values["account"] == 7
    assert chat.state.waiting is None


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"null",
        b"[]",
        b'"text"',
        b'{"account":"A","routers":[]}',
        b'{"account":"A","routers":[{"id":{"x":1},"label":"b"}]}',
        b'{"account":null,"routers":[{"id":"a","label":"b"}]}',
    ],
)
def test_an_answer_that_lacks_something(body: bytes) -> None:
    assert texts(waiting().answer(200, body)) == ["Sin equipo\n\n" + MAIN]


def test_a_status_with_a_way_of_its_own() -> None:
    assert texts(waiting().answer(404, b"null")) == ["¿Tu número de cliente?"]


@pytest.mark.parametrize("status", [199, 301, 400, 403, 500, 503])
def test_any_other_status_is_an_error(status: int) -> None:
    chat = waiting()
    assert texts(chat.answer(status, b'{"account":"A"}')) == DOWN
    assert chat.notes[-1].fields["status"] == status


@pytest.mark.parametrize("unknown", [False, True])
def test_a_request_that_times_out_or_is_lost_is_an_error(unknown: bool) -> None:
    assert texts(waiting().request_fails(unknown=unknown)) == DOWN


def test_a_request_expires_a_while_after_its_time_out_and_makes_room_for_the_next() -> None:
    chat = waiting()
    effect = next(do for do in chat.effects if isinstance(do, Do))
    assert isinstance(effect.call, WebRequest)
    assert effect.not_after_ms == chat.now_ms + 38_000
    assert effect.topic == "request"


def test_an_answer_is_heard_once_and_never_late() -> None:
    chat = waiting()
    effect = chat.requests[0][0]
    chat.answer(500, b"null")
    assert chat.answer(200, b"{}", effect=effect) == []
    assert "router" not in chat.state.values


def test_an_answer_after_the_customer_went_elsewhere_is_left_aside() -> None:
    chat = arrived()
    chat.answers = {}
    chat.taps("Reinicio rápido")
    chat.types("menu")
    assert chat.answer(200, b'{"state":"up"}') == []
    assert not chat.jobs
    assert "line" not in chat.state.values


def test_a_failure_after_the_customer_went_elsewhere_is_left_aside() -> None:
    chat = arrived()
    chat.answers = {}
    chat.taps("Reinicio rápido")
    chat.types("menu")
    assert chat.request_fails() == []


def test_a_double_tap_on_a_request_starts_one_job() -> None:
    chat = arrived()
    chat.answers = {}
    quick = chat.button("Reinicio rápido")
    chat.presses(quick)
    chat.presses(quick)
    chat.answer(200, b'{"state":"up"}')
    chat.answer(200, b'{"state":"up"}')
    assert len(chat.jobs) == 1


@pytest.mark.parametrize(
    ("premium", "said"),
    [(b"true", "Premium"), (b"3", "Tres"), (b'"true"', "Premium"), (b"false", "Sencillo")],
)
def test_a_branch_compares_values_as_written(premium: bytes, said: str) -> None:
    chat = arrived()
    chat.taps("Mi plan")
    chat.types("oro")
    assert texts(chat.answer(200, b'{"premium":%b}' % premium)) == [f"{said}\n\nGracias\n\n{MAIN}"]


def test_values_in_body_and_query() -> None:
    chat = arrived()
    chat.taps("Mi plan")
    chat.types('o"ro & {account}')
    request = chat.requests[0][1]
    assert request.method == "POST"
    assert request.query == {"q": 'o"ro & {account}'}
    assert request.body == {"plan": 'o"ro & {account}', "count": 3, "sure": True}


@pytest.mark.parametrize(
    ("typed", "segment"),
    [
        ("a/b", "a%2Fb"),
        ("../admin", "..%2Fadmin"),
        ("50%", "50%25"),
        ("%2e%2e", "%252e%252e"),
        ("a?b#c", "a%3Fb%23c"),
        ("a b", "a%20b"),
        ("r-1_~.x", "r-1_~.x"),
        ("ñ", "%C3%B1"),
        ("🚀", "%F0%9F%9A%80"),
        ("a\\b", "a%5Cb"),
        ("{account}", "%7Baccount%7D"),
    ],
)
def test_a_value_in_a_path_stays_one_segment(typed: str, segment: str) -> None:
    chat = arrived()
    chat.taps("Mi plan")
    chat.types(typed)
    assert chat.requests[0][1].path == f"/plans/{segment}/now"


@pytest.mark.parametrize("typed", [".", ".."])
def test_dots_alone_in_a_path_are_not_climbed(typed: str) -> None:
    chat = arrived()
    chat.taps("Mi plan")
    chat.types(typed)
    parts = chat.requests[0][1].path.split("/")
    assert len(parts) == 4
    assert not {".", ".."} & set(parts)


def test_the_phone_goes_into_the_path_encoded() -> None:
    assert waiting().requests[0][1].path == LOOK_UP


def test_kept_values_stay_bounded() -> None:
    chat = arrived()
    full = {f"v{n}": n for n in range(100)}
    chat.data = CODEC.encode(replace(chat.state, values=full))
    chat.taps("Mi plan")
    chat.types("oro")
    assert len(chat.state.values) == 100
    assert "too_many_values" in chat.noted()
