"""Log lines for people: the command `logs`.

What lives here: parsing, choosing and wording of lines as functions on values, and the thin shell
that reads and prints. What must not: how lines are made (`daemon.logs`), or any reliance on their
form: a line that is not understood is shown as it is, and none raises. Memory is bounded.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, TypeAlias

import msgspec
from msgspec import Struct
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style

# Beyond these the oldest are forgotten; a line that is longer is taken for several.
LINE_MAX = 1 << 20  # bytes
TIES_MAX = 100_000  # actors of which it is remembered whose conversation they serve
LINKS_MAX = 500_000  # ids of which it is remembered what caused them, for `--cause`
KEPT_BYTES_MAX = 64 << 20  # lines held for `--cause`, to be told in order of time

Fields: TypeAlias = Mapping[str, object]
Piece: TypeAlias = tuple[str, str]  # some words of a line, and their style in rich's language

_LEVELS = ("debug", "info", "warning", "error", "critical")
_STYLES = {"debug": "dim", "warning": "yellow", "error": "red", "critical": "bold red"}
_ID_KEYS = ("conversation", "job", "message_id", "message_ids", "effect", "cause")
_BELOW = ("traceback", "exception")
_LONG_ID = re.compile(r"(?<![0-9A-Za-z])([0-9a-z]{8})[0-9a-z]{12,}(?![0-9A-Za-z])")
_DERIVED = re.compile(r"(eff_[a-z2-7]+)\.(?:\d+\.\w+|failed)|(.+)\.replay\.\d+")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d\.\d{3})Z")
_OVERHEAD = 256  # of a line, in bytes


def parse(raw: bytes) -> Fields | None:
    """The fields of one of our lines; None where it is somebody else's. Never raises."""
    try:
        fields = msgspec.json.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) and isinstance(fields.get("event"), str) else None


def short(text: str) -> str:
    """An id as it is shown: the first eight characters of each long part of it."""
    return _LONG_ID.sub(r"\1", text)


def describe(fields: Fields) -> list[Piece]:
    """One line for people: time, level, event, actor, what matters, ids, ms, all other keys."""
    rest = dict(fields)
    level, event = plain(rest.pop("level", "?")), plain(rest.pop("event", "?"))
    style, stamp = _STYLES.get(level, ""), plain(rest.pop("ts", "--:--:--.---"))
    found = _TIME.fullmatch(stamp)
    pieces = [(found[2] if found else stamp, "dim"), (level[:1].upper() or "?", style)]
    pieces.append((event.ljust(8), style or "bold"))
    if rest.get("alarm") is True:
        pieces.append(("ALARM", "bold red"))
    if (actor := rest.pop("actor", None)) is not None:
        pieces.append((short(plain(actor)).ljust(12), "cyan"))
    if event in _WORDING:
        pieces += _WORDING[event](rest)
    for key in _ID_KEYS:
        if (value := rest.pop(key, None)) is not None and value != actor:
            pieces.append((f"{key}={short(plain(value))}", "dim"))
    if "ms" in rest:
        pieces.append((f"{plain(rest.pop('ms'))} ms", ""))
    told = [key for key in _BELOW if isinstance(rest.get(key), str)]
    told += ["alarm"] if rest.get("alarm") is True else []
    return pieces + [(f"{plain(key)}={_quoted(rest[key])}", "") for key in rest if key not in told]


def below(fields: Fields) -> list[str]:
    """What stands below the line: the lines of a traceback."""
    texts = [text for key in _BELOW if (text := _text(fields, key)) is not None]
    return [plain(line) for text in texts for line in text.splitlines()]


