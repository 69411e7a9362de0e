"""What each kind of message becomes, from recorded payloads."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from actors.messages import CustomerWrote, Input, Other, Tapped, Typed
from actors.values import Customer
from adapters.ports import Event, ForCustomer
from adapters.whatsapp.inbound import message_id_of
from tests.adapters.whatsapp.helpers import (
    CUSTOMER,
    NOW_MS,
    NUMBER,
    USER,
    change,
    damaged,
    delivery,
    ignored,
    only_event,
    post,
    recorded,
    text,
    value,
)

MESSAGES: dict[str, dict[str, Any]] = recorded("messages")

BECOMES: dict[str, Input | str] = {
    "text": Typed("Does it come in another color?"),
    "text_reply": Typed("replied text"),
    "text_forwarded": Typed("forwarded text"),
    "text_often_forwarded": Typed("forwarded often"),
    "text_about_product": Typed("Is this still available?"),
    "text_from_ad": Typed("Can I get more info about this?"),
    "tap_button": Tapped("cancel-button", "Cancel"),
    "tap_row": Tapped("priority_express", "Priority Mail Express"),
    "template_button": Tapped("Unsubscribe", "Unsubscribe"),
    "template_button_bare": Tapped("Unsubscribe", "Unsubscribe"),
    "flow_answer": Other("form"),
    "call_permission": Other("call permission"),
    "image": Other("picture"),
    "audio": Other("voice message"),
    "video": Other("video"),
    "document": Other("document"),
    "sticker": Other("sticker"),
    "location": Other("location"),
    "contacts": Other("contact"),
    "contact_shared": Other("contact"),
    "order": Other("order"),
    "unsupported_poll": Other("unsupported message"),
    "unknown": Other("unsupported message"),
    "type_of_tomorrow": Other("unsupported message"),
    "reaction": "reaction",
    "reaction_removed": "reaction",
    "reaction_emptied": "reaction",
    "system_number_changed": "system: number changed",
    "system_user_id_changed": "system: user id changed",
    "system_identity_changed": "system: identity changed",
    "unsupported_edit": "unsupported: edit",
    "edit": "edit",
    "revoke": "revoke",
    "group_text": "group message",
    "request_welcome": "request_welcome",
}


def heard(event: Event) -> CustomerWrote:
    assert isinstance(event.message, CustomerWrote)
    return event.message


def said(message: dict[str, Any]) -> Input:
    return heard(only_event(post(delivery(change(messages=[message]))))).input


def test_every_recorded_message_has_a_stated_result() -> None:
    assert set(BECOMES) == set(MESSAGES)


@pytest.mark.parametrize("name", list(MESSAGES))
def test_recorded_message(name: str) -> None:
    message, expected = MESSAGES[name], BECOMES[name]
    reception = post(delivery(change(messages=[message])))
    if isinstance(expected, str):
        assert ignored(reception) == [expected]
        assert not reception.events
        return
    event = only_event(reception)
    assert event.message_id == message_id_of(message["id"])
    assert event.target == ForCustomer(f"whatsapp:{NUMBER}:{CUSTOMER}")
    assert heard(event) == CustomerWrote(
        Customer(NUMBER, CUSTOMER, f"+{CUSTOMER}", "Sheena Nelson"),
        expected,
        int(message["timestamp"]) * 1000,
    )


def test_the_recorded_envelope_is_empty() -> None:
    reception = post(recorded("envelope"))
    assert reception.answer.status == 200
    assert not reception.events
    assert not reception.receipts
    assert not reception.refused


def test_damaged_tap_and_the_error_beside_it() -> None:
    reception = post(delivery(change(**recorded("values")["damaged_tap"])))
    (event,) = reception.events
    assert isinstance(event, Event)
    assert heard(event).input == Other("damaged tap")
    assert ignored(reception) == ["error of the number, code 131000"]


def test_error_of_the_number_alone() -> None:
    reception = post(delivery(change(**recorded("values")["number_error"])))
    assert ignored(reception) == ["error of the number, code 130429"]
    assert not reception.events


@pytest.mark.parametrize("field", list(recorded("fields")))
def test_other_fields_are_counted_and_never_answered(field: str) -> None:
    whole = delivery({"field": field, "value": recorded("fields")[field]})
    reception = post(whole)
    assert ignored(reception) == [f"field {field}"]
    assert not reception.events


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ({"type": "interactive", "interactive": None}, Other("damaged tap")),
        ({"type": "interactive", "interactive": {"type": "button_reply"}}, Other("damaged tap")),
        (
            {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {}}},
            Other("damaged tap"),
        ),
        (
            {"type": "interactive", "interactive": {"list_reply": {"id": "a", "title": 7}}},
            Tapped("a", ""),
        ),
        (
            {"type": "interactive", "interactive": {"type": "poll_of_tomorrow"}},
            Other("unsupported message"),
        ),
        (
            {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": "[1"}},
            Other("form"),
        ),
        ({"type": "button"}, Other("damaged tap")),
        ({"type": "button", "button": {"payload": 5, "text": "Go"}}, Tapped("Go", "Go")),
        ({"type": "text"}, Other("damaged text")),
        ({"type": "text", "text": {"body": ["x"]}}, Other("damaged text")),
        ({"type": None}, Other("unsupported message")),
        ({"type": ["text"]}, Other("unsupported message")),
    ],
)
def test_damage_inside_a_message_is_still_a_sign_of_life(
    inner: dict[str, Any], expected: Input
) -> None:
    assert said({"from": CUSTOMER, "id": "wamid.x", "timestamp": "1750000000", **inner}) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("äöå 😀", "äöå 😀"),
        ("half \ud83d pair", "half \ufffd pair"),
        ("other \ude00 half", "other \ufffd half"),
        ("nul \x00 here", "nul \ufffd here"),
        ("\u202eright to left\u202c", "\u202eright to left\u202c"),
        ("x" * 4096, "x" * 4096),
        ("x" * 4097, "x" * 4096),
        ("", ""),
    ],
)
def test_texts_that_would_fail_later(words: str, expected: str) -> None:
    message = text("wamid.x", words)
    contacts = [{"wa_id": CUSTOMER, "profile": {"name": words or "x"}}]
    event = only_event(post(delivery(change(messages=[message], contacts=contacts))))
    assert heard(event).input == Typed(expected)
    name = heard(event).customer.name
    assert name is not None
    assert len(name) <= 256
    back = msgspec.json.decode(msgspec.json.encode(event.message), type=CustomerWrote)
    assert back == event.message


@pytest.mark.parametrize("wamid", ["w\ud83d", "w\x00", "x" * 513, "wämid"])
def test_strange_ids_become_safe_ones(wamid: str) -> None:
    event = only_event(post(delivery(change(messages=[text(wamid)]))))
    assert event.message_id == message_id_of(wamid)
    assert event.message_id.isascii()


# --- who wrote ----------------------------------------------------------------------------------

PHONE = ("16505551234", "+16505551234", "Ann")
BY_ID = (USER, None, "Ann")


@pytest.mark.parametrize(
    ("sender", "contact", "expected"),
    [
        ({"from": CUSTOMER}, {"wa_id": CUSTOMER, "user_id": USER}, PHONE),
        ({"from": f"+{CUSTOMER}"}, {"wa_id": CUSTOMER}, PHONE),
        ({"from": CUSTOMER, "from_user_id": USER}, {"user_id": USER}, PHONE),
        # No phone at all: the customer has a username.
        ({"from_user_id": USER}, {"user_id": USER}, BY_ID),
        ({}, {"user_id": USER}, BY_ID),
        # A user id where a phone belongs, and the other way round.
        ({"from": USER}, {"wa_id": USER}, BY_ID),
        ({"from": USER}, {"wa_id": CUSTOMER, "user_id": USER}, PHONE),
        ({"from_user_id": CUSTOMER}, {"user_id": CUSTOMER}, PHONE),
        # Parents come last; a slip of the pen is still an id.
        ({"from": "US.ENT.1", "from_user_id": USER}, {"user_id": USER}, BY_ID),
        ({"from": "US.ENT.1"}, {"wa_id": "US.ENT.1"}, ("US.ENT.1", None, "Ann")),
        ({"from_user_id": "uUS.123"}, {"user_id": "uUS.123"}, ("uUS.123", None, "Ann")),
        # A number by the book, in a form of its country: answered to as it came in.
        ({"from": "5215512345678"}, {"wa_id": "5215512345678"}, ("5215512345678",) * 1),
    ],
)
def test_whom_to_answer(
    sender: dict[str, str], contact: dict[str, str], expected: tuple[str | None, ...]
) -> None:
    message = {key: part for key, part in text("wamid.x").items() if key != "from"} | sender
    contacts = [{**contact, "profile": {"name": "Ann"}}]
    event = only_event(post(delivery(change(messages=[message], contacts=contacts))))
    customer = heard(event).customer
    assert (customer.identifier, customer.phone, customer.name)[: len(expected)] == expected
    assert event.target == ForCustomer(f"whatsapp:{NUMBER}:{customer.identifier}")


def test_contacts_in_another_order_than_messages() -> None:
    contacts = [
        {"wa_id": "16505550002", "profile": {"name": "Two"}},
        "not a contact",
        {"user_id": USER, "profile": {"name": "Three"}},
        {"wa_id": "16505550001", "profile": {"name": "One"}},
        {"wa_id": "16505550004"},
    ]
    messages = [
        text("wamid.1", **{"from": "16505550001"}),
        text("wamid.2", **{"from": "16505550002"}),
        text("wamid.3", from_user_id=USER) | {"from": None},
        text("wamid.4", **{"from": "16505550004"}),
        text("wamid.5", **{"from": "16505550005"}),
    ]
    reception = post(delivery(change(messages=messages, contacts=contacts)))
    names = [heard(event).customer.name for event in reception.events if isinstance(event, Event)]
    assert names == ["One", "Two", "Three", None, None]


@pytest.mark.parametrize("contacts", [None, [], "x", [None], [{}], [{"profile": None}]])
def test_contacts_missing_or_broken(contacts: object) -> None:
    event = only_event(post(delivery(change(messages=[text("wamid.x")], contacts=contacts))))
    assert heard(event).customer == Customer(NUMBER, CUSTOMER, f"+{CUSTOMER}", None)


def test_our_own_number_is_no_customer() -> None:
    metadata = {**value()["metadata"], "display_phone_number": "+1 555-078-3881"}
    own = text("wamid.x", **{"from": "15550783881"})
    reception = post(delivery(change(messages=[own], metadata=metadata)))
    assert ignored(reception) == ["our own number"]


def test_formatted_display_number_changes_nothing() -> None:
    metadata = {"display_phone_number": "+55 11 8765-4321", "phone_number_id": int(NUMBER)}
    event = only_event(post(delivery(change(messages=[text("wamid.x")], metadata=metadata))))
    assert heard(event).customer.business_number == NUMBER


def test_nobody_to_answer_is_damaged() -> None:
    message = text("wamid.x", **{"from": "somebody"})
    reception = post(delivery(change(messages=[message], contacts=[])))
    (piece,) = damaged(reception)
    assert piece.error == "messages: no sender"
    assert b"somebody" in piece.raw


# --- when ---------------------------------------------------------------------------------------

SECONDS = NOW_MS // 1000
OPEN_S = 24 * 3600 - 300
ODD_TIMES: list[object] = [
    *(None, "", "soon", "-5", 0, -5, True, [], "9" * 40, "١٢٣"),
    *(1e300, float("inf"), float("nan"), 10**40),
]


@pytest.mark.parametrize(
    ("timestamp", "sent_at_ms", "window_s"),
    [
        (str(SECONDS - 60), NOW_MS - 60_000, OPEN_S - 60),
        (SECONDS - 60, NOW_MS - 60_000, OPEN_S - 60),
        (float(SECONDS - 60), NOW_MS - 60_000, OPEN_S - 60),
        (str(NOW_MS - 60_000), NOW_MS - 60_000, OPEN_S - 60),
        (NOW_MS - 60_000, NOW_MS - 60_000, OPEN_S - 60),
        # The future has not been yet.
        (str(SECONDS + 600), NOW_MS, OPEN_S),
        # A week old: known to be, and it opens no window.
        (str(SECONDS - 7 * 86400), NOW_MS - 7 * 86_400_000, None),
        (str(SECONDS - OPEN_S), NOW_MS - OPEN_S * 1000, None),
        *((odd, NOW_MS, OPEN_S) for odd in ODD_TIMES),
    ],
)
def test_times(timestamp: object, sent_at_ms: int, window_s: int | None) -> None:
    event = only_event(post(delivery(change(messages=[text("wamid.x", timestamp=timestamp)]))))
    assert heard(event).sent_at_ms == sent_at_ms
    assert event.opens_window_s == window_s
