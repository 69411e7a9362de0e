"""Visits of technicians, as the customer system keeps them: one for a line at most.

What lives here: which visits there are, and what can be booked when. What must not: HTTP
(`services`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from adapters.sandbox.agenda import Agenda

PARTS = ("morning", "afternoon")
_SUNDAY = 6
# The clocks of the provider's town, which never change.
_HERE = timezone(timedelta(hours=-5))


class NotPossible(Exception):
    """No technician comes then; the message says why."""


class TooLate(Exception):
    """The technician is on the way."""


class Taken(Exception):
    """All technicians are elsewhere then."""


@dataclass(frozen=True)
class Visit:
    """A day, and the part of it."""

    day: date
    part: str

    def document(self) -> dict[str, str]:
        """As the interface shows it."""
        return {"day": self.day.isoformat(), "part": self.part}


class Visits:
    """The calendar of the technicians."""

    def __init__(self, clock: Agenda) -> None:
        self._clock = clock
        self._booked: dict[str, Visit] = {}
        self._full: set[Visit] = set()

    def fill(self, day: str, part: str) -> None:
        """Let all technicians be elsewhere then; ValueError for what is no day or part of one."""
        if part not in PARTS:
            raise ValueError(f"not a part of the day: {part}; there are {', '.join(PARTS)}")
        self._full.add(Visit(date.fromisoformat(day), part))

    def of(self, line: str) -> Visit | None:
        """The visit that is to come."""
        visit = self._booked.get(line)
        return visit if visit is not None and visit.day >= self._today() else None

    def first(self) -> Visit | None:
        """The first that can be booked; None: not within two weeks."""
        for ahead in range(1, 15):
            for part in PARTS:
                visit = Visit(self._today() + timedelta(days=ahead), part)
                if visit.day.weekday() != _SUNDAY and visit not in self._full:
                    return visit
        return None

    def put(self, line: str, day: str, part: str) -> Visit:
        """Book a visit, or move the one there is. Raises NotPossible, Taken, TooLate."""
        try:
            visit = Visit(date.fromisoformat(day), part)
        except ValueError:
            raise NotPossible("not a day") from None
        if part not in PARTS:
            raise NotPossible("not a part of the day")
        if visit.day <= self._today() or visit.day.weekday() == _SUNDAY:
            raise NotPossible("no technician comes on that day")
        self._in_time(line)
        if visit in self._full:
            raise Taken
        self._booked[line] = visit
        return visit

    def cancel(self, line: str) -> bool:
        """Take a visit back; whether there was one. Raises TooLate."""
        if self.of(line) is None:
            return False
        self._in_time(line)
        del self._booked[line]
        return True

    def _in_time(self, line: str) -> None:
        there = self.of(line)
        if there is not None and there.day == self._today():
            raise TooLate

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC).astimezone(_HERE).date()
