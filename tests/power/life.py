"""One life of a database: opened, worked on, and left.

What lives here: a life, with the log of all that was done to the disk and what the database held
after each step. What must not: which lives a seed has (`run`), or what a cut leaves (`judge`).

The steps are done twice: on the recorded disk, and by the twin, a stock SQLite in memory. What the
database must hold after a step is what the twin holds.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from pathlib import Path

from msgspec import Struct

from state import opening
from state.direct import DirectConnection
from state.migrations import migrate
from state.queries import SQL
from state.store import StoreError
from state.transactions import Unit, transact
from tests.power.defects import Defect, connected, planted
from tests.power.disk import Files, Operation
from tests.power.link import ApswConnection
from tests.power.picture import State, picture, state_of
from tests.power.recorder import Recorder

DATABASE = "bot.db"
LOG = "bot.db-wal"


class Kind(Enum):
    """What a life begins with."""

    CREATION = "a new file"
    CLOSED = "after a clean end"
    KILLED = "after a kill"
    CUT = "after a cut"
    MIGRATION = "an old file"


class Life(Struct):
    """What the disk held, what was done to it, and what was promised when."""

    kind: Kind
    files: Files
    """What was surely on the disk before the first operation."""
    operations: list[Operation]
    begun: int
    """How many of the operations were done before this life, by others before it."""
    acknowledged: list[int]
    """After how many operations each step was answered. The last may never have been."""
    states: list[State]
    """Before any step, then after each; opening the file is the first."""
    units: Counter[str]
    """How many of each kind were carried out, and how many ended in which error."""
    past: list[State]
    """Those of the lives before it, as far as the power was never off in between."""
    old: State | None = None
    """The content as it was before it was migrated."""

    def possible(self, point: int) -> range:
        """The steps of which one must be the last, after so many operations.

        All that were answered, or those too that were under way.
        """
        answered = sum(count <= point for count in self.acknowledged)
        if answered == len(self.acknowledged):
            return range(answered, len(self.states))
        together = self.acknowledged[answered]
        return range(answered, 1 + sum(count <= together for count in self.acknowledged))


class Astray(Exception):
    """What was found at the beginning of a life is nothing that may be there."""


class Twin:
    """The same steps in a stock SQLite, which has no disk."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        self._family = [self._database]
        self.connection = DirectConnection(self._database)
        self.epoch = 0

    def fork(self) -> Twin:
        """Another one that goes its own way from here."""
        twin = Twin()
        self._database.backup(twin._database)
        twin.epoch = self.epoch
        self._family.append(twin._database)
        twin._family = self._family
        return twin

    def fill(self, write: Callable[[sqlite3.Connection], None]) -> None:
        """Have something written into it."""
        write(self._database)

    def open(self) -> None:
        """What opening a file does to its content."""
        self.epoch = opening.raise_epoch(self.connection)

    def state(self) -> State:
        """What it holds."""
        return state_of(picture(self.connection))

    def close(self) -> None:
        """End it, and all that were forked from it."""
        for database in self._family:
            database.close()


class Beginning(Struct):
    """What a life begins with."""

    kind: Kind
    files: Files
    """What is surely on the disk."""
    log: list[Operation]
    """What was done to it since; the power was never off, but not all of it was synced."""
    twins: list[Twin]
    """What the database holds: one of these, step by step; nobody can be sure which."""
    past: list[State] = []
    """What it held before, as far as the log goes back."""


class Alive:
    """A life under way."""

    def __init__(
        self, life: Life, twin: Twin, connection: ApswConnection, recorder: Recorder
    ) -> None:
        self.life = life
        self.twin = twin
        self.connection = connection
        self._recorder = recorder

    def work(self, group: Sequence[Unit], defect: Defect | None = None) -> None:
        """Carry a group out and have it answered."""
        asked = len(self.life.operations)
        self._carry_out(group)
        early = defect is Defect.ANSWERS_FIRST
        self.life.acknowledged.append(asked if early else len(self.life.operations))

    def work_unanswered(self, group: Sequence[Unit]) -> Twin:
        """Carry a group out that nobody hears the end of; the twin that never heard of it."""
        before = self.twin.fork()
        self._carry_out(group)
        return before

    def _carry_out(self, group: Sequence[Unit]) -> None:
        done = transact(self.connection, self.twin.epoch, group)
        expected = transact(self.twin.connection, self.twin.epoch, group)
        if _plain(done.answers) != _plain(expected.answers) or done.rings != expected.rings:
            raise Astray("two SQLites answered differently")
        self.life.states.append(self.twin.state())
        self.life.units.update(type(unit).__name__ for unit in group)
        self.life.units.update(
            type(answer).__name__ for answer in done.answers if isinstance(answer, StoreError)
        )

    def checkpoint(self) -> None:
        """As at a clean end, or when space ran out."""
        self.connection.run(SQL["checkpoint"])

    def stop(self) -> None:
        """Nothing more is done to the disk, whatever the program does."""
        self._recorder.check()
        self._recorder.running = False


def _plain(answers: Sequence[object]) -> list[object]:
    return [type(answer) if isinstance(answer, Exception) else answer for answer in answers]


@asynccontextmanager
async def alive(
    folder: Path, beginning: Beginning, defect: Defect | None = None
) -> AsyncIterator[Alive]:
    """Open the database in the folder, on the recorded disk; what the block does is its life.

    Raises Astray, StoreRefused.
    """
    recorder = Recorder(folder, beginning.files, beginning.log)

    def connect(path: Path) -> ApswConnection:
        return connected(path, recorder.vfs, defect)

    with recorder.at_work():
        with planted(defect):
            connection, epoch = opening.open_file(folder / DATABASE, connect)
        operations = recorder.operations
        life = Life(
            kind=beginning.kind,
            files=beginning.files,
            operations=operations,
            begun=len(beginning.log),
            acknowledged=[len(operations)],
            states=[],
            units=Counter(),
            past=beginning.past,
        )
        try:
            if beginning.kind is Kind.MIGRATION:
                life.old = beginning.twins[0].state()
            twin = _recognised(connection, beginning.twins)
            life.states.append(twin.state())
            if beginning.log and twin is not beginning.twins[0]:
                # What nobody was told of is seen, but not sure before the file was opened.
                life.states.insert(0, beginning.twins[0].state())
                life.acknowledged *= 2
            twin.open()
            life.states.append(twin.state())
            if epoch != twin.epoch:
                raise Astray(f"the epoch is {epoch}, not {twin.epoch}")
            yield Alive(life, twin, connection, recorder)
        finally:
            connection.close()
    if recorder.running:
        recorder.check()


def _recognised(connection: ApswConnection, twins: Sequence[Twin]) -> Twin:
    found = state_of(picture(connection)).before_opening()
    wrong: list[str] = []
    for twin in twins:
        migrate(twin.connection)
        wrong = found.differences(twin.state())
        if not wrong:
            return twin
    raise Astray(f"not what was left, in {', '.join(wrong)}")
