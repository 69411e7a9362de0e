"""The two lock files: what a server installs is part of what was tested here."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\\n]+)")
HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(name: str) -> dict[tuple[str, str], frozenset[str]]:
    """Return the hashes of every pin: of a package's name and version."""
    entries = re.split(r"\n(?=\S)", (ROOT / name).read_text(encoding="utf-8"))
    found = {}
    for entry in entries:
        pin = PIN.match(entry)
        assert pin is not None, entry
        found[normal(pin["name"]), pin["version"]] = frozenset(HASH.findall(entry))
    return found


def names_of(requirements: list[str]) -> set[str]:
    return {normal(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in requirements}


RUN = pins("requirements.run.lock")
ALL = pins("requirements.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_every_pin_for_a_server_stands_equally_in_the_other_lock() -> None:
    assert {pin for pin, hashes in RUN.items() if not hashes or ALL.get(pin) != hashes} == set()


def test_server_gets_all_it_needs_and_no_developers_tools() -> None:
    locked = {name for name, _ in RUN}
    assert names_of(PROJECT["dependencies"]) <= locked
    assert not names_of(PROJECT["optional-dependencies"]["dev"]) & locked


def test_lock_names_no_place_and_no_option() -> None:
    lines = (ROOT / "requirements.run.lock").read_text(encoding="utf-8").splitlines()
    odd = re.compile(r"://|^ *-[-a-z]|[ @]/")
    assert [line for line in lines if odd.search(line) and not HASH.search(line)] == []
