"""Log lines: their form, what never gets into them, and a reader that stops reading."""

import fcntl
import io
import json
import logging
import os
import threading
import time
import warnings
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog

import daemon.logs
from adapters.secret import Secret
from daemon.logs import LogSink, configure, get_logger, pseudonym

AT_MS = 1_795_363_643_342
PHONE = "+51 999 888 777"
LOG = get_logger()
LONG_S = 60.0


class Mood(Enum):
    GOOD = "good"


class Said(msgspec.Struct):
    text: str


class Lines:
    """What was written, as JSON."""

    def __init__(self) -> None:
        self.stream = io.BytesIO()
        self.sink: LogSink = configure(self.stream, now_ms=lambda: AT_MS)

    def read(self) -> list[dict[str, Any]]:
        self.sink.close()
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    made = Lines()
    yield made
    made.sink.close()


def test_a_line(lines: Lines) -> None:
    log = LOG.bind(actor="cnv_1", job="job_1")
    log.info("turn.done", effects=["say"], ms=3, path=Path("/a"))
    LOG.debug("too.fine")
    (line,) = lines.read()
    assert list(line)[:3] == ["event", "level", "ts"]
    assert line == {
        "event": "turn.done",
        "level": "info",
        "ts": "2026-11-22T16:07:23.342Z",
        "actor": "cnv_1",
        "job": "job_1",
        "effects": ["say"],
        "ms": 3,
        "path": "/a",
    }


def test_what_never_appears(lines: Lines) -> None:
    LOG.warning(
        "odd",
        text="hello I am Ana",
        phone=PHONE,
        access_token="t0k3n",
        secret=Secret("t0k3n"),
        handed=Secret("t0k3n"),
        raw_bytes=b"t0k3n",
        said=Said("t0k3n"),
        nested={"body": "t0k3n", "list": [Said("t0k3n"), {"name": "Ana"}], "ok": 1},
        mood=Mood.GOOD,
        error=f"no account for {PHONE} or 51999888777",
        big=1 << 70,
        half="\ud800",
        ts="0",
    )
    (line,) = lines.read()
    text = json.dumps(line)
    for word in ("t0k3n", "Ana", "999", "777"):
        assert word not in text
    assert line["redacted"] == ["text", "phone", "access_token", "secret"]
    assert line["handed"] == "<Secret>"
    assert line["raw_bytes"] == "<5 bytes>"
    assert line["said"] == "<Said>"
    assert line["nested"] == {"list": ["<Said>", {}], "ok": 1}
    assert line["mood"] == "good"
    assert line["error"] == "no account for [number] or [number]"
    assert line["ts"].startswith("2026")


def test_exceptions_tell_where_but_quote_nothing(lines: Lines) -> None:
    try:
        try:
            int("hello I am Ana")
        except ValueError as error:
            raise KeyError("Ana") from error
    except KeyError:
        LOG.exception("turn.failed")
    try:
        _ = None + 1  # type: ignore[operator]  # that is the bug
    except TypeError as error:
        LOG.error("turn.failed", exc_info=ExceptionGroup("Ana", [error]))
    first, second = lines.read()
    assert first["exception"].startswith("KeyError\n  ")
    assert "caused by:\nValueError\n" in first["exception"]
    assert "test_logs.py" in first["exception"]
    assert "TypeError: unsupported operand" in second["exception"]
    assert "Ana" not in first["exception"] + second["exception"]


def test_a_line_that_cannot_be_told_stops_nothing(lines: Lines) -> None:
    class Unruly:
        def __str__(self) -> str:
            raise RuntimeError

    unruly: Any = Unruly()
    LOG.info(unruly)
    (line,) = lines.read()
    assert line["event"] == "log.line_broken"


def test_what_libraries_log_comes_along(lines: Lines) -> None:
    logging.getLogger("httpx").info("a request")
    logging.getLogger("hypercorn.error").error("trouble with %s", PHONE)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    told = lines.read()
    assert [(line["event"], line["level"], line["logger"]) for line in told] == [
        ("library", "error", "hypercorn.error"),
        ("library", "warning", "py.warnings"),
    ]
    assert told[0]["detail"] == "trouble with [number]"


