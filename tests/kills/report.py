"""The report: a line a run as it ends, and one table of all.

What lives here: text. What must not: judging.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.kills.orders import Seam
from tests.kills.plan import NAMED
from tests.kills.run import Outcome
from tests.kills.verdict import Broken, Counted

_HEAD = ("seam", "kills", "least in a run", "calls cut off", "restarts", "lost", "double starts")
_FAULTS_MAX = 20
_COUNTED = (Counted.DOUBLE, Counted.OVERTAKEN, Counted.SUPERSEDED)


def told(outcome: Outcome, *, verbose: bool = False) -> str:
    """One run in a few lines; `verbose`: with each thing that is counted."""
    verdict, settings = outcome.verdict, outcome.settings
    kills = Counter(death.order.seam for death in outcome.deaths)
    named = ", ".join(str(kills[seam]) for seam in NAMED)
    checked = verdict.checked
    lines = [
        f"seed {settings.seed}: {outcome.customers} customers, {len(outcome.deaths)} kills"
        f" ({named} named, {kills[Seam.RANDOM]} random), {outcome.restarts} restarts;"
        f" idempotency keys {'honoured' if settings.keys_honoured else 'ignored'}",
        f"    looked at {checked['messages']} messages, {checked['webhooks']} webhooks,"
        f" {checked['receipts']} receipts, {checked['starts']} starts, {checked['chats']} chats"
        f" with agents; {checked['impatient']} times somebody waited in vain",
        f"    {_lost(outcome)} lost, {verdict.broke(Broken.DOUBLE_START)} double starts, "
        + ", ".join(f"{verdict.total(what)} {what.value}" for what in Counted),
    ]
    if verbose:
        lines += [f"    {each}" for each in verdict.allowed]
    lines += [f"    BROKEN {fault}" for fault in verdict.faults[:_FAULTS_MAX]]
    if (more := len(verdict.faults) - _FAULTS_MAX) > 0:
        lines.append(f"    and {more} more")
    return "\n".join(lines)


def _lost(outcome: Outcome) -> int:
    return outcome.verdict.broke(Broken.LOST, Broken.UNHANDLED)


def table(outcomes: Sequence[Outcome]) -> str:
    """All runs, by seam."""
    rows = [[*_HEAD, *(what.value for what in _COUNTED)]]
    rows += [[seam.value, *map(str, _row(outcomes, seam))] for seam in Seam]
    totals = [0] * len(_HEAD[1:] + _COUNTED)
    for seam in Seam:
        totals = [a + b for a, b in zip(totals, _row(outcomes, seam), strict=True)]
    # What no kill in particular is to blame for is in the totals alone.
    totals[1] = min(len(outcome.deaths) for outcome in outcomes)
    totals[4] = sum(map(_lost, outcomes))
    totals[5] = sum(outcome.verdict.broke(Broken.DOUBLE_START) for outcome in outcomes)
    rows.append(["all", *map(str, totals)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "".join([row[0].ljust(widths[0]), *map(_cell, row[1:], widths[1:])]) for row in rows
    )


def _cell(text: str, width: int) -> str:
    return text.rjust(width + 2)


def _row(outcomes: Sequence[Outcome], seam: Seam) -> list[int]:
    kills = [[d for d in outcome.deaths if d.order.seam is seam] for outcome in outcomes]
    here = [f for o in outcomes for f in o.verdict.faults if f.seam is seam]
    return [
        sum(map(len, kills)),
        min(map(len, kills)),
        sum(len(death.cut) for deaths in kills for death in deaths),
        sum(map(len, kills)),
        sum(fault.what in (Broken.LOST, Broken.UNHANDLED) for fault in here),
        sum(fault.what is Broken.DOUBLE_START for fault in here),
        *(sum(outcome.verdict.counted[what, seam] for outcome in outcomes) for what in _COUNTED),
    ]
