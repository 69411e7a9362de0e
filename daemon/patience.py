"""How long a chat waits for the answer to one message.

What lives here: the calls that are waited for, and noticing that one takes too long. What must not:
what becomes of such a call (`relay`).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import trio

from state.rows import OutboxRow


class UnderWay:
    """A call under way, which its lane may stop waiting for."""

    def __init__(self, row: OutboxRow, pool: str, more: bool) -> None:
        self.row = row
        self.pool = pool
        self.more = more
        """Whether its lane has more to send."""
        self.patience_ends = math.inf
        """By trio's clock."""
        self.detached = False
        """Its lane has stopped waiting."""


class Patience:
    """The same for all calls, so that the one that began first is given up first."""

    def __init__(self, patience_s: float, give_up: Callable[[UnderWay], None]) -> None:
        """`give_up` hears of a call that takes too long; it must neither block nor raise."""
        self._patience_s = patience_s
        self._give_up = give_up
        self._awaited: dict[UnderWay, None] = {}
        self._news = trio.Event()

    def begin(self, call: UnderWay) -> None:
        """Wait for this call from now on."""
        call.patience_ends = trio.current_time() + self._patience_s
        self._awaited[call] = None
        self._news.set()

    def end(self, call: UnderWay) -> None:
        """It has been answered, or was given up."""
        self._awaited.pop(call, None)

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            call = next(iter(self._awaited), None)
            if call is None:
                self._news = trio.Event()
                await self._news.wait()
            elif call.patience_ends > trio.current_time():
                # Most often it is answered by then, and the next one is looked at.
                await trio.sleep_until(call.patience_ends)
            else:
                self.end(call)
                self._give_up(call)