def test_a_pipe_that_nobody_reads_blocks_nobody() -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    dropped: list[int] = []
    with os.fdopen(writer, "wb", buffering=0) as stream:
        sink = configure(stream, queue_max=50)
        sink.on_dropped = dropped.append
        began = time.monotonic()
        for number in range(1000):
            LOG.info("turn.done", number_of_turn=number, filler="x" * 200)
        assert time.monotonic() - began < 2
        assert sink.dropped == len(dropped) > 500
        # The reader is back.
        collected: list[bytes] = []
        thread = threading.Thread(target=_read_all, args=(reader, collected))
        thread.start()
        sink.close()
    thread.join()
    told = [json.loads(line) for line in b"".join(collected).splitlines()]
    lost = [line["lines"] for line in told if line["event"] == "log.lines_dropped"]
    assert sum(lost) == sink.dropped
    assert len(told) - len(lost) + sum(lost) == 1000


def _read_all(descriptor: int, into: list[bytes]) -> None:
    with os.fdopen(descriptor, "rb") as stream:
        into.append(stream.read())


def test_a_reader_that_is_gone_ends_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb", buffering=0) as stream:
        sink = configure(stream)
        for _ in range(3):
            LOG.info("turn.done")
        sink.close()
    assert sink.dropped == 3


def test_closing_does_not_wait_for_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.logs.CLOSE_S", 0.1)
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb", buffering=0) as stream:
        sink = configure(stream, queue_max=2000)
        for _ in range(1000):
            LOG.info("turn.done", filler="x" * 200)
        began = time.monotonic()
        sink.close()
        assert time.monotonic() - began < 1
        # Let the thread go before its descriptor may be given to somebody else.
        drain = threading.Thread(target=_read_all, args=(reader, []))
        drain.start()
        sink.join()
    drain.join()


def test_it_is_known_whether_all_lines_are_written() -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    with os.fdopen(writer, "wb", buffering=0) as stream:
        sink = configure(stream)
        idle = [sink.idle]
        for _ in range(100):
            LOG.info("turn.done", filler="x" * 200)
        idle.append(sink.idle)  # more than fits into the pipe
        thread = threading.Thread(target=_read_all, args=(reader, []))
        thread.start()
        sink.close()
        idle.append(sink.idle)
    thread.join()
    assert idle == [True, False, True]


def test_lines_do_not_linger_where_somebody_waits_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(daemon.logs, "_LINGER_S", LONG_S)
    sink = configure(stream := io.BytesIO())
    began = time.monotonic()
    LOG.info("one")
    while not sink.idle:
        time.sleep(0.001)
    LOG.info("two")
    sink.close()
    sink.join()
    assert time.monotonic() - began < LONG_S / 2
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["one", "two"]


def test_an_error_is_written_at_once_and_what_was_said_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(daemon.logs, "_LINGER_S", LONG_S)
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb", buffering=0) as stream, os.fdopen(reader, "rb") as read:
        sink = configure(stream)
        LOG.info("one")
        LOG.error("two")
        began = time.monotonic()
        lines = [json.loads(read.readline())["event"] for _ in range(2)]
        assert time.monotonic() - began < LONG_S / 2
        sink.close()
    assert lines == ["one", "two"]


def test_afterwards_all_is_as_before(lines: Lines) -> None:
    handlers = logging.getLogger().handlers[:]
    lines.sink.close()
    assert len(logging.getLogger().handlers) == len(handlers) - 1
    assert structlog.get_config()["processors"] != []


def test_pseudonyms() -> None:
    one, other = Secret("0123456789abcdef"), Secret("fedcba9876543210")
    name = pseudonym(one, PHONE)
    assert name == pseudonym(one, PHONE)
    assert name.startswith("p_")
    assert len(name) == 18
    assert len({name, pseudonym(one, "+51 999 888 778"), pseudonym(other, PHONE)}) == 3
