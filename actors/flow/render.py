"""Texts, as a customer reads them.

What lives here: choosing the language, filling values into texts, paths and JSON. What must not:
what a text is about. An unknown name stays out of sight rather than showing braces to a customer
(`check` finds it beforehand).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import assert_never
from urllib.parse import quote

from actors.flow import formats, texts
from actors.flow.formats import Manner, tags_of
from actors.flow.values import VALUE_MAX, Names, show
from actors.values import Scalar

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_.]*)\}")


# --- for people ---------------------------------------------------------------------------------


def choose(text: Mapping[str, str], language: str, fallback: str) -> tuple[str, str]:
    """The language that is spoken, and the text in it: the customer's, else the fallback, else
    whatever there is. `pt-BR` is content with a text in `pt`."""
    for spoken in (language, fallback):
        if spoken in text:
            return spoken, text[spoken]
        for tag in tags_of(spoken):
            if tag in text:
                return spoken, text[tag]
    return next(iter(text.items()), (fallback, ""))


def pick(text: Mapping[str, str], language: str, fallback: str) -> str:
    """The text in a language, else in the fallback, else in whatever there is."""
    return text[language] if language in text else choose(text, language, fallback)[1]


def has_values(template: str) -> bool:
    """Whether there is anything to fill in."""
    return "{" in template or "'}'" in template


def fill(template: str, names: Names, manner: Manner) -> str:
    """Put values into a text, written as its readers write them."""
    if not has_values(template):
        return template
    return _render(texts.parts_of(template), names, manner, "")


def _render(parts: texts.Parts, names: Names, manner: Manner, count: str) -> str:
    return "".join(
        part if isinstance(part, str) else _filled(part, names, manner, count) for part in parts
    )


def _filled(part: texts.Part, names: Names, manner: Manner, count: str) -> str:
    match part:
        case str():
            return part
        case texts.Count():
            return count
        case texts.Select(name, cases):
            return _render(_case(cases, show(names.get(name))), names, manner, count)
        case _:
            pass
    value = names.get(part.name)
    if value is None:
        return ""
    match part:
        case texts.Put():
            return show(value)
        case texts.Number(_, percent):
            return formats.percent(value, manner) if percent else formats.number(value, manner)
        case texts.Amount(_, code):
            return formats.currency(value, _code(code, names), manner)
        case texts.Day(_, style):
            return formats.day(value, style, manner)
        case texts.Clock(_, style):
            return formats.clock(value, style, manner)
        case texts.Plural(_, cases):
            exact = f"={show(value)}"
            key = exact if exact in cases else formats.plural_of(value, manner)
            return _render(_case(cases, key), names, manner, formats.number(value, manner))
        case _:
            assert_never(part)


def _case(cases: Mapping[str, texts.Parts], key: str) -> texts.Parts:
    return cases[key] if key in cases else cases.get("other", ())


def _code(code: str, names: Names) -> str:
    if not code.islower():
        return code
    value = names.get(code)
    return show(value) if value is not None else ""


# --- for machines -------------------------------------------------------------------------------


def put(template: str, names: Names) -> str:
    """Put values into a text for a machine: numbers as programs write them."""

    def one(found: re.Match[str]) -> str:
        value = names.get(found[1])
        return "" if value is None else show(value)

    return PLACEHOLDER.sub(one, template)


def put_value(template: Scalar, names: Names) -> Scalar:
    """A value with values put in: a text that is nothing but `{name}` becomes that value."""
    if not isinstance(template, str):
        return template
    whole = PLACEHOLDER.fullmatch(template)
    return names.get(whole[1]) if whole is not None else put(template, names)[:VALUE_MAX]


def put_json(template: object, names: Names) -> object:
    """JSON with values put into its texts; `check` has bounded its depth."""
    match template:
        case str():
            whole = PLACEHOLDER.fullmatch(template)
            return names.get(whole[1]) if whole is not None else put(template, names)
        case dict():
            return {str(key): put_json(value, names) for key, value in template.items()}
        case list() | tuple():
            return [put_json(value, names) for value in template]
        case _:
            return template


def fill_path(template: str, names: Names) -> str:
    """Put values into a path, each percent-encoded whole: a value cannot add a segment."""

    def one(found: re.Match[str]) -> str:
        value = names.get(found[1])
        encoded = "" if value is None else quote(show(value), safe="")
        # A segment of dots alone would climb; quote() leaves dots as they are.
        return encoded.replace(".", "%2E") if set(encoded) == {"."} else encoded

    return PLACEHOLDER.sub(one, template)


def placeholders(template: str) -> list[str]:
    """The names that a text for a machine asks for."""
    return [found[1] for found in PLACEHOLDER.finditer(template)]
