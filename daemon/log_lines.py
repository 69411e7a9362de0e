"""One log line for people.

What lives here: parsing and wording of a line, as functions on values. What must not: how lines are
made (`logs`), which are shown (`log_sieve`), or any reliance on their form: what is not understood
is shown as it is, and nothing raises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import msgspec

Fields: TypeAlias = Mapping[str, object]
Piece: TypeAlias = tuple[str, str]  # some words of a line, and their style in rich's language

LEVELS = ("debug", "info", "warning", "error", "critical")
TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d\.\d{3})Z")
_STYLES = {"debug": "dim", "warning": "yellow", "error": "red", "critical": "bold red"}
_ID_KEYS = ("conversation", "job", "message_id", "message_ids", "effect", "cause")
_BELOW = ("traceback", "exception")
_LONG_ID = re.compile(r"(?<![0-9A-Za-z])([0-9a-z]{8})[0-9a-z]{12,}(?![0-9A-Za-z])")


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
    found = TIME.fullmatch(stamp)
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
    texts = [text for key in _BELOW if (text := text_of(fields, key)) is not None]
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


def text_of(fields: Fields, key: str) -> str | None:
    """The text under a key."""
    value = fields.get(key)
    return value if isinstance(value, str) else None


def own_ids(fields: Fields) -> list[str]:
    """The message or effect that a line is about; several where many came in one request."""
    several = fields.get("message_ids")
    ids = [*(several if isinstance(several, list) else []), fields.get("message_id")]
    return [one for one in (*ids, fields.get("effect")) if isinstance(one, str)]
