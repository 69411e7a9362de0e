"""A disk that loses its power: what was written, what was synced, and what may be left of it.

What lives here: the operations on the files of one folder, and what a cut leaves of them. What must
not: SQLite, or real files.

The rules are those of the strictest file system that POSIX allows, with sectors that are written
whole or not at all:

* What was written to a file is sure once the file was synced. Before that any part of it may be
  there, in any order: of each write all, nothing, or some of its sectors.
* A file that was to grow may have its new size without its new content: zeros, or rubbish.
* A new, renamed or removed name is sure once the folder was synced, and not because its file was.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from msgspec import Struct

SECTOR = 512
_KEPT_SHARES = (0.0, 0.1, 0.5, 0.9, 1.0)
_TORN_SHARE = 0.15
_GROWN_SHARE = 0.2

Files = dict[str, bytes]


class Create(Struct, frozen=True):
    """A name for a new, empty file."""

    name: str
    inode: int


class Remove(Struct, frozen=True):
    """A name that ends."""

    name: str


class Rename(Struct, frozen=True):
    """A file that gets another name; whoever had that loses it."""

    name: str
    new_name: str
    inode: int


class Write(Struct, frozen=True):
    """Bytes at a place of a file."""

    inode: int
    offset: int
    data: bytes


class Truncate(Struct, frozen=True):
    """A file cut off, or made longer with zeros."""

    inode: int
    size: int


class Sync(Struct, frozen=True):
    """All that was written to a file is on the disk."""

    inode: int


class SyncNames(Struct, frozen=True):
    """All that was done to names is on the disk."""


NameChange = Create | Remove | Rename
Change = Write | Truncate
Operation = NameChange | Change | Sync | SyncNames


class Loss(Struct):
    """What a cut did to the changes that were not sure, and to which files."""

    names: list[str]
    kept: int = 0
    torn: int = 0
    lost: int = 0


class Disk:
    """A folder; `apply` operations in their order, `cut` the power at any moment."""

    def __init__(self, files: Files) -> None:
        self._names = numbered(files)
        self._sure = {inode: bytearray(files[name]) for name, inode in self._names.items()}
        self._unsure: dict[int, list[Change]] = {}
        self._unsure_names: list[NameChange] = []

    def apply(self, operation: Operation) -> None:
        """Do what the program did."""
        match operation:
            case Create() | Remove() | Rename():
                if isinstance(operation, Create):
                    self._sure[operation.inode] = bytearray()
                self._unsure_names.append(operation)
            case Write(inode) | Truncate(inode):
                self._unsure.setdefault(inode, []).append(operation)
            case Sync(inode):
                for change in self._unsure.pop(inode, ()):
                    _carry_out(self._sure[inode], change)
            case SyncNames():
                _change_names(self._names, self._unsure_names)
                self._unsure_names.clear()

    def names(self) -> dict[str, int]:
        """The number of each file, as every running program sees it."""
        names = dict(self._names)
        _change_names(names, self._unsure_names)
        return names

    def inodes(self) -> set[int]:
        """All numbers that were ever used."""
        return set(self._sure)

    def whole(self) -> Files:
        """The folder as every running program sees it."""
        found = {}
        for name, inode in self.names().items():
            content = bytearray(self._sure[inode])
            for change in self._unsure.get(inode, ()):
                _carry_out(content, change)
            found[name] = bytes(content)
        return found

    def cut(self, rng: Random) -> tuple[Files, Loss]:
        """What is found after the power came back, and what it cost. The disk itself goes on."""
        share = rng.choice(_KEPT_SHARES)
        loss = Loss(sorted(n for n, inode in self.names().items() if self._unsure.get(inode)))
        names = dict(self._names)
        _change_names(names, _some_names(self._unsure_names, share, rng, loss))
        left = {}
        for name, inode in sorted(names.items()):
            content = bytearray(self._sure[inode])
            for change in self._unsure.get(inode, ()):
                _carry_out_in_part(content, change, share, rng, loss)
            left[name] = bytes(content)
        return left, loss


def numbered(files: Files) -> dict[str, int]:
    """The numbers of the files that are there at the beginning."""
    return {name: number for number, name in enumerate(sorted(files))}


def _change_names(names: dict[str, int], changes: Sequence[NameChange]) -> None:
    for change in changes:
        match change:
            case Create(name, inode):
                names[name] = inode
            case Remove(name):
                names.pop(name, None)
            case Rename(name, new_name, inode):
                # By its number: the creation of the old name may be missing.
                names.pop(name, None)
                names[new_name] = inode


def _some_names(
    changes: Sequence[NameChange], share: float, rng: Random, loss: Loss
) -> list[NameChange]:
    """Journals keep their order, so mostly a beginning; POSIX promises none, so at times any."""
    if rng.random() < 0.5:
        kept = list(changes[: rng.randint(0, len(changes))])
    else:
        kept = [change for change in changes if rng.random() < share]
    loss.kept += len(kept)
    loss.lost += len(changes) - len(kept)
    return kept


def _carry_out(content: bytearray, change: Change) -> None:
    match change:
        case Write(_, offset, data):
            _grow(content, offset)
            content[offset : offset + len(data)] = data
        case Truncate(_, size):
            del content[size:]
            _grow(content, size)


def _grow(content: bytearray, size: int, rng: Random | None = None) -> None:
    """Make it longer with zeros, or with rubbish where a generator is given."""
    missing = size - len(content)
    if missing > 0:
        content += bytes(missing) if rng is None else rng.randbytes(missing)


def _carry_out_in_part(
    content: bytearray, change: Change, share: float, rng: Random, loss: Loss
) -> None:
    if isinstance(change, Write) and share < 1 and rng.random() < _TORN_SHARE:
        loss.torn += 1
        for piece in _sectors(change):
            if rng.random() < 0.5:
                _grow(content, piece.offset, rng if rng.random() < 0.5 else None)
                _carry_out(content, piece)
    elif rng.random() < share:
        loss.kept += 1
        _carry_out(content, change)
    else:
        loss.lost += 1
        if isinstance(change, Write) and rng.random() < _GROWN_SHARE:
            end = change.offset + len(change.data)
            _grow(content, end, rng if rng.random() < 0.5 else None)


def _sectors(write: Write) -> list[Write]:
    """The parts of a write which the disk carries out as one each."""
    pieces = []
    at, end = write.offset, write.offset + len(write.data)
    while at < end:
        until = min(end, (at // SECTOR + 1) * SECTOR)
        data = write.data[at - write.offset : until - write.offset]
        pieces.append(Write(write.inode, at, data))
        at = until
    return pieces
