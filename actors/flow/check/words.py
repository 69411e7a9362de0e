"""What can be typed: whether each word can match, and means one thing.

What lives here: global words, words of options, choices and keywords, also with typing errors. What
must not: comparing words (`actors.flow.words`), what is seen (`menus`).

Global words are heard first, then keywords of a question, then numbers, titles and words of
choices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from actors.flow import model, rules
from actors.flow.addresses import Place, closure, resolve
from actors.flow.check.shown import choices_of
from actors.flow.check.silence import ways_of
from actors.flow.check.subject import Subject
from actors.flow.faults import FlowFault
from actors.flow.formats import tags_of
from actors.flow.graph import UNASKED
from actors.flow.words import FORGIVEN_LETTERS, is_near, plain


class Phrase(NamedTuple):
    """Something that can be typed."""

    key: str
    """As it is compared."""
    written: str
    where: str
    language: str
    meaning: str
    """What it leads to: an address, or the name of an answer."""
    owner: str
    """The option, choice, keyword or global word that it belongs to."""
    is_title: bool = False


def phrases(subject: Subject) -> Iterator[FlowFault]:
    """Every word can match, and means one thing where it is typed."""
    everywhere = list(_global_phrases(subject))
    first: dict[str, Phrase] = {}
    for phrase in everywhere:
        yield from _matches(subject, phrase)
        if phrase.key.isdecimal() and len(phrase.key) < 3:
            what = f"{phrase.written!r} is what customers type for a choice by its number"
            do = "Choose another word"
            yield subject.fault(rules.WORD_IS_NUMBER, phrase.where, what, do)
        other = first.setdefault(phrase.key, phrase)
        if phrase.key and other.meaning != phrase.meaning:
            what = f"{phrase.written!r} leads to {other.meaning!r} already, by {other.owner!r}"
            yield subject.fault(rules.WORDS_COLLIDE, phrase.where, what, "Take one of them out")
    near = _Near(everywhere)
    yield from near.faults(subject)
    for place in subject.places:
        yield from _in_step(subject, place, first, near)
    for language, words in subject.flow.handover.leave_words.items():
        for index, word in enumerate(words):
            where = f"handover.leave_words.{language}.{index}"
            yield from _matches(subject, Phrase(plain(word), word, where, language, "", "leave"))


def _global_phrases(subject: Subject) -> Iterator[Phrase]:
    for name, word in subject.flow.words.items():
        yield from _spoken(word.words, f"words.{name}.words", word.goto, name)


def _spoken(words: model.Words, where: str, meaning: str, owner: str) -> Iterator[Phrase]:
    for language, spoken in words.items():
        for index, word in enumerate(spoken):
            place = f"{where}.{language}.{index}"
            yield Phrase(plain(word), word, place, language, meaning, owner)


def _matches(subject: Subject, phrase: Phrase) -> Iterator[FlowFault]:
    if not phrase.key:
        what = f"{phrase.written!r} can never match: only letters and digits are compared"
        do = "Write a word, or take it out"
        yield subject.fault(rules.WORD_NEVER, phrase.where, what, do)


# --- in a step ----------------------------------------------------------------------------------


def _in_step(
    subject: Subject, place: Place, everywhere: dict[str, Phrase], near: _Near
) -> Iterator[FlowFault]:
    chosen, keywords = list(_chosen(subject, place)), list(_keywords(subject, place))
    if not chosen and not keywords:
        return
    for phrase in (*keywords, *chosen):
        if not phrase.is_title:
            yield from _matches(subject, phrase)
        hiding = everywhere.get(phrase.key)
        if hiding is not None and hiding.meaning != phrase.meaning:
            what = (
                f"who types {phrase.written!r} comes to {hiding.meaning!r} instead, "
                f"by the global word {hiding.owner!r}"
            )
            do = "Change one of the two words"
            yield subject.fault(rules.WORD_HIDES, phrase.where, what, do)
    yield from _collisions(subject, keywords, chosen)
    yield from _numbers(subject, place, keywords, chosen)
    yield from _Near([*keywords, *chosen]).faults(subject)
    for phrase in (*keywords, *chosen):
        yield from near.to(subject, phrase)


def _chosen(subject: Subject, place: Place) -> Iterator[Phrase]:
    offered = choices_of(place.step)
    if offered is None:
        return
    key, choices = offered
    for name, one in choices.items():
        where = f"{place.where}.{key}.{name}"
        meaning = f"the answer {name}"
        if isinstance(one, model.Option):
            meaning = resolve(subject.flow, place.scope, one.goto)
        for language, title in one.title.items():
            at = f"{where}.title.{language}"
            yield Phrase(plain(title), title, at, language, meaning, name, is_title=True)
        yield from _spoken(one.words, f"{where}.words", meaning, name)


def _keywords(subject: Subject, place: Place) -> Iterator[Phrase]:
    if isinstance(place.step, model.Question):
        for name, word in place.step.keywords.items():
            meaning = resolve(subject.flow, place.scope, word.goto)
            where = f"{place.where}.keywords.{name}.words"
            yield from _spoken(word.words, where, meaning, name)


def _collisions(
    subject: Subject, keywords: list[Phrase], chosen: list[Phrase]
) -> Iterator[FlowFault]:
    by_key: dict[str, list[Phrase]] = {}
    for phrase in (*keywords, *chosen):
        for other in by_key.get(phrase.key, ()):
            titles = phrase.is_title + other.is_title
            # Two titles: `menus` tells. A title counts in the language in which it is shown.
            apart = titles == 2 or (titles == 1 and phrase.language != other.language)
            if phrase.key and not apart and other.meaning != phrase.meaning:
                what = f"{phrase.written!r} stands for {other.owner!r} and for {phrase.owner!r}"
                do = "Give one of them another word"
                yield subject.fault(rules.CHOICES_COLLIDE, phrase.where, what, do)
                break
        by_key.setdefault(phrase.key, []).append(phrase)


def _numbers(
    subject: Subject, place: Place, keywords: list[Phrase], chosen: list[Phrase]
) -> Iterator[FlowFault]:
    """Words that are the number of another choice, or a number that is asked for."""
    owners = list(dict.fromkeys(phrase.owner for phrase in chosen))
    asks_number = isinstance(place.step, model.Question) and isinstance(
        place.step.answer, model.NumberAnswer
    )
    for phrase in keywords:
        if phrase.key.isdecimal() and (asks_number or phrase.key in map(str, _up_to(owners))):
            what = f"{phrase.written!r} is an answer as well: it never counts as one"
            do = "Choose a word that is no answer"
            yield subject.fault(rules.WORD_IS_NUMBER, phrase.where, what, do)
    for phrase in chosen:
        if phrase.key.isdecimal() and phrase.key in map(str, _up_to(owners)):
            meant = owners[int(phrase.key) - 1]
            if meant != phrase.owner:
                what = f"{phrase.written!r} stands for the choice of that number, {meant!r}"
                do = "Choose another word, or another order"
                yield subject.fault(rules.WORD_IS_NUMBER, phrase.where, what, do)


def _up_to(owners: list[str]) -> range:
    return range(1, len(owners) + 1)


# --- typing errors ------------------------------------------------------------------------------


class _Near:
    """Phrases that can be heard at the same time, found by how long they are."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        distinct: dict[tuple[str, str], Phrase] = {}
        for phrase in phrases:
            if phrase.key:
                distinct.setdefault((phrase.key, phrase.meaning), phrase)
        self._phrases = list(distinct.values())
        self._by_size: dict[tuple[int, int], list[tuple[int, Phrase]]] = {}
        for index, phrase in enumerate(self._phrases):
            self._by_size.setdefault(_size(phrase.key), []).append((index, phrase))

    def faults(self, subject: Subject) -> Iterator[FlowFault]:
        """Phrases of this set that are near each other, each pair once."""
        for index, phrase in enumerate(self._phrases):
            yield from self.to(subject, phrase, index)

    def to(
        self, subject: Subject, phrase: Phrase, before: int | None = None
    ) -> Iterator[FlowFault]:
        """Phrases of this set, up to one of them, that are near a phrase."""
        count, length = _size(phrase.key)
        if length < FORGIVEN_LETTERS:
            return
        for size in range(length - 2 * count, length + 2 * count + 1):
            for index, other in self._by_size.get((count, size), ()):
                if before is not None and index >= before:
                    break
                if other.key == phrase.key or other.meaning == phrase.meaning:
                    continue
                if is_near(phrase.key, other.key) or is_near(other.key, phrase.key):
                    what = (
                        f"{phrase.written!r} and {other.written!r}, of {other.owner!r}, are a "
                        "typing error apart: neither is understood with one"
                    )
                    do = "Change one of them, if that matters"
                    yield subject.fault(rules.WORDS_NEAR, phrase.where, what, do)


