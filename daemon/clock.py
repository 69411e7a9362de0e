"""The only wall clock of the program, and the sandbox's clock that can be turned.

What lives here: what time it is, and waiting for a time. What must not: durable timers (they are
rows), or what anybody does when a time has come.

Trio sleeps by the monotonic clock; whoever waits for a time of day waits here, because that time
can jump: a machine that was suspended, a clock that was set, a sandbox that is turned.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec
import trio

RECHECK_S = 5.0
"""How long a sleeper trusts the monotonic clock before it looks at the wall clock again."""
JUMP_MS = 2000
"""Wall and monotonic clock drifting apart by this much between two looks is a jump; what NTP
slews between two looks is far less."""


def wall_ms() -> int:
    """Milliseconds since 1970 in UTC, by the machine's clock."""
    return time.time_ns() // 1_000_000


class Clock(Protocol):
    """What time it is, in whole milliseconds since 1970 in UTC."""

    def now_ms(self) -> int:
        """The time now; may be before an earlier answer, where a clock was set back."""

    @property
    def changed(self) -> trio.Event:
        """Set at the next jump; ask for a new one after that."""

    async def sleep_until(self, due_ms: int) -> None:
        """Returns when it is `due_ms` or later, also where a jump brought that about.

        A checkpoint, always.
        """


class SystemClock:
    """The machine's clock. Notices and counts jumps whenever somebody looks or sleeps."""

    def __init__(
        self,
        *,
        on_jump: Callable[[int], None] = lambda _by_ms: None,
        wall: Callable[[], int] = wall_ms,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.jumps = 0
        self._on_jump = on_jump
        self._wall = wall
        self._monotonic = monotonic
        self._changed = trio.Event()
        self._offset_ms = wall() - monotonic() * 1000

    def now_ms(self) -> int:
        """The time now; looks for a jump on the way."""
        now = self._wall()
        offset_ms = now - self._monotonic() * 1000
        by_ms = offset_ms - self._offset_ms
        self._offset_ms = offset_ms
        if abs(by_ms) >= JUMP_MS:
            self.jumps += 1
            self._changed.set()
            self._changed = trio.Event()
            self._on_jump(round(by_ms))
        return now

    @property
    def changed(self) -> trio.Event:
        """Set at the next jump."""
        return self._changed

    async def sleep_until(self, due_ms: int) -> None:
        """See `Clock`. A jump is noticed after at most `RECHECK_S` seconds."""
        await trio.lowlevel.checkpoint()
        while (left_ms := due_ms - self.now_ms()) > 0:
            with trio.move_on_after(min(left_ms / 1000, RECHECK_S)):
                await self._changed.wait()


class ClockFileDamaged(Exception):
    """The file of a virtual clock cannot be read."""


class _ClockFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    now_ms: int
    running: bool = False
    at_monotonic_s: float | None = None


def write_virtual_clock(
    path: Path,
    now_ms: int,
    *,
    running: bool,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Turn the clock: it shows `now_ms` at this moment, and runs on from there or stands still.

    The moment is written down by CLOCK_MONOTONIC, which all processes of a machine share. Readers
    see the old file or the new one whole; then tell them to `reload`.
    """
    body = _ClockFile(now_ms, running, monotonic() if running else None)
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(msgspec.json.encode(body))
    os.replace(beside, path)


class VirtualClock:
    """The sandbox's clock: what `write_virtual_clock` wrote into the file. Blocks only to read it.

    `{"now_ms": ..., "running": false}` stands still. With `"running": true, "at_monotonic_s": m`
    it shows `now_ms` plus the seconds since the machine's CLOCK_MONOTONIC was `m`, and never less
    than `now_ms` (a file that outlived a reboot has an `m` that lies ahead).
    """

    def __init__(self, path: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.jumps = 0
        self._path = path
        self._monotonic = monotonic
        self._changed = trio.Event()
        self._file = self._read()

    def now_ms(self) -> int:
        """The time now."""
        file = self._file
        if not file.running or file.at_monotonic_s is None:
            return file.now_ms
        return file.now_ms + max(0, int((self._monotonic() - file.at_monotonic_s) * 1000))

    @property
    def changed(self) -> trio.Event:
        """Set at the next `reload`."""
        return self._changed

    def reload(self) -> None:
        """Read the file again and wake all sleepers. Raises ClockFileDamaged: nothing changed."""
        self._file = self._read()
        self.jumps += 1
        self._changed.set()
        self._changed = trio.Event()

    async def sleep_until(self, due_ms: int) -> None:
        """See `Clock`. A clock that stands still wakes its sleepers only when it is turned."""
        await trio.lowlevel.checkpoint()
        while (left_ms := due_ms - self.now_ms()) > 0:
            with trio.move_on_after(left_ms / 1000 if self._file.running else math.inf):
                await self._changed.wait()

    def _read(self) -> _ClockFile:
        try:
            file = msgspec.json.decode(self._path.read_bytes(), type=_ClockFile)
        except (OSError, msgspec.DecodeError) as error:
            raise ClockFileDamaged(f"{self._path}: {error}") from error
        if file.running and file.at_monotonic_s is None:
            raise ClockFileDamaged(f"{self._path}: a running clock needs at_monotonic_s")
        return file
