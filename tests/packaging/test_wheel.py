"""The wheel holds all it needs, and runs away from the checkout.

The wheel is built from a copy, so that nothing left over in the checkout's `build/` gets in, and is
installed into an environment of its own. The dependencies are not installed again, which would
need a network: after the install, a `.pth` file adds this environment's site-packages to the path.
Python does not read the `.pth` files of a folder added in that way, so the editable install of this
checkout stays out of sight, and each test makes sure of it.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("actors", "adapters", "daemon", "state")

# Nothing of the developer's shell may help: neither PYTHONPATH nor an activated environment.
CLEAN_ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("PYTHON") and name != "VIRTUAL_ENV"
}


@dataclass(frozen=True)
class Installed:
    """A built wheel and the environment that it is installed in."""

    wheel: Path
    environment: Path

    @property
    def bin(self) -> Path:
        """The environment's folder of programs."""
        return self.environment / "bin"


def run(*command: str | Path) -> str:
    """Run a command from `/`, and return what it printed; fail with all of it if it fails."""
    done = subprocess.run(
        command,
        cwd="/",
        env=CLEAN_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}"
    return done.stdout


def build_wheel(folder: Path) -> Path:
    """Build the wheel from a copy of the checkout."""
    copy = folder / "checkout"
    skip = shutil.ignore_patterns("__pycache__")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=skip)
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, copy)
    output = folder / "wheel"
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", output, copy)
    (wheel,) = output.glob("routerbot-*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("packaging")
    wheel = build_wheel(folder)
    environment = folder / "environment"
    venv.create(environment, symlinks=True)
    target = environment / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--quiet", "--python", target)
    run(*pip, "install", "--no-index", "--no-deps", wheel)
    # After the install: pip must not take the checkout for an installed copy.
    site_packages = run(
        target, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"
    ).strip()
    dependencies = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (Path(site_packages) / "dependencies.pth").write_text("\n".join(sorted(dependencies)) + "\n")
    return Installed(wheel, environment)


def test_wheel_holds_every_file_of_the_packages(installed: Installed) -> None:
    """Also the SQL, flows, schemas and pages: a new kind of file is easily forgotten."""
    expected = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(installed.wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == expected


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_come_from_the_wheel(installed: Installed, package: str) -> None:
    place = run(
        installed.bin / "python", "-P", "-c", f"import {package}; print({package}.__file__)"
    )
    assert Path(place.strip()).is_relative_to(installed.environment)


def test_script_runs_from_the_root_folder(installed: Installed) -> None:
    """Imports what the command line needs, so it also finds undeclared files and cycles."""
    assert "sandbox" in run(installed.bin / "routerbot", "--help")


def test_it_says_its_version(installed: Installed) -> None:
    named = installed.wheel.name.split("-")[1]
    assert run(installed.bin / "routerbot", "--version").strip() == named


def test_module_runs_from_the_root_folder(installed: Installed) -> None:
    """As the systemd unit starts it."""
    assert "sandbox" in run(installed.bin / "python", "-P", "-m", "daemon", "--help")
