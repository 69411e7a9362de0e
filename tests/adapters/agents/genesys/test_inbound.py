"""What Genesys posts to us: signatures, lines, receipts, and whatever else may come."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors import outcomes
from actors.ids import CONVERSATION as CNV
from actors.ids import actor_id
from actors.messages import DeskRefusedLine, DeskWrote
from adapters.agents.genesys import signature
from adapters.agents.genesys.shapes import objects_at, text_at
from adapters.ports import Damaged, ForActor
from tests.adapters.agents.genesys.fake import CONVERSATION, HND, INTEGRATION
from tests.adapters.agents.genesys.posts import (
    RECEIVER,
    SECRET,
    a_line,
    assert_ignored,
    only_event,
    post,
    signed,
    wrote,
)

# A busy machine is no fault of the code.
RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
VECTOR = (
    '{"id":"m-1","channel":{"id":"73cb7fb7-c2db-4996-88f3-0a83a4fea1da","platform":"Open",'
    '"type":"Private","to":{"id":"wa-7f3a"},"time":"2026-01-02T03:04:05.678Z","messageId":"m-1"},'
    '"type":"Text","text":"Olá","direction":"Outbound"}'
).encode()
VECTOR_SIGNATURE = "sha256=3iYvC3EN+gStesUzBMf+5rL5tXtWmTUtvkOQq4NJwq0="


# --- signatures -------------------------------------------------------------------------------


def test_vector() -> None:
    assert len(VECTOR) == 228
    assert signature.sign(SECRET, VECTOR) == VECTOR_SIGNATURE
    assert post(VECTOR, VECTOR_SIGNATURE).answer.status == 200


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "de262f0b" * 8,
        VECTOR_SIGNATURE.removeprefix("sha256="),
        VECTOR_SIGNATURE.replace("sha256", "sha1"),
        VECTOR_SIGNATURE.rstrip("="),
        f"{VECTOR_SIGNATURE}, {VECTOR_SIGNATURE}",
        "sha256=é",
        "sha256=\udcff",
    ],
)
def test_bad_signatures(header: str | None) -> None:
    reception = post(VECTOR, header)
    assert reception.answer.status == 401
    assert reception.refused
    assert reception.events == ()
    assert reception.ignored == ()


def test_the_right_digest_in_hex_is_refused() -> None:
    raw = base64.b64decode(VECTOR_SIGNATURE.removeprefix("sha256="))
    assert raw.hex().startswith("de262f0b")
    assert post(VECTOR, f"sha256={raw.hex()}").answer.status == 401


def test_the_same_json_written_otherwise_is_refused() -> None:
    again = json.dumps(json.loads(VECTOR)).encode()
    assert post(again, VECTOR_SIGNATURE).answer.status == 401


@RELAXED
@given(st.integers(0, len(VECTOR) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused(index: int, change: int) -> None:
    body = bytearray(VECTOR)
    body[index] ^= change
    assert post(bytes(body), VECTOR_SIGNATURE).answer.status == 401


# --- lines ------------------------------------------------------------------------------------


def test_a_line() -> None:
    reception = signed(a_line())
    event = only_event(reception)
    assert event.message_id == "genesys:c327"
    assert event.target == ForActor(HND, must_exist=True)
    assert event.message == DeskWrote("c327", "Hello, this is Rita", True, CONVERSATION)
    # Whoever is not there: Genesys must not hear of it, or it may end the chat.
    assert reception.answer_if_refused is not None
    assert reception.answer_if_refused.status == 200


@pytest.mark.parametrize(
    ("origin", "human"),
    [("Human", True), ("HUMAN", True), ("Bot", False), (None, None), ("Alien", None), (7, None)],
)
def test_who_wrote(origin: Any, human: bool | None) -> None:
    assert wrote(signed(a_line(originatingEntity=origin))).human is human


def test_an_older_shape() -> None:
    line = a_line(conversationId=None, id=None, direction=None, content=None)
    event = only_event(signed(line))
    assert event.message == DeskWrote("c327", "Hello, this is Rita", True, None)


def test_the_same_line_thrice_has_one_name() -> None:
    later = a_line(channel_time="2026-01-02T03:04:00.000Z")
    names = {only_event(signed(one)).message_id for one in (a_line(), a_line(), later)}
    assert names == {"genesys:c327"}


@pytest.mark.parametrize(
    "target",
    ["wa-7f3a", "", None, 7, {"a": 1}, actor_id(CNV, "x"), HND + "x", HND[:-1], "hnd_", "x" * 9999],
)
def test_chats_that_are_none_of_ours(target: Any) -> None:
    assert_ignored(signed(a_line(channel_to={"id": target})), "none of ours")


def test_things_to_ignore() -> None:
    other = "00000000-0000-4000-8000-000000000000"
    assert_ignored(signed(a_line(channel_id=other)), "another integration")
    assert_ignored(signed(a_line(direction="Inbound")), "echo")
    assert_ignored(signed(a_line(text="  \n")), "nothing in it")
    typing = {"eventType": "Typing", "typing": {"type": "On", "duration": 5000}}
    assert_ignored(signed(a_line(type="Event", text=None, events=[typing])), "typing")
    assert_ignored(signed(a_line(type="Presence")), "type Presence")
    assert_ignored(signed(a_line(type="Ana Silva, 5555")), "type unknown")
    assert_ignored(signed(a_line(type=None)), "type unknown")


def test_the_integration_is_known_in_any_case() -> None:
    for integration in (INTEGRATION.upper(), None):
        assert wrote(signed(a_line(channel_id=integration))).line_id == "c327"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b'"\\ud800"', b"[" * 9999, b'{"a":1e999}']
)
def test_what_is_not_json_is_kept(body: bytes) -> None:
    reception = signed(body)
    assert reception.answer.status == 200
    (damaged,) = reception.events
    assert isinstance(damaged, Damaged)
    assert damaged.raw == body
    assert damaged.message_id.startswith("genesys:damaged.")
    assert signed(body) == reception


@pytest.mark.parametrize("key", [None, "", 7, "x" * 201])
def test_a_line_without_a_usable_id(key: Any) -> None:
    (damaged,) = signed(a_line(id=key, channel_messageId=key)).events
    assert isinstance(damaged, Damaged)


# --- receipts ---------------------------------------------------------------------------------


def a_receipt(**changes: Any) -> dict[str, Any]:
    """A failed receipt for a line of ours."""
    reasons = [{"code": "InvalidDestination", "message": "Ana Silva is gone"}]
    line = a_line(id="g-1", text=None, type="Receipt", status="Failed", direction="Inbound")
    return {**line, "reasons": reasons, **changes}


def test_a_failed_receipt() -> None:
    data = a_receipt()
    data["channel"]["messageId"] = "msg_1"
    event = only_event(signed(data))
    assert event.message == DeskRefusedLine("msg_1", outcomes.RECIPIENT)
    assert event.target == ForActor(HND)
    assert event.message_id == "genesys:g-1.failed"


def test_a_failed_receipt_from_the_other_side() -> None:
    data = a_receipt(id=None)
    channel = data["channel"]
    channel["to"], channel["from"] = channel["from"], channel["to"]
    assert only_event(signed(data)).message_id == "genesys:c327.failed"


@pytest.mark.parametrize(
    ("reasons", "code"),
    [
        ([], outcomes.UNAVAILABLE),
        ("text", outcomes.UNAVAILABLE),
        ([{"code": "OfTomorrow"}], outcomes.UNAVAILABLE),
        ([{"code": "RateLimited"}], outcomes.RATE_LIMITED),
        (["x", {"code": "MessageExpired"}], outcomes.EXPIRED),
    ],
)
def test_reasons(reasons: Any, code: str) -> None:
    message = only_event(signed(a_receipt(reasons=reasons))).message
    assert isinstance(message, DeskRefusedLine)
    assert message.reason == code


def test_receipts_to_ignore_or_keep() -> None:
    assert_ignored(signed(a_receipt(status="Published")), "status Published")
    assert_ignored(signed(a_receipt(status=None)), "status unknown")
    foreign = a_receipt()
    foreign["channel"]["to"]["id"] = "wa-7f3a"
    assert_ignored(signed(foreign), "none of ours")
    nameless = a_receipt()
    del nameless["channel"]["messageId"]
    (damaged,) = signed(nameless).events
    assert isinstance(damaged, Damaged)


# --- anything at all --------------------------------------------------------------------------

KEYS = st.sampled_from(
    [
        *("id", "channel", "to", "from", "messageId", "type", "text", "status", "direction"),
        *("content", "contentType", "attachment", "mediaType", "quickReply", "card", "carousel"),
        *("listPicker", "sections", "items", "actions", "reasons", "code"),
        *("conversationId", "originatingEntity"),
    ]
)
WORDS = st.sampled_from(["Text", "Structured", "Receipt", "Failed", "Attachment", "Card", HND])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)


@RELAXED
@given(st.dictionaries(KEYS, ANYTHING, max_size=8), st.booleans())
def test_no_json_is_too_strange(data: dict[str, Any], shaped: bool) -> None:
    whole = {**a_line(), **data} if shaped else data
    reception = signed(msgspec.json.encode(whole))
    assert reception.answer.status == 200
    assert len(reception.events) + len(reception.ignored) == 1
    for one in reception.ignored:
        assert len(one.what) < 100


@RELAXED
@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange(body: bytes) -> None:
    assert signed(body).answer.status == 200


def test_ports_words() -> None:
    assert RECEIVER.methods == ("POST",)
    assert RECEIVER.body_max_bytes == 1 << 20
    assert text_at({"a": {"b": "x"}}, "a", "b") == "x"
    assert text_at([], "a") is None
    assert objects_at({"a": [1, {}, None]}, "a") == [{}]
