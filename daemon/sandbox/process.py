"""The daemon as a child process that can be started, stopped and killed.

What lives here: the process, its log file, and asking it whether it is ready or at rest. What must
not: the world around it (`stage`).
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import IO

import httpx
import msgspec
import trio

from daemon.scripts.look import Look

_READY_S = 30.0
_LOOK_S = 0.02
_STOP_S = 20.0


class DaemonFailed(Exception):
    """The daemon did not start, or ended by itself; the end of its log is in the message."""


class DaemonProcess:
    """One daemon, started as often as one likes on the same configuration."""

    def __init__(
        self, config: Path, log: Path, admin_port: int, interpreter: Sequence[str] | None = None
    ) -> None:
        """`interpreter`: what runs `-m daemon`, for example under a tracer."""
        self._command = [
            *(interpreter or [sys.executable, "-P"]),
            *("-m", "daemon", "run", "--config", str(config)),
        ]
        self.log = log
        self._admin = f"http://127.0.0.1:{admin_port}"
        self._process: trio.Process | None = None
        self._client = httpx.AsyncClient(trust_env=False, timeout=10.0)

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The id of the process; only while there is one."""
        assert self._process is not None
        return self._process.pid

    @property
    def admin_url(self) -> str:
        """The operator's address."""
        return self._admin

    async def ended(self) -> int:
        """Wait until it ends by itself; its exit code, or minus the number of a signal."""
        assert self._process is not None
        return await self._process.wait()

    async def start(self, nursery: trio.Nursery) -> None:
        """Start it and wait until it is ready. Raises DaemonFailed."""
        with self.log.open("ab") as log:
            self._process = await nursery.start(_run_process, self._command, log)
        with trio.move_on_after(_READY_S):
            while self.running:
                if await self._ready():
                    return
                await trio.sleep(_LOOK_S)
        raise DaemonFailed(f"the daemon did not get ready:\n{self.log_tail()}")

    async def _ready(self) -> bool:
        try:
            answer = await self._client.get(f"{self._admin}/health/ready")
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    async def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM, and the exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(number)
        with trio.move_on_after(_STOP_S):
            await process.wait()
        if process.poll() is None:
            process.kill()
            await process.wait()
        self._process = None
        return process.returncode or 0

    async def turn_clock(self) -> None:
        """Let it read the time again."""
        await self._client.post(f"{self._admin}/sandbox/clock")

    async def quiet(self) -> tuple[bool, int | None]:
        """Whether nothing is under way in it, and when something falls due by itself."""
        answer = (await self._client.get(f"{self._admin}/sandbox/quiet")).json()
        return bool(answer["quiet"]), answer["next_due_ms"]

    async def look(self, alias: str) -> Look | None:
        """What it has in mind of the customer who is known by an alias."""
        query = {"alias": alias}
        answer = await self._client.get(f"{self._admin}/sandbox/look", params=query)
        return msgspec.json.decode(answer.content, type=Look | None)

    def log_tail(self, lines: int = 15) -> str:
        """The end of its log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    async def aclose(self) -> None:
        """Kill it, if it runs, and let go of the connection to it."""
        with trio.CancelScope(shield=True):
            await self.kill()
            await self._client.aclose()


async def _run_process(
    command: list[str],
    log: IO[bytes],
    task_status: trio.TaskStatus[trio.Process] = trio.TASK_STATUS_IGNORED,
) -> None:
    start = partial(
        trio.run_process,
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        check=False,
        cwd="/",
    )
    async with trio.open_nursery() as nursery:
        process: trio.Process = await nursery.start(start)
        task_status.started(process)
