"""What a question may ask for.

What lives here: the kinds of answer, as `answer` of a question names them. What must not: reading
what a customer typed (`actors.flow.answers`).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from actors.flow.model.basics import StepName, Text, Words


class TextAnswer(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
    tag="text",
):
    """Free text; kept as it was typed, without blanks at its ends."""

    longest: Annotated[int, Meta(ge=1, le=1000)] = 60
    """In characters; what is longer does not fit."""
    pattern: str | None = None
    """A regular expression (https://github.com/google/re2/wiki/Syntax) for the whole answer."""


class NumberAnswer(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
    tag="number",
):
    """A number, kept as one. `1.250,50`, `S/ 20` and `20 soles` are understood, as the customer's
    language writes them; what may mean two numbers is asked for again."""

    least: int | float | None = None
    """A smaller number does not fit."""
    most: int | float | None = None
    """A larger number does not fit."""
    decimals: Annotated[int, Meta(ge=0, le=6)] = 0
    """How many decimals the number may have; 0: whole numbers only."""


class DateAnswer(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
    tag="date",
):
    """A day, kept as `2026-12-25`.

    `12/6` in the order of the customer's language, `12 de junio`, `June 12`, `2026-06-12`,
    `next Friday`, `mañana`, `in 3 days` are understood, in several languages. A day without a year
    is the next one that fits.
    """

    earliest: str | None = None
    """The first day that fits: `2026-01-01`, `today`, `today + 3 days`, `today - 18 years`.
    Units are days, weeks, months, years."""
    latest: str | None = None
    """The last day that fits, written like `earliest`."""


class AccountAnswer(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
    tag="account",
):
    """A number that is a name: an account, a contract, an identity card.

    Spaces, dots, dashes and slashes are taken out; kept as text, so that zeros in front stay.
    """

    pattern: str
    """A regular expression (https://github.com/google/re2/wiki/Syntax) for the whole answer, such
    as `[0-9]{8}`."""


class AnswerChoice(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One answer to choose."""

    title: Text
    """What is shown: 20 characters at most up to 3 choices, 24 from the fourth on."""
    description: Text | None = None
    """A second line, seen from the fourth choice on: 72 characters at most."""
    words: Words = {}
    """What may be typed instead of the title or its number."""


class ChoiceAnswer(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
    tag="choice",
):
    """One of several answers, shown as buttons (up to 3) or as a list; its name is kept."""

    choices: Annotated[dict[StepName, AnswerChoice], Meta(min_length=1, max_length=10)]
    """Name -> what is shown and understood."""


Answer = TextAnswer | NumberAnswer | DateAnswer | AccountAnswer | ChoiceAnswer
