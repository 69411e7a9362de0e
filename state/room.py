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
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar, cast

import aiosqlite
import trio
import trio_asyncio

from state import opening
from state.connection import Connection, Params, Row, explained
from state.queries import SQL
from state.store import Bell, StoreBroken, StoreError, StoreFull, StoreRefused
from state.transactions import Unit, raised, transact

T = TypeVar("T")
Question = Callable[[Connection], Awaitable[object]]


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


class _Job:
    """Something that somebody waits for: a unit of work, or a question."""

    def __init__(self, task: Unit | Question) -> None:
        self.task = task
        self.done = trio.Event()
        self.answer: object = None

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
        self._group_max = group_max
        self._on_group = on_group
        self._intake, self._queue = trio.open_memory_channel[_Job](queue_max)
        self._current: list[_Job] = []

    # --- callers' side --------------------------------------------------------------------------

    async def write(self, unit: Unit, *, wait: bool) -> object:
        """The answer to a unit of work, once it is durable.

        Raises what it raises, and StoreFull at once where the queue is full and not waited for. A
        caller that is cancelled leaves behind a unit that happens, unless it was not queued yet.
        """
        job = _Job(unit)
        await self._submit(job, wait=wait)
        return raised(job.answer)

    async def read(self, question: Callable[[Connection], Awaitable[T]]) -> T:
        """The answer to a question, asked outside of any transaction."""
        job = _Job(question)
        await self._submit(job, wait=True)
        return cast(T, raised(job.answer))

    def close(self) -> None:
        """Take nothing more; the writer finishes what is queued, and ends."""
        self._intake.close()

    async def _submit(self, job: _Job, *, wait: bool) -> None:
        try:
            if wait:
                await self._intake.send(job)
            else:
                await trio.lowlevel.checkpoint()
                self._intake.send_nowait(job)
        except trio.WouldBlock:
            raise StoreFull("the queue for writing is full") from None
        except trio.BrokenResourceError:
            raise StoreBroken("the store has ended") from None
        await job.done.wait()
        if isinstance(job.answer, StoreBroken):
            raise job.answer

    # --- the writer's side ----------------------------------------------------------------------

    async def serve(self, path: Path) -> None:
        """The writer's task. Raises StoreRefused, StoreFull (both: not opened), StoreBroken."""
        failure: Exception | None = None
        with trio.CancelScope(shield=True):
            try:
                async with trio_asyncio.open_loop():
                    # Caught within, because the loop's nursery would wrap it.
                    try:
                        await self._serve_in_loop(path)
                    except (StoreRefused, StoreFull, StoreBroken) as error:
                        failure = error
            finally:
                self._abandon(str(failure or "the store has ended"))
        if failure is not None:
            raise failure

    async def _serve_in_loop(self, path: Path) -> None:
        connection, self.epoch = await trio_asyncio.aio_as_trio(opening.open_file)(path, _connect)
        sound = False
        try:
            self.opened.set()
            while await self._next_group():
                await self._handle_group(connection)
            sound = True
        finally:
            await trio_asyncio.aio_as_trio(_close)(connection, sound)

    async def _next_group(self) -> bool:
        """Wait for work, then take all there is up to the limit; False at the end."""
        self._current = []
        with contextlib.suppress(trio.EndOfChannel):
            self._current.append(await self._queue.receive())
            with contextlib.suppress(trio.WouldBlock):
                while len(self._current) < self._group_max:
                    self._current.append(self._queue.receive_nowait())
        return bool(self._current)

    async def _handle_group(self, connection: Connection) -> None:
        writing: list[tuple[_Job, Unit]] = []
        asking: list[tuple[_Job, Question]] = []
        for job in self._current:
            if callable(job.task):
                asking.append((job, job.task))
            else:
                writing.append((job, job.task))
        if writing:
            await self._write(connection, writing)
        if asking:
            answers = await trio_asyncio.aio_as_trio(_ask)(connection, [task for _, task in asking])
            for (job, _), answer in zip(asking, answers, strict=True):
                job.finish(answer)

    async def _write(self, connection: Connection, writing: Sequence[tuple[_Job, Unit]]) -> None:
        units = [unit for _, unit in writing]
        try:
            done = await trio_asyncio.aio_as_trio(transact)(connection, self.epoch, units)
        except StoreError as error:
            for job, _ in writing:
                job.finish(type(error)(*error.args))
            if isinstance(error, StoreFull):
                await trio_asyncio.aio_as_trio(_make_room)(connection)
            return
        # Bells before callers, and no checkpoint in between: whoever waits may be cancelled by now,
        # and the next group must not ring before this one.
        done.rings.ring(self._bell)
        self._on_group(len(writing))
        for (job, _), answer in zip(writing, done.answers, strict=True):
            job.finish(answer)

    def _abandon(self, why: str) -> None:
        """Let nobody wait for a writer that is gone."""
        with contextlib.suppress(trio.WouldBlock, trio.EndOfChannel):
            while True:
                self._current.append(self._queue.receive_nowait())
        self._queue.close()
        for job in self._current:
            if not job.done.is_set():
                job.finish(StoreBroken(why))


