"""Real files in a folder, and a log of all that is done to them.

What lives here: a file system for apsw that passes everything on and writes it down, and the same
for what Python itself does to files while a database is made. What must not: what a cut leaves of
it (`disk`), or what is done (`life`).

Nothing is really synced: the log alone says what would be.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from unittest import mock

import apsw

from tests.power.disk import (
    Create,
    Disk,
    Files,
    Operation,
    Remove,
    Rename,
    Sync,
    SyncNames,
    Truncate,
    Write,
)

_numbers = itertools.count()
_REAL = apsw.vfs_names()[0]
"""SQLite's own file system for this machine."""

# Others are temporary: SQLite removes them at once, and nothing in them outlives a process.
_LASTING = (
    apsw.SQLITE_OPEN_MAIN_DB
    | apsw.SQLITE_OPEN_MAIN_JOURNAL
    | apsw.SQLITE_OPEN_SUPER_JOURNAL
    | apsw.SQLITE_OPEN_WAL
)


class Recorder:
    """The log of a folder: from the files it began with, and what was done to them already."""

    def __init__(self, folder: Path, files: Files, log: Sequence[Operation] = ()) -> None:
        self.folder = folder
        self.operations = list(log)
        self.running = True
        self.vfs = f"recorder-{next(_numbers)}"
        self._files = files
        self._descriptors: dict[int, Path] = {}
        disk = self._disk()
        self._inodes = disk.names()
        self._next = 1 + max(disk.inodes(), default=-1)
        for name, content in disk.whole().items():
            (folder / name).write_bytes(content)

    def note(self, operation: Operation) -> None:
        """Write an operation down, unless the power is off."""
        if self.running:
            self.operations.append(operation)

    def inode_of(self, path: Path) -> int:
        """The number of a file, which is new where nobody has written of it before."""
        if path.name not in self._inodes:
            self._inodes[path.name] = self._next
            self._next += 1
            self.note(Create(path.name, self._inodes[path.name]))
        return self._inodes[path.name]

    def removed(self, path: Path) -> None:
        """A name is gone."""
        if self._inodes.pop(path.name, None) is not None:
            self.note(Remove(path.name))

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Record what connections with `vfs` do, and what Python does to files of the folder."""
        vfs = _RecordingVFS(self)
        try:
            with (
                mock.patch("os.open", self._open),
                mock.patch("os.close", self._close),
                mock.patch("os.fsync", self._fsync),
                mock.patch("os.rename", self._rename),
                mock.patch("os.unlink", self._unlink),
            ):
                yield
        finally:
            vfs.unregister()

    def check(self) -> None:
        """The log must lead to the files as they are: else it misses something."""
        logged = self._disk().whole()
        found = {path.name: path.read_bytes() for path in self.folder.iterdir()}
        if logged != found:
            wrong = sorted(name for name in logged | found if logged.get(name) != found.get(name))
            raise AssertionError(f"the log does not lead to these files: {', '.join(wrong)}")

    def _disk(self) -> Disk:
        disk = Disk(self._files)
        for operation in self.operations:
            disk.apply(operation)
        return disk

    # --- what Python does -----------------------------------------------------------------------

    def _own(self, path: object) -> Path | None:
        own = Path(os.fsdecode(path)) if isinstance(path, str | bytes | os.PathLike) else None
        return own if own is not None and own.parent == self.folder else None

    def _open(self, path: os.PathLike[str] | str, flags: int, mode: int = 0o777) -> int:
        descriptor = _REAL_OPEN(path, flags, mode)
        self._descriptors[descriptor] = Path(path)
        own = self._own(path)
        if own is not None and flags & os.O_CREAT:
            self.inode_of(own)
        return descriptor

    def _close(self, descriptor: int) -> None:
        self._descriptors.pop(descriptor, None)
        _REAL_CLOSE(descriptor)

    def _fsync(self, descriptor: int) -> None:
        path = self._descriptors.get(descriptor)
        if path == self.folder:
            self.note(SyncNames())
        elif path is not None and (own := self._own(path)) is not None:
            self.note(Sync(self.inode_of(own)))

    def _rename(self, old: os.PathLike[str] | str, new: os.PathLike[str] | str) -> None:
        _REAL_RENAME(old, new)
        source, target = self._own(old), self._own(new)
        if source is not None and target is not None:
            inode = self._inodes[target.name] = self._inodes.pop(source.name)
            self.note(Rename(source.name, target.name, inode))

    def _unlink(self, path: os.PathLike[str] | str) -> None:
        _REAL_UNLINK(path)
        own = self._own(path)
        if own is not None:
            self.removed(own)


_REAL_OPEN, _REAL_CLOSE = os.open, os.close
_REAL_RENAME, _REAL_UNLINK = os.rename, os.unlink


# --- what SQLite does ---------------------------------------------------------------------------


class _RecordingVFS(apsw.VFS):
    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        # SQLite draws what tells one log from the next (the salts); that too must repeat itself,
        # and still be another in each life. It asks the default file system, once it has forgotten.
        self._rng = Random(f"salts {recorder.folder.name}")
        super().__init__(recorder.vfs, _REAL, makedefault=True)
        apsw.randomness(0)

    def xRandomness(self, numbytes: int) -> bytes:  # noqa: N802 - SQLite's name
        return self._rng.randbytes(numbytes)

    def xOpen(  # noqa: N802 - SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        if name is None or not flags[0] & _LASTING:
            return super().xOpen(name, flags)
        return _RecordingFile(self._recorder, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        super().xDelete(filename, syncdir)
        self._recorder.removed(Path(filename))
        if syncdir:
            self._recorder.note(SyncNames())


class _RecordingFile(apsw.VFSFile):
    def __init__(self, recorder: Recorder, name: str | apsw.URIFilename, flags: list[int]) -> None:
        path = Path(name if isinstance(name, str) else name.filename())
        # SQLite's own file system for Unix syncs the folder of a journal or a log together with
        # the first sync of the file, where it was opened to be created if need be.
        self._names_too = bool(flags[0] & apsw.SQLITE_OPEN_CREATE) and not (
            flags[0] & apsw.SQLITE_OPEN_MAIN_DB
        )
        super().__init__(_REAL, name, flags)
        self._recorder = recorder
        self._inode = recorder.inode_of(path)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        super().xWrite(data, offset)
        self._recorder.note(Write(self._inode, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        super().xTruncate(newsize)
        self._recorder.note(Truncate(self._inode, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        self._recorder.note(Sync(self._inode))
        if self._names_too:
            self._names_too = False
            self._recorder.note(SyncNames())
