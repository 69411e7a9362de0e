"""What happened in a simulation: the last lines of it, and a digest of all.

What lives here: the journal, and a log that writes into it. What must not: anything that differs
from run to run (durations, addresses of objects).
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from typing import cast

from structlog.typing import FilteringBoundLogger

_LINES_KEPT = 60
_UNSTEADY = frozenset({"ms", "traceback"})


class Journal:
    """Bounded: two runs are the same where their digests are."""

    def __init__(self, now_ms: Callable[[], int], tell: Callable[[str], None] | None) -> None:
        self.now_ms = now_ms
        self.lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self.count = 0
        self._digest = hashlib.blake2s()
        self._tell = tell

    def note(self, who: str, what: str) -> None:
        """Add a line."""
        line = f"{self.now_ms() / 1000:10.3f} {who:10} {what}"
        self.count += 1
        self.lines.append(line)
        self._digest.update(line.encode())
        if self._tell is not None:
            self._tell(line)

    @property
    def digest(self) -> str:
        """Of every line there was."""
        return self._digest.hexdigest()


class SimulatedLog:
    """A logger that writes into the journal; errors are kept, for there should be none."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.errors: list[str] = []

    def __getattr__(self, level: str) -> Callable[..., None]:
        def tell(event: str, **fields: object) -> None:
            told = " ".join(
                f"{key}={value}"
                for key, value in fields.items()
                if value is not None and key not in _UNSTEADY
            )
            self._journal.note("log", f"{level} {event} {told}")
            if level in ("error", "exception", "critical"):
                self.errors.append(f"{event} {told} {fields.get('traceback', '')}".rstrip())

        return tell

    @property
    def logger(self) -> FilteringBoundLogger:
        """For those who want the type."""
        return cast(FilteringBoundLogger, self)
