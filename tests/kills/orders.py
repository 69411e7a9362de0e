"""Orders to die: where the process is to be killed next.

What lives here: the seams by name, an order, and the file by which it reaches the process. What
must not: dying (`seams`), or choosing orders (`plan`). The process looks at the file whenever it
passes a seam, so that an order may come before its start or at any time after.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from enum import Enum
from pathlib import Path

import msgspec
from msgspec import Struct


class Seam(Enum):
    """An instant at which a kill could hurt."""

    ACCEPTED = "accepted"
    """A webhook is committed, its sender has no answer yet."""
    ACKNOWLEDGED = "acknowledged"
    """Its sender has the answer, and nothing more has happened."""
    COMMITTED = "committed"
    """A turn is committed, nothing of it was acted upon."""
    CLAIMED = "claimed"
    """A call is recorded as being made, and is not made yet."""
    ANSWERED = "answered"
    """The vendor did it and said so, which is not recorded yet."""
    SETTLED = "settled"
    """What became of a call is recorded, and nothing more has happened."""
    RANDOM = "random"
    """Any instant: so long after any seam was passed."""


class Order(Struct, frozen=True):
    """Die when a seam is passed for the `count`-th time from now on."""

    seam: Seam
    count: int
    what: str = ""
    """Only passings by this are counted: a kind of call, of actor, of arrival; "": any."""
    delay_us: int = 0
    """For `RANDOM`: the kill comes so long after the passing, whatever the process does then."""

    def __str__(self) -> str:
        what = f" {self.what}" if self.what else ""
        late = f" + {self.delay_us} us" if self.seam is Seam.RANDOM else ""
        return f"{self.seam.value}{what} #{self.count}{late}"


def give(file: Path, order: Order) -> None:
    """Put an order into the file, in one step; the counting begins anew."""
    fresh = file.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(order))
    fresh.replace(file)


def withdraw(file: Path) -> None:
    """Let it live."""
    file.unlink(missing_ok=True)


class Orders:
    """The file, as the process reads it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._order: Order | None = None
        self._left = 0

    def due(self, seam: Seam, whats: Collection[str]) -> Order | None:
        """The order that a passing fulfils; None: go on. Blocks on a small file."""
        self._look()
        order = self._order
        if order is None or (order.seam is not seam and order.seam is not Seam.RANDOM):
            return None
        if order.what and order.what not in whats:
            return None
        self._left -= 1
        return order if self._left == 0 else None

    def _look(self) -> None:
        try:
            state = os.stat(self._file)
        except FileNotFoundError:
            self._seen = self._order = None
            return
        seen = (state.st_ino, state.st_mtime_ns)
        if seen != self._seen:
            self._seen = seen
            self._order = msgspec.json.decode(self._file.read_bytes(), type=Order)
            self._left = self._order.count
