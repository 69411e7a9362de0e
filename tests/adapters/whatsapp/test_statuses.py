"""What the platform says of messages that we sent."""

from __future__ import annotations

from typing import Any

import pytest

from actors import outcomes
from adapters.ports import DeliveryReceipt
from tests.adapters.whatsapp.helpers import change, damaged, delivery, ignored, post, recorded

STATUSES: dict[str, dict[str, Any]] = recorded("statuses")


def receipt(told: dict[str, Any]) -> DeliveryReceipt:
    reception = post(delivery(change(statuses=[told])))
    (only,) = reception.receipts
    assert not reception.events
    return only


def test_recorded_as_it_came() -> None:
    told = STATUSES["sent_with_callback"]
    assert receipt(told) == DeliveryReceipt("job42:step3:try1", 1, told["id"])


@pytest.mark.parametrize("name", [name for name in STATUSES if name != "sent_with_callback"])
def test_without_our_attempt_it_is_not_ours(name: str) -> None:
    reception = post(delivery(change(statuses=[STATUSES[name]])))
    assert ignored(reception) == ["status: not of our sending"]


@pytest.mark.parametrize(
    ("name", "rank", "fault"),
    [
        ("sent_by_message_price", 1, None),
        ("delivered_to_user_id", 2, None),
        ("read", 3, None),
        ("played", 4, None),
        ("failed", 2, outcomes.RECIPIENT),
    ],
)
def test_recorded_with_an_attempt(name: str, rank: int, fault: str | None) -> None:
    told = {**STATUSES[name], "biz_opaque_callback_data": "att_1"}
    found = receipt(told)
    assert (found.attempt_id, found.rank, found.vendor_id) == ("att_1", rank, told["id"])
    assert found.fault_code == fault
    assert found.fault_detail == ("failed later, code 131049" if fault else "")


def test_failed_with_a_bare_contact_beside_it() -> None:
    reception = post(delivery(change(**recorded("values")["failed_with_bare_contact"])))
    assert [each.fault_code for each in reception.receipts] == [outcomes.RECIPIENT]


def failed(errors: object) -> DeliveryReceipt:
    return receipt({"status": "failed", "biz_opaque_callback_data": "att_1", "errors": errors})


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (131047, outcomes.WINDOW_CLOSED),
        ("131047", outcomes.WINDOW_CLOSED),
        (131026, outcomes.RECIPIENT),
        (131042, outcomes.PAYMENT),
        (131048, outcomes.ACCOUNT),
        (131056, outcomes.RATE_LIMITED),
        (131000, outcomes.UNAVAILABLE),
        (999999, outcomes.RECIPIENT),
    ],
)
def test_failure_codes(code: object, fault: str) -> None:
    assert failed([{"code": code, "error_data": "text"}]).fault_code == fault


@pytest.mark.parametrize("errors", [None, [], {}, "x", ["x"], [{}], [{"code": True}]])
def test_failure_that_says_nothing(errors: object) -> None:
    found = failed(errors)
    assert found.fault_code == outcomes.RECIPIENT
    assert found.fault_detail == "failed later, no code"


def test_of_two_errors_the_first_with_a_code_counts() -> None:
    found = failed([{"title": "x"}, {"code": 131047}, {"code": 131026}])
    assert found.fault_code == outcomes.WINDOW_CLOSED


def test_order_is_left_to_ranks() -> None:
    words = ["read", "delivered", "sent", "failed", "sent"]
    listed = [{"status": word, "biz_opaque_callback_data": "a", "id": "w"} for word in words]
    told = post(delivery(change(statuses=listed))).receipts
    # The second `sent` says nothing that the first did not.
    assert [each.rank for each in told] == [3, 2, 1, 2]


def test_another_wamid_for_the_same_attempt_is_passed_on() -> None:
    listed = [
        {"status": "sent", "biz_opaque_callback_data": "a", "id": wamid} for wamid in ("w1", "w2")
    ]
    told = post(delivery(change(statuses=listed))).receipts
    assert [each.vendor_id for each in told] == ["w1", "w2"]


@pytest.mark.parametrize("word", ["deleted", "warning", "", "status_of_tomorrow"])
def test_unknown_words(word: str) -> None:
    told = {"status": word, "biz_opaque_callback_data": "att_1", "id": "w"}
    assert ignored(post(delivery(change(statuses=[told])))) == ["status: unknown word"]


@pytest.mark.parametrize("data", [None, "", 7, {}, "x" * 513])
def test_callback_data_of_others(data: object) -> None:
    told = {"status": "sent", "biz_opaque_callback_data": data, "id": "w"}
    assert ignored(post(delivery(change(statuses=[told])))) == ["status: not of our sending"]


def test_without_a_state_it_is_damaged() -> None:
    (piece,) = damaged(post(delivery(change(statuses=[{"id": "w", "status": None}]))))
    assert piece.error == "statuses: a status without a state"


def test_without_an_id_it_still_settles_the_attempt() -> None:
    told = {"status": "sent", "biz_opaque_callback_data": "att_1"}
    assert receipt(told) == DeliveryReceipt("att_1", 1, None)
