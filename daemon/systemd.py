"""What systemd is told: ready, alive, stopping.

What lives here: the notification protocol, and the task that pings the watchdog. What must not:
what "ready" means. Without systemd (no $NOTIFY_SOCKET) everything here does nothing.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping

import trio

from daemon.logs import get_logger
from state.store import StoreFull

_LOG = get_logger()


class Notifier:
    """Talks to the socket that systemd names; never blocks and never raises."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the zero byte of an abstract address.
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def ready(self, status: str = "") -> bool:
        """Recovery is done and the sockets listen."""
        return self._send("READY=1", *_status(status))

    def stopping(self) -> bool:
        """The stop has begun."""
        return self._send("STOPPING=1")

    def alive(self) -> bool:
        """Feed the watchdog."""
        return self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> bool:
        """Whether systemd was told; a socket that is gone or full is no reason to stop."""
        if not self._address or not lines:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as talk:
                talk.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            _LOG.warning("systemd.not_told", error=error.strerror)
            return False
        return True


def _status(text: str) -> tuple[str, ...]:
    # A line break would begin a new assignment.
    return (f"STATUS={' '.join(text.split())}",) if text else ()


def watchdog_interval_s(environ: Mapping[str, str]) -> float | None:
    """How often to ping: three times in the unit's `WatchdogSec=`; None where it has none."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None  # meant for the process that started us
    text = environ.get("WATCHDOG_USEC", "")
    if not (text.isascii() and text.isdecimal()) or int(text) == 0:
        return None
    return int(text) / 1_000_000 / 3


async def watchdog(
    notifier: Notifier, interval_s: float, ping: Callable[[], Awaitable[None]]
) -> None:
    """Ping systemd every `interval_s`, but only after `ping` (of the store) came back in time.

    So a loop that is blocked and a writer that hangs both end in a restart. A full disk is no
    reason for one: it heals when space returns. Whatever else `ping` raises goes up.
    """
    late = False
    while True:
        began = trio.current_time()
        with trio.move_on_after(interval_s) as scope:
            with contextlib.suppress(StoreFull):
                await ping()
        if not scope.cancelled_caught:
            notifier.alive()
        if scope.cancelled_caught != late:
            late = scope.cancelled_caught
            event = "watchdog.store_silent" if late else "watchdog.store_back"
            _LOG.log(logging.ERROR if late else logging.WARNING, event)
        await trio.sleep_until(max(began + interval_s, trio.current_time()))
