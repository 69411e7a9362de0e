"""Writing conversation files: the lines for what was done and what was said.

What lives here: lines that mean, when they are read again, exactly what happened. What must not:
when they are written (`daemon.sandbox.recording`, `daemon.replay`).
"""

from __future__ import annotations

from collections.abc import Sequence

from daemon.scripts.format import expectation, matches


def header(title: str, language: str) -> list[str]:
    """The first lines of a file."""
    return [f"title: {' '.join(title.split())}", f"language: {language}", ""]


def action(who: str, what: str) -> str:
    """The line for something that was done."""
    return f"after {what}" if who == "clock" else f"{who}: {what}"


def said(text: str, titles: Sequence[str], pattern: str | None = None) -> str:
    """The line that expects a message: its words, or a pattern that they fit.

    What the format would read as something else (brackets at the end of a text, or in a title)
    becomes a star.
    """
    words = " ".join((text if pattern is None else pattern).split())
    choices = "".join(f" [{title}]" for title in titles)
    plain = words.replace("[", "*").replace("]", "*")
    unread = f"*{plain[1:]}"
    for line in (words + choices, plain + choices, unread + choices, plain, unread):
        if _means(line, text, titles):
            return f"bot: {line}"
    return "bot: *"


def _means(line: str, text: str, titles: Sequence[str]) -> bool:
    if line in ("says nothing", "...", "") or line.startswith("... ") or "\n" in line:
        return False
    wanted = expectation(line)
    right = wanted.choices is None or wanted.choices == tuple(titles)
    return right and bool(wanted.text) and matches(wanted.text, text)


def duration(ms: int) -> str:
    """A duration as the format reads it, to the millisecond."""
    for unit_ms, unit in ((86_400_000, "days"), (3_600_000, "hours"), (60_000, "minutes")):
        if ms and ms % unit_ms == 0:
            count = ms // unit_ms
            return f"{count} {unit}" if count > 1 else f"1 {unit.removesuffix('s')}"
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".") + " seconds"
