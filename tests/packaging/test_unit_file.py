"""The systemd unit: what others rely on in it, and how closed it is."""

import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[2] / "routerbot.service"
SYSTEMD_ANALYZE = shutil.which("systemd-analyze")

# Tenths of the points that `systemd-analyze security` gives: 9.6 for a bare unit, 1.2 for ours.
EXPOSURE_MAX = 15

RELIED_ON = {
    "Type": "notify",
    "NotifyAccess": "main",
    "ExecStart": (
        "/opt/routerbot/bin/python -P -m daemon run --config /etc/routerbot/routerbot.toml"
    ),
    "WatchdogSec": "30",
    "Restart": "always",
    "RestartPreventExitStatus": "78",
    "KillMode": "mixed",
    "TimeoutStopSec": "45",
    "StateDirectory": "routerbot",
    "RuntimeDirectory": "routerbot",
    "ConfigurationDirectory": "routerbot",
    "LimitNOFILE": "65536",
    "LimitCORE": "0",
}

# For machines without systemd: most of what the exposure score rests on.
HARDENING = {
    "CapabilityBoundingSet": "",
    "DynamicUser": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "PrivateUsers": "yes",
    "ProtectClock": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHome": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible",
    "ProtectSystem": "strict",
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6",
    "RestrictNamespaces": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
}


def directives() -> dict[str, list[str]]:
    """Return the unit's directives; a name may occur more than once."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            name, value = line.split("=", 1)
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize(("name", "value"), [*RELIED_ON.items(), *HARDENING.items()])
def test_directive_is_set(name: str, value: str) -> None:
    assert directives().get(name) == [value]


def test_system_calls_are_filtered() -> None:
    assert directives()["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    assert directives()["SystemCallErrorNumber"] == ["EPERM"]


def test_secrets_are_only_examples() -> None:
    """A missing credential file stops the start, so which ones exist is the operator's to say."""
    assert "LoadCredential" not in directives()
    assert "#LoadCredential=" in UNIT.read_text(encoding="utf-8")


@pytest.mark.skipif(SYSTEMD_ANALYZE is None, reason="needs systemd-analyze")
def test_exposure_is_low() -> None:
    assert SYSTEMD_ANALYZE is not None
    done = subprocess.run(
        [
            SYSTEMD_ANALYZE,
            "security",
            "--offline=true",
            "--no-pager",
            f"--threshold={EXPOSURE_MAX}",
            str(UNIT),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
