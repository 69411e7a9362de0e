"""Writing to a socket without asking the scheduler.

What lives here: that one shortcut. What must not: protocols, waiting. For trio each write is a
checkpoint, a round of the scheduler; but hardly ever does the kernel have no room for a small
message.
"""

from __future__ import annotations

import os

import trio


def write_now(socket: trio.socket.SocketType, data: bytes) -> int:
    """How many of the bytes the kernel has taken, which may be none. Never blocks.

    Raises trio.BrokenResourceError where nobody can read them any more.
    """
    try:
        return os.write(socket.fileno(), data)
    except BlockingIOError:
        return 0
    except OSError as error:
        raise trio.BrokenResourceError from error
