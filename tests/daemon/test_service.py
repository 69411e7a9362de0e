"""The commands `run` and `check`: exit codes, signals, faults that name file and key."""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from actors.calls import Call
from actors.outcomes import Outcome
from adapters.ports import Attempt
from daemon.config import Config
from daemon.flow_check import Options, run_check
from daemon.service import check_service, leaves_of, run_service
from daemon.shipped import shipped_flow
from state.memory_store import MemoryStore
from state.store import Bell, Store, StoreBroken, StoreFull, StoreRefused
from tests.daemon.parts import Vendor
from tests.daemon.test_tree import left_behind
from tests.daemon.whole import CONFIG, KEY, Opener, Whole, write_files

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KEY", KEY)
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    return write_files(tmp_path)


def ending(whole: Whole, *signals_after_s: float, error: Exception | None = None) -> Opener:
    """Open a store beside which a task sends signals to this process, or raises."""

    @asynccontextmanager
    async def open_store(_config: Config, bell: Bell) -> AsyncIterator[Store]:
        async def end() -> None:
            for pause_s in signals_after_s:
                await trio.sleep(pause_s)
                os.kill(os.getpid(), signal.SIGTERM)
            if error is not None:
                await trio.sleep(0.02)
                raise error

        async with trio.open_nursery() as nursery:
            nursery.start_soon(end)
            yield MemoryStore(whole.disk, bell)
            nursery.cancel_scope.cancel()

    return open_store


# --- run ----------------------------------------------------------------------------------------


def test_sigterm_ends_the_service_in_order(
    path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = Whole()
    whole.wire(monkeypatch)
    whole.open_store = ending(whole, 0.2)
    assert run_service(path) == 0
    told = capfd.readouterr().out
    found = [told.index(f'"event":"{event}"') for event in ("ready", "stopping", "stopped")]
    assert found == sorted(found)
    assert '"signal":"SIGTERM"' in told


def test_a_second_signal_waits_for_nobody(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_call: Call, _attempt: Attempt) -> Outcome:
        await trio.sleep_forever()
        raise AssertionError

    whole = Whole()
    trio.run(left_behind, whole.disk)
    whole.whatsapp = Vendor(answer=never)
    whole.wire(monkeypatch)
    whole.open_store = ending(whole, 0.2, 0.2)
    began = time.monotonic()
    assert run_service(path) == 0
    assert len(whole.whatsapp.calls) == 1
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("error", "code", "event"),
    [
        (StoreBroken("fsync: EIO"), 74, "store_broken"),
        (StoreFull("no space"), 74, "no_space_to_start"),
        (StoreRefused("locked by another daemon"), 69, "cannot_start"),
        (ValueError("secret words of a customer"), 70, "bug"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_what_cannot_go_on_has_an_exit_code(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
    event: str,
) -> None:
    whole = Whole()
    whole.wire(monkeypatch)
    whole.open_store = ending(whole, error=error)
    assert run_service(path) == code
    told = capfd.readouterr().out
    assert f'"event":"{event}"' in told
    assert "secret words" not in told


def test_the_worst_of_several_ends_counts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Whole()
    whole.wire(monkeypatch)
    both = ExceptionGroup("", [ValueError(), ExceptionGroup("", [StoreBroken("x")])])
    whole.open_store = ending(whole, error=both)
    assert run_service(path) == 74
    whole.open_store = ending(
        whole, error=ExceptionGroup("", [StoreRefused("x"), StoreBroken("y")])
    )
    assert run_service(path) == 74
    assert [type(leaf) for leaf in leaves_of(both)] == [ValueError, StoreBroken]


def test_an_address_that_is_taken_cannot_be_served(
    path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path.write_text(CONFIG.replace("127.0.0.1:0", f"127.0.0.1:{port}", 1))
        whole = Whole()
        whole.wire(monkeypatch)
        assert run_service(path) == 69
    assert f"127.0.0.1:{port}" in capfd.readouterr().out


def test_a_store_that_breaks_at_a_webhook_ends_the_service(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Breaking(MemoryStore):
        async def load(self, *_args: object) -> None:
            raise StoreBroken("the store has ended")

    whole = Whole()
    trio.run(left_behind, whole.disk)
    whole.wire(monkeypatch)
    whole.store = lambda bell: Breaking(whole.disk, bell)
    assert run_service(path) == 74


def test_run_refuses_a_faulty_configuration(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text(CONFIG.replace('default_language = "es"', 'default_language = "fr"'))
    assert run_service(path) == 78
    assert "flow.default_language" in capsys.readouterr().err


# --- check --------------------------------------------------------------------------------------


def test_check_finds_nothing_wrong(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_service(path) == 0
    told = capsys.readouterr()
    assert told.out.startswith(f"{path}: fine. Flow 'small'")
    assert told.err == ""


def test_it_counts_the_steps_as_the_check_of_a_flow_does(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flow = path.parent / "flow.yaml"
    flow.write_bytes(shipped_flow().read_bytes())
    assert check_service(path) == 0
    told = capsys.readouterr().out
    out = io.StringIO()
    assert run_check(Options(flow), out) == 0
    [steps] = re.findall(r"[0-9]+ steps", out.getvalue())
    assert f" {steps}, " in told


@pytest.mark.parametrize(
    ("config", "flow", "expected"),
    [
        (CONFIG.replace("[services.crm]", "[services.other]"), None, "services.crm"),
        (CONFIG.replace("[telco.main]", "[telco.side]"), None, "telco.main"),
        (CONFIG.replace('"flow.yaml"', '"gone.yaml"'), None, "gone.yaml: cannot be read"),
        (CONFIG, "format: 1\nname: [", "flow.yaml:"),
        (CONFIG.replace('env = "KEY"', 'env = "GONE"', 1), None, "privacy.pseudonym_key"),
    ],
)
def test_check_names_what_is_wrong(
    path: Path,
    capsys: pytest.CaptureFixture[str],
    config: str,
    flow: str | None,
    expected: str,
) -> None:
    path.write_text(config)
    if flow is not None:
        (path.parent / "flow.yaml").write_text(flow)
    assert check_service(path) == 78
    told = capsys.readouterr().err
    assert expected in told
    assert KEY not in told


def test_the_command_exits_with_78_and_a_line_that_names_file_and_key(path: Path) -> None:
    path.write_text(CONFIG + "[limits]\nmailbox_maximum = 3\nsweep_s = 0\n")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "daemon", "check", "--config", str(path)],
        check=False,
        capture_output=True,
        text=True,
        cwd=path.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 78, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all("routerbot.toml" in line for line in lines)
    assert any("limits.mailbox_maximum" in line for line in lines)
    assert any("limits.sweep_s" in line for line in lines)
