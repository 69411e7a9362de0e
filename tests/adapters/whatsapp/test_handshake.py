"""The handshake of the webhook's address, and the other methods."""

from __future__ import annotations

import pytest

from adapters.ports import Reception
from tests.adapters.whatsapp.helpers import RECEIVER, request

RIGHT = {
    "hub.mode": "subscribe",
    "hub.challenge": "1158201444",
    "hub.verify_token": "our verify token",
}


def shake(query: dict[str, str], *more: tuple[str, str]) -> Reception:
    return RECEIVER.receive(request("GET", query=(*query.items(), *more)))


@pytest.mark.parametrize("challenge", ["1158201444", "not a number <b>", "0012", "é", ""])
def test_the_challenge_comes_back_as_it_is(challenge: str) -> None:
    reception = shake({**RIGHT, "hub.challenge": challenge})
    assert reception.answer.status == 200
    assert reception.answer.body == challenge.encode()
    assert reception.answer.content_type == "text/plain"
    assert reception.refused is None


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"hub.verify_token": "wrong"}, 403),
        ({"hub.verify_token": ""}, 403),
        ({"hub.verify_token": "\ud83d"}, 403),
        ({"hub.mode": "unsubscribe"}, 400),
    ],
)
def test_refused(changed: dict[str, str], status: int) -> None:
    reception = shake({**RIGHT, **changed})
    assert reception.answer.status == status
    assert reception.answer.body == b""
    assert reception.refused


@pytest.mark.parametrize(
    ("missing", "status"),
    [("hub.mode", 400), ("hub.challenge", 400), ("hub.verify_token", 403)],
)
def test_missing_parameter(missing: str, status: int) -> None:
    query = {name: text for name, text in RIGHT.items() if name != missing}
    assert shake(query).answer.status == status


@pytest.mark.parametrize("name", list(RIGHT))
def test_twice_the_same_parameter(name: str) -> None:
    assert shake(RIGHT, (name, RIGHT[name])).answer.status == 400


def test_bare_get_and_other_methods() -> None:
    assert shake({}).answer.status == 403
    assert RECEIVER.methods == ("GET", "POST")
    assert RECEIVER.receive(request("PUT")).answer.status == 405
    assert RECEIVER.body_max_bytes > 3 * 1024 * 1024
