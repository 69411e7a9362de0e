"""Reading from a socket and writing to it with no more steps than it takes.

What lives here: two shortcuts. What must not: protocols. For trio each write is a checkpoint, a
round of the scheduler; but hardly ever does the kernel have no room for a small message. And trio
tries to read before it waits, which is in vain where an answer has just been sent.
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


async def read_when_there_is(socket: trio.socket.SocketType, size_max: int) -> bytes:
    """What comes next, nothing at the end of the connection. A checkpoint; waits for as long as it
    takes.

    Raises trio.BrokenResourceError and trio.ClosedResourceError.
    """
    while True:
        if socket.fileno() < 0:
            raise trio.ClosedResourceError("we have closed it")
        await trio.lowlevel.wait_readable(socket)
        try:
            return os.read(socket.fileno(), size_max)
        except BlockingIOError:
            continue  # told by mistake
        except OSError as error:
            raise trio.BrokenResourceError from error
