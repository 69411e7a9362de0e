"""Many cuts of one run, each with its verdict.

What lives here: going through the points of a run, and naming them so that one can be replayed.
What must not: where the points are (`run`), or the verdict (`judge`).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from tests.power.defects import Defect
from tests.power.disk import Disk, Loss
from tests.power.judge import Finding, Verdict, judge
from tests.power.life import Kind
from tests.power.openings import OPENINGS, opened
from tests.power.run import Point, Run, lived

_SCRATCH_BYTES = 256 * 1024 * 1024
IN_ROOM_EVERY = 8
"""Each eighth file is opened by the daemon's whole store, thread and all."""


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for files; in memory where that is easy, for what is judged there is synced."""
    memory = Path("/dev/shm")
    fits = memory.is_dir() and os.access(memory, os.W_OK)
    fits = fits and shutil.disk_usage(memory).free > _SCRATCH_BYTES
    with tempfile.TemporaryDirectory(prefix="power-", dir=memory if fits else None) as name:
        yield Path(name)


class Cut(Struct, frozen=True):
    """A cut, and what was found."""

    run: str
    point: Point
    kind: Kind
    loss: Loss
    finding: Finding

    def __str__(self) -> str:
        """Everything that somebody needs who is to find out why."""
        return (
            f"{self.finding.verdict.value}: {self.finding.why}\n"
            f"  life {self.point.life + 1} ({self.kind.value}), after {self.point.operations} "
            f"operations; of the writes that were not sure {self.loss.kept} kept, "
            f"{self.loss.torn} torn, {self.loss.lost} lost\n"
            f"  replay: python -m tests.power --run {self.run} --point {self.point.number}"
        )


async def prepared(name: str, folder: Path, defect: Defect | None = None) -> Run:
    """The run of a name: a seed, or an opening."""
    if name in OPENINGS:
        return await opened(name, folder, defect)
    return await lived(int(name), folder, defect)


async def survey(run: Run, numbers: Iterable[int], folder: Path) -> list[Cut]:
    """Cut the power at the points of these numbers; in the order of time, whatever theirs."""
    place = folder / "found"
    place.mkdir(exist_ok=True)
    points = sorted(map(run.point, numbers), key=lambda point: (point.life, point.operations))
    cuts: list[Cut] = []
    for number, life in enumerate(run.lives):
        disk, done = Disk(life.files), 0
        for point in points:
            if point.life != number:
                continue
            for operation in life.operations[done : point.operations]:
                disk.apply(operation)
            done = point.operations
            files, loss = disk.cut(run.rng(point.number))
            in_room = point.number % IN_ROOM_EVERY == 0
            finding = await judge(life, done, files, place, in_room=in_room)
            cuts.append(Cut(run.name, point, life.kind, loss, finding))
    return cuts


def unsound(cuts: Iterable[Cut]) -> list[Cut]:
    """Those at which a promise was not kept."""
    return [cut for cut in cuts if cut.finding.verdict is not Verdict.SOUND]
