"""Log lines for people: the command `logs`.

What lives here: reading a source, once or twice, and printing. What must not: what a line says
(`log_lines`), or which are shown (`log_sieve`). Memory is bounded.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import nullcontext
from operator import itemgetter
from pathlib import Path
from typing import IO

from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style

from daemon.log_lines import TIME, Fields, Piece, below, describe, own_ids, parse, plain, text_of
from daemon.log_sieve import Chain, Sieve, Wanted
from daemon.terminal import complain

# A line that is longer is taken for several; beyond the other the oldest lines are forgotten.
LINE_MAX = 1 << 20  # bytes
KEPT_BYTES_MAX = 64 << 20  # lines held for `--cause`, to be told in order of time

_OVERHEAD = 256  # of a line, in bytes


def run_logs(file: Path | None, wanted: Wanted, *, as_json: bool, colour: bool) -> int:
    """Read a file (None: standard input) and print what is wanted; the exit code."""
    console = Console()
    colour = colour and console.color_system is not None and not console.no_color
    printer = Printer(sys.stdout.buffer, sys.stdout.encoding, as_json=as_json, colour=colour)
    try:
        with file.open("rb") if file is not None else nullcontext(sys.stdin.buffer) as source:
            faults = read(source, wanted, printer, again=file is not None and source.seekable())
    except (KeyboardInterrupt, BrokenPipeError):
        # What Python still holds for the reader who has left must not be tried at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        faults = [f"{error.filename or 'the log'}: cannot be read: {error.strerror}"]
    for fault in faults:
        complain(f"routerbot logs: {plain(fault)}")
    return 1 if faults else 0


def read(source: IO[bytes], wanted: Wanted, printer: Printer, *, again: bool) -> list[str]:
    """Print what is wanted of a source; `again`: it can be read twice. What was at fault."""
    sieve = Sieve(wanted)
    if wanted.cause is not None:
        return _read_chain(source, wanted.cause, sieve, printer, again=again)
    if again and sieve.found:
        for raw in _lines(source):
            sieve.learn(parse(raw) or {})
        if sieve.faults():
            return sieve.faults()
        source.seek(0)
    for raw in _lines(source):
        if (fields := parse(raw)) is None:
            printer.foreign(raw)
            continue
        sieve.learn(fields)
        if sieve.ambiguous:
            break
        if sieve.wants(fields):
            printer.ours(raw, fields)
    return sieve.faults()


def _read_chain(
    source: IO[bytes], beginning: str, sieve: Sieve, printer: Printer, *, again: bool
) -> list[str]:
    chain, kept, chosen = Chain(), _Kept(), _Kept()
    for raw in _lines(source):
        if (fields := parse(raw)) is not None:
            sieve.learn(fields)
            chain.learn(fields)
            if not again:
                kept.add(raw, fields)
    try:
        ids = chain.around(beginning)
    except LookupError as fault:
        return [*sieve.faults(), str(fault)]
    if sieve.faults():
        return sieve.faults()
    if again:
        source.seek(0)
    for raw in _lines(source) if again else kept.lines():
        fields = parse(raw)
        if fields is not None and not ids.isdisjoint(own_ids(fields)) and sieve.wants(fields):
            chosen.add(raw, fields)
    for raw in chosen.lines():
        printer.ours(raw, parse(raw) or {})
    too_much = ["too much to remember: the oldest was left out; ask for a shorter time"]
    return too_much if chain.forgotten or kept.forgotten or chosen.forgotten else []


def _lines(source: IO[bytes]) -> Iterator[bytes]:
    while raw := source.readline(LINE_MAX):  # each as soon as it is there
        yield raw.rstrip(b"\r\n")


class _Kept:
    """The last lines, up to a number of bytes."""

    def __init__(self) -> None:
        self._lines: deque[tuple[str, bytes]] = deque()
        self._size = 0
        self.forgotten = False

    def add(self, raw: bytes, fields: Fields) -> None:
        self._lines.append((text_of(fields, "ts") or "", raw))
        self._size += len(raw) + _OVERHEAD
        while self._size > KEPT_BYTES_MAX:
            self._size -= len(self._lines.popleft()[1]) + _OVERHEAD
            self.forgotten = True

    def lines(self) -> list[bytes]:
        """In order of time; at one time, in the order they came in."""
        return [raw for _, raw in sorted(self._lines, key=itemgetter(0))]


class Printer:
    """Writes lines out, each at once."""

    def __init__(self, out: IO[bytes], encoding: str, *, as_json: bool, colour: bool) -> None:
        self._out = out
        self._encoding = encoding
        self._as_json = as_json
        self._colour = colour
        self._day: str | None = None

    def ours(self, raw: bytes, fields: Fields) -> None:
        """A log line; the date stands above the first of a day."""
        if self._as_json:
            self._write(raw)
            return
        found = TIME.fullmatch(text_of(fields, "ts") or "")
        if found and found[1] != self._day:
            self._day = found[1]
            self._tell([(f"--- {self._day} UTC", "dim")])
        self._tell(describe(fields))
        for line in below(fields):
            self._tell([("    " + line, "dim")])

    def foreign(self, raw: bytes) -> None:
        """A line that is none of ours; with JSON asked for, it is left out."""
        if not self._as_json:
            self._tell([(plain(raw.decode("utf-8", "backslashreplace").expandtabs()), "dim")])

    def _tell(self, pieces: list[Piece]) -> None:
        words = [text for text, _ in pieces]
        if self._colour:
            ansi = ColorSystem.STANDARD
            words = [Style.parse(style).render(text, color_system=ansi) for text, style in pieces]
        self._write(" ".join(words).rstrip().encode(self._encoding, "backslashreplace"))

    def _write(self, line: bytes) -> None:
        self._out.write(line + b"\n")
        self._out.flush()  # whoever follows sees it at once
