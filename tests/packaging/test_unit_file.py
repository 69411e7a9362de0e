"""The systemd unit: what others rely on in it, its secrets, and how closed it is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "routerbot.service"
EXAMPLE = ROOT / "routerbot.toml.example"
RUNNING = ROOT / "docs" / "running.md"
SECRETS = "/etc/routerbot/secrets"
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
    "RestartPreventExitStatus": "78 243",
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


def credentials(path: Path, pattern: str) -> tuple[set[str], set[str]]:
    """Return the names that a file uses, and those that it only shows in comments."""
    used: set[str] = set()
    shown: set[str] = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        (shown if line.startswith("#") else used).update(re.findall(pattern, line))
    return used, shown - {"name"}


def test_unit_and_example_name_the_same_secrets() -> None:
    unit = credentials(UNIT, rf"LoadCredential=(\w+):{SECRETS}/\1$")
    assert unit == credentials(EXAMPLE, r'credential = "(\w+)"')
    assert len(unit[0]) == len(directives()["LoadCredential"])


def test_every_secret_is_in_the_instructions() -> None:
    text = RUNNING.read_text(encoding="utf-8")
    used, shown = credentials(EXAMPLE, r'credential = "(\w+)"')
    assert {name for name in used | shown if f"`{name}`" not in text} == set()


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
