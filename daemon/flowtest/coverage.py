"""What of a flow the conversations went through, and what none did.

What lives here: counting steps, the ways out of a step, global words, and the texts of jobs and
hand-overs. What must not: what a step does: that a way was taken is seen from the steps that a turn
went through, so a new kind of step needs nothing here as long as `edges_of` knows it.

A way out of a step counts where more than one leads out of it. Where two lead to the same place and
a customer typed instead of tapping, both count: nobody can see which it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from msgspec import Struct

from actors.buttons import MenuButton, decode
from actors.codec import decode_message
from actors.conversation import Conversation
from actors.flow.addresses import places_of
from actors.flow.graph import edges_of
from actors.flow.model import Flow, GlobalWord
from actors.flow.reader import FlowSource, place_of
from actors.flow.words import all_of, says
from actors.ids import CONVERSATION, ActorId, kind_of
from actors.kinds import wake
from actors.messages import (
    CustomerWrote,
    HandoverNews,
    HandoverReported,
    JobReported,
    Message,
    News,
    Tapped,
    Typed,
)
from daemon.turn import TurnResult
from state.rows import InboxRow


class Untouched(Struct, frozen=True):
    """A part of the flow that no conversation went through."""

    line: int
    path: str
    """Such as `steps.main.options.bill.goto`."""
    target: str | None = None
    """For a way out of a step: where it leads."""


class Coverage:
    """Counts over any number of conversations with one flow."""

    def __init__(self, source: FlowSource) -> None:
        self._source = source
        self._parts = dict(_parts(source))
        """Path -> where it leads, for a way out of a step."""
        self._places = {place.address: place for place in _places(source.flow)}
        self._touched: set[str] = set()
        self._at: dict[ActorId, str] = {}

    def begin(self) -> None:
        """A new conversation begins."""
        self._at.clear()

    @property
    def total(self) -> int:
        """How many parts there are."""
        return len(self._parts)

    @property
    def touched(self) -> int:
        """How many of them were gone through."""
        return len(self._touched & self._parts.keys())

    @property
    def percent(self) -> int:
        """The share of them, rounded down: 100 only where nothing is left."""
        return 100 * self.touched // max(self.total, 1)

    def untouched(self) -> list[Untouched]:
        """What was not, in the order of the file."""
        places = self._source.places
        left = [
            Untouched(place_of(places, path)[0], path, target)
            for path, target in self._parts.items()
            if path not in self._touched
        ]
        return sorted(left, key=lambda part: (part.line, part.path))

    # --- watching -------------------------------------------------------------------------------

    def saw(self, row: InboxRow, result: TurnResult) -> None:
        """A turn was taken."""
        if kind_of(row.actor) != CONVERSATION:
            return
        steps = tuple(step for one in result.heard for step in one.steps)
        message = decode_message(row.body)
        if not self._knows_the_way(row.actor, message) and steps:
            self._went(self._at.get(row.actor), steps[0])
        for step, following in pairwise(steps):
            self._went(step, following)
        for step in steps:
            self._touched.add(self._where(step))
            self._at[row.actor] = step
        self._told(row.actor, message, result)

    def _knows_the_way(self, actor: ActorId, message: Message) -> bool:
        """Whether the message itself says which way was taken: a tap, or a global word."""
        match message:
            case CustomerWrote(input=Tapped(button)):
                match decode(actor, button):
                    case MenuButton(_, step, option):
                        self._touched.add(f"{self._where(step)}.options.{option}.goto")
                        return True
                    case _:
                        return False
            case CustomerWrote(input=Typed(text)):
                word = _word(self._source.flow.words, text)
                if word is not None:
                    self._touched.add(f"words.{word}")
                return word is not None
            case _:
                return False

    def _where(self, address: str) -> str:
        place = self._places.get(address)
        return place.where if place is not None else address

    def _went(self, step: str | None, following: str) -> None:
        place = self._places.get(step or "")
        for path, target in place.ways if place is not None else ():
            if target == following:
                self._touched.add(path)

    def _told(self, actor: ActorId, message: Message, result: TurnResult) -> None:
        match message:
            case JobReported(job=job, news=news, step=step):
                conversation = wake(actor, result.commit.state).state
                view = conversation.job(job) if isinstance(conversation, Conversation) else None
                if view is not None:
                    texts = f"jobs.{view.name}.texts"
                    which = f"steps.{step}" if news is News.STEP else news.value
                    self._touched.add(f"{texts}.{which}")
            case HandoverReported(news=news):
                self._touched.add(f"handover.texts.{news.value}")
            case _:
                pass


class _Place(Struct, frozen=True):
    """A step, by the name that turns give it."""

    address: str
    where: str
    """Its path in the file."""
    ways: tuple[tuple[str, str], ...]
    """The path of each way out of it, and the address to which it leads."""


def _places(flow: Flow) -> Iterator[_Place]:
    for place in places_of(flow):
        ways = (
            (f"{place.where}.{edge.key}", edge.target)
            for edge in edges_of(flow, place)
            if edge.written
        )
        yield _Place(place.address, place.where, tuple(ways))


def _parts(source: FlowSource) -> Iterator[tuple[str, str | None]]:
    flow = source.flow
    for place in _places(flow):
        yield place.where, None
        if len({target for _, target in place.ways}) > 1:
            yield from place.ways
    for name in flow.words:
        yield f"words.{name}", None
    for path in _told_texts(flow):
        if path in source.places:  # the shipped words are not the author's to try
            yield path, None


def _told_texts(flow: Flow) -> Iterator[str]:
    for name, job in flow.jobs.items():
        for news in News:
            if news is not News.STEP:
                yield f"jobs.{name}.texts.{news.value}"
        for step_id in job.texts.steps:
            yield f"jobs.{name}.texts.steps.{step_id}"
    for told in HandoverNews:
        yield f"handover.texts.{told.value}"


def _word(words: dict[str, GlobalWord], text: str) -> str | None:
    for name, word in words.items():
        if says(text, all_of(word.words)):
            return name
    return None
