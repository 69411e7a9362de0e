"""What the parser of requests makes of bytes, in one piece and in any pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.http_requests import Body, End, Event, Head, NotHttp, RequestParser

HEAD_MAX_BYTES = 1000
GET = b"GET /a?b=c HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-one: 2\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
CHUNKED = (
    b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nTrailer: t\r\n\r\n"
)


def parsed(*pieces: bytes) -> list[Event]:
    """Return what came of the pieces; bodies are joined."""
    parser = RequestParser(HEAD_MAX_BYTES)
    for piece in pieces:
        parser.feed(piece)
    events: list[Event] = []
    for event in parser.events:
        match events, event:
            case [*_, Body(before)], Body(data):
                events[-1] = Body(before + data)
            case _:
                events.append(event)
    return events


def test_a_request() -> None:
    headers = [(b"host", b"a"), (b"x-one", b"1"), (b"x-one", b"2")]
    assert parsed(GET) == [Head("GET", b"/a?b=c", "1.1", headers, True), End()]


def test_a_body_by_length_and_by_chunks() -> None:
    assert parsed(POST)[1:] == [Body(b"abc"), End()]
    assert parsed(CHUNKED)[1:] == [Body(b"abcdefg"), End()]
    parser = RequestParser(HEAD_MAX_BYTES)
    parser.feed(POST[:-1])
    parser.feed(b"")
    assert parser.events[-1] == Body(b"ab")


@given(cuts=st.lists(st.integers(0, len(GET + POST + CHUNKED + GET)), max_size=20))
def test_however_it_is_cut_it_is_the_same(cuts: list[int]) -> None:
    whole = GET + POST + CHUNKED + GET
    edges = [0, *sorted(cuts), len(whole)]
    pieces = [whole[a:b] for a, b in pairwise(edges)]
    assert parsed(*pieces) == parsed(whole)


def test_a_client_says_that_it_wants_no_more() -> None:
    [closing, _] = parsed(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    [old, _] = parsed(b"GET / HTTP/1.0\r\n\r\n")
    assert isinstance(closing, Head)
    assert isinstance(old, Head)
    assert (closing.keep_alive, old.keep_alive) == (False, False)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00", 400),  # TLS
        (b"GET / HTTP/1.1\r\nX-A: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: \x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"0" * 30 + b"2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/3.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505),
    ],
)
def test_what_is_no_request(request_bytes: bytes, status: int) -> None:
    assert parsed(request_bytes) == [NotHttp(status)]


def test_a_length_beside_chunks_is_refused() -> None:
    """Whoever sits in front may have believed the other of the two: a smuggled request."""
    both = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert parsed(both + b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")[-1] == NotHttp(400)


def test_a_chunk_that_is_longer_than_it_says() -> None:
    assert parsed(CHUNKED.replace(b"3\r\nabc", b"3\r\nabcd"))[1:] == [Body(b"abc"), NotHttp(400)]


def test_a_head_has_a_limit_wherever_it_is_long() -> None:
    long = b"a" * HEAD_MAX_BYTES
    for head in (
        b"GET /" + long + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nA: " + long + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * (HEAD_MAX_BYTES // 6) + b"\r\n",
    ):
        assert parsed(head) == [NotHttp(431)]
        assert parsed(*[bytes([byte]) for byte in head]) == [NotHttp(431)]
    trailers = CHUNKED.replace(b"Trailer: t", b"Trailer: " + long)
    assert parsed(trailers)[-1] == NotHttp(431)


def test_a_head_without_an_end_is_refused_once_it_is_too_long() -> None:
    parser = RequestParser(HEAD_MAX_BYTES)
    parser.feed(b"GET / HTTP/1.1\r\nHost: a\r\nA: ")
    for _ in range(HEAD_MAX_BYTES // 100 + 1):
        assert parser.begun
        parser.feed(b"a" * 100)
    assert list(parser.events) == [NotHttp(431)]


@pytest.mark.parametrize("begun", [b"0\r\nTrailer: ", b"3;x=", b"0\r\nTra"])
def test_what_comes_with_a_body_has_a_limit_too(begun: bytes) -> None:
    """The parser keeps half a trailer for itself; the name of a chunk's extension has no end."""
    parser = RequestParser(HEAD_MAX_BYTES)
    parser.feed(CHUNKED[: CHUNKED.index(b"3\r\nabc")] + begun)
    for _ in range(HEAD_MAX_BYTES // 100 + 1):
        assert not any(isinstance(event, NotHttp) for event in parser.events)
        parser.feed(b"a" * 100)
    assert parser.events[-1] == NotHttp(431)


def test_a_long_body_is_no_long_head() -> None:
    parser = RequestParser(HEAD_MAX_BYTES)
    parser.feed(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(100):
        parser.feed(b"a" * 1000)
    assert parser.events[-1] == End()


def test_blanks_behind_a_value_are_none_of_it() -> None:
    [head, _] = parsed(b"GET / HTTP/1.1\r\nHost: a\r\nX:  b c \t\r\n\r\n")
    assert isinstance(head, Head)
    assert (b"x", b"b c") in head.headers


def test_nothing_is_read_behind_nonsense() -> None:
    assert parsed(b"nonsense\r\n\r\n", GET, GET) == [NotHttp(400)]


OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n"


def offering(request: bytes) -> bytes:
    return request.replace(b"Host", OFFER + b"Host")


def told(events: list[Event]) -> list[object]:
    """What an offer leaves as it is."""
    return [(e.method, e.target, e.version) if isinstance(e, Head) else e for e in events]


def test_an_offer_of_another_protocol_is_passed_over() -> None:
    """Java's client offers HTTP/2 with its first request, a POST with a body included."""
    for request in (GET, POST, CHUNKED):
        assert told(parsed(offering(request) + GET)) == told(parsed(request + GET))
        for cut in range(len(offering(request))):
            pieces = offering(request)[:cut], offering(request)[cut:]
            assert told(parsed(*pieces)) == told(parsed(request))


def test_an_offer_does_not_change_what_else_was_asked() -> None:
    [old, _] = parsed(offering(GET).replace(b"1.1", b"1.0"))
    [last, _] = parsed(offering(GET).replace(b"Connection: ", b"Connection: close, "))
    assert isinstance(old, Head)
    assert isinstance(last, Head)
    assert (old.version, last.keep_alive) == ("1.0", False)


def test_offer_behind_offer() -> None:
    assert told(parsed(offering(GET) * 2000 + POST)) == told(parsed(GET * 2000 + POST))


def test_a_tunnel_is_a_request_and_nothing_is_read_behind_it() -> None:
    [head, end] = parsed(b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n\x16\x03\x01", GET)
    assert isinstance(head, Head)
    assert (head.method, head.keep_alive, end) == ("CONNECT", False, End())
