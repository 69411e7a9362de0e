"""Opening hours.

What lives here: how they are written. What must not: whether it is open (`actors.flow.hours`).
"""

from __future__ import annotations

from msgspec import Struct

Spans = tuple[str, ...]
"""Times of a day: `["08:00-13:00", "14:00-18:00"]`; `22:00-02:00` ends on the next day, an empty
list is a day on which it stays closed."""


class Hours(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When something is open. `hours.<name>.open` and `hours.<name>.opens` are values then:
    whether it is open, and the date and time at which it opens next."""

    week: dict[str, Spans]
    """Day or range of days (`mon`, `mon-fri`, `sat-mon`) -> times. A day that is not named is
    closed."""
    holidays: dict[str, Spans] = {}
    """Date -> times that hold instead of the week's: `"2026-12-24": ["09:00-13:00"]`, or each
    year: `"12-25": []`."""
    time_zone: str | None = None
    """Such as `America/Lima`; default: the configuration's `flow.time_zone`."""
