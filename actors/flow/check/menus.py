"""Menus and choices as they are shown: buttons or a list, side by side, with what is said before.

What lives here: what is seen together. What must not: single texts (`texts`), what can be typed
(`words`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from actors.flow import model, rules
from actors.flow.addresses import Place, scope_of
from actors.flow.check.shown import Choices, choices_of
from actors.flow.check.silence import circles, order_of, silent_ways
from actors.flow.check.subject import Subject, way
from actors.flow.faults import FlowFault
from actors.flow.graph import Way
from actors.flow.limits import BUTTON_TITLE_MAX, BUTTONS_MAX, MENU_TEXT_MAX, ROW_TITLE_MAX, units
from actors.flow.render import pick
from actors.flow.texts import longest_of
from actors.flow.words import plain

_BLANK_LINE = 2
"""Between two texts of one message."""


def shown(subject: Subject) -> Iterator[FlowFault]:
    """How what can be chosen is shown, and whether all of it can be seen."""
    for place in subject.places:
        offered = choices_of(place.step)
        if offered is not None:
            key, choices = offered
            where = f"{place.where}.{key}"
            if all(_condition(one) is not None for one in choices.values()):
                what = "every option has a `when`: where none of them is true, nothing can be shown"
                do = "Let one option have none, such as the way back"
                yield subject.fault(rules.NOTHING_SHOWN, where, what, do)
            yield from _as_shown(subject, where, choices)
            yield from _alike(subject, where, choices)


def _condition(one: model.Option | model.AnswerChoice) -> str | None:
    return one.when if isinstance(one, model.Option) else None


def _as_shown(subject: Subject, where: str, choices: Choices) -> Iterator[FlowFault]:
    most = len(choices)
    always = sum(_condition(one) is None for one in choices.values())
    if most <= BUTTONS_MAX:
        for name, one in choices.items():
            if one.description is not None:
                what = f"this is never seen: {most} are shown as buttons, which have no second line"
                do = "Take it out, or say it in the text of the menu"
                place = f"{where}.{name}.description"
                yield subject.fault(rules.NOT_SEEN, place, what, do)
        return
    if always > BUTTONS_MAX or always == most:
        what = f"{most} are shown as a list, behind the button of `phrases.choose`"
        do = f"Offer {BUTTONS_MAX} at most, if they should be buttons"
        yield subject.fault(rules.AS_LIST, where, what, do)
        return
    least = max(always, 1)
    what = f"{least} to {most} are shown: up to {BUTTONS_MAX} as buttons, more as a list"
    yield subject.fault(rules.AS_EITHER, where, what, "Let titles and text suit either")
    for name, one in choices.items():
        for language, title in one.title.items():
            if BUTTON_TITLE_MAX < units(title) <= ROW_TITLE_MAX:
                what = f"{units(title)} characters; as a button it is cut at {BUTTON_TITLE_MAX}"
                do = f"Make it shorter: {least} of these may be shown alone, as buttons"
                place = f"{where}.{name}.title.{language}"
                yield subject.fault(rules.CUT_AS_BUTTON, place, what, do)


def _alike(subject: Subject, where: str, choices: Choices) -> Iterator[FlowFault]:
    """Titles that a customer cannot tell apart, in a language in which they are side by side."""
    told: set[tuple[str, str]] = set()
    always = sum(_condition(one) is None for one in choices.values())
    buttons = len(choices) <= BUTTONS_MAX or always <= BUTTONS_MAX < len(choices) != always
    longest = BUTTON_TITLE_MAX if buttons else ROW_TITLE_MAX
    for language in subject.flow.languages:
        seen: dict[str, str] = {}
        for name, one in choices.items():
            title = pick(one.title, language, subject.flow.languages[0])
            seen_as = title if units(title) <= longest else title[: longest - 1]
            key = plain(seen_as) or seen_as.strip()
            other = seen.setdefault(key, name)
            if other == name or (other, name) in told or not key:
                continue
            first, second = _condition(choices[other]), _condition(one)
            if first is not None and second is not None and first != second:
                # One where the other is not, it may be.
                continue
            told.add((other, name))
            what = f"looks like {other!r} in {language!r}: {seen_as.strip()!r}"
            do = "Give it another title"
            yield subject.fault(rules.TITLES_ALIKE, f"{where}.{name}.title", what, do)


# --- what is said before ------------------------------------------------------------------------


def said_before(subject: Subject) -> Iterator[FlowFault]:
    """A menu and what is said on the way to it fit into one message."""
    ways = silent_ways(subject.graph)
    if any(True for _ in circles(ways)):
        # That has to be mended first.
        return
    told: set[str] = set()
    for language in subject.flow.languages:
        said = _Said(subject, ways, language)
        for place in subject.places:
            if not isinstance(place.step, model.Menu | model.Question) or place.address in told:
                continue
            own = units(longest_of(pick(place.step.text, language, subject.flow.languages[0])))
            before = said.before.get(place.address, 0)
            if before and own <= MENU_TEXT_MAX < before + own:
                told.add(place.address)
                what = (
                    f"{before + own} characters in {language!r} with what is said before it, "
                    f"{MENU_TEXT_MAX} fit: two messages; {way(said.way(place.address))}"
                )
                do = "Make these texts shorter, if they should be one message"
                yield subject.fault(rules.TWO_MESSAGES, f"{place.where}.text", what, do)


class _Said:
    """What is waiting to be said where a step begins, at its longest, in one language."""

    def __init__(self, subject: Subject, ways: Mapping[str, list[str]], language: str) -> None:
        self._subject, self._language = subject, language
        self.before: dict[str, int] = {}
        self._from: dict[str, str] = {}
        order = order_of(ways)
        inside = self._inside(ways, order)
        for here in reversed(order):
            place = subject.graph.places[here]
            after = self._after(place, self.before.get(here, 0))
            for to in ways[here]:
                more = inside.get(here, 0) if _is_past(subject, here, to) else 0
                if after + more > self.before.get(to, 0):
                    self.before[to], self._from[to] = after + more, here

    def _text(self, text: model.Text) -> int:
        return units(longest_of(pick(text, self._language, self._subject.flow.languages[0])))

    def _after(self, place: Place, before: int) -> int:
        match place.step:
            case model.Message(text=text):
                return before + self._text(text) + _BLANK_LINE
            case model.CancelJob() | model.JobStatus():
                return before + self._text(self._subject.flow.phrases.no_jobs) + _BLANK_LINE
            case model.StartJob() | model.Handover():
                # What was said goes out before the job's own words.
                return 0
            case _:
                return before

    def _inside(self, ways: Mapping[str, list[str]], order: list[str]) -> dict[str, int]:
        """Call -> what its sub-flow says on the way to its return, at its longest."""
        until: dict[str, int] = {}
        found: dict[str, int] = {}
        for here in order:
            place = self._subject.graph.places[here]
            if isinstance(place.step, model.Return):
                until[here] = 0
                continue
            for edge in self._subject.graph.ways_out[here]:
                if edge.way is Way.CALL:
                    found[here] = until.get(edge.target, 0)
            own = self._after(place, 0)
            for to in ways[here]:
                if scope_of(to) == place.scope and to in until:
                    more = found.get(here, 0) if _is_past(self._subject, here, to) else 0
                    until[here] = max(until.get(here, 0), own + more + until[to])
        return found

    def way(self, address: str) -> list[str]:
        """The steps that say the most before a step, and it."""
        found = [address]
        while found[-1] in self._from and len(found) <= len(self._from):
            found.append(self._from[found[-1]])
        return found[::-1]


def _is_past(subject: Subject, here: str, to: str) -> bool:
    ways = subject.graph.ways_out[here]
    return any(edge.way is Way.RETURN and edge.target == to for edge in ways)
