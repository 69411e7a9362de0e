"""`python -m tests.power`: many power cuts in many runs, or one of them again."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

import trio

from tests.power.defects import Defect
from tests.power.judge import Verdict
from tests.power.life import DATABASE, Kind
from tests.power.openings import OPENINGS
from tests.power.survey import Cut, prepared, scratch, survey, unsound

_PER_RUN = 40
_TOLD = 10


def main() -> int:
    """Cut, judge, report; 1 where a promise was not kept."""
    parser = argparse.ArgumentParser(prog="tests.power", description=__doc__)
    parser.add_argument("--points", type=int, default=1000, help="how many, 40 a run")
    parser.add_argument("--seed", type=int, default=1, help="the first run")
    parser.add_argument("--run", help=f"only this run: a seed, {', '.join(OPENINGS)}")
    parser.add_argument("--point", type=int, help="only this point of the run")
    parser.add_argument("--defect", choices=[each.name for each in Defect], help="plant a defect")
    options = parser.parse_args()
    plan = _plan(options.seed, options.points) if options.run is None else {options.run: _PER_RUN}
    report = _Report()
    began_s = time.monotonic()
    trio.run(report.gather, plan, options.point, Defect[options.defect] if options.defect else None)
    report.print(time.monotonic() - began_s)
    if options.run is None:
        print(f"runs: the seeds {options.seed} to {options.seed + len(plan) - len(OPENINGS) - 1}")
    return 1 if report.failures or unsound(report.cuts) else 0


def _plan(seed: int, points: int) -> dict[str, int]:
    """How many points in which run."""
    full, rest = divmod(points, _PER_RUN)
    seeds = {str(seed + number): _PER_RUN for number in range(full)}
    return seeds | ({str(seed + full): rest} if rest else {}) | dict.fromkeys(OPENINGS, 0)


class _Report:
    """What was found in all runs."""

    def __init__(self) -> None:
        self.cuts: list[Cut] = []
        self.failures: list[str] = []
        self._units: Counter[str] = Counter()

    async def gather(self, plan: dict[str, int], point: int | None, defect: Defect | None) -> None:
        """Go through the runs, one after the other."""
        with scratch() as folder:
            for run_name, count in plan.items():
                run = await prepared(run_name, folder, defect)
                if run.failure is not None:
                    self.failures.append(f"run {run_name} ended early: {run.failure}")
                for life in run.lives:
                    self._units.update(life.units)
                numbers = run.numbers(count) if point is None else [point]
                self.cuts += await survey(run, numbers, folder)

    def print(self, spent_s: float) -> None:
        """Failures, a table, and what it was made of."""
        for cut in unsound(self.cuts)[:_TOLD]:
            print(f"FAILED {cut}")
        for failure in self.failures:
            print(f"FAILED {failure}")
        heads = ("cuts", "database unsynced", "unanswered but there", *(v.value for v in Verdict))
        print(f"{'the life began with':<20}", *heads, sep="  ")
        for kind in (*Kind, None):
            found = [cut for cut in self.cuts if kind is None or cut.kind is kind]
            figures = (
                len(found),
                sum(DATABASE in cut.loss.names for cut in found),
                sum(cut.finding.with_last for cut in found),
                *(sum(cut.finding.verdict is verdict for cut in found) for verdict in Verdict),
            )
            cells = (f"{figure:>{len(head)}}" for figure, head in zip(figures, heads, strict=True))
            print(f"{'all' if kind is None else kind.value:<20}", *cells, sep="  ")
        losses = [cut.loss for cut in self.cuts]
        kept, torn, lost = (
            sum(getattr(loss, what) for loss in losses) for what in ("kept", "torn", "lost")
        )
        print(f"of what was not sure: {kept} kept, {torn} torn, {lost} lost; {spent_s:.1f} s")
        print("units:", ", ".join(f"{n} {name}" for name, n in sorted(self._units.items())))


if __name__ == "__main__":
    sys.exit(main())
