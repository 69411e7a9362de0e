"""Texts of the flow: a subset of ICU MessageFormat, from text to parts.

What lives here: the grammar
(https://unicode-org.github.io/icu/userguide/format_parse/messages/). What must not: filling in
values (`render`). A brace that begins no placeholder is just a brace; `'{'`, `'}'` and, where a
plural counts, `'#'` show what stands between the apostrophes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import cast

from msgspec import Struct

from actors.flow.formats import STYLES, TIME_STYLES, Style

LEVELS_MAX = 5
_TEXTS_MAX = 50_000
_NAME = "[a-z][a-z0-9_.]*"
_SIMPLE = re.compile(rf"\{{({_NAME})\}}")
_HEAD = re.compile(rf"\{{({_NAME})\s*,\s*([A-Za-z]+)\s*")
_STYLE = re.compile(r",\s*([A-Za-z0-9_.]+)\s*")
_CASE = re.compile(r"\s*(=[0-9]{1,9}|[A-Za-z0-9_-]+)\s*\{")
_QUOTED = re.compile(r"'([{}#])'")
_CODE = re.compile(r"[A-Z]{3}|[a-z][a-z0-9_.]*")
_PLURAL_CASE = re.compile(r"=[0-9]+|zero|one|two|few|many|other")


class Put(Struct, frozen=True):
    """`{name}`."""

    name: str


class Count(Struct, frozen=True):
    """`#`: the number that the plural around it counts."""


class Number(Struct, frozen=True):
    """`{name, number}`, `{name, number, percent}`."""

    name: str
    percent: bool = False


class Amount(Struct, frozen=True):
    """`{name, currency, PEN}`; a small-lettered code is the name of a value that holds it."""

    name: str
    code: str


class Day(Struct, frozen=True):
    """`{name, date}`, `{name, date, long}`."""

    name: str
    style: Style


class Clock(Struct, frozen=True):
    """`{name, time}`, `{name, time, medium}`."""

    name: str
    style: Style


class Plural(Struct, frozen=True):
    """`{name, plural, =0 {…} one {# line} other {# lines}}`."""

    name: str
    cases: dict[str, Parts]


class Select(Struct, frozen=True):
    """`{name, select, active {…} other {…}}`."""

    name: str
    cases: dict[str, Parts]


Part = str | Put | Count | Number | Amount | Day | Clock | Plural | Select
Parts = tuple[Part, ...]
FORMATS = ("number", "currency", "date", "time", "plural", "select")


class TextFault(Exception):
    """What is wrong with a text, and at which character, counted from 1."""

    def __init__(self, what: str, column: int) -> None:
        super().__init__(f"{what} (character {column})")
        self.what = what
        self.column = column


@lru_cache(_TEXTS_MAX)
def parts_of(text: str) -> Parts:
    """The parts of a text; what is wrong in it stays as it is written.

    Parsed once: only what stands in flow files comes here, never a customer's words.
    """
    return _Parser(text).parts()


def fault_in(text: str) -> TextFault | None:
    """What is wrong with a text; the first fault."""
    parser = _Parser(text)
    parser.parts()
    return parser.fault


def names_in(text: str) -> list[str]:
    """The names of the values that a text asks for."""
    return [name for part in parts_of(text) for name in _names(part)]


def _names(part: Part) -> Iterator[str]:
    match part:
        case str() | Count():
            return
        case Amount(name, code):
            yield name
            if code.islower():
                yield code
        case Plural(name, cases) | Select(name, cases):
            yield name
            for inner in cases.values():
                for each in inner:
                    yield from _names(each)
        case Put(name) | Number(name) | Day(name) | Clock(name):
            yield name


def longest_of(text: str) -> str:
    """The text at its longest: of each choice the longest case, values as they are written."""
    return _longest(parts_of(text))


def _longest(parts: Parts) -> str:
    return "".join(_written(part) for part in parts)


def _written(part: Part) -> str:
    match part:
        case str():
            return part
        case Count():
            return "#"
        case Plural(_, cases) | Select(_, cases):
            return max((_longest(inner) for inner in cases.values()), key=len, default="")
        case _:
            return f"{{{part.name}}}"


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._level = 0
        self._counting = False
        self.fault: TextFault | None = None
        """Once there is one, only simple placeholders are looked for: this bounds the work."""

    def parts(self) -> Parts:
        """Up to the end, or to the brace that closes a case."""
        found: list[Part] = []
        plain: list[str] = []
        while self._at < len(self._text):
            if self._level and self._text[self._at] == "}":
                break
            part = self._part()
            if isinstance(part, str):
                plain.append(part)
                continue
            if plain:
                found.append("".join(plain))
                plain.clear()
            found.append(part)
        if plain:
            found.append("".join(plain))
        return tuple(found)

    def _part(self) -> Part:
        text, at = self._text, self._at
        character = text[at]
        if character == "'" and (quoted := _QUOTED.match(text, at)):
            if quoted[1] != "#" or self._counting:
                self._at = quoted.end()
                return quoted[1]
        elif character == "#" and self._counting:
            self._at += 1
            return Count()
        elif character == "{":
            if simple := _SIMPLE.match(text, at):
                self._at = simple.end()
                return Put(simple[1])
            if self.fault is None and (head := _HEAD.match(text, at)):
                return self._or_brace(head)
        self._at += 1
        return character

    def _or_brace(self, head: re.Match[str]) -> Part:
        """A placeholder with a format; a mere brace where something is wrong with it."""
        before = self._level, self._counting
        self._at = head.end()
        try:
            part = self._formatted(head[1], head[2])
            if not self._text.startswith("}", self._at):
                raise TextFault("the placeholder that begins here is not closed", head.start() + 1)
        except TextFault as fault:
            self._level, self._counting = before
            self._at = head.start() + 1
            self.fault = self.fault or fault
            return "{"
        self._at += 1
        return part

    def _formatted(self, name: str, kind: str) -> Part:
        match kind:
            case "number":
                return Number(name, percent=self._style(("percent",)) is not None)
            case "currency":
                return Amount(name, self._code())
            case "date":
                return Day(name, cast("Style", self._style(STYLES) or "medium"))
            case "time":
                return Clock(name, cast("Style", self._style(TIME_STYLES) or "short"))
            case "plural":
                return Plural(name, self._cases(_PLURAL_CASE, counting=True))
            case "select":
                return Select(name, self._cases(None, counting=self._counting))
            case _:
                what = f"there is no format {kind!r}; known are {', '.join(FORMATS)}"
                raise TextFault(what, self._at - len(kind) + 1)

    def _style(self, known: tuple[str, ...]) -> str | None:
        found = _STYLE.match(self._text, self._at)
        if found is None:
            return None
        if found[1] not in known:
            what = f"there is no style {found[1]!r} here; known are {', '.join(known)}"
            raise TextFault(what, found.start(1) + 1)
        self._at = found.end()
        return found[1]

    def _code(self) -> str:
        found = _STYLE.match(self._text, self._at)
        if found is None or not _CODE.fullmatch(found[1]):
            what = "a currency is missing, such as `{price, currency, PEN}`"
            raise TextFault(what, self._at + 1)
        self._at = found.end()
        return found[1]

    def _cases(self, allowed: re.Pattern[str] | None, *, counting: bool) -> dict[str, Parts]:
        start = self._at
        self._level += 1
        if self._level > LEVELS_MAX:
            raise TextFault(f"more than {LEVELS_MAX} levels", start + 1)
        if not self._text.startswith(",", start):
            raise TextFault("cases are missing, such as `other {…}`", start + 1)
        self._at += 1
        outside, self._counting = self._counting, counting
        cases: dict[str, Parts] = {}
        while found := _CASE.match(self._text, self._at):
            name = found[1]
            if allowed is not None and not allowed.fullmatch(name):
                what = f"{name!r} is no case of a plural; known are =0, =1, one, few, many, other"
                raise TextFault(what, found.start(1) + 1)
            if name in cases:
                raise TextFault(f"the case {name!r} comes twice", found.start(1) + 1)
            self._at = found.end()
            cases[name] = self.parts()
            if not self._text.startswith("}", self._at):
                raise TextFault(f"the case {name!r} is not closed", found.start(1) + 1)
            self._at += 1
        self._counting = outside
        self._level -= 1
        if "other" not in cases:
            raise TextFault("the case `other {…}` is missing", start + 1)
        self._at += len(self._text[self._at :]) - len(self._text[self._at :].lstrip())
        return cases