def plain(value: object) -> str:
    """A value in words that cannot play tricks on a terminal. Never raises."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        text = f"<{type(value).__name__}>"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _quoted(value: object) -> str:
    text = plain(value)
    bare = not isinstance(value, str) or (text and not any(c in text for c in ' "='))
    return text if bare else '"' + text.replace('"', '\\"') + '"'


def _turn(rest: dict[str, object]) -> Iterator[Piece]:
    yield plain(rest.pop("message", "?")), "bold"
    if (outcome := rest.pop("outcome", "handled")) != "handled":
        yield plain(outcome), "" if outcome == "nobody" else "bold red"
    for mark, told in (("->", rest.pop("effects", None)), ("at", rest.pop("steps", None))):
        if told:
            yield f"{mark} " + ", ".join(map(plain, told if isinstance(told, list) else [told])), ""
    rest.pop("flow_version", None)  # the same for hours; the line `ready` tells it


def _call(rest: dict[str, object]) -> Iterator[Piece]:
    yield plain(rest.pop("call", "?")), "bold"
    yield f"to {plain(rest.pop('destination', '?'))}", ""
    outcome = rest.pop("outcome", "?")
    yield plain(outcome), "green" if outcome == "delivered" else "yellow"
    for key, value in (("settled", outcome), ("attempt", 1), ("fault", None), ("detail", None)):
        if (told := rest.pop(key, value)) != value:
            yield f"{key}={_quoted(told)}", "yellow"


_WORDING = {"turn": _turn, "call": _call}


def _text(fields: Fields, key: str) -> str | None:
    value = fields.get(key)
    return value if isinstance(value, str) else None


def _own_ids(fields: Fields) -> list[str]:
    """The message or effect that a line is about; several where many came in one request."""
    several = fields.get("message_ids")
    ids = [*(several if isinstance(several, list) else []), fields.get("message_id")]
    return [one for one in (*ids, fields.get("effect")) if isinstance(one, str)]


class Wanted(Struct, frozen=True, kw_only=True):
    """Which lines are asked for: all that is given must hold. Ids may be beginnings of ids."""

    conversation: str | None = None
    job: str | None = None
    actor: str | None = None
    level: str | None = None
    events: frozenset[str] = frozenset()
    alarms: bool = False
    cause: str | None = None


class Sieve:
    """Chooses lines. It learns from each what later ones need to be understood.

    `found` holds what each given beginning of an id means, `ambiguous` another id that it fits too.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._conversation_of: OrderedDict[str, str] = OrderedDict()
        ids = (wanted.conversation, wanted.job, wanted.actor)
        self.found: dict[str, str | None] = {one: None for one in ids if one is not None}
        self.ambiguous: dict[str, str] = {}

    def learn(self, fields: Fields) -> None:
        """Remember whose conversation an actor serves, and which ids there are."""
        actor, conversation = _text(fields, "actor"), _text(fields, "conversation")
        if actor is not None and conversation is not None:
            _remember(self._conversation_of, actor, conversation, TIES_MAX)
        for beginning, ids in self._asked(fields):
            for one in ids:
                if _fits(one, beginning) and (self.found[beginning] or one) != one:
                    self.ambiguous.setdefault(beginning, one)
                elif _fits(one, beginning):
                    self.found[beginning] = one

    def wants(self, fields: Fields) -> bool:
        """Whether a line is asked for, going by what was learnt."""
        wanted = self._wanted
        return (
            (not wanted.events or fields.get("event") in wanted.events)
            and (not wanted.alarms or fields.get("alarm") is True)
            # A level nobody knows is never hidden.
            and fields.get("level") not in _LEVELS[: _LEVELS.index(wanted.level or "debug")]
            and all(self.found[beginning] in ids for beginning, ids in self._asked(fields))
        )

    def faults(self) -> list[str]:
        """What was asked for and is not clear, in words."""
        if self.ambiguous:
            pairs = self.ambiguous.items()
            return [f"{one} fits several: {self.found[one]}, {other}" for one, other in pairs]
        missing = [one for one, found in self.found.items() if found is None]
        return [f"no line has an id that begins with {one}" for one in missing]

    def _asked(self, fields: Fields) -> Iterator[tuple[str, list[str]]]:
        """Each id that is asked for, and the ids of a line among which it must be."""
        wanted, actor, job = self._wanted, _text(fields, "actor"), _text(fields, "job")
        if wanted.actor is not None:
            yield wanted.actor, [actor] if actor else []
        if wanted.job is not None:
            # The flow's name of a job may stand under `job` too; it is no id.
            yield wanted.job, [one for one in (job, actor) if one and one.startswith("job_")]
        if wanted.conversation is not None:
            tied = [self._conversation_of.get(one) for one in (actor, job) if one]
            ids = [_text(fields, "conversation"), actor, *tied]
            yield wanted.conversation, [one for one in ids if one and one.startswith("cnv_")]


class Chain:
    """What caused what, as far as the lines tell it."""

    def __init__(self) -> None:
        self._cause_of: OrderedDict[str, str | None] = OrderedDict()
        self.forgotten = False

    def learn(self, fields: Fields) -> None:
        """Remember what caused the message or effect that a line is about."""
        for one in _own_ids(fields):
            known = _text(fields, "cause") or self._cause_of.get(one)
            self.forgotten |= _remember(self._cause_of, one, known, LINKS_MAX)

    def around(self, beginning: str) -> frozenset[str]:
        """All that led to an id and all that it led to. LookupError says why there is none."""
        children: defaultdict[str, list[str]] = defaultdict(list)
        for one in [*self._cause_of, *filter(None, self._cause_of.values())]:
            for parent in self._parents(one):
                children[parent].append(one)
        start = self._resolve(beginning, {*self._cause_of, *children})
        return _closure(start, self._parents) | _closure(start, lambda one: children.get(one, ()))

    def _parents(self, one: str) -> list[str]:
        """For what became of a call, that call; and the cause that a line named."""
        derived = _DERIVED.fullmatch(one)
        both = (derived and (derived[1] or derived[2]), self._cause_of.get(one))
        return [parent for parent in both if parent]

    def _resolve(self, beginning: str, known: set[str]) -> str:
        found = {one for one in known if _fits(one, beginning)}
        found = {one for one in found if beginning in (one, short(one))} or found
        # An effect's id begins the ids of its answers: the effect is meant.
        found -= {one for one in found if one.startswith(tuple(found & {*self._parents(one)}))}
        if len(found) == 1:
            return found.pop()
        several = f"{beginning} fits several: {', '.join(sorted(found)[:5])}"
        raise LookupError(several if found else f"no line has an id that begins with {beginning}")


def _fits(one: str, beginning: str) -> bool:
    return one.startswith(beginning) or short(one) == beginning


def _remember(book: OrderedDict[str, Any], key: str, value: object, most: int) -> bool:
    """Whether the oldest had to be forgotten."""
    book[key] = value
    book.move_to_end(key)
    return len(book) > most and bool(book.popitem(last=False))


def _closure(start: str, following: Callable[[str], Iterable[str]]) -> frozenset[str]:
    seen, open_ends = {start}, [start]
    while open_ends:
        news = set(following(open_ends.pop())) - seen
        seen |= news
        open_ends += news
    return frozenset(seen)


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
        faults = [str(error)]
    sys.stderr.writelines(f"routerbot logs: {plain(fault)}\n" for fault in faults)
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
        if fields is not None and not ids.isdisjoint(_own_ids(fields)) and sieve.wants(fields):
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
        self._lines.append((_text(fields, "ts") or "", raw))
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
        found = _TIME.fullmatch(_text(fields, "ts") or "")
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
