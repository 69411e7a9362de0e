"""What an agent reads: whether it holds what it is for.

What lives here: the summary and the lines about jobs. What must not: languages (`texts`), hours
(`names`), policies.
"""

from __future__ import annotations

from collections.abc import Iterator

from actors.flow import rules
from actors.flow.check.subject import Subject
from actors.flow.faults import FlowFault
from actors.flow.render import choose
from actors.flow.texts import names_in

_WANTED = {"summary": "transcript", "job_line": "news"}


def desk(subject: Subject) -> Iterator[FlowFault]:
    """The summary tells what was said, a line about a job what is new."""
    desk, first = subject.flow.handover, subject.flow.languages[0]
    texts = {"summary": desk.summary, "job_line": desk.job_line}
    if not subject.flow.jobs:
        del texts["job_line"]
    for key, text in texts.items():
        language, words = choose(text, desk.language or first, first)
        name = _WANTED[key]
        if name not in names_in(words):
            what = f"`{{{name}}}` is not in it, so the agent does not see it"
            where = f"handover.{key}.{language}"
            yield subject.fault(rules.NOTHING_FOR_AGENT, where, what, f"Add `{{{name}}}`")
