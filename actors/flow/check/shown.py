"""Every text of a flow, with how much of it is shown and what it may ask for.

What lives here: the list. What must not: judging it (`texts`, `placeholders`, `menus`), or the
limits themselves (`limits`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from actors.flow import model
from actors.flow.addresses import Place, places_of
from actors.flow.check.kinds import NULL, NUMBER, TEXT, Kinds
from actors.flow.limits import (
    BUTTON_TITLE_MAX,
    BUTTONS_MAX,
    MENU_TEXT_MAX,
    ROW_DESCRIPTION_MAX,
    ROW_TITLE_MAX,
    TEXT_MAX,
)

Words = Mapping[str, Kinds]
"""Names that only some texts may ask for, and what they hold."""

_NONE: Words = {}
JOB_WORDS: Words = {"device": TEXT, "step": TEXT, "retries_left": NUMBER, "job": TEXT}
AGENT_WORDS: Words = {"agent": TEXT | NULL}
SUMMARY_WORDS: Words = {
    "customer": TEXT,
    "device": TEXT | NULL,
    "jobs": TEXT,
    "transcript": TEXT,
    "reason": TEXT | NULL,
}
LINE_WORDS: Words = {"job": TEXT, "news": TEXT}
SOME_TEXTS: frozenset[str] = frozenset({**JOB_WORDS, **AGENT_WORDS, **SUMMARY_WORDS, **LINE_WORDS})
"""All of these names."""

Choices = Mapping[str, model.Option] | Mapping[str, model.AnswerChoice]


class ShownText(NamedTuple):
    """A text of the flow, and how much of it is shown."""

    where: str
    """The path of its key in the file."""
    text: model.Text
    longest: int
    """In UTF-16 units."""
    fixed: bool = False
    """Shown as it is written: no values in it."""
    words: Words = _NONE
    """What it may ask for besides what every text may."""
    address: str | None = None
    """The step that says it."""
    must: bool = False
    """Where it is empty, nothing can be shown: not even what stands below."""
    title: bool = False
    """It names a choice, or describes it."""
    desk: bool = False
    """Agents read it, in their language; customers do not."""


def texts_of(flow: model.Flow) -> Iterator[ShownText]:
    """Every text of the flow."""
    for place in places_of(flow):
        yield from _of_step(place)
    for name, job in flow.jobs.items():
        # A text of a job is shown with buttons below it in some states.
        yield ShownText(f"jobs.{name}.title", job.title, MENU_TEXT_MAX, fixed=True)
        yield from _fields(job.texts, f"jobs.{name}.texts", MENU_TEXT_MAX, JOB_WORDS)
        yield from _fields(job.menu, f"jobs.{name}.menu", BUTTON_TITLE_MAX)
        for key, text in job.texts.steps.items():
            where = f"jobs.{name}.texts.steps.{key}"
            yield ShownText(where, text, MENU_TEXT_MAX, words=JOB_WORDS)
    yield from _fields(flow.phrases, "phrases", TEXT_MAX)
    desk = flow.handover
    yield from _fields(desk.texts, "handover.texts", TEXT_MAX)
    for key, text, words in (
        ("summary", desk.summary, SUMMARY_WORDS),
        ("job_line", desk.job_line, LINE_WORDS),
    ):
        yield ShownText(f"handover.{key}", text, TEXT_MAX, words=words, desk=True)


def choices_of(step: model.Step) -> tuple[str, Choices] | None:
    """The key of what can be chosen in a step, and that; None where nothing can."""
    match step:
        case model.Menu(options=options):
            return "options", options
        case model.Question(answer=model.ChoiceAnswer(choices=choices)):
            return "answer.choices", choices
        case _:
            return None


def _of_step(place: Place) -> Iterator[ShownText]:
    where, address = place.where, place.address
    match place.step:
        case model.Menu(text=text):
            yield ShownText(f"{where}.text", text, MENU_TEXT_MAX, address=address, must=True)
        case model.Message(text=text):
            yield ShownText(f"{where}.text", text, TEXT_MAX, address=address)
        case model.Question(text=text, invalid=invalid, answer=answer):
            choice = isinstance(answer, model.ChoiceAnswer)
            longest = MENU_TEXT_MAX if choice else TEXT_MAX
            yield ShownText(f"{where}.text", text, longest, address=address, must=True)
            if invalid is not None:
                yield ShownText(f"{where}.invalid", invalid, TEXT_MAX, address=address)
        case model.Handover(reason=reason) if reason is not None:
            yield ShownText(f"{where}.reason", reason, TEXT_MAX, address=address)
        case _:
            pass
    offered = choices_of(place.step)
    if offered is not None:
        yield from _choices(f"{where}.{offered[0]}", offered[1])


def _choices(where: str, shown: Choices) -> Iterator[ShownText]:
    longest = ROW_TITLE_MAX if len(shown) > BUTTONS_MAX else BUTTON_TITLE_MAX
    for name, one in shown.items():
        yield ShownText(
            f"{where}.{name}.title", one.title, longest, fixed=True, must=True, title=True
        )
        if one.description is not None:
            text = one.description
            where_to = f"{where}.{name}.description"
            yield ShownText(where_to, text, ROW_DESCRIPTION_MAX, fixed=True, title=True)


def _fields(
    texts: msgspec.Struct, where: str, longest: int, words: Words = _NONE
) -> Iterator[ShownText]:
    for key in texts.__struct_fields__:
        if key == "steps":
            continue
        button = longest == BUTTON_TITLE_MAX or key in ("choose", "person", "leave")
        most = BUTTON_TITLE_MAX if button else longest
        known = AGENT_WORDS if key == "joined" else words
        text: model.Text = getattr(texts, key)
        yield ShownText(f"{where}.{key}", text, most, button, known, must=button, title=button)
