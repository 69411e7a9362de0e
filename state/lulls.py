"""Lulls: the moments in which the writer leaves Python's lock to trio's thread.

What lives here: who waits for one, and when they go on. What must not: jobs, SQLite. Statements are
short and many, and each takes the lock anew: two threads that work then hinder each other. COMMIT
is long and needs no lock. So what is not in a hurry waits for it, a fraction of a millisecond, and
is done while the disk is waited for.
"""

from __future__ import annotations

import trio

PATIENCE_S = 0.005
"""How long anybody waits at most while trio's thread is busy. While it sleeps, the wait ends with
the units that are being written."""


class Lulls:
    """For trio's thread, but for `begin` and `end`, which are for any."""

    def __init__(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._waiting = trio.lowlevel.ParkingLot()
        self._since_s = 0.0
        self._under_way = False

    async def wait(self) -> None:
        """Return in a lull, or where one does not come soon. A checkpoint."""
        if self._under_way:
            await trio.lowlevel.checkpoint()
            return
        if not self._waiting:
            self._since_s = trio.current_time()
        await self._waiting.park()

    @property
    def awaited(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiting)

    def look(self, *, idle: bool, writing: bool) -> None:
        """Trio's thread looks what to do next: let those go on who need not wait any longer.

        `idle`: there is nothing. `writing`: the writer has units to write.
        """
        if self._waiting and (
            # It began between the look at it and the wait for it.
            self._under_way
            or (idle and not writing)
            or trio.current_time() - self._since_s >= PATIENCE_S
        ):
            self._let_go()

    def begin(self) -> None:
        """The writer waits for the disk from now on."""
        self._under_way = True
        if self._waiting:
            self._let_go()

    def end(self) -> None:
        """The writer has something else to do."""
        self._under_way = False

    def _let_go(self) -> None:
        # Trio's thread does not fall asleep before this has run.
        self._token.run_sync_soon(self._waiting.unpark_all, idempotent=True)
