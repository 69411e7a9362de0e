"""Draws the life of a job and of a hand-over from their tables, for docs/jobs.md.

`python -m tests.actors.diagram` writes the drawings in that page anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Protocol

from actors.handover import table as handover_table
from actors.handover.state import Phase as HandoverPhase
from actors.router_job import table as job_table
from actors.router_job.state import Phase as JobPhase

PAGE = Path(__file__).resolve().parents[2] / "docs" / "jobs.md"

JOB_ENDS = (JobPhase.SUCCEEDED, JobPhase.CANCELLED, JobPhase.LEFT)
HANDOVER_ENDS = (HandoverPhase.ENDED,)

Edge = tuple[str, str, str]


class _HasTarget(Protocol):
    @property
    def to(self) -> Enum: ...


def _edges(
    table: Iterable[tuple[Enum, Iterable[tuple[Enum, _HasTarget]]]],
) -> Iterator[Edge]:
    for phase, row in table:
        for signal, rule in row:
            yield phase.value, rule.to.value, signal.value


def _draw(start: Enum, ends: Iterable[Enum], edges: Iterable[Edge]) -> str:
    """A Mermaid state diagram; what does not leave its phase is left out."""
    labels: dict[tuple[str, str], list[str]] = {}
    for here, there, signal in edges:
        if here != there:
            labels.setdefault((here, there), []).append(signal)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {start.value}"]
    for (here, there), signals in labels.items():
        lines.append(f"    {here} --> {there}: {', '.join(signals)}")
    lines += [f"    {end.value} --> [*]" for end in ends]
    return "\n".join([*lines, "```"])


def job() -> str:
    """The life of a job."""
    rows = [(phase, list(row.items())) for phase, row in job_table.TABLE.items()]
    return _draw(JobPhase.STARTING, JOB_ENDS, _edges(rows))


def handover() -> str:
    """The life of a hand-over."""
    rows = [(phase, list(row.items())) for phase, row in handover_table.TABLE.items()]
    return _draw(HandoverPhase.OPENING, HANDOVER_ENDS, _edges(rows))


def drawn(page: str) -> str:
    """The page with its drawings as the tables are now."""
    for name, picture in (("job", job()), ("handover", handover())):
        begin, end = f"<!-- diagram: {name} -->", f"<!-- end of diagram: {name} -->"
        pattern = f"{re.escape(begin)}.*?{re.escape(end)}"
        if len(re.findall(pattern, page, re.DOTALL)) != 1:
            raise ValueError(f"the page has no place for the diagram {name}")
        framed = f"{begin}\n{picture}\n{end}"
        before, _, rest = page.partition(begin)
        page = before + framed + rest.partition(end)[2]
    return page


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
