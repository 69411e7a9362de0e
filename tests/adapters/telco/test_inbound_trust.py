"""Callbacks: who is let in, the handshake, and that nothing that is sent makes it raise."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ports import Damaged, HttpAnswer, HttpRequest
from adapters.secret import Secret
from adapters.telco import standard_webhooks
from tests.adapters.telco.callbacks import (
    JOB,
    NEXT_SECRET,
    NOW_S,
    RECEIVER,
    damage,
    event,
    only,
    post,
    receive,
)

# --- who is let in -----------------------------------------------------------------------------


def test_a_body_over_the_limit() -> None:
    assert RECEIVER.receive(post(b" " * 65537)).answer.status == 413


def test_bad_signatures_learn_nothing() -> None:
    stranger = Secret("whsec_" + "QUJD" * 10)
    reception = RECEIVER.receive(post(msgspec.json.encode(event()), secret=stranger))
    assert reception.answer == HttpAnswer(401)
    assert reception.refused == "no signature matches"
    assert not reception.events
    # Another content type does not show a stranger more than that.
    other = RECEIVER.receive(post(b"{}", {"content-type": "text/plain"}, secret=stranger))
    assert other.answer == HttpAnswer(401)


def test_six_minutes_old_is_refused() -> None:
    body = msgspec.json.encode(event())
    late = msgspec.structs.replace(post(body), now_ms=(NOW_S + 360) * 1000)
    assert RECEIVER.receive(late).answer.status == 401
    assert "clock" in (RECEIVER.receive(late).refused or "")


def test_two_signatures_of_which_the_second_is_good() -> None:
    body = msgspec.json.encode(event())
    good = standard_webhooks.sign(NEXT_SECRET, "wh_1", NOW_S, body)
    received = receive(event(), {"webhook-signature": f"v1,AAAA {good}"})
    assert only(received).message_id


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/cloudevents+json; charset=utf-8", 204),
        ("Application/CloudEvents+JSON", 204),
        ("application/cloudevents-batch+json", 415),
        ("application/json", 415),
        ("", 415),
    ],
)
def test_content_types(content_type: str, status: int) -> None:
    assert receive(event(), {"content-type": content_type}).answer.status == status


@pytest.mark.parametrize(
    "body", [b"", b"{", b"<html>", b"\xff", b"[" * 50_000, b"1" * 9999, b"[]", b"null", b"{}"]
)
def test_signed_damage_is_kept_and_not_asked_for_again(body: bytes) -> None:
    found = damage(RECEIVER.receive(post(body)))
    assert found == Damaged(found.message_id, body, found.error)
    assert found.message_id == "telco:main:webhook:wh_1"


@pytest.mark.parametrize("attribute", ["id", "source", "type", "specversion"])
@pytest.mark.parametrize("value", [..., "", 1, None])
def test_required_attributes(attribute: str, value: Any) -> None:
    assert "CloudEvent" in damage(receive(event(**{attribute: value}))).error


def test_other_methods() -> None:
    request = msgspec.structs.replace(post(b"{}"), method="GET")
    assert RECEIVER.methods == ("POST", "OPTIONS")
    assert RECEIVER.receive(request).answer.status == 405


# --- the handshake -----------------------------------------------------------------------------


def options(**headers: str) -> HttpAnswer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    request = HttpRequest("OPTIONS", "/webhooks/telco/main", (), sent, b"", NOW_S * 1000)
    return RECEIVER.receive(request).answer


@pytest.mark.parametrize(("asked", "rate"), [("120", "120"), ("99999", "6000"), ("x", "6000")])
def test_handshake(asked: str, rate: str) -> None:
    answer = options(webhook_request_origin="events.example.net", webhook_request_rate=asked)
    assert answer.status == 200
    assert dict(answer.headers) == {
        "Allow": "POST, OPTIONS",
        "WebHook-Allowed-Origin": "events.example.net",
        "WebHook-Allowed-Rate": rate,
    }


@pytest.mark.parametrize("origin", ["", "a b", "a\r\nSet-Cookie: x", "*", "x" * 300])
def test_handshake_without_a_usable_origin(origin: str) -> None:
    answer = options(webhook_request_origin=origin)
    assert answer.status == 400
    assert not answer.headers


# --- never raises ------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    ["state", "step", "step_state", "percent", "seq", "error", "id", "correlation", "job"]
)
words = st.sampled_from(["running", "failed", f"{JOB}.1", "7"])
documents = st.dictionaries(names, json_values | words, max_size=6)


@given(body=json_values, data=json_values | documents, odd=json_values)
def test_random_json_never_raises(body: Any, data: Any, odd: Any) -> None:
    for value in (body, event(data), event(subject=odd, sequence=odd, correlation=odd)):
        reception = receive(value)
        assert reception.answer.status == 204
        for found in reception.events:
            assert msgspec.json.decode(msgspec.json.encode(found.message_id)) == found.message_id


@given(body=st.binary(max_size=80))
def test_random_bytes_never_raise(body: bytes) -> None:
    assert RECEIVER.receive(post(body)).answer.status == 204


@given(where=st.integers(0), flip=st.integers(1, 255))
def test_any_changed_byte_is_refused(where: int, flip: int) -> None:
    request = post(msgspec.json.encode(event()))
    changed = bytearray(request.body)
    changed[where % len(changed)] ^= flip
    reception = RECEIVER.receive(msgspec.structs.replace(request, body=bytes(changed)))
    assert reception.answer == HttpAnswer(401)
    assert not reception.events


@given(headers=st.dictionaries(st.text(), st.text()), method=st.text())
def test_odd_headers_never_raise(headers: dict[str, str], method: str) -> None:
    for each in (method, "POST", "OPTIONS"):
        request = HttpRequest(each, "/", (), headers, b"{}", NOW_S * 1000)
        assert RECEIVER.receive(request).answer.status in (200, 400, 401, 405)
