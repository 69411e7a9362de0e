"""Taking out of a story what is anybody's own.

What lives here: which words may stay. The rule is the other way round than a filter's: what is
written in the flow file stays, and everything else goes, whatever it is. What must not: which lines
there are.

- of words that people wrote, those that stand in the flow's own words and titles stay; in all
  others letters become `x` and digits `1`. What is nearly a word of the flow becomes that word;
- of what the bot said, the texts of the flow stay, and a star stands for what was put into them;
- of answers of services, what the flow keeps stays in its place; texts become others of the same
  form, numbers are rounded to their first digit, dates near the story stay.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import msgspec

from actors.flow.model import Flow
from actors.flow.words import plain

_SPOKEN_KEYS = frozenset(
    {"words", "leave_words", "keywords", "title", "menu", "leave", "person", "choices"}
)
"""Under these, a flow holds what customers type and tap."""
_FRAGMENT_MIN = 4
_NEAR = 0.8
_NEAR_MIN = 5
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATE_DAYS = 400
_ITEMS_MAX = 20
_CODE = re.compile(r"[\w.-]{1,40}")
_TOKEN = re.compile(r"\w+")
_GAPS = re.compile(r"\*(?:\s*\*)+")


class Redaction:
    """By the words of one flow, for a story of one time."""

    def __init__(self, flow: Flow, at_ms: int) -> None:
        document = msgspec.to_builtins(flow)
        spoken = {" ".join(text.split()) for text in _spoken(document)}
        self.titles = frozenset(spoken)
        """What a customer can tap or type, as the flow writes it."""
        self._phrases = {plain(text): text for text in sorted(spoken)}
        self._tokens = {token for phrase in self._phrases for token in phrase.split()}
        keys = {str(key) for mapping in _mappings(document) for key in mapping}
        self._literals = {*_strings(document), *keys}
        self._kept = {part for path in _kept_paths(document) for part in path.split(".")}
        self._templates = list(_templates(document))
        fragments = {part for text in _strings(document) for part in _fragments(text)}
        longest_first = sorted(fragments, key=lambda part: (-len(part), part))
        self._fragments = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        self._today = datetime.fromtimestamp(at_ms / 1000, UTC).date()
        self._stand_ins: dict[object, object] = {}
        self._used: set[object] = set()

    # --- what people wrote ----------------------------------------------------------------------

    def words(self, text: str) -> str:
        """What a customer or an agent wrote, on one line."""
        flat = " ".join(text.split())
        if flat.isdecimal() and len(flat) <= 2:
            return flat
        said = plain(flat)
        if said not in self._phrases and len(said) >= _NEAR_MIN:
            near = difflib.get_close_matches(said, self._phrases, n=1, cutoff=_NEAR)
            if near:
                return self._phrases[near[0]]
        return _TOKEN.sub(lambda found: self._token(found[0]), flat)

    def _token(self, token: str) -> str:
        return token if plain(token) in self._tokens else _masked(token)

    # --- what the bot said ----------------------------------------------------------------------

    def pattern(self, said: str) -> str:
        """The flow's own part of a text, with stars for the rest."""
        flat = " ".join(said.split())
        kept, end = [], 0
        for found in self._fragments.finditer(flat):
            between = flat[end : found.start()]
            if between:
                kept.append(between if between.isspace() else "*")
            kept.append(found[0])
            end = found.end()
        if end < len(flat):
            kept.append("*")
        return _GAPS.sub("*", "".join(kept))

    # --- what systems said ----------------------------------------------------------------------

    def code(self, text: str) -> str:
        """A short word of a vendor's, such as a step or a fault; anything else is one word."""
        return text if _CODE.fullmatch(text) else "other"

    def path(self, service: str, method: str, path: str) -> str:
        """The form of a request's path."""
        for template_service, template_method, form, pattern in self._templates:
            if (template_service, template_method) == (service, method) and form.fullmatch(path):
                return pattern
        return "/*"

    def document(self, value: object) -> object:
        """An answer, as far as the flow keeps anything of it."""
        match value:
            case dict():
                kept = {key: inner for key, inner in value.items() if key in self._kept}
                return {key: self.document(inner) for key, inner in kept.items()}
            case list():
                return [self.document(inner) for inner in value[:_ITEMS_MAX]]
            case str():
                return self._stand_in(value) if not self._may_stay(value) else value
            case bool() | None:
                return value
            case int() | float():
                return value if abs(value) < 10 else self._stand_in(value)
            case _:
                return None

    def _may_stay(self, text: str) -> bool:
        if text in self._literals:
            return True
        if not _DATE.match(text):
            return False
        try:
            near = date.fromisoformat(text[:10])
        except ValueError:
            return False
        # Of a time of day only its form would be left: it stays as well.
        return len(text) <= 30 and abs((near - self._today).days) <= _DATE_DAYS

    def _stand_in(self, value: str | float) -> object:
        """Always the same for the same value, and another for another."""
        key = (type(value), value)
        if key not in self._stand_ins:
            found: object = _masked(value) if isinstance(value, str) else _rounded(value)
            count = 1
            while (type(found), found) in self._used:
                count += 1
                found = f"{_masked(str(value))}{count}" if isinstance(value, str) else _next(found)
            self._used.add((type(found), found))
            self._stand_ins[key] = found
        return self._stand_ins[key]


