"""Runs the daemon with something bent in it: an interpreter for `DaemonProcess`.

    python -P tests/faults/bent.py raises=TEXT -m daemon run --config FILE

What lives here: the bends, each a small change to the process before the daemon's first line. What
must not: anything that the product itself would need.
"""

from __future__ import annotations

import fcntl
import os
import resource
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

from actors.conversation.state import Surroundings
from actors.effects import Effect
from actors.kinds import Living
from actors.messages import CustomerWrote, Envelope, Typed
from daemon import logs

DIED = 99
"""The exit code of a process that a message has killed."""
_PIPE_BYTES = 4096


def bent(*bends: str) -> list[str]:
    """The interpreter with these bends, as `name=value`."""
    return [sys.executable, "-P", str(Path(__file__).resolve()), *bends]


def _on_text(text: str, act: Callable[[], None]) -> None:
    """Do something whenever an actor is about to decide on a customer's text."""
    hear = Living.hear

    def bent_hear(
        living: Living[object], envelope: Envelope, now_ms: int, around: Surroundings
    ) -> tuple[Effect, ...] | None:
        body = envelope.body
        if isinstance(body, CustomerWrote) and body.input == Typed(text):
            act()
        return hear(living, envelope, now_ms, around)

    Living.hear = bent_hear  # type: ignore[method-assign,assignment]  # bent


def _raises(text: str) -> None:
    """A bug: a text on which `decide` raises."""

    def act() -> None:
        raise LookupError(f"no idea what to make of {text}")

    _on_text(text, act)


def _kills(text: str) -> None:
    """A worse bug: a text on which the process dies, with no chance to tidy up."""
    _on_text(text, lambda: os._exit(DIED))


def _unread(queue_lines: str) -> None:
    """Standard output is a small pipe that nobody reads; so many lines may wait for it."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    os.dup2(writer, 1)
    os.close(writer)
    os.set_inheritable(reader, False)  # open for as long as the process, or writing would fail
    assert logs.configure.__kwdefaults__ is not None
    logs.configure.__kwdefaults__["queue_max"] = int(queue_lines)
    # The sandbox would wait for ever for lines that nobody takes.
    logs.LogSink.idle = True  # type: ignore[assignment,method-assign]  # bent


def _files(most: str) -> None:
    """No more than so many descriptors."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(most), int(most)))


_BENDS: dict[str, Callable[[str], None]] = {
    "raises": _raises,
    "kills": _kills,
    "unread": _unread,
    "files": _files,
}


def _main() -> None:
    while sys.argv[1] != "-m":
        name, _, value = sys.argv.pop(1).partition("=")
        _BENDS[name](value)
    module = sys.argv[2]
    sys.argv[1:3] = []
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
