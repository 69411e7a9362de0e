"""Log lines: JSON on standard output, which nobody has to read.

What lives here: the way of a line from `log.info(...)` to the descriptor, and the pseudonyms that
stand for customers. What must not: what is logged. Lines go through a bounded queue to a thread
of their own; where the reader stops reading, lines are dropped and counted, and no turn waits.
daemon.redaction takes out what should never have been logged.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import logging
import os
import queue
import select
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import IO, Any, cast

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger

from adapters.secret import Secret
from daemon.clock import wall_ms
from daemon.redaction import describe_exception, mask_numbers, redact

QUEUE_LINES_MAX = 10_000
_BATCH_LINES_MAX = 256
_LINGER_S = 0.03
"""How long the first line of a batch waits for company, unless somebody waits for it: each time
this thread wakes up, it takes the interpreter away from a turn. A process that is killed takes so
much of its log with it, but for errors and what was said before them."""
CLOSE_S = 1.0
"""How long a stop waits for a reader to take the last lines."""

_PSEUDONYM_BYTES = 10  # 16 characters of base32


def get_logger() -> FilteringBoundLogger:
    """A logger; good before `configure` too, though then its lines are structlog's own kind."""
    return cast(FilteringBoundLogger, structlog.get_logger())


def pseudonym(key: Secret, text: str) -> str:
    """A name for a customer that tells nothing without the key; the same text, the same name."""
    digest = hmac.digest(key.reveal_bytes(), text.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return "p_" + base64.b32encode(digest[:_PSEUDONYM_BYTES]).decode().lower()


class LogSink:
    """Where lines go. Made by `configure`; `close` it at the end."""

    def __init__(
        self,
        write: Callable[[bytes], None],
        now_ms: Callable[[], int],
        queue_max: int,
        restore: Callable[[], None],
    ) -> None:
        self.dropped = 0
        """Lines dropped since the start."""
        self.on_dropped: Callable[[int], None] = lambda _count: None
        """Called with how many lines were just dropped; for a counter. Any thread."""
        self._write = write
        self._now_ms = now_ms
        self._restore = restore
        # Bounded by looking at its length: unlike queue.Queue, it costs the caller next to nothing.
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._queue_max = queue_max
        self._told = 0
        self._closed = False
        self._hurry = threading.Event()
        """Somebody waits for what was logged so far."""
        self._counting = threading.Lock()
        self._unwritten = 0
        # A daemon thread: a reader that has stopped must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def put_at_once(self, line: bytes) -> None:
        """As `put`, and lets nothing linger: it may be the last that this process says."""
        self.put(line)
        self._hurry.set()

    def put(self, line: bytes) -> None:
        """Hand a line over, or drop it. Never blocks."""
        if self._lines.qsize() >= self._queue_max:
            self._drop()
            return
        with self._counting:
            self._unwritten += 1
        self._lines.put(line)

    @property
    def idle(self) -> bool:
        """Whether all lines so far are written, or dropped; whoever asks waits for it."""
        if self._unwritten:
            self._hurry.set()
        return not self._unwritten

    def close(self) -> None:
        """Write what is queued, for at most `CLOSE_S`; then logging is as it was before."""
        if self._closed:
            return
        self._closed = True
        self._restore()
        self._lines.put(None)
        self._hurry.set()
        self._thread.join(CLOSE_S)

    def join(self) -> None:
        """Wait until the writer has ended, after `close`. May block for as long as the reader."""
        self._thread.join()

    def _drop(self, lines: int = 1) -> None:
        self.dropped += lines
        self.on_dropped(lines)

    def _run(self) -> None:
        going_on = True
        while going_on:
            batch, going_on = self._take()
            try:
                self._write(b"".join(batch))
                missed = self.dropped - self._told
                if missed:
                    self._write(self._missed(missed))
                    self._told += missed
            except (OSError, ValueError):
                self._drop(len(batch))  # the reader is gone for good, or the stream was closed
            with self._counting:
                self._unwritten -= len(batch)

    def _take(self) -> tuple[list[bytes], bool]:
        """What is queued, a batch at most, once there is something; and whether more can come."""
        batch: list[bytes] = []
        line = self._lines.get()
        if line is not None and self._lines.empty():
            self._hurry.wait(_LINGER_S)
            self._hurry.clear()
        while line is not None:
            batch.append(line)
            if len(batch) >= _BATCH_LINES_MAX:
                return batch, True
            try:
                line = self._lines.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _missed(self, lines: int) -> bytes:
        event = {"event": "log.lines_dropped", "level": "warning", "ts": _iso(self._now_ms())}
        return msgspec.json.encode(event | {"lines": lines}) + b"\n"


def configure(
    stream: IO[Any] | None = None,
    *,
    level: int = logging.INFO,
    now_ms: Callable[[], int] = wall_ms,
    queue_max: int = QUEUE_LINES_MAX,
) -> LogSink:
    """Send structlog's lines, and what libraries log from WARNING up, to `stream` (None: stdout).

    For the whole process, until the sink is closed.
    """
    before = structlog.get_config()
    root = logging.getLogger()
    root_level = root.level
    bridge = _Bridge(logging.WARNING)

    def restore() -> None:
        structlog.configure(**before)
        root.removeHandler(bridge)
        root.setLevel(root_level)
        logging.captureWarnings(False)

    sink = LogSink(_writer(sys.stdout if stream is None else stream), now_ms, queue_max, restore)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            _Renderer(now_ms),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_args: _Lines(sink),
        # Loggers of modules are made before `configure` is called, and outlive a test.
        cache_logger_on_first_use=False,
    )
    root.addHandler(bridge)
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    return sink


