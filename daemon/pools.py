"""Where calls wait: the pools of workers that the relay keeps.

What lives here: a small record. What must not: deciding whose turn it is (`relay`).
"""

from __future__ import annotations

from collections import OrderedDict

import trio

CONTROL = "/control"
"""The end of the names of lanes and pools for cancels."""


class Destination:
    """The lanes that wait for one vendor, and how many calls to it are under way."""

    def __init__(self, concurrency: int) -> None:
        self.ready: OrderedDict[str, None] = OrderedDict()
        self.concurrency = concurrency
        self.active = 0
        self.paused_until_ms = 0
        self.resting = trio.lowlevel.ParkingLot()
        """Workers without a lane. To begin and end a task costs more than to wake one."""


def pools_of(destination: str) -> tuple[str, str]:
    """All pools of a destination: a vendor that wants a pause wants it of each."""
    return destination, destination + CONTROL


def pool_of(lane: str, destination: str) -> str:
    """Cancels have workers of their own: starts that hang must not hold them up."""
    return destination + CONTROL if lane.endswith(CONTROL) else destination
