"""The lives of a seed, and the points in them at which the power is cut.

What lives here: how a database is used from life to life, and which moments are chosen. What must
not: what is found after a cut (`judge`).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

from msgspec import Struct

from state.migrations import migrate
from state.store import StoreBroken, StoreError, StoreRefused
from tests.power.defects import Defect
from tests.power.disk import Create, Disk, Write, numbered
from tests.power.life import LOG, Alive, Astray, Beginning, Kind, Life, Twin, alive
from tests.power.traffic import Traffic

LIVES = 3
_ENDS = (Kind.CLOSED, Kind.KILLED, Kind.CUT, Kind.CUT)
_CHECKPOINT_PAGES = (20, 60, 200)
_LONG_CHECKPOINT_PAGES = 2000


class Point(Struct, frozen=True):
    """A moment at which the power goes: which life it ends, and after how many operations."""

    number: int
    life: int
    operations: int


class Run(Struct):
    """A few lives, and why there are no more of them, where that was not meant."""

    name: str
    """A seed, or what it is about."""
    lives: list[Life]
    failure: str | None = None
    every_moment: bool = False
    """Points go through all moments of the first life; else they are drawn."""

    def numbers(self, count: int) -> range:
        """The numbers of so many points; or of all moments, each twice."""
        if not self.lives:
            return range(0)
        return range(2 * (len(self.lives[0].operations) + 1) if self.every_moment else count)

    def point(self, number: int) -> Point:
        """A point by its number."""
        if self.every_moment:
            return Point(number, 0, number % (len(self.lives[0].operations) + 1))
        rng = Random(f"point {self.name} {number}")
        place = rng.randrange(len(self.lives))
        life = self.lives[place]
        at = rng.randint(life.begun, len(life.operations))
        rare = _rare(life)
        if rare and rng.random() < 0.5:
            at = rng.choice(rare) + rng.randint(0, 1)
        return Point(number, place, at)

    def rng(self, number: int) -> Random:
        """What is left at a point."""
        return Random(f"cut {self.name} {number}")


def _rare(life: Life) -> list[int]:
    """Where more happens than one more page in the log; half of all points are there."""
    logs = {number for name, number in numbered(life.files).items() if name == LOG}
    for operation in life.operations:
        if isinstance(operation, Create) and operation.name == LOG:
            logs.add(operation.inode)
    return [
        at
        for at, operation in enumerate(life.operations[life.begun :], life.begun)
        if not (isinstance(operation, Write) and operation.inode in logs)
    ]


async def lived(seed: int, folder: Path, defect: Defect | None = None) -> Run:
    """Live the lives of a seed; the folder is for their files."""
    run = Run(str(seed), [])
    twin = Twin()
    try:
        migrate(twin.connection)
        teller = _Teller(Random(f"lives {seed}"), twin, defect)
        for number in range(LIVES):
            place = folder / f"{seed}.{number}"
            place.mkdir()
            await teller.live(place, run.lives)
            shutil.rmtree(place)
    except (Astray, StoreRefused, StoreBroken, StoreError) as error:
        run.failure = f"life {len(run.lives)}: {error}"
    finally:
        twin.close()
    return run


class _Teller:
    """Lives one life after the other, on what the one before it left."""

    def __init__(self, rng: Random, twin: Twin, defect: Defect | None) -> None:
        self._rng = rng
        self._traffic = Traffic(rng)
        self._defect = defect
        self._next = Beginning(Kind.CREATION, {}, [], [twin])

    async def live(self, folder: Path, lives: list[Life]) -> None:
        """Live one more; it is among the lives as soon as it has begun."""
        async with alive(folder, self._next, self._defect) as life:
            lives.append(life.life)
            self._work(life)
            end = self._rng.choice(_ENDS)
            if end is Kind.CLOSED:
                life.checkpoint()
            else:
                self._next = self._cut_short(life, end)
        if end is Kind.CLOSED:
            told = life.life
            past = told.past + told.states
            self._next = Beginning(end, told.files, told.operations, [life.twin], past)

    def _work(self, life: Alive) -> None:
        groups = self._rng.randint(12, 40)
        pages = self._rng.choice(_CHECKPOINT_PAGES)
        if self._rng.randrange(3) == 0:
            groups, pages = self._rng.randint(120, 180), _LONG_CHECKPOINT_PAGES
        life.connection.run(f"PRAGMA wal_autocheckpoint = {pages}")
        for _ in range(groups):
            life.work(self._traffic.group(life.twin.connection), self._defect)
            if self._rng.randrange(150) == 0:
                life.checkpoint()

    def _cut_short(self, life: Alive, end: Kind) -> Beginning:
        """In the middle of a group, and often when it is written but not yet synced."""
        told = life.life
        first = len(told.operations)
        group = self._traffic.group(life.twin.connection)
        before = life.work_unanswered(group)
        life.stop()
        last = len(told.operations)
        at = self._rng.choice((self._rng.randint(first, last), max(first, last - 1)))
        done = told.operations[:at]
        twins = [before, life.twin]
        if end is Kind.KILLED:
            return Beginning(end, told.files, done, twins, told.past + told.states)
        disk = Disk(told.files)
        for operation in done:
            disk.apply(operation)
        files, _ = disk.cut(self._rng)
        return Beginning(end, files, [], twins)