def _size(key: str) -> tuple[int, int]:
    return key.count(" ") + 1, len(key)


# --- all words together -------------------------------------------------------------------------


def ways_out(subject: Subject) -> Iterator[FlowFault]:
    """Some word leads to a person or to the root from anywhere."""
    flow = subject.flow
    ways = ways_of(subject.graph, kinds=UNASKED)
    seen = closure((word.goto for word in flow.words.values() if word.goto in ways), ways)
    people = any(isinstance(subject.graph.places[here].step, model.Handover) for here in seen)
    if not people and flow.root not in seen:
        what = "no global word leads to a person or back to the root"
        do = "Add words such as `menu` and `agent`, which help from anywhere"
        yield subject.fault(rules.NO_WAY_OUT, "words", what, do)


def languages(subject: Subject) -> Iterator[FlowFault]:
    """Words that a customer has to know are there in every language."""
    spoken = [(f"words.{name}.words", word.words) for name, word in subject.flow.words.items()]
    for place in subject.places:
        if isinstance(place.step, model.Question):
            for name, word in place.step.keywords.items():
                spoken.append((f"{place.where}.keywords.{name}.words", word.words))
    spoken.append(("handover.leave_words", subject.flow.handover.leave_words))
    for where, words in spoken:
        lacking = [
            language
            for language in subject.flow.languages
            if not any(words.get(tag) for tag in tags_of(language))
        ]
        if lacking:
            what = f"no words in {', '.join(map(repr, lacking))}"
            do = f"Add `{lacking[0]}: [ … ]`"
            yield subject.fault(rules.NO_WORDS, where, what, do)
