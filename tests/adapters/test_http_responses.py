"""What the parser of responses makes of bytes, in one piece and in any pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http_responses import HEAD_MAX_BYTES, NoResponse, ResponseHead, ResponseParser

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
HINTS = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
CHUNKED = (
    b"HTTP/1.1 201 Made\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: yes\r\n\r\n"
)
UNMEASURED = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nhello"


def fed(*pieces: bytes, method: str = "GET") -> ResponseParser:
    parser = ResponseParser()
    parser.expect(method)
    for piece in pieces:
        parser.feed(piece)
    return parser


def seen(parser: ResponseParser) -> tuple[ResponseHead | None, bytes, bool, bool]:
    return parser.head, b"".join(parser.body), parser.ended, parser.reusable


def test_a_response() -> None:
    head = ResponseHead(200, [(b"Content-Length", b"5")])
    assert seen(fed(OK)) == (head, b"hello", True, True)


@given(
    whole=st.sampled_from([OK, HINTS + OK, CHUNKED, HINTS + CHUNKED]),
    cuts=st.lists(st.integers(0, 1000), max_size=20),
)
def test_however_it_is_cut_it_is_the_same(whole: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted({min(cut, len(whole)) for cut in cuts} - {0}), len(whole)]
    pieces = [whole[a:b] for a, b in pairwise(edges) if a != b]
    assert seen(fed(*pieces)) == seen(fed(whole))
    assert fed(whole).ended


def test_one_response_after_the_other() -> None:
    parser = fed(OK)
    for data, status in ((CHUNKED, 201), (HINTS + OK, 200)):
        parser.expect("GET")
        assert (parser.head, parser.ended) == (None, False)
        parser.feed(data)
        assert parser.head is not None
        assert (parser.head.status, b"".join(parser.body)) == (status, b"hello")
        assert parser.ended
        assert parser.reusable


def test_a_body_without_a_measure_ends_with_the_connection() -> None:
    for data in (UNMEASURED, OK.replace(b"1.1", b"1.0").replace(b"Content-Length: 5", b"A: b")):
        parser = fed(data)
        assert not parser.ended
        parser.feed(b"")
        assert (parser.ended, parser.reusable, b"".join(parser.body)) == (True, False, b"hello")


@pytest.mark.parametrize("whole", [OK, CHUNKED, HINTS + OK])
def test_a_measured_one_that_is_cut_is_none(whole: bytes) -> None:
    for length in range(len(whole)):
        parser = fed(*([whole[:length]] if length else []))
        with pytest.raises(NoResponse, match="in the middle"):
            parser.feed(b"")


def test_a_response_to_head_ends_with_its_head_and_the_connection_with_it() -> None:
    parser = fed(OK.removesuffix(b"hello"), method="HEAD")
    assert (parser.ended, parser.reusable) == (True, False)


def test_a_vendor_that_wants_to_close_is_not_asked_again() -> None:
    parser = fed(OK.replace(b"Content", b"Connection: close\r\nContent"))
    assert (parser.ended, parser.reusable) == (True, False)


@pytest.mark.parametrize("more", [OK, b"x", b"\r\nHTTP/1.1 408 Request Timeout\r\n\r\n"])
def test_where_more_came_than_was_asked_for_nothing_can_be_believed(more: bytes) -> None:
    """Else the next request would be taken as answered by it."""
    together = fed(OK + more)
    assert (b"".join(together.body), together.ended, together.reusable) == (b"hello", True, False)
    later = fed(OK)
    later.feed(more)
    assert (b"".join(later.body), later.ended, later.reusable) == (b"hello", True, False)


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        CHUNKED.replace(b"2\r\nhe", b"2\r\nhee"),
        b"HTTP/1.1 200 OK\r\nA: b\x00\r\n\r\n",
    ],
)
def test_what_is_no_response(data: bytes) -> None:
    with pytest.raises(NoResponse):
        fed(data)


def test_a_head_has_a_limit() -> None:
    piece = b"X: y\r\n" * 1000
    parser = fed(b"HTTP/1.1 200 OK\r\n", *[piece] * (HEAD_MAX_BYTES // len(piece) - 1))
    with pytest.raises(NoResponse):
        parser.feed(piece * 2)


@pytest.mark.parametrize("begun", [b"0\r\nTrailer: ", b"3;x=", b""])
def test_trailers_and_extensions_have_a_limit(begun: bytes) -> None:
    head = CHUNKED[: CHUNKED.index(b"2\r\nhe")] if begun else b"HTTP/1.1 200 OK\r\nA: "
    parser = fed(head, begun) if begun else fed(head)
    parser.feed(b"a" * (HEAD_MAX_BYTES - 100))
    with pytest.raises(NoResponse, match="no end"):
        parser.feed(b"a" * 200)


def test_a_long_body_is_no_long_head() -> None:
    parser = fed(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n", *[b"a" * 1000] * 300)
    assert parser.ended


def test_blanks_behind_a_value_are_none_of_it() -> None:
    head = fed(b"HTTP/1.1 200 OK\r\nX:  b c \t\r\nContent-Length: 0\r\n\r\n").head
    assert head is not None
    assert (b"X", b"b c") in head.headers


def test_a_status_that_is_none() -> None:
    with pytest.raises(NoResponse):
        fed(b"HTTP/1.1 000 X\r\nContent-Length: 1\r\n\r\na")
