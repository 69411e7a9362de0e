"""docs/tutorial-flow.md, done as it is printed.

What lives here: reading the page's frames, doing them in order in an empty folder, and what the
page would be with what really came. What must not: what is expected. `PYTHONPATH=. python -m
tests.endtoend.tutorial` writes the page anew: read the difference before it is committed.

A frame `console` has commands after `$`, what is typed into them after `▸`, and their output. A
frame `diff FILE` changes a file, a frame `chat FILE` makes one. Other frames are only read.
"""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial-flow.md"
PICTURE = PAGE.with_suffix(".svg")
DRAWN = "my-bot/flow.svg"
"""Where the page has it drawn."""
PATIENCE_S = 60.0
_QUIET_S = 0.6
"""A chat that has said nothing for so long, and waits, has said all."""
_FRAME = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.M | re.S)
_ENDS = re.compile(rb"^bot |quit ends\.", re.M)
"""What a chat waits behind: its introduction, or what the bot said."""
_VARYING = (
    (re.compile(r"[0-9]+ turns in [0-9.]+ s \([0-9]+ a"), "62 turns in 0.04 s (1550 a"),
    (re.compile(r"\bversion [0-9a-f]{12}\b"), "version f88a14b84248"),
    (re.compile(r"^bot [0-9:]{8} ", re.M), "bot 07:00:00 "),
)
"""What differs from one time to the next, and how the page has it."""


class Differs(Exception):
    """A frame of the page cannot be done."""


def done(page: str, folder: Path) -> str:
    """The page with the output that really came, all of it done in an empty folder."""
    reader = _Doing(folder)
    return _FRAME.sub(reader.frame, page)


class _Doing:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "COLUMNS": "200",
            "PYTHONUNBUFFERED": "1",
        }

    def frame(self, found: re.Match[str]) -> str:
        kind, name, body = found.groups()
        match kind:
            case "console":
                body = "".join(self._console(body))
            case "diff":
                self._change(self._folder / name, body)
            case "chat":
                (self._folder / name).write_text(body, encoding="utf-8")
            case _:
                pass
        return f"```{kind}{' ' if name else ''}{name}\n{body}```"

    def _console(self, body: str) -> Iterator[str]:
        for part in re.split(r"^(?=\$ )", body, flags=re.M):
            if not part:
                continue
            command = part.splitlines()[0].removeprefix("$ ")
            typed = [line[2:] for line in part.splitlines() if line.startswith("▸ ")]
            yield f"$ {command}\n"
            if command.startswith("cd "):
                self._folder /= command.removeprefix("cd ")
            else:
                output = self._chat(command, typed) if typed else self._run(command)
                yield _steady(output)

    def _run(self, command: str) -> str:
        return subprocess.run(
            command,
            shell=True,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE_S,
            check=False,
        ).stdout.decode()

    def _chat(self, command: str, typed: list[str]) -> str:
        """Type each line once the answer to the one before has come."""
        process = subprocess.Popen(
            command.split(),
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        told = b""
        try:
            for line in typed:
                told += _until_quiet(process.stdout.fileno(), PATIENCE_S)
                told += f"▸ {line}\n".encode()
                process.stdin.write(f"{line}\n".encode())
                process.stdin.flush()
            process.stdin.close()
            told += process.stdout.read()
            process.wait(PATIENCE_S)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        return told.decode()

    def _change(self, path: Path, body: str) -> None:
        lines = body.splitlines()
        old = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "+")
        new = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "-")
        text = path.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise Differs(f"{path.name} has this {text.count(old)} times, not once:\n{old}")
        path.write_text(text.replace(old, new), encoding="utf-8")


def _until_quiet(pipe: int, patience_s: float) -> bytes:
    """What comes until nothing has come for a while; something has to come at all."""
    told, give_up = b"", time.monotonic() + patience_s
    while time.monotonic() < give_up:
        ready, _, _ = select.select([pipe], [], [], _QUIET_S if _ENDS.search(told) else patience_s)
        if not ready:
            return told
        told += os.read(pipe, 65536)
    raise Differs(f"no end to this:\n{told.decode()}")


def _steady(text: str) -> str:
    for pattern, shown in _VARYING:
        text = pattern.sub(shown, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        PAGE.write_text(done(PAGE.read_text(encoding="utf-8"), Path(scratch)), encoding="utf-8")
        PICTURE.write_bytes((Path(scratch) / DRAWN).read_bytes())
