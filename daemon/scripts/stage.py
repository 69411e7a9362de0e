"""What a conversation file is played on: a world with a daemon in it.

What lives here: the protocol that the sandbox's stage and the one of `flowtest` keep. What must
not: either of them.
"""

from __future__ import annotations

from typing import Protocol

from adapters.sandbox.phone import Phone
from adapters.sandbox.world import World
from daemon.scripts.look import Look


class NotAtRest(Exception):
    """The daemon and the world do not come to rest; something goes round."""


class Stage(Protocol):
    """A world, a daemon, and time that passes for both."""

    @property
    def world(self) -> World:
        """Everything outside the daemon."""

    @property
    def phone(self) -> Phone:
        """The customer's phone."""

    async def settle(self) -> None:
        """Wait until nothing happens any more before time moves on. Raises NotAtRest."""

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, from event to event."""

    async def start_daemon(self) -> None:
        """Start it; whatever waits for it outside is sent again at once."""

    async def kill_daemon(self) -> None:
        """End it at once, with no chance to tidy up."""

    async def stop_daemon(self) -> int:
        """Ask it to stop; its exit code."""

    async def look(self) -> Look | None:
        """What the bot has in mind of the customer; None: it has not heard of them.

        Raises LookupError while the daemon does not run.
        """
