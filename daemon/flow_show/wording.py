"""Words of the drawing that are put together: answers, policies, times, texts in outline.

What lives here: turning parts of a flow into a few words. What must not: breaking them into lines
(`typeset`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import assert_never

from actors.flow import model, texts
from daemon.flow_show.typeset import clean

_MARKS = re.compile(r"(?<!\w)([*_~]|```)(\S|\S.*?\S)\1(?!\w)")
"""What WhatsApp shows as bold, italic, struck out or monospaced."""


def outline(text: str) -> str:
    """A text as it reads, on one line: values by name, of each plural the common form."""
    joined = clean("".join(_outline(part, "#") for part in texts.parts_of(text)))
    return _MARKS.sub(r"\2", joined)


def _outline(part: texts.Part, count: str) -> str:
    match part:
        case str():
            return part
        case texts.Count():
            return count
        case texts.Plural(name, cases):
            common = cases.get("other", ())
            return "".join(_outline(inner, f"{{{name}}}") for inner in common)
        case texts.Select(_, cases):
            return "".join(_outline(inner, count) for inner in cases.get("other", ()))
        case texts.Put() | texts.Number() | texts.Amount() | texts.Day() | texts.Clock():
            return f"{{{part.name}}}"
        case _:
            assert_never(part)


def first_word(words: model.Words, language: str, fallback: str) -> str:
    """The first word in a language, else in the fallback, else in whatever there is."""
    for spoken in (language, language.partition("-")[0], fallback, *words):
        if words.get(spoken):
            return clean(words[spoken][0])
    return ""


def when_words(when: str | None) -> str:
    """The condition under which an option is shown."""
    return f"if {' '.join(when.split())}" if when is not None else ""


def seconds(number: float) -> str:
    """A time, in the unit that people would use."""
    if number >= 7200 and number % 3600 == 0:
        return f"{number // 3600:g} h"
    if number >= 120 and number % 60 == 0:
        return f"{number // 60:g} min"
    return f"{number:g} s"


def answer_words(question: model.Question) -> str:
    """What a question takes."""
    answer = question.answer
    match answer:
        case None:
            return f"text, {question.longest} characters"
        case model.TextAnswer(longest=longest, pattern=pattern):
            return f"text, {longest} characters" if pattern is None else f"text like {pattern}"
        case model.NumberAnswer(least=least, most=most):
            return f"a number{_between(least, most)}"
        case model.DateAnswer(earliest=earliest, latest=latest):
            return f"a day{_between(earliest, latest)}"
        case model.AccountAnswer(pattern=pattern):
            return f"an account like {pattern}"
        case model.ChoiceAnswer():
            return "one of"
        case _:
            assert_never(answer)


def _between(least: object, most: object) -> str:
    if least is not None and most is not None:
        return f", {least} to {most}"
    if least is not None:
        return f" from {least}"
    return f" up to {most}" if most is not None else ""


def job_words(job: model.Job, title: Callable[[model.Text], str]) -> list[str]:
    """The policy of a job in short: how long it may take, and what is offered when it fails."""
    policy, menu = job.policy, job.menu
    offered = [title(menu.agent), title(menu.leave)]
    if policy.retries_max > 0:
        times = "once" if policy.retries_max == 1 else f"{policy.retries_max} times"
        pause = seconds(policy.retry_backoff_s)
        offered.insert(0, f"{title(menu.retry)} ({times}, first after {pause})")
    return [
        f"within {seconds(policy.deadline_s)}; silence is told after {seconds(policy.stall_s)}",
        f"while it runs: {title(menu.cancel)}",
        f"if it fails: {' · '.join(offered)}",
    ]
