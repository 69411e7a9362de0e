"""The daemon as a process: how it begins, ends, keeps others out and talks to systemd."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import trio

from daemon.sandbox.process import DaemonProcess
from daemon.sandbox.stage import Stage, open_stage
from tests.endtoend.reading import errors, named

EXIT_UNAVAILABLE = 69
STOP_S = 10.0


def texts(stage: Stage) -> list[str]:
    """What the bot has said so far."""
    return [message.text for message in stage.phone.received]


async def test_sigterm_ends_it_soon_and_well(tmp_path: Path) -> None:
    async with open_stage(tmp_path, frozen=True, language="en") as stage:
        stage.phone.write("hello")
        await stage.settle()
        began = trio.current_time()
        assert await stage.daemon.stop() == 0
        assert trio.current_time() - began < STOP_S
    stopped = [event["event"] for event in named(stage.daemon.log, "stopping", "stopped")]
    assert stopped == ["stopping", "stopped"]
    assert errors(stage.daemon.log) == []


async def test_sigterm_while_a_call_hangs(tmp_path: Path) -> None:
    """The patience with a vendor that does not answer is bounded; the call is not forgotten."""
    async with open_stage(tmp_path, frozen=True, language="en", limits="drain_s = 1\n") as stage:
        stage.world.whatsapp.hang_next()
        stage.phone.write("hello")
        await trio.sleep(0.5)
        began = trio.current_time()
        assert await stage.daemon.stop() == 0
        assert trio.current_time() - began < STOP_S + 5
        await stage.start_daemon()
        await stage.pass_time(180)
        stage.phone.write("menu")
        await stage.settle()
        assert "How can I help you?" in texts(stage)[-1]


async def test_second_daemon_is_kept_out(tmp_path: Path) -> None:
    async with open_stage(tmp_path, frozen=True, language="en") as stage:
        stage.phone.write("hello")
        await stage.settle()
        second = await trio.run_process(
            [sys.executable, "-P", "-m", "daemon", "run", "--config", tmp_path / "routerbot.toml"],
            capture_stdout=True,
            check=False,
            cwd="/",
        )
        assert second.returncode == EXIT_UNAVAILABLE
        log = tmp_path / "second.log"
        log.write_bytes(second.stdout)
        (refused,) = named(log, "cannot_start")
        assert refused["level"] == "critical"
        assert "routerbot.db" in refused["reason"]
        assert "another" in refused["reason"]
        stage.phone.write("menu")
        await stage.settle()
        assert len(texts(stage)) == 2
    assert errors(stage.daemon.log) == []


async def test_restarts_keep_the_story(tmp_path: Path) -> None:
    async with open_stage(tmp_path, frozen=True, language="en") as stage:
        stage.phone.write("hello")
        await stage.settle()
        stage.phone.tap("Restart my router")
        await stage.settle()
        assert await stage.daemon.stop() == 0
        await stage.start_daemon()
        stage.phone.tap("Yes, restart")
        await stage.settle()
        assert await stage.daemon.stop() == 0
        await stage.pass_time(30)
        await stage.start_daemon()
        await stage.pass_time(240)
        assert "back online" in texts(stage)[-1]
        assert len(stage.world.telco.starts) == 1
        assert len(named(stage.daemon.log, "ready")) == 3
    assert errors(stage.daemon.log) == []


async def test_damaged_configuration_is_named_and_nothing_is_opened(tmp_path: Path) -> None:
    config = tmp_path / "routerbot.toml"
    config.write_text("[server]\nbind = 7\nspeed = 1\n")
    config.chmod(0o600)
    done = await trio.run_process(
        [sys.executable, "-P", "-m", "daemon", "run", "--config", str(config)],
        capture_stderr=True,
        capture_stdout=True,
        check=False,
        cwd="/",
    )
    assert done.returncode == 78
    told = done.stderr.decode()
    assert "server.bind" in told
    assert "speed" in told
    assert "Traceback" not in told


async def test_systemd_hears_ready_alive_and_stopping(tmp_path: Path) -> None:
    async with open_stage(tmp_path, frozen=True, language="en") as stage:
        await stage.daemon.stop()
        await trio.to_thread.run_sync(notified, stage.daemon, tmp_path)


def notified(daemon: DaemonProcess, folder: Path) -> None:
    """Run the daemon with a socket in the place of systemd's."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        address = folder / "notify"
        systemd.bind(str(address))
        systemd.settimeout(20)
        environ = {**os.environ, "NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "600000"}
        command = [sys.executable, "-P", "-m", "daemon", "run"]
        with (folder / "notified.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--config", str(folder / "routerbot.toml")],
                stdout=log,
                env=environ,
                cwd="/",
            )
        try:
            # Alive may come before ready: the store answers while the rest still recovers.
            while (told := _told(systemd)) == ["WATCHDOG=1"]:
                pass
            assert told == ["READY=1"]
            health = f"{daemon._admin}/health/ready"
            assert httpx.get(health, trust_env=False).json() == {"ready": True, "reasons": []}
            assert [_told(systemd) for _ in range(3)] == [["WATCHDOG=1"]] * 3
            process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + STOP_S
            while "STOPPING=1" not in (told := _told(systemd)):
                assert told == ["WATCHDOG=1"]
                assert time.monotonic() < deadline
            assert process.wait(STOP_S) == 0
        finally:
            process.kill()
            process.wait()


def _told(systemd: socket.socket) -> list[str]:
    return [line for line in systemd.recv(4096).decode().splitlines() if "STATUS=" not in line]
