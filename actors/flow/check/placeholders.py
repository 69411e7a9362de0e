"""Values in texts: whether each is known where it stands, and can be shown as it is asked for.

What lives here: placeholders, plural forms, cases. What must not: languages and lengths (`texts`),
values elsewhere (`values`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from actors.flow import rules
from actors.flow.check.kinds import NOTHING, NUMBER, TEXT, TRUTH, UNKEPT, Kinds, in_words
from actors.flow.check.shown import SOME_TEXTS, ShownText
from actors.flow.check.subject import Subject
from actors.flow.faults import FlowFault, instead, nearest
from actors.flow.formats import has_tables, locale_of
from actors.flow.texts import (
    Amount,
    Clock,
    Count,
    Day,
    Number,
    Part,
    Parts,
    Plural,
    Put,
    Select,
    fault_in,
    names_in,
    parts_of,
)

_LIKE_ONE = re.compile(r"\{\s*([A-Za-z][A-Za-z0-9_. -]{0,40}?)\s*\}")
_SHOWN_AS: dict[type, str] = {
    Number: "a number",
    Amount: "an amount",
    Plural: "a number",
    Day: "a date",
    Clock: "a time",
}
_COUNTED = range(201)
"""Numbers by which the forms that a language needs are found; larger ones have no others, but for
those of whole millions, which nobody counts to in a chat."""


def placeholders(subject: Subject) -> Iterator[FlowFault]:
    """Every value in a text is known there, and fits."""
    for shown in subject.shown:
        for language, words in shown.text.items():
            if "{" in words:
                check = _Words(subject, shown, language, words)
                yield from check.faults()


_LANGUAGE = (
    "Write {name}, {name, number}, {name, currency, PEN}, {name, date, long}, {name, time}, "
    "{name, plural, one {# line} other {# lines}} or {name, select, on {...} other {...}}"
)


class _Words:
    """A text in one language."""

    def __init__(self, subject: Subject, shown: ShownText, language: str, words: str) -> None:
        self._subject, self._shown = subject, shown
        self._language, self._words = language, words
        self._where = f"{shown.where}.{language}"

    def faults(self) -> Iterator[FlowFault]:
        subject, where = self._subject, self._where
        fault = fault_in(self._words)
        if fault is not None:
            yield subject.fault(
                rules.TEXT_FAULT, where, str(fault), _LANGUAGE, character=fault.column
            )
        names = names_in(self._words)
        if names and self._shown.fixed:
            what = f"is shown as it is: no value {names[0]!r} in it"
            do = "Say it in the text above instead"
            rule = rules.VALUE_IN_TITLE if self._shown.title else rules.NOT_HERE
            yield subject.fault(rule, where, what, do)
            return
        for name in dict.fromkeys(names):
            yield from self._known(name)
        yield from self._fit(parts_of(self._words))
        yield from self._braces(parts_of(self._words))

    # --- names ----------------------------------------------------------------------------------

    def _known(self, name: str) -> Iterator[FlowFault]:
        subject = self._subject
        if name in self._shown.words:
            return
        if name not in subject.known:
            known = [*subject.known, *self._shown.words]
            do = instead(name, known, "Keep it with a question, a request or `set`")
            what, rule = f"no step keeps a value {name!r}", rules.UNKNOWN_VALUE
            if name in SOME_TEXTS:
                what, rule = f"{name!r} is not known in this text: nothing is shown", rules.NOT_HERE
                do = (
                    "Take it out; only texts of `jobs` and `handover` know such names, each its own"
                )
            elif self._shown.desk:
                rule = rules.NOT_HERE
            yield subject.fault(rule, self._where, what, do, character=self._character(name))
            return
        address = self._shown.address
        if address is not None and subject.values.is_unkept(name, address):
            do = f"Keep it before; it is kept in {subject.keepers_of(name)}"
            what = f"{name!r} shows nothing here: no way that leads here keeps it"
            yield subject.fault(
                rules.NEVER_KEPT, self._where, what, do, character=self._character(name)
            )

    def _character(self, name: str) -> int:
        found = re.search(rf"\{{\s*({re.escape(name)})\b", self._words)
        return found.start(1) + 1 if found is not None else 0

    def _kinds(self, name: str) -> Kinds:
        if name in self._shown.words:
            return self._shown.words[name]
        return self._subject.values.kinds(name, self._shown.address)

    # --- formats --------------------------------------------------------------------------------

    def _fit(self, parts: Parts) -> Iterator[FlowFault]:
        for part in parts:
            match part:
                case str() | Count() | Put():
                    continue
                case Number(name) | Amount(name, _):
                    yield from self._wants(part, name, NUMBER)
                case Day(name) | Clock(name):
                    yield from self._wants(part, name, TEXT)
                case Plural(name, cases):
                    yield from self._wants(part, name, NUMBER)
                    yield from self._forms(name, cases)
                case Select(name, cases):
                    yield from self._cases(name, cases)
            if isinstance(part, Plural | Select):
                for inner in part.cases.values():
                    yield from self._fit(inner)

    def _wants(self, part: Part, name: str, wanted: Kinds) -> Iterator[FlowFault]:
        kinds = self._kinds(name)
        unfit = bool(kinds & ~NOTHING) and not kinds & wanted
        dated = isinstance(part, Day | Clock)
        if dated and not unfit and name not in self._shown.words:
            unfit = self._subject.keepers.is_no_date(name)
        if unfit:
            asked = _SHOWN_AS[type(part)]
            held = in_words(kinds & ~NOTHING)
            what = f"{name!r} is {held}, and not shown as {asked}"
            if dated and kinds & TEXT:
                what = f"{name!r} holds no date or time, and is shown as it is"
            do = f"Write `{{{name}}}`, or keep a value that fits"
            yield self._subject.fault(
                rules.UNFIT_VALUE, self._where, what, do, character=self._character(name)
            )

    def _forms(self, name: str, cases: dict[str, Parts]) -> Iterator[FlowFault]:
        if not has_tables(self._language):
            return
        character = self._character(name)
        needed, known = _forms_of(self._language)
        lacking = [
            form
            for form, numbers in needed.items()
            if form not in cases and not all(f"={number}" in cases for number in numbers)
        ]
        if lacking:
            some = ", ".join(f"{form} (such as {needed[form][0]})" for form in lacking)
            what = f"the plural of {name!r} lacks {some}: {self._language!r} says it differently"
            do = f"Add `{lacking[0]} {{…}}`"
            yield self._subject.fault(
                rules.PLURAL_MISSING, self._where, what, do, character=character
            )
        for case in cases:
            if not case.startswith("=") and case not in known:
                what = f"{self._language!r} has no form {case!r}: this is never shown"
                do = f"It has {', '.join(sorted(known))}"
                yield self._subject.fault(
                    rules.CASE_UNUSED, self._where, what, do, character=character
                )

    def _cases(self, name: str, cases: dict[str, Parts]) -> Iterator[FlowFault]:
        kinds, domain = self._kinds(name), self._subject.keepers.shown(name)
        for case in cases:
            if case in ("other", "null"):
                # To be careful is no fault.
                continue
            known = None if name in self._shown.words else domain
            if known is not None and TEXT & kinds and case not in known:
                do = instead(case, known, "Take it out")
            elif kinds & (TEXT | UNKEPT) or _may_be(case, kinds):
                continue
            else:
                do = "Take it out, or look where the value comes from"
            what = f"{name!r} is never {case!r}: this is never shown"
            yield self._subject.fault(
                rules.CASE_UNUSED, self._where, what, do, character=self._character(name)
            )

    # --- braces that are none -------------------------------------------------------------------

    def _braces(self, parts: Parts) -> Iterator[FlowFault]:
        for index, part in enumerate(parts):
            if isinstance(part, Plural | Select):
                for inner in part.cases.values():
                    yield from self._braces(inner)
            if not isinstance(part, str):
                continue
            for found in _LIKE_ONE.finditer(part):
                # In quotes it is meant as it stands.
                if found[0] in self._words:
                    yield self._brace(found[0], found[1])
            follows = parts[index + 1 : index + 2]
            if part.endswith("{") and follows and isinstance(follows[0], Put):
                doubled = f"{{{{{follows[0].name}}}}}"
                if doubled in self._words:
                    yield self._brace(doubled, follows[0].name)

    def _brace(self, written: str, name: str) -> FlowFault:
        tidy = re.sub(r"[ -]+", "_", name.lower())
        meant = tidy if tidy in self._subject.known else nearest(tidy, self._subject.known)
        do = f"Write `{{{meant or tidy}}}`; if the braces are meant, put them into quotes: '{{'"
        what = f"{written!r} is no placeholder: it is shown as it is written"
        character = self._words.index(written) + 1
        return self._subject.fault(rules.NO_PLACEHOLDER, self._where, what, do, character=character)


def _may_be(case: str, kinds: Kinds) -> bool:
    if case in ("true", "false"):
        return bool(kinds & TRUTH)
    return bool(kinds & NUMBER) and case.replace("-", "", 1).isdigit()


@lru_cache(200)
def _forms_of(language: str) -> tuple[dict[str, list[int]], frozenset[str]]:
    """The plural forms that whole numbers ask for, with the numbers; all forms of a language."""
    locale = locale_of(language)
    needed: dict[str, list[int]] = {}
    for number in _COUNTED:
        needed.setdefault(locale.plural_form(number), []).append(number)
    needed.pop("other", None)
    return needed, frozenset({*locale.plural_form.tags, "other"})
