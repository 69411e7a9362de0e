"""What the tests of this folder do to the machine, and what they ask of the daemon meanwhile.

What lives here: a small disk, a disk that fails or is slow, and the operator's addresses. What must
not: what the daemon is expected to do.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import httpx
import trio

from adapters.sandbox.phone import Phone
from daemon.sandbox.stage import Stage
from tests.endtoend.scene import WHATSAPP, Scene

SYNCS = "fsync,fdatasync"
"""How SQLite asks for what it wrote to be on the disk."""
DISK_MB = 4
_ATTACH_S = 10.0


# --- what this machine can do -----------------------------------------------------------------


@cache
def missing_for_tracing() -> str | None:
    """Why processes cannot be traced here; None where they can."""
    if shutil.which("strace") is None:
        return "needs strace (apt-get install strace)"
    # Attaching to a process that runs may be forbidden even where strace can start one.
    with subprocess.Popen(["sleep", "60"]) as victim:
        tracing = subprocess.Popen(
            _tracer(victim.pid, "delay_exit=1"), stderr=subprocess.PIPE, text=True
        )
        with tracing:
            assert tracing.stderr is not None
            told = tracing.stderr.readline()
            tracing.terminate()
            tracing.stderr.read()
        victim.kill()
    return None if "attached" in told else f"strace may not trace here: {told.strip()}"


def _tracer(pid: int, do: str) -> list[str]:
    return [
        *("strace", "-f", "-p", str(pid), "-o", os.devnull),
        *("-e", f"trace={SYNCS}", "-e", f"inject={SYNCS}:{do}"),
    ]


def missing_for_disk(folder: Path) -> str | None:
    """Mount a disk of its own there, in memory; why that cannot be, or None where it is done."""
    if os.geteuid() != 0:
        return "needs root, to mount a small disk"
    options = f"size={DISK_MB}m,mode=700"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return f"needs mount: {error.strerror}"
    return f"cannot mount a tmpfs here: {mounted.stderr.strip()}" if mounted.returncode else None


def remove_disk(folder: Path) -> None:
    """Unmount it. Lazily: a daemon that a failed test left behind must not keep it."""
    subprocess.run(["umount", "-l", str(folder)], check=True)


@asynccontextmanager
async def syncs_that(pid: int, do: str) -> AsyncIterator[None]:
    """Bend each sync of a running process, in strace's words: `error=EIO`, `delay_exit=1000`.

    For tests with the fixture `tracing`.
    """
    tracer = await trio.lowlevel.open_process(_tracer(pid, do), stderr=subprocess.PIPE)
    try:
        await _attached(tracer)
        yield
    finally:
        with trio.CancelScope(shield=True):
            tracer.terminate()
            await tracer.wait()
            if tracer.stderr is not None:
                await tracer.stderr.aclose()


async def _attached(tracer: trio.Process) -> None:
    assert tracer.stderr is not None
    told = b""
    with trio.fail_after(_ATTACH_S):
        while b"attached" not in told:
            more = await tracer.stderr.receive_some()
            assert more, f"strace cannot attach: {told.decode(errors='replace')}"
            told += more


def fill_disk(file: Path) -> None:
    """Write into a file until there is no space left."""
    with file.open("ab", buffering=0) as filler:
        for size in (65_536, 4096, 1):
            try:
                while filler.write(bytes(size)) == size:
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


# --- asking the daemon ------------------------------------------------------------------------


async def looks_alive(stage: Stage) -> bool:
    """Whether both health addresses say that all is well, over a connection of their own."""
    async with httpx.AsyncClient(trust_env=False, timeout=3) as client:
        paths = ("/health/live", "/health/ready")
        answers = [await client.get(stage.daemon.admin_url + path) for path in paths]
    return [answer.status_code for answer in answers] == [200, 200]


async def counted(stage: Stage, name: str, **labels: str) -> float:
    """A metric's value, summed over all labels that are not given."""
    async with httpx.AsyncClient(trust_env=False, timeout=3) as client:
        text = (await client.get(stage.daemon.admin_url + "/metrics")).text
    total = 0.0
    for line in text.splitlines():
        found = re.fullmatch(r"(\w+)(\{.*\})? (\S+)", line)
        if found is None or found[1] != name:
            continue
        if all(f'{key}="{value}"' in (found[2] or "") for key, value in labels.items()):
            total += float(found[3])
    return total


# --- customers --------------------------------------------------------------------------------


def crowd(stage: Stage, count: int) -> list[Phone]:
    """So many customers, with numbers that reach nobody."""
    return [stage.world.whatsapp.phone(f"+1202555{100 + index:04d}") for index in range(count)]


def texts(phone: Phone) -> list[str]:
    """What the bot has said to somebody."""
    return [message.text for message in phone.received]


class Vendor:
    """Posts messages of customers like WhatsApp, but tells what each post was answered."""

    def __init__(self, stage: Stage, client: httpx.AsyncClient) -> None:
        self._scene = Scene(stage, trio.lowlevel.current_trio_token())
        self._client = client
        self._made = 0

    async def brings(self, phone: Phone, text: str, wamid: str | None = None) -> httpx.Response:
        """One message of a customer, in a post of its own."""
        self._made += 1
        message = self._scene.message(
            phone.number,
            wamid or f"wamid.fault.{self._made}",
            type="text",
            text={"body": text},
        )
        # The simulated network must know that the customer has opened the window.
        phone.last_wrote_ms = self._scene.world.clock.now_ms()
        raw = json_bytes(self._scene.delivery(message))
        return await self._client.post(
            self._scene.url + WHATSAPP, content=raw, headers=self._scene.whatsapp_headers(raw)
        )


def json_bytes(value: object) -> bytes:
    """A value as JSON."""
    return json.dumps(value).encode()


@asynccontextmanager
async def vendor(stage: Stage) -> AsyncIterator[Vendor]:
    """A vendor with connections of its own, which it keeps."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        yield Vendor(stage, client)
