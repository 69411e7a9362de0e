"""References to secrets: where they may be, and what is said when they are not there."""

import os
from pathlib import Path

import pytest

from adapters.secret import Secret
from daemon.secrets import HOW, Unresolved, resolve

HUSH = "s3cr3t-value"


def problem(reference: object, environ: dict[str, str], folder: Path = Path()) -> str:
    """Return what is wrong; there must be something."""
    found = resolve(reference, environ, folder)
    assert isinstance(found, Unresolved)
    assert HUSH not in found.problem
    return found.problem


def file_with(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_all_three_places(tmp_path: Path) -> None:
    file_with(tmp_path / "token", f"{HUSH} \r\n\n".encode())
    in_credentials = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert resolve({"credential": "token"}, in_credentials) == Secret(HUSH)
    assert resolve({"file": str(tmp_path / "token")}, {}) == Secret(HUSH)
    assert resolve({"file": "token"}, {}, tmp_path) == Secret(HUSH)
    assert resolve({"env": "TOKEN"}, {"TOKEN": HUSH}) == Secret(HUSH)


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o601])
def test_a_file_that_everyone_may_open_is_refused(tmp_path: Path, mode: int) -> None:
    path = file_with(tmp_path / "token", HUSH.encode(), mode)
    said = problem({"file": "token"}, {}, tmp_path)
    assert said == 'the file "token" is open to everyone on this machine; chmod o= it'
    path.chmod(0o640)
    assert resolve({"file": "token"}, {}, tmp_path) == Secret(HUSH)
    # Credentials lie in a directory of their own that systemd guards.
    path.chmod(0o444)
    assert resolve({"credential": "token"}, {"CREDENTIALS_DIRECTORY": str(tmp_path)})


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (HUSH, f"a secret must not stand in this file; refer to it by {HOW}"),
        (17, f"must be a reference to a secret: {HOW}"),
        ({}, f"must have exactly one key: {HOW}"),
        ({"env": "A", "file": "b"}, f"must have exactly one key: {HOW}"),
        ({"vault": "A"}, f"must have exactly one key: {HOW}"),
        ({"env": ""}, 'the value of "env" must be text that is not empty'),
        ({"env": 1}, 'the value of "env" must be text that is not empty'),
        ({"env": "NONE"}, 'the environment variable "NONE" is not set'),
        ({"env": "EMPTY"}, 'the environment variable "EMPTY" is empty'),
        (
            {"env": "LINES"},
            'the environment variable "LINES" has more than one line, or a control character in it',
        ),
        ({"file": "none"}, 'the file "none" is missing'),
        ({"file": "a\0\n"}, 'the file "a\\u0000\\n" cannot be read: not a path'),
        ({"file": "folder"}, 'the file "folder" cannot be read: Is a directory'),
        ({"file": "pipe"}, 'the file "pipe" is not a regular file'),
        ({"file": "latin"}, 'the file "latin" is not UTF-8 text'),
        ({"file": "long"}, 'the file "long" is too long for a secret'),
        (
            {"credential": "../etc/shadow"},
            "the name of a credential is letters, digits and _ . @ : - only",
        ),
        (
            {"credential": "none"},
            'the credential "none" is missing; add LoadCredential=none:/path/to/file to the unit',
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, reference: object, said: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe", 0o600)
    file_with(tmp_path / "latin", b"\xff\xfe")
    file_with(tmp_path / "long", b"x" * 70_000)
    environ = {"EMPTY": " \n", "LINES": f"{HUSH}\n{HUSH}", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert problem(reference, environ, tmp_path) == said


def test_without_a_credentials_directory() -> None:
    assert problem({"credential": "token"}, {}) == (
        'the credential "token" is missing: $CREDENTIALS_DIRECTORY is not set; '
        "systemd sets it for a unit with LoadCredential= lines"
    )
