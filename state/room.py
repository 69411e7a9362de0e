"""The one room where asyncio lives: aiosqlite, and the writer that owns its connection.

What lives here: the connection, the queue of units of work, the writer that groups them, and the
orderly and the disorderly end. What must not: what a unit writes (`transactions` and below).

Four things are easy to get wrong here, and each has cost somebody a database or a night:

* The asyncio loop exists in the writer's task alone. Elsewhere in the program a call that needs one
  fails at once instead of meeting a loop it does not expect.
* Cancellation must not reach a statement: it would end the wait and not the work, and leave a
  transaction open. So the writer is shielded as a whole. It ends when its queue is closed.
* A connection that is not closed keeps its thread, and with it the process, alive for ever. So
  closing is in a `finally` under the shield.
* After a COMMIT that failed for no known reason, closing must not checkpoint: that would copy pages
  into the database which may never have reached the disk. The next owner recovers by checksum.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

import aiosqlite
import trio
import trio_asyncio
from msgspec import field

from state import direct, opening
from state.connection import Connection
from state.direct import DirectConnection
from state.gathering import Gathering
from state.lulls import Lulls
from state.queries import SQL
from state.rows import Settlement
from state.store import Bell, StoreBroken, StoreError, StoreFull, StoreRefused
from state.transactions import Done, Unit, raised
from state.writer import Group, HasTask, Outcome, Writer

T = TypeVar("T")


@asynccontextmanager
async def open_room(
    path: Path, bell: Bell, *, group_max: int, queue_max: int, on_group: Callable[[int], None]
) -> AsyncIterator[Room]:
    """Open the file and run the writer for as long as the block runs; see `open_sqlite_store`."""
    if group_max < 1 or queue_max < 1:
        raise ValueError("a group and the queue must hold at least one unit")
    failure: BaseException | None = None
    with opening.locked(path):
        try:
            async with trio.open_nursery() as nursery:
                room = Room(bell, group_max, queue_max, on_group)
                # Not `nursery.start`: under a cancellation it would wait for ever for a child that
                # is shielded and that waits in turn for its queue to be closed.
                nursery.start_soon(room.serve, path)
                try:
                    await room.opened.wait()
                    yield room
                finally:
                    room.close()
        except BaseExceptionGroup as group:
            failure = _sole(group)
    if failure is not None:
        raise failure


def _sole(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What the group is about, where that is one thing; that there is a nursery is our secret."""
    leaves = list(_leaves(group))
    if len(leaves) == 1 or all(isinstance(leaf, StoreBroken) for leaf in leaves):
        return leaves[0]
    return group


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _patience_s(unit: Unit) -> float:
    """How long a unit of our own may wait for others to be written with.

    For a settlement nobody waits but the next call of its lane.
    """
    return 0.003 if isinstance(unit, Settlement) else 0.001


class _Job(HasTask, eq=False):
    """Something that somebody waits for: a unit of work, or a question."""

    done: trio.Event = field(default_factory=trio.Event)
    answer: object = None

    def finish(self, answer: object) -> None:
        """Hand over the answer, or the error that stands for it."""
        self.answer = answer
        self.done.set()


