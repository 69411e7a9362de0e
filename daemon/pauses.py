"""What the operator has paused: starts of jobs, or messages to customers.

What lives here: the two switches, kept in a small file beside the database, so that a restart does
not resume what was paused for a reason. What must not: holding the lanes back (`relay`).
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Final

import msgspec

STARTS: Final = "starts"
SENDS: Final = "sends"
WHATS: Final = (STARTS, SENDS)

_LANES = {STARTS: "/start", SENDS: "/message"}


class Pauses:
    """Remembers what is paused. Reading and writing the file blocks for a moment."""

    def __init__(self, file: Path | None) -> None:
        """`file`: where it is kept; None: in memory alone. A damaged file pauses everything."""
        self._file = file
        self._switching = threading.Lock()
        """Two operators at once: neither forgets what the other paused."""
        self._paused = self._read()

    @property
    def paused(self) -> tuple[str, ...]:
        """What is paused, in a fixed order."""
        return tuple(what for what in WHATS if what in self._paused)

    def holds(self, lane: str) -> bool:
        """Whether calls of a lane are held back. A cancel, a look or a web request never is."""
        return any(lane.endswith(_LANES[what]) for what in self._paused)

    def pause(self, what: str) -> None:
        """Hold one of `WHATS` back from now on; what is under way goes on."""
        with self._switching:
            self._keep(self._paused | {what})

    def resume(self, what: str) -> None:
        """Let it go on."""
        with self._switching:
            self._keep(self._paused - {what})

    def _read(self) -> frozenset[str]:
        if self._file is None:
            return frozenset()
        try:
            names = msgspec.json.decode(self._file.read_bytes(), type=frozenset[str])
        except FileNotFoundError:
            return frozenset()
        except (OSError, ValueError):
            # Somebody wanted a pause; of what, cannot be read. Nothing is lost by waiting.
            return frozenset(WHATS)
        return names & frozenset(WHATS)

    def _keep(self, paused: frozenset[str]) -> None:
        if self._file is not None:
            beside = self._file.with_name(self._file.name + ".new")
            with beside.open("wb") as file:
                file.write(msgspec.json.encode(sorted(paused)))
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, self._file)
            _sync(self._file.parent)
        self._paused = paused


def _sync(folder: Path) -> None:
    """A power cut must not resume what was paused."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