# --- within the asyncio loop --------------------------------------------------------------------


class AioConnection:
    """A `Connection` on aiosqlite's thread; to be used within the asyncio loop."""

    def __init__(self, database: aiosqlite.Connection) -> None:
        self._database = database

    async def run(self, sql: str, params: Params = ()) -> None:
        """Run one statement."""
        await self.fetch(sql, params)

    async def run_many(self, sql: str, rows: Sequence[Params]) -> int:
        """Run one statement for each row of parameters."""
        with _explaining():
            cursor = await self._database.executemany(sql, rows)
            return cursor.rowcount

    async def fetch(self, sql: str, params: Params = ()) -> list[Row]:
        """Run one statement; all that it answers."""
        with _explaining():
            return cast(list[Row], await self._database.execute_fetchall(sql, params))

    async def begin(self) -> None:
        """Begin a transaction."""
        await self.run(SQL["begin"])

    async def commit(self) -> None:
        """Commit it."""
        await self.run(SQL["commit"])

    async def rollback(self) -> None:
        """Undo what is not committed."""
        if self._database.in_transaction:
            await self.run(SQL["rollback"])

    async def interrupt(self) -> None:
        """End what is running, and keep closing from its checkpoint."""
        await self._database.interrupt()

    async def close(self) -> None:
        """Close it, and end its thread."""
        await self._database.close()


@contextlib.contextmanager
def _explaining() -> Iterator[None]:
    try:
        yield
    except (aiosqlite.Error, OverflowError, UnicodeEncodeError) as error:
        raise explained(error) from error


async def _connect(path: Path) -> AioConnection:
    with _explaining():
        # No implicit transactions: ours begin and end where the code says so. Hardly any wait for a
        # lock: whoever holds one is not about to let go.
        return AioConnection(await aiosqlite.connect(path, isolation_level=None, timeout=0.1))


async def _close(connection: AioConnection, sound: bool) -> None:
    """Close, after a checkpoint where all is well and without any where it is not."""
    if sound:
        # A courtesy to the next start: what is not checkpointed is recovered then.
        with contextlib.suppress(StoreError, StoreBroken):
            await connection.run(SQL["checkpoint"])
    else:
        # SQLite would checkpoint on closing. An interrupt stops that, and nothing else is running.
        await connection.interrupt()
    await connection.close()


async def _make_room(connection: Connection) -> None:
    """Free what the write-ahead log occupies: the next unit may fit where this one did not."""
    with contextlib.suppress(StoreFull):
        await connection.run(SQL["checkpoint"])


async def _ask(connection: Connection, questions: Sequence[Question]) -> list[object]:
    answers: list[object] = []
    for question in questions:
        try:
            answers.append(await question(connection))
        except StoreError as error:
            answers.append(error)
    return answers