class _Lines:
    """structlog's end of the sink: one method a level."""

    def __init__(self, sink: LogSink) -> None:
        self.msg = self.log = self.debug = self.info = self.warning = sink.put
        self.error = self.critical = self.exception = sink.put_at_once
        self.fatal = self.failure = self.err = sink.put_at_once


class _Renderer:
    """The last processor: event, level and time first, then the rest, redacted."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms

    def __call__(self, _logger: object, _method: str, event: Any) -> bytes:
        try:
            return self._line(event)
        except Exception as error:  # noqa: BLE001 - a line that cannot be told must not stop a turn
            kind = type(error).__name__
            line = {"event": "log.line_broken", "level": "error", "ts": _iso(self._now_ms())}
            return msgspec.json.encode(line | {"error": kind}) + b"\n"

    def _line(self, event: Any) -> bytes:
        exception = describe_exception(event.pop("exc_info", None))
        line = {
            "event": _event_name(str(event.pop("event", ""))),
            "level": event.pop("level", "info"),
            "ts": _iso(self._now_ms()),
        }
        # What does not apply to a line is left out of it.
        told = redact(event).items()
        line |= {key: value for key, value in told if key not in line and value is not None}
        if exception is not None:
            line["exception"] = exception
        return msgspec.json.encode(line) + b"\n"


class _Bridge(logging.Handler):
    """Brings what libraries log by the standard way into the same lines."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            detail = mask_numbers(record.getMessage())
        except (TypeError, ValueError):
            detail = str(record.msg)  # arguments that do not fit the message: a library's bug
        level = max(record.levelno, logging.WARNING)
        get_logger().log(
            min(level, logging.CRITICAL) // 10 * 10,
            "library",
            logger=record.name,
            detail=detail,
            exc_info=record.exc_info,
        )


@lru_cache(maxsize=256)
def _event_name(event: str) -> str:
    """Nearly always a word of the program's own, and then no number is in it."""
    return mask_numbers(event)


def _iso(at_ms: int) -> str:
    second, ms = divmod(at_ms, 1000)
    return f"{_iso_second(second)}.{ms:03}Z"


@lru_cache(maxsize=4)
def _iso_second(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _writer(stream: Any) -> Callable[[bytes], None]:
    """How to write to a stream: past Python's buffers where it has a descriptor.

    A thread that is stuck inside a buffer holds its lock, which kills the interpreter at exit.
    """
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, io.UnsupportedOperation):
        if isinstance(stream, io.TextIOBase):
            return lambda line: _drop_result(stream.write(line.decode()))
        return lambda line: _drop_result(stream.write(line))
    stream.flush()
    return lambda line: _write_whole(descriptor, line)


def _drop_result(_written: object) -> None:
    """Says that how much was written is of no interest."""


def _write_whole(descriptor: int, line: bytes) -> None:
    rest = memoryview(line)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            # Whoever shares the pipe has made it non-blocking. This thread may wait.
            waiter = select.poll()
            waiter.register(descriptor, select.POLLOUT)
            waiter.poll()
