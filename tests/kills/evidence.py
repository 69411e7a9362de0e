"""What the daemon left on the disk: its tables and its log.

What lives here: reading them. What must not: judging. A copy of the database is read, never the
file itself: who opens that recovers its write-ahead log, which is the next process's to do.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from actors.calls import Say, StartJob
from actors.codec import decode_call
from actors.ids import ActorId
from tests.kills.said import Said, said


class Sent(Struct, frozen=True):
    """A message to a customer, as the outbox has it."""

    said: Said
    actor: ActorId
    cause: str
    state: str
    attempts: int
    error: str | None
    rank: int
    """The highest receipt."""
    at_ms: int
    """When it was decided."""
    done_ms: int | None
    """When it was settled for good."""


class Taken(Struct, frozen=True):
    """A message from outside, as the inbox has it."""

    id: str
    done: bool
    error: str | None


class Evidence(Struct, frozen=True):
    """All that the oracle wants to know of the database, in the order of the positions."""

    sent: tuple[Sent, ...]
    taken: tuple[Taken, ...]
    open: tuple[str, ...]
    """What is not at rest, in words."""


@contextmanager
def _copy(database: Path) -> Iterator[sqlite3.Connection]:
    with TemporaryDirectory(dir=database.parent) as folder:
        copy = Path(folder) / "copy.db"
        for suffix in ("", "-wal"):
            source = database.with_name(database.name + suffix)
            if source.exists():
                shutil.copy(source, copy.with_name(copy.name + suffix))
        with closing(sqlite3.connect(copy)) as connection:
            yield connection


class Cut(Struct, frozen=True):
    """A call that was being made when the process died."""

    effect: str
    attempt: int
    call: str
    """What kind of call."""
    device: str = ""
    """Of a start: the router."""


def cut_off(database: Path) -> list[Cut]:
    """The calls that were being made when the process died."""
    with _copy(database) as connection:
        sql = "SELECT effect, attempts, body FROM outbox WHERE state = 'sending'"
        return [_cut(*row) for row in connection.execute(sql)]


def _cut(effect: str, attempt: int, body: bytes) -> Cut:
    call = decode_call(body)
    device = call.device if isinstance(call, StartJob) else ""
    return Cut(effect, attempt, type(call).__name__, device)


def read(database: Path) -> Evidence:
    """Read it all; call it when the process is at rest or gone."""
    with _copy(database) as connection:
        sent = []
        for effect, topic, body, *columns in connection.execute(
            "SELECT effect, topic, body,"
            " actor, cause, state, attempts, error, rank, at_ms, done_ms"
            " FROM outbox ORDER BY position"
        ):
            call = decode_call(body)
            if isinstance(call, Say):
                sent.append(Sent(said(effect, call, topic), *columns))
        taken = tuple(
            Taken(name, done_ms is not None, error)
            for name, done_ms, error in connection.execute(
                "SELECT message_id, done_ms, error FROM inbox ORDER BY position"
            )
        )
        return Evidence(tuple(sent), taken, tuple(_open(connection)))


def _open(connection: sqlite3.Connection) -> Iterator[str]:
    for name, actor in connection.execute(
        "SELECT message_id, actor FROM inbox WHERE done_ms IS NULL"
    ):
        yield f"{name} still waits for {actor}"
    for effect, state in connection.execute(
        "SELECT effect, state FROM outbox WHERE done_ms IS NULL"
    ):
        yield f"{effect} is still {state}"
    for (name,) in connection.execute("SELECT message_id FROM parked"):
        yield f"{name} is still parked"
