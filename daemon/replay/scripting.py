"""The lines of a story, in the order of a conversation file.

What lives here: where the story begins, what the bot said in between, and how much time passed.
What must not: what a single line says (`events`), or files (`command`).

In a file nothing takes time but what the clock lines say. So what the bot answered to something is
expected right behind that, and what came of the time (a look, a deadline, news that waited for
their turn) behind the clock line in which it came.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from actors.calls import Purpose, Say, StartJob, WebRequest
from actors.messages import CustomerWrote
from daemon.replay.events import answers_of, events_of
from daemon.replay.redaction import Redaction
from daemon.replay.story import Called, Heard, NoStory, Story, chain
from daemon.replay.timeline import Event
from daemon.scripts import writing

_DAY_MS = 86_400_000
_ROUND_MS = 100
_UNDER_WAY_MS = 5_000
"""A message that was longer under way was held back, and its time is when it was sent."""
_AT_ONCE_MS = 10_000
"""A call that got through at its first attempt takes no longer; in a file it takes no time."""
_AFTER_ALL_MS = 60_000
"""Chance moves the last message by some seconds; nothing was said in between."""


class _Said(Struct, frozen=True):
    """Something that the bot said, and where it belongs."""

    order: tuple[int, int]
    """When it was sent, and in which order it was decided."""
    at_ms: int
    line: str | None
    """None: replaced before it was sent; in a file, where all is quicker, it may be seen."""
    behind: int
    """The event that it stands behind, by its number."""
    at_once: bool
    """It answers that event; else it came of the time."""


def script_of(story: Story, *, since_ms: int | None = None) -> list[str]:
    """The lines of a file. Raises NoStory where the customer did nothing that is kept."""
    begins = _beginning(story, since_ms)
    redaction = Redaction(story.flow, begins.at_ms)
    events = events_of(story, redaction, begins)
    places = _Places(story, events, begins)
    at = datetime.fromtimestamp(begins.at_ms // 1000, UTC)
    lines = writing.header(f"What happened in {story.conversation}", story.language)
    lines[-1:] = [
        f"begins: {at:%Y-%m-%d %H:%M:%S}",
        f"# With version {story.flow_version} of the flow. Of what people wrote only words of the",
        "# flow are left, and of what systems said only what the flow keeps, changed.",
        "",
    ]
    if any(isinstance(one.call, StartJob) for one in story.called):
        lines.append("provider: by hand")
    telling = _Telling(events, _answers(story, redaction, places), _said(story, redaction, places))
    return lines + telling.lines(begins.at_ms // 1000 * 1000, story.now_ms)


def _beginning(story: Story, since_ms: int | None) -> Heard:
    """The first thing that the customer did, or did after a day of silence: the bot began anew."""
    did = [
        one
        for one in story.heard
        if one.actor == story.conversation and isinstance(one.message, CustomerWrote)
    ]
    fresh = [
        one
        for one, before in zip(did, [None, *did], strict=False)
        if before is None or one.at_ms - before.at_ms > _DAY_MS
    ]
    if not fresh:
        raise NoStory("nothing that the customer did is kept")
    if since_ms is None:
        return fresh[0]
    earlier = [one for one in fresh if one.at_ms <= since_ms]
    return earlier[-1] if earlier else fresh[0]


class _Places:
    """Behind which event something belongs."""

    def __init__(self, story: Story, events: Sequence[Event], begins: Heard) -> None:
        self._by_id = story.by_id()
        self._begins = begins
        self._times = [event.at_ms for event in events]
        self._positions = [event.position for event in events]

    def of(self, one: Called) -> tuple[int, bool] | None:
        """The event's number, and whether it led here; None: before the beginning."""
        causes = list(chain(one.cause, self._by_id))
        if not causes or causes[0].position < self._begins.position:
            return None
        behind = max(bisect_right(self._positions, causes[0].position) - 1, 0)
        for number, cause in enumerate(causes):
            place = self._place_of(cause)
            if place is not None:
                soon = one.at_ms - cause.at_ms <= _AT_ONCE_MS
                quick = soon and not any(map(_took_time, causes[:number]))
                return (place, True) if quick else (behind, False)
        return behind, False

    def _place_of(self, cause: Heard) -> int | None:
        """The event that is told by a message; None: it came of the time."""
        place = bisect_left(self._positions, cause.position)
        if place < len(self._positions) and self._positions[place] == cause.position:
            return place
        # Of two taps in one moment the second has no line of its own.
        return max(place - 1, 0) if isinstance(cause.message, CustomerWrote) else None

    def at(self, at_ms: int) -> int:
        """The last event before a time."""
        return max(bisect_left(self._times, at_ms) - 1, 0)


