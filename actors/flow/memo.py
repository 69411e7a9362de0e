"""What was worked out of a part of a flow, remembered by the part itself.

What lives here: the memory. What must not: what is worked out. A flow is frozen, so the same part
always comes to the same; it is held here, so that its identity stays its own. Forgetting costs
time only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Part = TypeVar("Part")
Made = TypeVar("Made")


class Memo(Generic[Part, Made]):
    """A function of a part of a flow that is worked out once for each."""

    def __init__(self, make: Callable[[Part], Made], most: int) -> None:
        """At most `most` parts are remembered."""
        self._make = make
        self._most = most
        self._known: dict[int, tuple[Part, Made]] = {}

    def __call__(self, part: Part) -> Made:
        """What `make` makes of a part."""
        found = self._known.get(id(part))
        if found is not None and found[0] is part:
            return found[1]
        made = self._make(part)
        if len(self._known) >= self._most:
            # The oldest one goes: Python's dictionaries keep the order.
            self._known.pop(next(iter(self._known)))
        self._known[id(part)] = (part, made)
        return made
