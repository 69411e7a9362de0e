"""Each documented code has its outcome, however its error object is shaped."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import outcomes
from actors.outcomes import Rejected, Transient, Unknown
from adapters.http import HttpReply
from adapters.whatsapp import WhatsAppSender, errors
from tests.adapters.whatsapp.helpers import NOW_MS, attempt, say, settings

Refusal = Transient | Rejected | Unknown


def classify(status: int, data: object, number: int = 1, retry_after: str = "") -> Refusal:
    reply = HttpReply(status, {"retry-after": retry_after}, b"")
    return errors.classify(reply, data, number, NOW_MS)


def coded(status: int, code: object, number: int = 1) -> Refusal:
    return classify(status, {"error": {"code": code, "message": "(#1) +16505551234"}}, number)


WHOLE, PERSON, ALARM, PLAIN = "whole number", "one person", "alarm", "plain"

# Code, HTTP status as last published, outcome, fault, and what else it says.
DOCUMENTED: list[tuple[int, int, type[Refusal], str, str]] = [
    *((code, 401, Transient, outcomes.UNAUTHORIZED, WHOLE) for code in (0, 190)),
    (3, 500, Rejected, outcomes.FORBIDDEN, ALARM),
    *((code, 403, Rejected, outcomes.FORBIDDEN, ALARM) for code in (10, 200, 299, 131005)),
    *((code, 400, Transient, outcomes.RATE_LIMITED, WHOLE) for code in (4, 80007, 130429)),
    (131056, 400, Transient, outcomes.RATE_LIMITED, PERSON),
    *((code, 400, Rejected, outcomes.ACCOUNT, ALARM) for code in (131048, 131064, 133016)),
    *((code, 403, Rejected, outcomes.ACCOUNT, ALARM) for code in (368, 131031)),
    (130497, 403, Rejected, outcomes.RECIPIENT, ALARM),
    (1, 400, Unknown, outcomes.UNAVAILABLE, PLAIN),
    *((code, 503, Unknown, outcomes.UNAVAILABLE, PLAIN) for code in (2, 133004)),
    *((code, 500, Unknown, outcomes.UNAVAILABLE, PLAIN) for code in (131000, 131016)),
    *((code, 500, Transient, outcomes.UNAVAILABLE, WHOLE) for code in (131057, 2494100)),
    *((code, 400, Rejected, outcomes.INVALID, PLAIN) for code in (100, 131008, 131009, 131021)),
    *((code, 400, Rejected, outcomes.RECIPIENT, PLAIN) for code in (131026, 130403, 131049)),
    *((code, 400, Rejected, outcomes.RECIPIENT, PLAIN) for code in (131050, 130472, 137000)),
    *((code, 400, Rejected, outcomes.NOT_CONFIGURED, ALARM) for code in (33, 131030, 131037)),
    *((code, 400, Rejected, outcomes.NOT_CONFIGURED, ALARM) for code in (131045, 133010, 131063)),
    *((code, 400, Rejected, outcomes.NOT_CONFIGURED, ALARM) for code in (133000, 133005, 133006)),
    *((code, 400, Rejected, outcomes.NOT_CONFIGURED, ALARM) for code in (133008, 133009, 133015)),
    (131042, 400, Rejected, outcomes.PAYMENT, ALARM),
    (131047, 400, Rejected, outcomes.WINDOW_CLOSED, PLAIN),
    *((code, 400, Rejected, outcomes.INVALID, PLAIN) for code in (131051, 131052, 131053)),
    *((code, 400, Rejected, outcomes.INVALID, PLAIN) for code in (131055, 131059, 131062)),
    *((code, 400, Rejected, outcomes.INVALID, ALARM) for code in (132000, 132012, 132018)),
    (132001, 404, Rejected, outcomes.INVALID, ALARM),
    *((code, 400, Rejected, outcomes.INVALID, PLAIN) for code in (132005, 132007)),
    *((code, 400, Rejected, outcomes.INVALID, ALARM) for code in (132015, 132016)),
    *((code, 400, Rejected, outcomes.INVALID, PLAIN) for code in (132068, 132069, 135000)),
    *((code, 400, Rejected, outcomes.INVALID, PLAIN) for code in (134011, 134100, 134101, 134102)),
    *((code, 400, Rejected, outcomes.INVALID, PLAIN) for code in (139100, 139101, 139102, 139103)),
    (2388293, 400, Rejected, outcomes.INVALID, PLAIN),
    (2494191, 400, Rejected, outcomes.FORBIDDEN, ALARM),
]


def aspect(outcome: Refusal) -> str:
    match outcome:
        case Transient(pause_destination=True):
            return WHOLE
        case Transient():
            return PERSON
        case Rejected(alarm=True):
            return ALARM
        case _:
            return PLAIN


@pytest.mark.parametrize(("code", "status", "kind", "fault", "what"), DOCUMENTED)
async def test_documented_codes(
    code: int, status: int, kind: type[Refusal], fault: str, what: str
) -> None:
    """Through the sender, so that the answer is read as it would come."""
    error = {
        "message": f"(#{code}) something about +16505551234",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": "…"},
        "error_subcode": 2494055,
        "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
    }

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json={"error": error})

    async with httpx.MockTransport(answer) as client:
        outcome = await WhatsAppSender(client, settings()).perform(say("Hello"), attempt())
    assert type(outcome) is kind
    assert not isinstance(outcome, outcomes.Delivered)
    assert outcome.fault.code == fault
    assert aspect(outcome) == what
    assert outcome.fault.detail == f"http {status}, code {code}, trace Az8or2yhqkZfEZ-_4Qn_Bam"


def test_the_whole_table_is_tested() -> None:
    tested = {code for code, *_ in DOCUMENTED} | set(range(200, 300))
    assert set(errors.TABLE) <= tested


@pytest.mark.parametrize("status", [200, 400, 401, 429, 500, 503])
def test_the_code_decides_and_not_the_status(status: int) -> None:
    outcome = coded(status, 131047)
    assert isinstance(outcome, Rejected)
    assert outcome.fault.code == outcomes.WINDOW_CLOSED


@pytest.mark.parametrize(
    ("status", "kind", "fault"),
    [
        (302, Transient, outcomes.UNAVAILABLE),
        (400, Rejected, outcomes.INVALID),
        (401, Transient, outcomes.UNAUTHORIZED),
        (403, Rejected, outcomes.FORBIDDEN),
        (404, Rejected, outcomes.NOT_FOUND),
        (405, Rejected, outcomes.NOT_CONFIGURED),
        (408, Unknown, outcomes.TIMEOUT),
        (413, Rejected, outcomes.TOO_LARGE),
        (429, Transient, outcomes.RATE_LIMITED),
        (500, Unknown, outcomes.UNAVAILABLE),
        (502, Unknown, outcomes.UNAVAILABLE),
        (503, Unknown, outcomes.UNAVAILABLE),
        (504, Unknown, outcomes.UNAVAILABLE),
        (600, Unknown, outcomes.UNAVAILABLE),
    ],
)
@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "error",
        {},
        {"error": None},
        {"error": "text"},
        {"error": {}},
        {"error": {"code": None, "error_data": "text"}},
        {"error": {"code": True}},
        {"error": {"code": 987654}},
        {"error": {"code": 10**30}},
        {"error": {"code": "x"}},
    ],
)
def test_without_a_known_code_the_status_decides(
    status: int, kind: type[Refusal], fault: str, data: object
) -> None:
    outcome = classify(status, data)
    assert type(outcome) is kind
    assert outcome.fault.code == fault


@pytest.mark.parametrize("code", [131047, "131047", " 131047 ", 131047.0])
def test_codes_in_other_clothes(code: object) -> None:
    outcome = classify(400, {"error": {"code": code, "error_data": "text", "fbtrace_id": 7}})
    assert outcome.fault.code == outcomes.WINDOW_CLOSED
    assert outcome.fault.detail == "http 400, code 131047"


def wait(outcome: Refusal) -> float | None:
    assert isinstance(outcome, Transient)
    return outcome.retry_after_s


def test_the_pair_limit_waits_longer_each_time() -> None:
    waits = [wait(coded(400, 131056, number)) for number in (1, 2, 3, 4, 5, 6, 10**6)]
    assert waits == [1, 4, 16, 64, 256, 256, 256]


def test_the_limit_of_the_number_too() -> None:
    assert [wait(coded(400, 130429, number)) for number in (0, 1, 2, 3, 9)] == [1, 1, 2, 4, 60]
    assert wait(coded(400, 80007)) == 300
    assert wait(coded(500, 131057)) == 60


def test_retry_after_is_honoured() -> None:
    limited = {"error": {"code": 130429}}
    assert wait(classify(429, None, retry_after="17")) == 17
    assert wait(classify(400, limited, retry_after="17")) == 17
    assert wait(classify(400, limited, retry_after="soon")) == 1


def test_a_second_unknown_error_is_at_fault_itself() -> None:
    assert isinstance(coded(400, 1, 1), Unknown)
    outcome = coded(400, 1, 2)
    assert isinstance(outcome, Rejected)
    assert outcome.fault.code == outcomes.INVALID


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["error", "code", "fbtrace_id"]), inner, max_size=3)
    ),
)


DETAIL = r"http \d+(, (code -?\d+|no code))?(, trace \S+)?"


@given(st.integers(100, 599), ANYTHING, st.integers(0, 1000))
def test_any_answer_is_survived(status: int, data: Any, number: int) -> None:
    for each in (data, {"error": data}, {"error": {"code": data, "fbtrace_id": data}}):
        outcome = classify(status, each, number)
        assert re.fullmatch(
            r"http \d+(, (code -?\d+|no code))?(, trace \S+)?", outcome.fault.detail
        )
        assert len(outcome.fault.detail) < 120
