"""The signature: recorded vectors, strict form, several secrets, and that any change breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.secret import Secret
from adapters.whatsapp import WhatsAppReceiver
from adapters.whatsapp.signature import HEADER, sign, verify
from tests.adapters.whatsapp.helpers import RECEIVER, SECRET, request, settings

ESCAPED = (
    rb'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages",'
    rb'"value":{"t":"\u00e4\u00f6\u00e5 \ud83d\ude00"}}]}]}'
)
VECTORS = [
    (
        b'{"object":"whatsapp_business_account","entry":[]}',
        "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756",
    ),
    (ESCAPED, "ea2eb35df86a21d9e079cc9b829b8f29a087ac54a3ed4ad1f5620f81e1bbfa59"),
    (
        ESCAPED.replace(rb"\u00e4\u00f6\u00e5 \ud83d\ude00", "äöå 😀".encode()),
        "d7e2485f9ba33faa8c1fbf4becc2c728f3f41df30deab65620d610bf09849f5d",
    ),
    (b"", "517bc4c7d1d8d400868e0ad6f64b77098b818a2f2595004253a1922302a602c0"),
]
BODY, HEX = VECTORS[0]


@pytest.mark.parametrize(("body", "hexadecimal"), VECTORS)
def test_recorded_vectors(body: bytes, hexadecimal: str) -> None:
    assert sign(SECRET, body) == f"sha256={hexadecimal}"
    assert verify(f"sha256={hexadecimal}", body, [SECRET])


def test_escapes_are_signed_as_escapes() -> None:
    assert len(ESCAPED) == 140
    assert not verify(f"sha256={VECTORS[2][1]}", ESCAPED, [SECRET])


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        HEX,
        f"sha1={HEX[:40]}",
        f"sha256={HEX.upper()}",
        f"SHA256={HEX}",
        f"sha256={HEX[:63]}",
        f"sha256={HEX}0",
        f"sha256={'g' * 64}",
        f" sha256={HEX}",
        f"sha256={HEX}\n",
        f"sha256={HEX}, sha256={HEX}",
        "sha256=" + "\u0663" * 64,
        "sha256=" + "\ud83d" * 64,
    ],
)
def test_strict_form(header: str | None) -> None:
    assert not verify(header, BODY, [SECRET])
    headers = {} if header is None else {HEADER: header}
    reception = RECEIVER.receive(request("POST", body=BODY, headers=headers))
    assert reception.answer.status == 401
    assert reception.refused
    assert not reception.events
    assert not reception.receipts
    assert not reception.ignored


def test_sha1_header_is_no_stand_in() -> None:
    headers = {"x-hub-signature": f"sha1={HEX[:40]}"}
    reception = RECEIVER.receive(request("POST", body=BODY, headers=headers))
    assert reception.refused == "no signature"


def test_each_secret_of_a_rotation_signs_until_it_is_taken_away() -> None:
    old, new = Secret("old"), Secret("new")
    both = WhatsAppReceiver(settings(app_secrets=(old, new)))
    after = WhatsAppReceiver(settings(app_secrets=(new,)))

    def status(receiver: WhatsAppReceiver, secret: Secret) -> int:
        signed = {HEADER: sign(secret, BODY)}
        return receiver.receive(request("POST", body=BODY, headers=signed)).answer.status

    assert [status(both, old), status(both, new)] == [200, 200]
    assert [status(after, old), status(after, new)] == [401, 200]


@given(st.data())
def test_any_byte_changed_is_refused(data: st.DataObject) -> None:
    body = data.draw(st.binary(min_size=1, max_size=300))
    at = data.draw(st.integers(0, len(body) - 1))
    flip = data.draw(st.integers(1, 255))
    other = body[:at] + bytes([body[at] ^ flip]) + body[at + 1 :]
    header = sign(SECRET, body)
    assert verify(header, body, [SECRET])
    assert not verify(header, other, [SECRET])
    assert not verify(header, body[:at] + body[at + 1 :], [SECRET])
    assert not verify(header, body + bytes([flip]), [SECRET])


@given(st.integers(0, 70), st.characters(exclude_categories=[]))
def test_any_character_of_the_header_changed_is_refused(at: int, character: str) -> None:
    header = sign(SECRET, BODY)
    other = header[:at] + character + header[at + 1 :]
    assert verify(other, BODY, [SECRET]) == (other == header)


@given(st.text(st.characters(exclude_categories=[])))
def test_any_header_is_survived(header: str) -> None:
    assert not verify(header, BODY, [SECRET])
