"""Playing a conversation file on a stage, and checking it.

What lives here: going through the file line by line, and the chat as it went. What must not: what a
line does or expects (`acting`, `checking`), the format, or either stage.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from daemon.scripts.acting import Acting
from daemon.scripts.checking import Checking, Difference, flat
from daemon.scripts.format import Script, Step
from daemon.scripts.stage import Stage


class ChatLine(Struct, frozen=True):
    """One line of the chat as it went: what the file did, or what the bot said."""

    who: str
    text: str


class Failure(Struct, frozen=True):
    """Where a conversation went otherwise than its file says."""

    number: int
    """The line of the file; 0: at its end."""
    what: str
    expected: str | None = None
    came: str | None = None

    def __str__(self) -> str:
        place = f"line {self.number}" if self.number else "at the end"
        parts = [f"{place}: {self.what}"]
        if self.expected is not None:
            parts.append(f"expected: {self.expected}")
        if self.came is not None:
            parts.append(f"but came: {self.came}")
        return "\n".join(parts)


class Played(Struct, frozen=True):
    """How a script went."""

    chat: tuple[ChatLine, ...]
    """What the customer and the bot wrote, as the phone shows it."""
    failure: Failure | None = None
    lengths: tuple[int, ...] = ()
    """How long the chat was after each step."""


class Player:
    """Plays one script. `tell` gets each line of the chat as it happens."""

    def __init__(self, stage: Stage, script: Script, tell: Callable[[ChatLine], None]) -> None:
        self._stage = stage
        self._script = script
        self._tell = tell
        self._acting = Acting(stage, script.folder)
        self._checking = Checking(stage)
        self._told = 0
        self._lengths: list[int] = []

    async def play(self) -> Played:
        """Play it, up to where it goes otherwise."""
        for step in self._script.steps:
            failure = await self._guarded(step)
            self._lengths.append(len(self._stage.phone.transcript))
            if failure is not None:
                return self._played(failure)
        try:
            self._checking.nothing_left("at the end")
        except Difference as found:
            return self._played(Failure(0, found.what, found.expected, found.came))
        return self._played(None)

    def _played(self, failure: Failure | None) -> Played:
        chat = tuple(
            ChatLine("customer" if message.mine else "bot", flat(message))
            for message in self._stage.phone.transcript
        )
        return Played(chat, failure, tuple(self._lengths))

    async def _guarded(self, step: Step) -> Failure | None:
        try:
            await self._step(step)
        except Difference as found:
            return Failure(step.number, found.what, found.expected, found.came)
        except (ValueError, LookupError, RuntimeError) as error:
            return Failure(step.number, str(error))
        finally:
            self._tell_news()
        return None

    async def _step(self, step: Step) -> None:
        if step.who == "customer":
            self._checking.nothing_left("before this")
        if step.who != "bot":
            self._tell(ChatLine(step.who, step.what))
        if not await self._acting.act(step.who, step.what):
            await self._checking.check(step.who, step.what)
        if not step.loose:
            await self._stage.settle()

    def _tell_news(self) -> None:
        received = self._stage.phone.received
        for message in received[self._told :]:
            self._tell(ChatLine("bot", flat(message)))
        self._told = len(received)
