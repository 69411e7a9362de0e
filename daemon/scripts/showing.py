"""A chat and a difference, as they are put on a terminal.

What lives here: who said what in aligned columns, and an expectation above what came. Colours are
rich's, which leaves them out where the output is no terminal. What must not: playing, comparing.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from daemon.scripts.format import expectation, matches
from daemon.scripts.player import ChatLine, Failure

_WIDTH = 12
_STYLES = {"bot": "green", "customer": "bold", "agent": "magenta"}
_LINES_MAX = 60
"""Of a chat that went wrong, so much is shown before the difference."""
_SKIPS = "... "


def show_line(console: Console, line: ChatLine) -> None:
    """One line of a chat."""
    _put(console, line.who, line.text, _STYLES.get(line.who, "dim"))


def show_failure(console: Console, chat: Sequence[ChatLine], failure: Failure, where: str) -> None:
    """The chat up to a difference (leave out what was shown already), then the difference."""
    if len(chat) > _LINES_MAX:
        _put(console, "...", f"{len(chat) - _LINES_MAX} lines before", "dim")
    for line in chat[-_LINES_MAX:]:
        show_line(console, line)
    place = f"{where}:{failure.number}" if failure.number else where
    console.print(f"{place}: {failure.what}", style="red", markup=False)
    if failure.expected is not None:
        _put(console, "expected", failure.expected, "yellow")
        alike = _alike(failure.expected, failure.came) if failure.came is not None else 0
        if alike:
            _put(console, "", " " * alike + "^", "yellow")
    if failure.came is not None:
        _put(console, "but came", failure.came, "red")


def _put(console: Console, who: str, text: str, style: str) -> None:
    # Customers' and vendors' words may be anything: nothing in them is obeyed by a terminal.
    lines = [
        "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
        for line in text.splitlines()
    ]
    indented = ("\n" + " " * (_WIDTH + 2)).join(lines)
    console.print(Text(f"{who:>{_WIDTH}}  {indented}", style=style))


def _alike(expected: str, came: str) -> int:
    """How far into an expectation what came is like it; 0: not at all."""
    skipped = len(_SKIPS) if expected.startswith(_SKIPS) else 0
    text = expectation(expected[skipped:]).text
    said = expectation(came).text
    if matches(text, said):
        return skipped + len(text) + 1  # the choices differ
    alike, unlike = 0, len(text) + 1
    while unlike - alike > 1:
        middle = (alike + unlike) // 2
        if matches(text[:middle] + "*", said):
            alike = middle
        else:
            unlike = middle
    return skipped + alike if alike else 0
