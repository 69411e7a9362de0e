"""Before the first unit of work: is this file ours, whole, and ours alone?

What lives here: the look at a file before SQLite touches it, the lock of the one daemon, how a new
file comes to be, and the settings of a connection. What must not: an SQLite module, or the schema.

The functions do a little blocking I/O; they are called while starting.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

from state.connection import Connection
from state.migrations import APPLICATION_ID, SCHEMA_VERSION, migrate
from state.queries import SQL
from state.store import ConstraintBroken, StoreBroken, StoreRefused

_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100

# What is set, how it is read back, and what must come back. EXCLUSIVE goes first: WAL then does
# without shared memory, and no other process can checkpoint behind our back.
_SETTINGS: tuple[tuple[str, str, object], ...] = (
    ("PRAGMA locking_mode = EXCLUSIVE", "PRAGMA locking_mode", "exclusive"),
    ("PRAGMA journal_mode = WAL", "PRAGMA journal_mode", "wal"),
    ("PRAGMA synchronous = FULL", "PRAGMA synchronous", 2),
    ("PRAGMA foreign_keys = ON", "PRAGMA foreign_keys", 1),
    ("PRAGMA busy_timeout = 100", "PRAGMA busy_timeout", 100),
    ("PRAGMA wal_autocheckpoint = 8000", "PRAGMA wal_autocheckpoint", 8000),
    ("PRAGMA journal_size_limit = 67108864", "PRAGMA journal_size_limit", 67108864),
)


class OpenedFile(Connection, Protocol):
    """A connection to a file."""

    def close(self) -> None:
        """Close it. SQLite checkpoints where nobody has said otherwise."""


Opened = TypeVar("Opened", bound=OpenedFile)
Connect = Callable[[Path], Opened]


def open_file(path: Path, connect: Connect[Opened]) -> tuple[Opened, int]:
    """An open connection to the file, which is made where there is none, and the epoch it begins.

    The caller has `locked` it. Raises StoreRefused, StoreFull.
    """
    with refusing(path):
        if not examine(path):
            _create(path, connect)
        connection = connect(path)
        try:
            return connection, prepare(connection)
        except BaseException:
            connection.close()
            raise


def _create(path: Path, connect: Connect[Opened]) -> None:
    new = draft(path)
    connection = connect(new)
    try:
        migrate(connection)
    finally:
        connection.close()
    publish(new, path)


def examine(path: Path) -> bool:
    """Whether a database lies at the path; StoreRefused where what lies there cannot be used.

    Not while a connection to it is open in this process: POSIX ends a process's locks on a file
    when any descriptor of it is closed.
    """
    _require_directory(path)
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except FileNotFoundError:
        if _beside(path, "-wal").exists():
            raise StoreRefused(
                f"{path}: the database is gone, but its write-ahead log lies there: "
                "put back both or neither"
            ) from None
        return False
    except OSError as error:
        raise StoreRefused(f"{path}: {error.strerror}") from error
    if not header:
        raise StoreRefused(f"{path}: the file is empty; restore it, or remove it to begin anew")
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise StoreRefused(f"{path}: not an SQLite database, or a damaged one")
    version = int.from_bytes(header[60:64], "big")
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise StoreRefused(f"{path}: the database belongs to another program")
    if version > SCHEMA_VERSION:
        raise StoreRefused(
            f"{path}: the database has version {version}, this program knows up to "
            f"{SCHEMA_VERSION}: run the newer program"
        )
    return True


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other daemons out for as long as the block runs; StoreRefused where one is in.

    The lock is on a file beside the database, which stays when the lock is gone. It ends with the
    process, however that ends.
    """
    _require_directory(path)
    lock_path = _beside(path, ".lock")
    try:
        descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreRefused(f"{lock_path}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreRefused(f"{path}: another daemon is using the database") from None
        yield
    finally:
        os.close(descriptor)


def draft(path: Path) -> Path:
    """Where a new database is made before it gets its name: an empty file, ours to read alone.

    A crash while making it leaves no half database under the name itself.
    """
    new = _beside(path, ".new")
    for suffix in ("", "-wal", "-shm", "-journal"):
        _beside(new, suffix).unlink(missing_ok=True)
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    return new


def publish(new: Path, path: Path) -> None:
    """Give a finished draft its name, durably."""
    new.rename(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _require_directory(path: Path) -> None:
    if not path.parent.is_dir():
        raise StoreRefused(f"{path.parent}: there is no such directory")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


@contextlib.contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn what goes wrong with a file while it is opened into StoreRefused; StoreFull stays."""
    try:
        yield
    except StoreRefused as error:
        raise StoreRefused(f"{path}: {error}") from error
    except (StoreBroken, ConstraintBroken) as error:
        raise StoreRefused(f"{path}: cannot be used: {error}") from error


def prepare(connection: Connection) -> int:
    """Set a connection up, bring the schema up to date, become the owner; the new epoch.

    Raises StoreRefused, StoreFull, StoreBroken.
    """
    for setting, question, expected in _SETTINGS:
        connection.run(setting)
        [(found,)] = connection.fetch(question)
        if found != expected:
            raise StoreRefused(f"{setting} had no effect: it is {found}")
    migrate(connection)
    return raise_epoch(connection)


def raise_epoch(connection: Connection) -> int:
    """Become the owner: every unit of an earlier one is refused from now on.

    But for an earlier one that keeps a `Ledger`, which must keep others out by locks.

    Raises StoreRefused where the database has lost what it counts owners by: it is damaged.
    """
    connection.begin()
    try:
        rows = connection.fetch(SQL["raise_epoch"])
        if not rows:
            raise StoreRefused("cannot be used: there is no epoch in it")
        connection.commit()
    finally:
        connection.rollback()
    return int(rows[0][0])
