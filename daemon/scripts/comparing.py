"""The same conversation file, played in two ways.

What lives here: what must be the same, and what may differ. What must not: playing.

Both must be as the file expects, and the phone must show the same chat, word for word and choice
for choice, up to the first line in which several things happen in one instant (`Step.crowded`).
Which of them comes first is chance where there are tasks and sockets: of two taps the second may be
answered while the first is under way, and of the news that waited for the daemon's start the last
may replace those before. From there on only the expectations count.
"""

from __future__ import annotations

from daemon.scripts.format import Script
from daemon.scripts.player import ChatLine, Played


def unlike(script: Script, one: Played, other: Played) -> str | None:
    """Where two performances of a file differ that must not; None: they are the same."""
    for played in (one, other):
        if played.failure is not None:
            return str(played.failure)
    crowded = next((n for n, step in enumerate(script.steps) if step.crowded), len(script.steps))
    for number, step in enumerate(script.steps[:crowded]):
        chats = [_after(played, number) for played in (one, other)]
        if chats[0] != chats[1]:
            return f"line {step.number}: {_news(chats[0])} in one, {_news(chats[1])} in the other"
    return None


def _after(played: Played, number: int) -> tuple[ChatLine, ...]:
    before = played.lengths[number - 1] if number else 0
    return played.chat[before : played.lengths[number]]


def _news(chat: tuple[ChatLine, ...]) -> str:
    return "; ".join(f"{line.who}: {line.text}" for line in chat) or "nothing"
