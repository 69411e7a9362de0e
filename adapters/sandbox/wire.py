"""The two ways between a simulated vendor and the daemon, as the vendor sees them.

What lives here: what a vendor's door and its courier can be asked, and the retry rules of webhooks.
What must not: how anything is carried (`loopback` and `courier` over HTTP, `direct` by a call).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from adapters.sandbox.exchange import System


@dataclass(eq=False)
class Parcel:
    """One webhook: the same bytes at each attempt."""

    id: str
    target: str
    """A path at the daemon's address, or a whole address."""
    body: bytes
    posted_ms: int
    answers: list[int | None] = field(default_factory=list)
    """The status of each attempt; None where there was no answer."""
    taken: bool = False
    given_up: bool = False


@dataclass(frozen=True)
class RetryRules:
    """How a vendor goes on after an attempt that failed."""

    delays_ms: tuple[int, ...]
    """Before the second, third, ... attempt."""
    repeat_last: bool = False
    """Whether the last delay goes on and on, until `keep_ms` have passed."""
    keep_ms: float = math.inf
    is_taken: Callable[[int], bool] = lambda status: 200 <= status < 300
    is_final: Callable[[int], bool] = lambda _status: False
    """Whether the vendor gives up at once on this status."""

    def again_ms(self, parcel: Parcel, now_ms: int) -> int | None:
        """When to carry a parcel again after its last attempt; None: never (see its fields)."""
        status = parcel.answers[-1]
        if status is not None and self.is_taken(status):
            parcel.taken = True
            return None
        delay_ms = self._delay_after(len(parcel.answers))
        due_ms = now_ms + (delay_ms or 0)
        too_late = due_ms - parcel.posted_ms > self.keep_ms
        if delay_ms is None or too_late or (status is not None and self.is_final(status)):
            parcel.given_up = True
            return None
        return due_ms

    def _delay_after(self, attempts: int) -> int | None:
        if attempts <= len(self.delays_ms):
            return self.delays_ms[attempts - 1]
        return self.delays_ms[-1] if self.repeat_last and self.delays_ms else None


Headers = Callable[[Parcel], Mapping[str, str]]
"""The headers of an attempt, with its signature."""


class Door(Protocol):
    """Where the daemon finds a system."""

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""

    def down(self) -> None:
        """Refuse connections from now on."""

    def up(self) -> None:
        """Be reachable (again)."""


class Carrier(Protocol):
    """Carries one vendor's webhooks to the daemon, in order, again and again until taken."""

    log: deque[Parcel]
    """What was posted lately, taken or not."""

    def post(self, parcel: Parcel) -> None:
        """Carry it now."""

    def duplicate_next(self, n: int = 1) -> None:
        """Carry each of the next `n` webhooks twice."""

    def retry_now(self) -> None:
        """Carry at once whatever waits for its next attempt."""


class Wire(Protocol):
    """Both ways of one vendor."""

    def door(self, system: System) -> Door:
        """Let the system be reached."""

    def carrier(self, rules: RetryRules, headers: Headers) -> Carrier:
        """Let webhooks be posted."""

    def new_id(self) -> str:
        """32 hexadecimal digits that no other thing of this world is called by.

        Where a daemon may have an older database, they were never used before either.
        """