def _masked(text: str) -> str:
    def one(letter: str) -> str:
        if letter.isnumeric():
            return "1"
        if letter.isalnum():
            return "X" if letter.isupper() else "x"
        return letter

    return "".join(map(one, text))


def _rounded(value: float) -> float:
    """To its first digit; a whole number stays one."""
    digits = len(str(abs(int(value)))) - 1
    rounded = round(value, -digits)
    return int(rounded) if isinstance(value, int) else float(rounded)


def _next(value: object) -> object:
    return value + 1 if isinstance(value, int | float) else value


# --- the words of a flow ------------------------------------------------------------------------


def _strings(part: object) -> Iterator[str]:
    match part:
        case str():
            yield part
        case dict():
            for inner in part.values():
                yield from _strings(inner)
        case list() | tuple():
            for inner in part:
                yield from _strings(inner)
        case _:
            pass


def _mappings(part: object) -> Iterator[dict[str, object]]:
    """All mappings, each before those inside of it."""
    match part:
        case dict():
            yield part
            for inner in part.values():
                yield from _mappings(inner)
        case list() | tuple():
            for inner in part:
                yield from _mappings(inner)
        case _:
            pass


def _spoken(document: object) -> Iterator[str]:
    for mapping in _mappings(document):
        for key in _SPOKEN_KEYS & mapping.keys():
            yield from _strings(mapping[key])


def _requests(document: object) -> Iterator[dict[str, object]]:
    return (mapping for mapping in _mappings(document) if mapping.get("do") == "request")


def _kept_paths(document: object) -> Iterator[str]:
    for request in _requests(document):
        yield from _strings(request.get("keep"))


def _templates(document: object) -> Iterator[tuple[str, str, re.Pattern[str], str]]:
    """Of each request: service, method, what its paths are like, and that with stars."""
    for request in _requests(document):
        parts = _outside_braces(str(request["path"]))
        form = re.compile(".*".join(map(re.escape, parts)))
        yield str(request["service"]), str(request.get("method", "GET")), form, "*".join(parts)


def _fragments(text: str) -> Iterator[str]:
    """The parts of a text between what is put in, if they are long enough to tell anything."""
    for part in _outside_braces(text):
        flat = " ".join(part.split())
        if len(flat) >= _FRAGMENT_MIN and any(letter.isalpha() for letter in flat):
            yield flat


def _outside_braces(text: str) -> list[str]:
    """The parts of a text outside of `{...}`, and those inside of nested ones, in order."""
    return re.split(r"\{[^{}]*\}|[{}]", text)
