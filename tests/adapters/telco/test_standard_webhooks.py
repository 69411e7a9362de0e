"""Standard Webhooks: the published vector, rotation, tolerance, and that any change is refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.secret import Secret
from adapters.telco.standard_webhooks import (
    TOLERANCE_MS,
    Verdict,
    key_of,
    sign,
    verify,
)
from tests.adapters.telco.callbacks import headers_for

SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
OTHER = Secret("whsec_cm91dGVyYm90LXRlc3Qtc2VjcmV0LTAxMjM0NTY3ODk=")
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT_S = 1614265330
BODY = b'{"test": 2432232314}'
GOOD = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def headers(signature: str = GOOD, message_id: str = ID, at: str = str(AT_S)) -> dict[str, str]:
    return {"webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": signature}


@pytest.mark.parametrize(
    ("secret", "message_id", "at_s", "body", "expected"),
    [
        (SECRET, ID, AT_S, BODY, GOOD),
        (
            OTHER,
            "evt_01",
            1767225600,
            b'{"job":"job_01","seq":3,"state":"rebooting"}',
            "v1,V8iUxDhI3Q8ShtRyTPdhqrT4T4UM/X/AZEjre30XUbY=",
        ),
    ],
)
def test_vectors(secret: Secret, message_id: str, at_s: int, body: bytes, expected: str) -> None:
    assert sign(secret, message_id, at_s, body) == expected
    sent = headers(expected, message_id, str(at_s))
    assert verify([secret], sent, body, at_s * 1000) is Verdict.GOOD


def test_prefix_and_padding_may_be_missing() -> None:
    bare = Secret(OTHER.reveal().removeprefix("whsec_").rstrip("="))
    assert key_of(bare) == key_of(OTHER)


@pytest.mark.parametrize("size", [0, 23, 65])
def test_keys_of_a_wrong_size_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="24 to 64"):
        key_of(Secret("whsec_" + base64.b64encode(b"k" * size).decode()))


def test_a_malformed_secret_does_not_show_itself() -> None:
    with pytest.raises(ValueError, match="base64") as caught:
        key_of(Secret("whsec_not*base64*at*all"))
    assert "not*base64" not in str(caught.value)


@pytest.mark.parametrize("message_id", ["", "a.b", "señal"])
def test_ids_that_could_be_ambiguous_are_not_signed(message_id: str) -> None:
    with pytest.raises(ValueError, match="id"):
        sign(SECRET, message_id, AT_S, BODY)


@pytest.mark.parametrize(
    ("signature", "verdict"),
    [
        (f"v1,AAAA {GOOD}", Verdict.GOOD),
        (f"v1a,AAAA v2,BBBB {GOOD} v1,CCCC", Verdict.GOOD),
        (GOOD.replace("v1,", "v1a,"), Verdict.WRONG),
        (GOOD.replace("v1,", "v2,"), Verdict.WRONG),
        (GOOD.removeprefix("v1,"), Verdict.WRONG),
        ("v1,", Verdict.WRONG),
        ("", Verdict.WRONG),
        ("v1,ñ", Verdict.HEADERS_MALFORMED),
    ],
)
def test_several_signatures(signature: str, verdict: Verdict) -> None:
    assert verify([SECRET], headers(signature), BODY, AT_S * 1000) is verdict


def test_while_a_secret_is_changed_either_side_may_know_both() -> None:
    assert verify([OTHER, SECRET], headers(), BODY, AT_S * 1000) is Verdict.GOOD
    both = headers_for([OTHER, SECRET], ID, AT_S, BODY)
    assert verify([SECRET], both, BODY, AT_S * 1000) is Verdict.GOOD
    assert verify([OTHER], headers(), BODY, AT_S * 1000) is Verdict.WRONG
    assert verify([], headers(), BODY, AT_S * 1000) is Verdict.WRONG


@pytest.mark.parametrize(
    ("late_ms", "verdict"),
    [
        (TOLERANCE_MS, Verdict.GOOD),
        (TOLERANCE_MS + 1, Verdict.TOO_OLD),
        (-TOLERANCE_MS, Verdict.GOOD),
        (-TOLERANCE_MS - 1, Verdict.TOO_NEW),
        (3_600_000, Verdict.TOO_OLD),
    ],
)
def test_tolerance(late_ms: int, verdict: Verdict) -> None:
    assert verify([SECRET], headers(), BODY, AT_S * 1000 + late_ms) is verdict


def test_a_wrong_signature_is_not_blamed_on_the_clock() -> None:
    assert verify([OTHER], headers(), BODY, 0) is Verdict.WRONG


@pytest.mark.parametrize("at", ["", "x", "-1", "1.5", " 1614265330", "\uff11\uff16", "9" * 13])
def test_malformed_timestamps(at: str) -> None:
    assert verify([SECRET], headers(at=at), BODY, AT_S * 1000) is Verdict.HEADERS_MALFORMED


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_missing_headers(missing: str) -> None:
    sent = headers()
    del sent[missing]
    assert verify([SECRET], sent, BODY, AT_S * 1000) is Verdict.HEADERS_MISSING


@given(
    body=st.binary(min_size=1, max_size=200),
    where=st.integers(min_value=0),
    flip=st.integers(min_value=1, max_value=255),
)
def test_any_changed_byte_is_refused(body: bytes, where: int, flip: int) -> None:
    signed = headers_for([OTHER], "evt_1", AT_S, body)
    changed = bytearray(body)
    changed[where % len(body)] ^= flip
    assert verify([OTHER], signed, body, AT_S * 1000) is Verdict.GOOD
    assert verify([OTHER], signed, bytes(changed), AT_S * 1000) is Verdict.WRONG
    assert verify([OTHER], signed, body + b" ", AT_S * 1000) is Verdict.WRONG


@given(name=st.sampled_from(sorted(headers())), where=st.integers(0), flip=st.integers(1, 127))
def test_any_changed_byte_of_a_header_is_refused(name: str, where: int, flip: int) -> None:
    sent = headers()
    characters = list(sent[name])
    at = where % len(characters)
    characters[at] = chr(ord(characters[at]) ^ flip)
    sent[name] = "".join(characters)
    assert verify([SECRET], sent, BODY, AT_S * 1000) is not Verdict.GOOD


@given(
    sent=st.dictionaries(st.sampled_from(sorted(headers())), st.text()),
    body=st.binary(),
    now_ms=st.integers(),
)
def test_what_strangers_send_never_raises(sent: dict[str, str], body: bytes, now_ms: int) -> None:
    assert verify([SECRET], sent, body, now_ms) is not Verdict.GOOD
