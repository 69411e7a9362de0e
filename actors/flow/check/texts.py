"""Texts: whether each is there in every language, says something, and fits what is shown.

What lives here: languages, lengths, emptiness. What must not: values in texts (`placeholders`),
menus as a whole (`menus`).
"""

from __future__ import annotations

from collections.abc import Iterator

from actors.flow import rules
from actors.flow.check.shown import ShownText
from actors.flow.check.subject import Subject
from actors.flow.faults import FlowFault, instead
from actors.flow.formats import has_tables, spoken, tags_of
from actors.flow.limits import (
    BUTTON_TITLE_MAX,
    MENU_TEXT_MAX,
    ROW_DESCRIPTION_MAX,
    ROW_TITLE_MAX,
    units,
)
from actors.flow.model import SetLanguage
from actors.flow.texts import longest_of

_SHOWN_AS = {
    BUTTON_TITLE_MAX: "a button shows",
    ROW_TITLE_MAX: "a row of a list shows",
    ROW_DESCRIPTION_MAX: "a description shows",
    MENU_TEXT_MAX: "a message with buttons or a list shows",
}


def texts(subject: Subject) -> Iterator[FlowFault]:
    """Every text is there in every language and fits."""
    languages = subject.flow.languages
    desk = subject.flow.handover.language or languages[0]
    tags = {tag for language in languages for tag in tags_of(language)}
    accepted = {language: tags_of(language) for language in languages}
    for shown in subject.shown:
        lacking = [
            language
            for language in ((desk,) if shown.desk else languages)
            if not any(tag in shown.text for tag in accepted.get(language, (language,)))
        ]
        if lacking and shown.desk:
            # The first language takes its place, and is there for customers anyway.
            lacking = [] if languages[0] in shown.text else lacking
        for language in lacking:
            what = f"no text in {language!r}"
            do = f"Add `{language}: …` beside the others"
            yield subject.fault(rules.NO_TEXT, shown.where, what, do)
        for language, words in shown.text.items():
            where = f"{shown.where}.{language}"
            if language not in tags:
                what = "a language that languages does not list"
                do = instead(language, tags, "Add it to `languages`, or take it out")
                yield subject.fault(rules.STRAY_LANGUAGE, where, what, do)
            yield from _fits(subject, shown, where, words)


def _fits(subject: Subject, shown: ShownText, where: str, words: str) -> Iterator[FlowFault]:
    if not words.strip():
        if shown.must:
            do = "Write what the customer reads there"
            yield subject.fault(rules.EMPTY_TEXT, where, "this is empty", do)
        else:
            what = "this is empty: nothing is said"
            do = "Write something, if that is not what is meant"
            yield subject.fault(rules.NOTHING_SAID, where, what, do)
        return
    if len(words) <= shown.longest // 2:
        # Shorter than that in any unit, with whatever stands in braces.
        return
    # Of what a plural or a select shows, the longest; values may make it longer still.
    length = units(longest_of(words))
    if length > shown.longest:
        what = f"{length} characters, {shown.longest} are shown"
        shower = _SHOWN_AS.get(shown.longest, "a message shows")
        more = ", an emoji counts as two" if units(words) > len(words) else ""
        do = f"Make it shorter: {shower} no more{more}"
        yield subject.fault(rules.TOO_LONG, where, what, do)


def languages(subject: Subject) -> Iterator[FlowFault]:
    """The languages of the flow are known, listed once, and spoken."""
    listed = subject.flow.languages
    distinct = tuple(dict.fromkeys(listed))
    heard = {place.step.language for place in subject.places if isinstance(place.step, SetLanguage)}
    for index, language in enumerate(listed):
        where = f"languages.{index}"
        if language in listed[:index]:
            what = f"{language!r} is listed twice"
            yield subject.fault(rules.LANGUAGE_TWICE, where, what, "Take one of them out")
        if not has_tables(language):
            what = f"no tables for {language!r}: dates and numbers are written as in English"
            do = "Use a tag such as `es`, `pt-BR` or `en-GB`"
            yield subject.fault(rules.UNTABLED_LANGUAGE, where, what, do)
    default = subject.world.default_language
    if default is not None:
        heard.add(spoken(default, listed) or default)
    unspoken = [language for language in distinct if language not in heard]
    # One of them may be the language of the configuration, which is not known here.
    unknown = subject.world.default_language is None
    if len(unspoken) > unknown and len(distinct) > 1:
        which = ", ".join(unspoken)
        what = f"no step changes to {which}, so this is never spoken"
        if unknown:
            what = f"no step changes to {which}, so only one of them is ever spoken"
        do = "Add a menu of languages with `do: set_language`"
        yield subject.fault(rules.UNSPOKEN_LANGUAGE, "languages", what, do)


def desk_language(subject: Subject) -> Iterator[FlowFault]:
    """The agents' language is one that the flow speaks."""
    language = subject.flow.handover.language
    if language is None:
        return
    tags = {tag for listed in subject.flow.languages for tag in tags_of(listed)}
    if not any(tag in tags for tag in tags_of(language)):
        what = f"not one of languages: {language!r}, so agents read {subject.flow.languages[0]!r}"
        do = instead(language, subject.flow.languages, "Add it to `languages`")
        yield subject.fault(rules.DESK_LANGUAGE, "handover.language", what, do)
