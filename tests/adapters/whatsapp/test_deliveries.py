"""Whole deliveries: batches, damage among neighbours, and whatever else may be posted."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import CustomerWrote
from actors.values import Customer
from adapters.ports import Damaged, Event, Reception
from adapters.whatsapp import WhatsAppNumber, WhatsAppReceiver, WhatsAppSettings, content
from adapters.whatsapp.inbound import message_id_of
from tests.adapters.whatsapp.helpers import (
    CUSTOMER,
    NUMBER,
    RECEIVER,
    SECRET,
    change,
    damaged,
    delivery,
    ignored,
    post,
    recorded,
    settings,
    text,
    value,
)


def status(attempt_id: str, wamid: str = "wamid.out", word: str = "sent") -> dict[str, Any]:
    return {
        "id": wamid,
        "status": word,
        "timestamp": "1751199990",
        "recipient_id": CUSTOMER,
        "biz_opaque_callback_data": attempt_id,
    }


def ids(reception: Reception) -> list[str]:
    return [event.message_id for event in reception.events]


def test_every_level_of_a_batch_is_walked() -> None:
    whole = delivery()
    changes = [
        [
            change(
                messages=[text(f"wamid.{entry}{part}{n}") for n in range(3)],
                statuses=[status(f"att_{entry}{part}{n}") for n in range(2)],
            )
            for part in range(2)
        ]
        for entry in range(2)
    ]
    whole["entry"] = [{"id": str(n), "changes": each} for n, each in enumerate(changes)]
    reception = post(whole)
    places = [(entry, part) for entry in range(2) for part in range(2)]
    assert ids(reception) == [
        message_id_of(f"wamid.{e}{p}{n}") for e, p in places for n in range(3)
    ]
    told = [receipt.attempt_id for receipt in reception.receipts]
    assert told == [f"att_{e}{p}{n}" for e, p in places for n in range(2)]
    assert not reception.ignored


def test_a_thousand_updates_of_three_megabytes_take_a_moment() -> None:
    padding = "x" * 2500
    listed = [{**status(f"att_{n}"), "pricing": {"padding": padding}} for n in range(1000)]
    body = json.dumps(delivery(change(statuses=listed))).encode()
    assert 2_500_000 < len(body) <= RECEIVER.body_max_bytes
    before = time.perf_counter()
    reception = post(body)
    assert time.perf_counter() - before < 1
    assert len(reception.receipts) == 1000


def test_a_thousand_customers_at_once_take_a_moment() -> None:
    numbers = [str(16505550000 + n) for n in range(1000)]
    messages = [text(f"wamid.{n}") | {"from": number} for n, number in enumerate(numbers)]
    contacts = [{"wa_id": n, "profile": {"name": n}} for n in reversed(numbers)]
    before = time.perf_counter()
    reception = post(delivery(change(messages=messages, contacts=contacts)))
    assert time.perf_counter() - before < 1
    names = [customer(event).name for event in reception.events]
    assert names == numbers


def test_the_same_message_twice_in_one_delivery_is_taken_once() -> None:
    part = change(messages=[text("wamid.1"), text("wamid.1"), text("wamid.2")])
    reception = post(delivery(part, part))
    assert ids(reception) == [message_id_of("wamid.1"), message_id_of("wamid.2")]
    assert ignored(reception) == ["twice in one delivery"] * 4


def test_the_same_delivery_again_means_the_same() -> None:
    whole = delivery(change(messages=[text("wamid.1"), "damaged"], statuses=[status("att_1")]))
    first, again = post(whole), post(whole)
    assert ids(first) == ids(again)
    assert first.receipts == again.receipts


@pytest.mark.parametrize("broken", ["a string", 7, None, [], {}, {"type": "text"}, {"id": 9}])
def test_damage_does_not_touch_the_neighbours(broken: object) -> None:
    reception = post(
        delivery(
            change(messages=[text("wamid.1"), broken, text("wamid.2")]),
            change(statuses=[status("att_1"), broken, status("att_2")]),
        )
    )
    assert reception.answer.status == 200
    assert [each for each in ids(reception) if "damaged" not in each] == [
        message_id_of("wamid.1"),
        message_id_of("wamid.2"),
    ]
    assert [receipt.attempt_id for receipt in reception.receipts] == ["att_1", "att_2"]
    assert len(damaged(reception)) == 2


def test_a_bug_of_ours_is_one_damaged_event(monkeypatch: pytest.MonkeyPatch) -> None:
    read = content.read

    def stumble(message: dict[str, Any]) -> Any:
        if message["id"] == "wamid.2":
            raise KeyError("16505551234")
        return read(message)

    monkeypatch.setattr(content, "read", stumble)
    reception = post(delivery(change(messages=[text(f"wamid.{n}") for n in (1, 2, 3)])))
    (piece,) = damaged(reception)
    assert piece.error == "messages: bug: KeyError"
    assert len(reception.events) == 3


@pytest.mark.parametrize(
    "entry",
    [
        "text",
        None,
        {},
        {"changes": None},
        {"changes": {}},
        {"changes": ["text"]},
        {"changes": [{"field": "messages"}]},
        {"changes": [{"field": "messages", "value": []}]},
        {"changes": [{"field": "messages", "value": {}}]},
        {"changes": [{"field": "messages", "value": {"metadata": {"phone_number_id": None}}}]},
    ],
)
def test_damage_around_events(entry: object) -> None:
    whole = delivery(change(messages=[text("wamid.1")]))
    whole["entry"].insert(0, entry)
    reception = post(whole)
    assert reception.answer.status == 200
    assert len(damaged(reception)) == 1
    assert ids(reception)[1:] == [message_id_of("wamid.1")]


def test_a_damaged_event_is_kept_so_that_it_can_be_posted_again() -> None:
    broken = {**text("wamid.1"), "from": None}
    (first,) = damaged(post(delivery(change(messages=[broken], contacts=[]))))
    (again,) = damaged(post(first.raw))
    assert again == first
    mended = first.raw.replace(b'"from":null', b'"from":"16505551234"')
    assert ids(post(mended)) == [message_id_of("wamid.1")]


def test_errors_and_counts_hold_nothing_personal() -> None:
    secret = "16505559999"
    whole = delivery(
        change(secret, messages=[text("wamid.1")]),
        change(messages=[text("wamid.2", secret, type=secret, **{"from": "?"})], contacts=[]),
        change(statuses=[{"status": secret}, {"id": secret}]),
        change(errors=[{"code": secret}, {"title": secret}]),
        {"field": "messages", "value": secret},
        secret,
    )
    whole["entry"].append(secret)
    reception = post(whole)
    told = [*ignored(reception), *(each.error for each in damaged(reception))]
    assert len(told) == 9
    assert not [each for each in told if secret in each]


# --- bodies that are no delivery ----------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"{",
        b"<html>",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"object":' + b"9" * 5000 + b"}",
        b'{"object":"whatsapp_business_account"}',
        b'{"object":"whatsapp_business_account","entry":null}',
        b'{"object":"whatsapp_business_account","entry":{}}',
    ],
)
def test_signed_nonsense_is_kept_once_and_not_asked_for_again(body: bytes) -> None:
    reception = post(body)
    assert reception.answer.status == 200
    assert reception.refused is None
    (piece,) = reception.events
    assert isinstance(piece, Damaged)
    assert piece.raw == body
    assert piece.message_id.startswith("whatsapp:damaged:")
    assert ids(post(body)) == [piece.message_id]


@pytest.mark.parametrize("name", ["page", None, 7, "WHATSAPP_BUSINESS_ACCOUNT"])
def test_unknown_object(name: object) -> None:
    reception = post({**delivery(change(messages=[text("wamid.1")])), "object": name})
    assert ignored(reception) == ["unknown object"]
    assert not reception.events


@pytest.mark.parametrize("field", ["field_of_tomorrow", None, 7, ["messages"]])
def test_unknown_field(field: Any) -> None:
    reception = post(delivery(change(field, messages=[text("wamid.1")])))
    assert ignored(reception) == ["unknown field"]


def test_a_number_that_is_not_ours_is_counted_event_by_event() -> None:
    # What the dashboard's test button sends.
    metadata = {"display_phone_number": "16505551111", "phone_number_id": "123456123"}
    sample = text("ABGGFlA5Fpa", "this is a text message", **{"from": "16315551181"})
    part = change(metadata=metadata, messages=[sample, sample], statuses=[status("att_1")])
    reception = post(delivery(part, change(metadata=metadata)))
    assert ignored(reception) == ["unknown phone_number_id"] * 4
    assert not reception.events
    assert not reception.receipts


def test_two_numbers_are_told_apart() -> None:
    numbers = (*settings().numbers, WhatsAppNumber("200", SECRET))
    receiver = WhatsAppReceiver(settings(numbers=numbers))
    other = {"display_phone_number": "1", "phone_number_id": "200"}
    whole = delivery(
        change(messages=[text("wamid.1")]), change(messages=[text("wamid.2")], metadata=other)
    )
    events = post(whole, receiver=receiver).events
    assert [customer(event).business_number for event in events] == [NUMBER, "200"]


def customer(event: Event | Damaged) -> Customer:
    assert isinstance(event, Event)
    assert isinstance(event.message, CustomerWrote)
    return event.message.customer


def test_deeply_nested_damage_is_kept_in_part() -> None:
    nested: Any = "bottom"
    for _ in range(700):
        nested = [nested]
    reception = post(delivery(change(messages=[{"id": "wamid.1", "x": nested}], contacts=[])))
    (piece,) = damaged(reception)
    assert b"wamid.1" in piece.raw


def test_escapes_and_plain_text_are_read_alike() -> None:
    whole = delivery(change(messages=[text("wamid.1", "äöå 😀")]))
    plain = json.dumps(whole, ensure_ascii=False).encode()
    assert post(plain).events == post(whole).events


def test_a_wamid_holds_the_customers_number() -> None:
    """Why ids of messages must not be logged as they are."""
    wamid = recorded("messages")["text"]["id"].removeprefix("wamid.")
    assert b"16503879439" in base64.b64decode(wamid)


# --- anything at all ----------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        *("object", "whatsapp_business_account", "entry", "changes", "field", "messages", "value"),
        *("metadata", "phone_number_id", NUMBER, "contacts", "statuses", "errors", "id", "from"),
        *("wa_id", "user_id", "from_user_id", "timestamp", "type", "text", "body", "interactive"),
        *("button_reply", "button", "payload", "system", "unsupported", "reaction", "group_id"),
        *("status", "sent", "failed", "biz_opaque_callback_data", "code", "profile", "name"),
        *("wamid.1", CUSTOMER, "US.1", "1751199990"),
    ]
)
STRINGS = WORDS | st.text(st.characters(exclude_categories=[]), max_size=8)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | STRINGS
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STRINGS, inner, max_size=6),
    max_leaves=30,
)


def check(reception: Reception) -> None:
    """What holds for every signed post."""
    assert reception.answer.status == 200
    for event in reception.events:
        if isinstance(event, Damaged):
            assert "bug" not in event.error
        else:
            msgspec.json.encode(event)
    msgspec.json.encode((reception.receipts, reception.ignored))


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    check(post(body))


@given(ANYTHING)
def test_any_json(data: object) -> None:
    check(post(data))


@given(st.lists(ANYTHING, max_size=3), st.lists(ANYTHING, max_size=3), ANYTHING, ANYTHING)
def test_any_events(
    messages: list[object], told: list[object], contacts: object, errors: object
) -> None:
    whole = value(messages=messages, statuses=told, contacts=contacts, errors=errors)
    check(post(delivery({"field": "messages", "value": whole})))


@given(st.sampled_from(sorted(recorded("messages"))), st.data())
def test_any_part_of_a_recorded_message_replaced(name: str, data: st.DataObject) -> None:
    message = dict(recorded("messages")[name])
    part = data.draw(st.sampled_from(sorted(message)))
    message[part] = data.draw(ANYTHING)
    check(post(delivery(change(messages=[message]))))


@given(st.sampled_from(sorted(recorded("statuses"))), st.data())
def test_any_part_of_a_recorded_status_replaced(name: str, data: st.DataObject) -> None:
    told = {"biz_opaque_callback_data": "att_1", **recorded("statuses")[name]}
    part = data.draw(st.sampled_from(sorted(told)))
    told[part] = data.draw(ANYTHING)
    check(post(delivery(change(statuses=[told]))))


@pytest.mark.parametrize(
    "changed",
    [
        {"api_url": "graph.facebook.com"},
        {"api_version": "25"},
        {"verify_token": type(SECRET)("")},
        {"app_secrets": ()},
        {"app_secrets": (SECRET, type(SECRET)(""))},
        {"numbers": (WhatsAppNumber("1", SECRET), WhatsAppNumber("1", SECRET))},
        {"send_deadline_s": 0.0},
        {"body_max_bytes": 1_000_000},
    ],
)
def test_settings_that_cannot_be_right(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changed))):
        settings(**changed)


@pytest.mark.parametrize("token", ["", "two words", "line\n", "tökén"])
def test_a_token_that_cannot_travel_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ValueError, match="access_token") as caught:
        WhatsAppNumber("1", type(SECRET)(token))
    assert not token or token not in str(caught.value)
    with pytest.raises(ValueError, match="phone_number_id"):
        WhatsAppNumber("1/../2", SECRET)
    shown = repr(settings())
    assert isinstance(settings(), WhatsAppSettings)
    assert "EAAtoken" not in shown
    assert "test_app_secret" not in shown
