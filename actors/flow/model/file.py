"""The whole flow file.

What lives here: its top level. What must not: steps, jobs and people have files of their own.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from actors.flow.model.basics import StepName, Text, Words
from actors.flow.model.hours import Hours
from actors.flow.model.jobs import Job
from actors.flow.model.people import Desk
from actors.flow.model.steps import Step


class GlobalWord(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Words that lead somewhere from anywhere in the bot, even out of a question or a
    sub-flow."""

    words: Words
    """What is typed; the whole message must be one of them."""
    goto: StepName
    """Where to go: a step of the file, not of a sub-flow."""


class Phrases(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the bot says on its own account."""

    not_understood: Text
    """What was typed is no choice and no word."""
    unsupported: Text
    """Instead of a picture, a sticker, a voice note."""
    too_long: Text
    """A free answer is empty or longer than `longest`."""
    stale: Text
    """A press so old that it starts and writes nothing any more."""
    no_jobs: Text
    """There is no job to tell of or to cancel."""
    choose: Text
    """The label of the button that opens a list; 20 characters at most."""
    apology: Text
    """After an error of ours."""
    person: Text
    """The title of the button that leads to a person; 20 characters at most."""


class Subflow(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Steps that are walked through from several places: `call` begins them, `return` ends them."""

    entry: StepName
    """The step where it begins."""
    steps: Annotated[dict[StepName, Step], Meta(min_length=1)]
    """By name. They lead to each other, and to steps of the file: that leaves the sub-flow."""


class Flow(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole flow file."""

    format: Annotated[int, Meta(ge=1, le=1)]
    """`1`, the number of this language."""
    name: str
    """For you: what the flow is called in drawings and checks."""
    languages: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Such as `[es, en]` or `[es, pt-BR]`. The first one is spoken where a text lacks the
    customer's; `pt-BR` is content with a text in `pt`. The country decides how numbers are
    written."""
    entry: StepName
    """The step where a conversation begins, and begins again after a day of silence; kept values
    are forgotten then."""
    root: StepName
    """The menu to which everything comes back."""
    steps: dict[StepName, Step]
    """By name."""
    phrases: Phrases
    """What the bot says on its own account."""
    handover: Desk
    """How people come in."""
    jobs: dict[str, Job] = {}
    """What can be started at the provider, by name."""
    words: dict[str, GlobalWord] = field(default_factory=dict)
    """Words that lead somewhere from anywhere, by name."""
    hours: dict[StepName, Hours] = {}
    """Opening hours, by name."""
    subflows: dict[StepName, Subflow] = {}
    """Sub-flows, by name."""
