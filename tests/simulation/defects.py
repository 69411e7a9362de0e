"""Defects that can be planted in the assembly, to see that the simulation finds them.

What lives here: one entry for each, and how it is switched on. What must not: faults of vendors.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import Enum
from unittest import mock

from actors import outcomes
from actors.calls import Call, Promise
from daemon import sending
from daemon.patience import UnderWay
from daemon.relay import Relay
from daemon.sending import Pace
from state.rows import OutboxRow, SettleAs, Settlement
from tests.simulation.telco import Telco


class Defect(Enum):
    """What is wrong with the program."""

    SETTLES_FIRST = "a call is recorded as delivered before it is made"
    FORGETS_DUPLICATES = "an event that comes twice is taken for two"
    RESENDS_AT_ONCE = "a message of unknown fate is sent again at once"
    REPEATS_STARTS = "a start of unknown fate is repeated though the provider knows no keys"
    BELIEVES_OLD_TAPS = "a tap of any age starts a job"


class _Hasty(Relay):
    async def _attempt(self, row: OutboxRow, under_way: UnderWay) -> Settlement:
        done = Settlement(row.effect, row.attempts, SettleAs.DELIVERED, self._clock.now_ms())
        await self._settle(done)
        return await super()._attempt(row, under_way)


def relay_of(defect: Defect | None) -> type[Relay]:
    """The relay, with its defect."""
    return _Hasty if defect is Defect.SETTLES_FIRST else Relay


@contextmanager
def planted(defect: Defect | None) -> Iterator[None]:
    """With what has to be changed elsewhere."""
    with ExitStack() as stack:
        if defect is Defect.RESENDS_AT_ONCE:
            stack.enter_context(mock.patch.object(sending, "set_aside", send_again))
        if defect is Defect.REPEATS_STARTS:
            stack.enter_context(mock.patch.object(Telco, "promise", _careless))
        yield


def send_again(
    row: OutboxRow, now_ms: int, pace: Pace, error: str = outcomes.TIMEOUT
) -> Settlement:
    """In the place of `sending.set_aside`: nobody looks whether it arrived."""
    del pace
    return Settlement(row.effect, row.attempts, SettleAs.RESEND, now_ms, now_ms, error=error)


def _careless(_telco: Telco, call: Call) -> Promise:
    del call
    return Promise.REPEATABLE