class Room:
    """The queue into the room and the writer at its other end."""

    def __init__(
        self, bell: Bell, group_max: int, queue_max: int, on_group: Callable[[int], None]
    ) -> None:
        self.epoch = 0
        self.opened = trio.Event()
        self._bell = bell
        self._on_group = on_group
        self._writer: Writer[_Job] = Writer(group_max, self._hand_over)
        self.lulls = Lulls()
        self._gathering: Gathering[_Job] = Gathering(
            self._writer.put, self.lulls, lambda: self._units > 0
        )
        self._token = trio.lowlevel.current_trio_token()
        self._places = trio.Semaphore(queue_max, max_value=queue_max)
        self._open: set[_Job] = set()
        """Jobs that are queued or under way."""
        self._units = 0
        """How many of them are units of work."""
        self._ended: str | None = None
        """Why nothing is taken any more."""
        self._bug: Exception | None = None
        """What a bell raised."""

    # --- callers' side --------------------------------------------------------------------------

    async def write(self, unit: Unit, *, from_outside: bool) -> object:
        """The answer to a unit of work, once it is durable.

        Raises what it raises. What comes from outside is done soon, as its sender waits, or refused
        at once with StoreFull where the queue is full; everything else waits for a place. A caller
        that is cancelled leaves behind a unit that happens, unless it was not queued yet.
        """
        job = _Job(unit, 0.0 if from_outside else _patience_s(unit))
        return raised(await self._answer(job, from_outside=from_outside))

    async def read(self, question: Callable[[Connection], T]) -> T:
        """The answer to a question, asked outside of any transaction."""
        return cast(T, raised(await self._answer(_Job(question, 0.0), from_outside=False)))

    def close(self) -> None:
        """Take nothing more; the writer finishes what is queued, and ends."""
        if self._ended is None:
            self._ended = "the store has ended"
            self._gathering.hand_over()
            self._writer.close()

    async def _answer(self, job: _Job, *, from_outside: bool) -> object:
        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            self._places.acquire_nowait()
        except trio.WouldBlock:
            if from_outside:
                raise StoreFull("the queue for writing is full") from None
            await self._places.acquire()
        if self._ended is not None:
            self._places.release()
            raise StoreBroken(self._ended)
        self._open.add(job)
        self._units += not callable(job.task)
        self._gathering.add(job, urgent=from_outside)
        await job.done.wait()
        if isinstance(job.answer, StoreBroken):
            raise job.answer
        return job.answer

    # --- the writer's side ----------------------------------------------------------------------

    async def serve(self, path: Path) -> None:
        """The writer's task. Raises StoreRefused, StoreFull (both: not opened), StoreBroken."""
        failure: Exception | None = None
        with self._gathering, trio.CancelScope(shield=True):
            try:
                async with trio_asyncio.open_loop():
                    # Caught within, because the loop's nursery would wrap it.
                    try:
                        await trio_asyncio.aio_as_trio(self._serve_in_loop)(path)
                    except (StoreRefused, StoreFull, StoreBroken) as error:
                        failure = error
            finally:
                self._abandon(str(failure or "the store has ended"))
        failure = self._bug or failure
        if failure is not None:
            raise failure

    async def _serve_in_loop(self, path: Path) -> None:
        database = _Database(path)
        await database.start(self.lulls.begin)
        self.epoch = database.epoch
        sound = False
        try:
            self.opened.set()
            await database.visit(partial(self._writer.run, epoch=self.epoch))
            sound = self._bug is None
        finally:
            await _close(database, sound)

    def _hand_over(self, group: Group[_Job], outcome: Outcome) -> None:
        """On SQLite's thread: let trio's thread tell everybody, in order, and before the end."""
        self.lulls.end()
        self._token.run_sync_soon(self._tell, group, outcome)

    def _tell(self, group: Group[_Job], outcome: Outcome) -> None:
        """Bells before callers: whoever waits may be cancelled by now. No checkpoint in between."""
        if self._bug is not None:
            return  # those who wait are told the end
        if group.writing:
            try:
                self._tell_writers(group.writing, outcome.done)
            except Exception as error:  # noqa: BLE001 - raised by `serve`, where it can be
                self._bug = error
                self.close()
                return
        for job, answer in zip(group.asking, outcome.answers, strict=True):
            self._finish(job, answer)

    def _tell_writers(self, writing: Sequence[_Job], done: Done | StoreError) -> None:
        if isinstance(done, StoreError):
            for job in writing:
                self._finish(job, type(done)(*done.args))
            return
        done.rings.ring(self._bell)
        self._on_group(len(writing))
        for job, answer in zip(writing, done.answers, strict=True):
            self._finish(job, answer)

    def _finish(self, job: _Job, answer: object) -> None:
        self._open.discard(job)
        self._units -= not callable(job.task)
        self._places.release()
        job.finish(answer)

    def _abandon(self, why: str) -> None:
        """Let nobody wait for a writer that is gone."""
        self._ended = why
        for job in list(self._open):
            self._finish(job, StoreBroken(why))
        self.lulls.begin()


# --- within the asyncio loop --------------------------------------------------------------------


class _Database(aiosqlite.Connection):
    """aiosqlite's connection, with a way to do everything that is to be done in one visit.

    aiosqlite offers a visit to its thread for each statement; a visit costs both threads more than
    most statements do. The name with an underscore is aiosqlite's own; a test watches it.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(partial(self._open, path), iter_chunk_size=64)
        self._direct: DirectConnection | None = None
        self._failure: Exception | None = None
        self.epoch = 0
        """The epoch that the opening has begun."""

    async def start(self, before_commit: Callable[[], None]) -> None:
        """Open it on its thread, where each COMMIT is told. Raises StoreRefused, StoreFull."""
        await self
        if self._failure is not None:
            await self.close()
            raise self._failure
        assert self._direct is not None
        self._direct.before_commit = before_commit

    def _open(self, path: Path) -> direct.Database:
        try:
            self._direct, self.epoch = opening.open_file(path, DirectConnection.to)
        except Exception as error:  # noqa: BLE001 - raised by `start`
            # Where this function raises, aiosqlite forgets its thread while that still runs.
            self._failure = error
            return direct.connect(":memory:")
        return self._direct.database

    async def visit(self, work: Callable[[DirectConnection], T]) -> T:
        """Run a function on the thread; its answer or its error. Only for what is open."""
        assert self._direct is not None
        answer = await self._execute(work, self._direct)  # type: ignore[no-untyped-call]
        return cast(T, answer)


async def _close(database: _Database, sound: bool) -> None:
    """Close, after a checkpoint where all is well and without any where it is not."""
    if sound:
        # A courtesy to the next start: what is not checkpointed is recovered then.
        with contextlib.suppress(StoreError, StoreBroken):
            await database.visit(lambda connection: connection.run(SQL["checkpoint"]))
    else:
        # SQLite would checkpoint on closing. An interrupt stops that, and nothing else is running.
        await database.interrupt()
    await database.close()