def _took_time(heard: Heard) -> bool:
    """Whether this is what became of a call that was tried again, or did not get through."""
    effect, attempt, what = [*heard.message_id.rsplit(".", 2), "", ""][:3]
    return effect.startswith("eff_") and (attempt != "1" or what != "answer")


def _answers(story: Story, redaction: Redaction, places: _Places) -> dict[int, list[str]]:
    """What services are to answer to what comes of each event."""
    found: dict[int, list[str]] = {}
    for one in story.called:
        if isinstance(one.call, WebRequest) and (place := places.of(one)) is not None:
            found.setdefault(place[0], []).extend(answers_of(story, redaction, one))
    return found


def _said(story: Story, redaction: Redaction, places: _Places) -> dict[int, list[_Said]]:
    """What the bot said, by the event that it stands behind, as it was sent."""
    found: list[_Said] = []
    for one in story.called:
        place = places.of(one) if isinstance(one.call, Say) else None
        if not isinstance(one.call, Say) or place is None:
            continue
        behind, at_once = place
        if one.arrived and one.started_ms is not None:
            waited = one.due_ms > one.at_ms or one.started_ms - one.at_ms > _UNDER_WAY_MS
            found.append(
                _Said(
                    (one.started_ms, one.position),
                    one.started_ms if waited else one.at_ms,
                    _line(one.call, redaction),
                    places.at(one.started_ms) if waited else behind,
                    at_once and not waited,
                )
            )
        elif _replaced_at_once(one):
            found.append(_Said((one.at_ms, one.position), one.at_ms, None, behind, at_once))
    by_event: dict[int, list[_Said]] = {}
    for said in sorted(found, key=lambda said: said.order):
        by_event.setdefault(said.behind, []).append(said)
    return by_event


def _replaced_at_once(one: Called) -> bool:
    """It could have been sent: what waits for its turn may be replaced in a file too."""
    due = one.done_ms is not None and one.due_ms <= one.done_ms
    return one.state == "dropped" and one.attempts == 0 and due


def _line(say: Say, redaction: Redaction) -> str:
    if say.purpose is Purpose.AGENT_LINE:
        return writing.said(redaction.words(say.text) or "?", ())
    titles = [" ".join(choice.title.split()) for choice in say.choices]
    known = all(title in redaction.titles for title in titles)
    return writing.said(say.text, titles if known else (), redaction.pattern(say.text))


class _Telling:
    """Puts events, answers, what the bot said and the clock in order."""

    def __init__(
        self,
        events: Sequence[Event],
        answers: dict[int, list[str]],
        said: dict[int, list[_Said]],
    ) -> None:
        self._events = events
        self._answers = answers
        self._said = said
        self._lines: list[str] = []
        self._now_ms = 0
        self._replaced = False

    def lines(self, begins_ms: int, ends_ms: int) -> list[str]:
        """All lines, from a time until another."""
        self._now_ms = begins_ms
        for number, event in enumerate(self._events):
            self._lines += self._answers.get(number, [])
            if event.by_customer:
                self._end_of_replaced()
            self._lines.append(event.line)
            said = self._said.get(number, [])
            later = [one for one in said if not one.at_once]
            self._put([one for one in said if one.at_once])
            if number + 1 < len(self._events):
                self._pass(self._events[number + 1].at_ms)
            elif later:
                last_ms = later[-1].at_ms
                self._pass(min(last_ms + _AFTER_ALL_MS, max(ends_ms, last_ms + _ROUND_MS)))
            self._put(later)
        self._end_of_replaced()
        return self._lines

    def _put(self, said: Sequence[_Said]) -> None:
        for one in said:
            if one.line is None:
                self._replaced = True
            else:
                skip = "bot: ... " if self._replaced else "bot: "
                self._lines.append(skip + one.line.removeprefix("bot: "))
                self._replaced = False

    def _pass(self, end_ms: int) -> None:
        """A clock line, where enough time passes."""
        ms = (end_ms - self._now_ms) // _ROUND_MS * _ROUND_MS
        if ms > 0:
            self._lines.append(writing.action("clock", writing.duration(ms)))
            self._now_ms += ms

    def _end_of_replaced(self) -> None:
        if self._replaced:
            self._lines.append("bot: ...")
            self._replaced = False
