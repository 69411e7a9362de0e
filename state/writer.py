"""The writer: a loop on SQLite's thread that takes what waits, group by group.

What lives here: the queue between callers and the thread, how a group is made and carried out. What
must not: trio, asyncio, or what a unit writes (`transactions` and below). The thread blocks for the
next job, takes whatever has come meanwhile, and hands the outcome over; while the callers hear of
it, the next group is under way.
"""

from __future__ import annotations

import contextlib
import math
import queue
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from state.connection import Connection
from state.queries import SQL
from state.store import StoreError, StoreFull
from state.transactions import Done, Unit, transact
from state.work import Ledger, Rings

Question = Callable[[Connection], object]


class HasTask(Struct, eq=False):
    """A job, as the writer sees it."""

    task: Unit | Question
    patience_s: float
    """How long it may wait for something else to be written with. A commit costs as much as a third
    of a turn, and under load the units of another turn are on their way."""


Job = TypeVar("Job", bound=HasTask)


class Outcome(Struct):
    """What became of a group: the units' transaction, and the questions' answers in their order."""

    done: Done | StoreError
    answers: list[object]


class Group(Struct, Generic[Job]):
    """Jobs that are carried out together."""

    writing: list[Job]
    asking: list[Job]


class Writer(Generic[Job]):
    """One writer for one connection. `put` and `close` are for any thread, `run` for SQLite's."""

    def __init__(self, group_max: int, hand_over: Callable[[Group[Job], Outcome], None]) -> None:
        """`hand_over` is called on SQLite's thread, and must neither block nor raise."""
        self._queue: queue.SimpleQueue[Sequence[Job] | None] = queue.SimpleQueue()
        self._waiting: list[Job] = []
        """Taken in, and not carried out yet."""
        self._ledger = Ledger()
        self._group_max = group_max
        self._hand_over = hand_over

    def put(self, jobs: Sequence[Job]) -> None:
        """Queue jobs; their turn comes after those before them."""
        self._queue.put(jobs)

    def close(self) -> None:
        """Let `run` return once all that is queued is done."""
        self._queue.put(None)

    def run(self, connection: Connection, epoch: int) -> None:
        """Carry out groups until closed. Raises StoreBroken, with jobs left undone."""
        going_on = True
        while going_on or self._waiting:
            going_on = self._wait() and going_on
            jobs, self._waiting = self._waiting[: self._group_max], self._waiting[self._group_max :]
            if jobs:
                group = _sorted(jobs)
                self._hand_over(group, _carry_out(connection, epoch, group, self._ledger))

    def _wait(self) -> bool:
        """Wait until there is enough to do, or nobody would wait any longer; whether more can come.

        What is queued then is taken in, up to a group.
        """
        until_s = -math.inf if self._waiting else math.inf
        while len(self._waiting) < self._group_max:
            try:
                left_s = until_s - time.monotonic()
                if until_s == math.inf:
                    more = self._queue.get()
                elif self._queue.empty() and left_s > 0:
                    more = self._queue.get(timeout=left_s)
                else:
                    more = self._queue.get_nowait()
            except queue.Empty:
                return True
            if more is None:
                return False
            self._waiting.extend(more)
            now_s = time.monotonic()
            until_s = min([until_s, *(now_s + job.patience_s for job in more)])
        return True


def _sorted(jobs: Sequence[Job]) -> Group[Job]:
    group: Group[Job] = Group([], [])
    for job in jobs:
        (group.asking if callable(job.task) else group.writing).append(job)
    return group


def _carry_out(connection: Connection, epoch: int, group: Group[Job], ledger: Ledger) -> Outcome:
    """Write, then answer. Raises StoreBroken."""
    done: Done | StoreError = Done([], Rings())
    units = [job.task for job in group.writing if not callable(job.task)]
    if units:
        try:
            done = transact(connection, epoch, units, ledger)
        except StoreError as error:
            done = error
            if isinstance(error, StoreFull):
                _make_room(connection)
    questions = [job.task for job in group.asking if callable(job.task)]
    return Outcome(done, [_answer(connection, question) for question in questions])


def _answer(connection: Connection, question: Question) -> object:
    try:
        return question(connection)
    except StoreError as error:
        return error


def _make_room(connection: Connection) -> None:
    """Free what the write-ahead log occupies: the next unit may fit where this one did not."""
    with contextlib.suppress(StoreFull):
        connection.run(SQL["checkpoint"])
