"""Texts: whether each is there in every language, and fits what the platform shows.

What lives here: the checks of what customers and agents read. What must not: the limits
themselves (`limits`), values (`check_values`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from actors.flow import model
from actors.flow.check_values import TEXT_WORDS, known
from actors.flow.formats import tags_of
from actors.flow.graph import Place, places_of
from actors.flow.limits import (
    BUTTON_TITLE_MAX,
    BUTTONS_MAX,
    MENU_TEXT_MAX,
    ROW_DESCRIPTION_MAX,
    ROW_TITLE_MAX,
    TEXT_MAX,
    units,
)
from actors.flow.reader import FlowFault, FlowSource
from actors.flow.texts import fault_in, longest_of, names_in


class ShownText(NamedTuple):
    """A text of the flow, and how much of it is shown."""

    where: str
    """The path of its key in the file."""
    text: model.Text
    longest: int
    """In UTF-16 units."""
    fixed: bool = False
    """Shown as it is written: no values in it."""


def text_faults(source: FlowSource) -> Iterator[FlowFault]:
    """Faults of texts."""
    flow = source.flow
    names = known(flow) | TEXT_WORDS
    tags = {tag for language in flow.languages for tag in tags_of(language)}
    for shown in texts_of(flow):
        for language in flow.languages:
            if not any(tag in shown.text for tag in tags_of(language)):
                yield source.fault(shown.where, f"no text in {language!r}")
        for language, words in shown.text.items():
            where = f"{shown.where}.{language}"
            if language not in tags:
                yield source.fault(where, "a language that languages does not list")
            for what in _faults_of(shown, words, names):
                yield source.fault(where, what)


def _faults_of(shown: ShownText, words: str, known: frozenset[str]) -> Iterator[str]:
    fault = fault_in(words)
    if fault is not None:
        yield str(fault)
    # Of what a plural or a select shows, the longest; values may make it longer still.
    length = units(longest_of(words))
    if length > shown.longest:
        yield f"{length} characters, {shown.longest} are shown"
    names = names_in(words)
    if names and shown.fixed:
        yield f"is shown as it is: no value {names[0]!r} in it"
        return
    for name in names:
        if name not in known:
            yield f"no step keeps a value {name!r}"


def texts_of(flow: model.Flow) -> Iterator[ShownText]:
    """Every text of the flow."""
    for place in places_of(flow):
        yield from _of_step(place)
    for name, job in flow.jobs.items():
        # A text of a job is shown with buttons below it in some states.
        yield ShownText(f"jobs.{name}.title", job.title, MENU_TEXT_MAX)
        yield from _fields(job.texts, f"jobs.{name}.texts", MENU_TEXT_MAX)
        yield from _fields(job.menu, f"jobs.{name}.menu", BUTTON_TITLE_MAX)
        for key, text in job.texts.steps.items():
            yield ShownText(f"jobs.{name}.texts.steps.{key}", text, MENU_TEXT_MAX)
    yield from _fields(flow.phrases, "phrases", TEXT_MAX)
    yield from _fields(flow.handover.texts, "handover.texts", TEXT_MAX)


def _of_step(place: Place) -> Iterator[ShownText]:
    where = place.where
    match place.step:
        case model.Menu(text=text, options=options):
            yield ShownText(f"{where}.text", text, MENU_TEXT_MAX)
            yield from _choices(f"{where}.options", options)
        case model.Message(text=text):
            yield ShownText(f"{where}.text", text, TEXT_MAX)
        case model.Question(text=text, invalid=invalid, answer=answer):
            choice = isinstance(answer, model.ChoiceAnswer)
            yield ShownText(f"{where}.text", text, MENU_TEXT_MAX if choice else TEXT_MAX)
            if invalid is not None:
                yield ShownText(f"{where}.invalid", invalid, TEXT_MAX)
            if isinstance(answer, model.ChoiceAnswer):
                yield from _choices(f"{where}.answer.choices", answer.choices)
        case model.Handover(reason=reason) if reason is not None:
            yield ShownText(f"{where}.reason", reason, TEXT_MAX)
        case _:
            pass


def _choices(
    where: str, shown: Mapping[str, model.Option] | Mapping[str, model.AnswerChoice]
) -> Iterator[ShownText]:
    longest = ROW_TITLE_MAX if len(shown) > BUTTONS_MAX else BUTTON_TITLE_MAX
    for name, one in shown.items():
        yield ShownText(f"{where}.{name}.title", one.title, longest, fixed=True)
        if one.description is not None:
            text = one.description
            yield ShownText(f"{where}.{name}.description", text, ROW_DESCRIPTION_MAX, fixed=True)


def _fields(texts: msgspec.Struct, where: str, longest: int) -> Iterator[ShownText]:
    for key in texts.__struct_fields__:
        if key != "steps":
            button = longest == BUTTON_TITLE_MAX or key in ("choose", "person", "leave")
            most = BUTTON_TITLE_MAX if button else longest
            yield ShownText(f"{where}.{key}", getattr(texts, key), most, fixed=button)
