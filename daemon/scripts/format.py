"""Conversation files: what the customer, the bot, the provider, the agent and the clock do.

What lives here: the format. A file reads like a chat, one line a step, `who: what`:

    title: Restart with a failure and a retry
    language: en
    customer: hello                        the customer writes
    bot: *help you?* [Restart] [My plan]   the next message must match; `*` stands for anything,
                                           choices at the end are all that are offered, in order
    bot: ... *back online*                 skips messages until one matches; `...` alone: all
    bot: says nothing
    customer: [Restart my router]          the customer taps
    customer: [Yes, restart] of 2          ... on the second message that offered it
    after 3 minutes                        the same as `clock: 3 minutes`
    conversation: is at main               what the bot has in mind: also `value:`, `job:`
    provider: fail reboot 9002             what goes wrong with the next job
    service: crm GET /customers -> 503     what a service of the operator answers
    agent: accept Rita
    daemon: kill

A step that begins with `~` does not wait until everything has come to rest. Lines that begin with
`#` are comments. What must not be here: what a line does (`acting`, `checking`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from adapters.sandbox.patterns import matches

__all__ = [
    "ACTORS",
    "SCRIPT_BEGINS_MS",
    "Expectation",
    "Script",
    "ScriptFault",
    "Step",
    "duration_s",
    "expectation",
    "matches",
    "read_script",
    "read_steps",
]

ACTORS = (
    "customer",
    "bot",
    "conversation",
    "value",
    "job",
    "provider",
    "service",
    "crm",
    "agent",
    "clock",
    "daemon",
)
SCRIPT_BEGINS_MS = 1_780_315_200_000
"""1 June 2026, noon UTC: scripts play at a time of their own."""

_HEADERS = ("title", "language", "begins")
_LINE = re.compile(r"(?P<loose>~)?(?P<who>[a-z]+):(?: (?P<what>.*))?\Z")
_AFTER = re.compile(r"(?P<loose>~)?after (?P<what>.*)\Z")
_DURATION = re.compile(r"(\d+(?:\.\d+)?) ?(s|seconds?|m|minutes?|h|hours?|d|days?)\Z")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_CHOICES = re.compile(r"(?: ?\[[^\]]*\])+\Z")
_CHOICE = re.compile(r"\[([^\]]*)\]")


class ScriptFault(Exception):
    """A conversation file cannot be understood; file and line are in the message."""


class Step(Struct, frozen=True):
    """One line."""

    number: int
    who: str
    what: str
    loose: bool = False
    """Go on without waiting for rest."""

    @property
    def crowded(self) -> bool:
        """Whether several things happen in one instant here, of which any may come first."""
        starts = self.who == "daemon" and self.what.endswith("start")
        return self.loose or starts or (self.who == "customer" and self.what.endswith("] twice"))


class Script(Struct, frozen=True):
    """A whole file."""

    name: str
    title: str
    language: str
    steps: tuple[Step, ...]
    folder: Path = Path()
    """Where files are found that the script names."""
    begins_ms: int = SCRIPT_BEGINS_MS
    """What time it is at its beginning."""


def read_script(path: Path) -> Script:
    """Read a file; raises ScriptFault. Blocks on the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScriptFault(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ScriptFault(f"{path}: cannot be read: it is not UTF-8 text") from error
    return read_steps(text, path)


def read_steps(text: str, path: Path) -> Script:
    """Read the text of a file; raises ScriptFault."""
    headers = {"title": path.stem, "language": "en"}
    steps: list[Step] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        after = _AFTER.match(stripped)
        if after is not None:
            steps.append(Step(number, "clock", after["what"].strip(), after["loose"] is not None))
            continue
        found = _LINE.match(stripped)
        if found is None:
            raise ScriptFault(f"{path}:{number}: expected `who: what`")
        who, what = found["who"], (found["what"] or "").strip()
        if who in _HEADERS and not steps:
            headers[who] = what
        elif who in ACTORS:
            steps.append(Step(number, who, what, found["loose"] is not None))
        else:
            known = ", ".join(ACTORS)
            raise ScriptFault(f"{path}:{number}: nobody is called {who!r}; there are {known}")
    try:
        begins_ms = time_ms(headers["begins"]) if "begins" in headers else SCRIPT_BEGINS_MS
    except ValueError:
        told = f"not a time: {headers['begins']!r}; write for example `2026-06-01 12:00`"
        raise ScriptFault(f"{path}: {told}") from None
    title, language = headers["title"], headers["language"]
    return Script(path.stem, title, language, tuple(steps), path.parent, begins_ms)


def time_ms(text: str) -> int:
    """A time of day in UTC, unless it names another zone; ValueError for anything else."""
    at = datetime.fromisoformat(text)
    return round((at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp() * 1000)


def duration_s(text: str) -> float:
    """`90 seconds`, `3 minutes`, `2h`, `1 day` in seconds; ValueError for anything else."""
    found = _DURATION.match(text.strip())
    if found is None:
        raise ValueError(f"not a duration: {text!r}; write for example `25 minutes`")
    return float(found[1]) * _UNIT_S[found[2][0]]


class Expectation(Struct, frozen=True):
    """What a message of the bot must be like."""

    text: str
    """`*` stands for anything; white space counts as one blank."""
    choices: tuple[str, ...] | None
    """The titles offered, all of them in order; None: whatever."""


def expectation(what: str) -> Expectation:
    """Read the right side of a `bot:` line."""
    found = _CHOICES.search(what)
    if found is None:
        return Expectation(what, None)
    titles = tuple(_CHOICE.findall(found[0]))
    return Expectation(what[: found.start()].strip(), titles)
