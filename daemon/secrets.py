"""From a reference in the configuration to the secret itself.

What lives here: the three places a secret may be in, and what can be wrong with each. What must
not: any message that shows a secret or a part of one.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from adapters.secret import Secret

HOW = '{ credential = "name" }, { file = "path" } or { env = "NAME" }'

_MAX_BYTES = 65_536
# Tab aside: a line break in a header or in a signed text is never what was meant.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CREDENTIAL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:-]{0,254}")


class Unresolved(NamedTuple):
    """Why there is no secret; one line that can be shown."""

    problem: str


def resolve(
    reference: object, environ: Mapping[str, str], folder: Path = Path()
) -> Secret | Unresolved:
    """The secret that `reference` names; relative paths start at `folder`.

    White space at the end is no part of a secret: editors add a line break.
    """
    if isinstance(reference, str):
        return Unresolved(f"a secret must not stand in this file; refer to it by {HOW}")
    if not isinstance(reference, dict):
        return Unresolved(f"must be a reference to a secret: {HOW}")
    if len(reference) != 1 or not reference.keys() <= {"credential", "file", "env"}:
        return Unresolved(f"must have exactly one key: {HOW}")
    ((kind, name),) = reference.items()
    if not isinstance(name, str) or not name:
        return Unresolved(f'the value of "{kind}" must be text that is not empty')
    if kind == "credential":
        found = _from_credential(name, environ)
    elif kind == "file":
        found = _from_file(folder / name, f"the file {_shown(name)}", check_mode=True)
    else:
        found = _from_environment(name, environ)
    return found if isinstance(found, Unresolved) else _tidied(found, kind, name)


def _from_credential(name: str, environ: Mapping[str, str]) -> bytes | Unresolved:
    if not _CREDENTIAL_NAME.fullmatch(name):
        return Unresolved("the name of a credential is letters, digits and _ . @ : - only")
    directory = environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        return Unresolved(
            f"the credential {_shown(name)} is missing: $CREDENTIALS_DIRECTORY is not set; "
            "systemd sets it for a unit with LoadCredential= lines"
        )
    # systemd keeps this directory private; modes inside it say nothing.
    found = _from_file(Path(directory, name), f"the credential {_shown(name)}", check_mode=False)
    if isinstance(found, Unresolved) and found.problem.endswith("is missing"):
        return Unresolved(f"{found.problem}; add LoadCredential={name}:/path/to/file to the unit")
    return found


def _from_environment(name: str, environ: Mapping[str, str]) -> bytes | Unresolved:
    if name not in environ:
        return Unresolved(f"the environment variable {_shown(name)} is not set")
    return environ[name].encode("utf-8", "surrogateescape")


def _from_file(path: Path, what: str, *, check_mode: bool) -> bytes | Unresolved:
    try:
        with open(path, "rb", opener=_open_now) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return Unresolved(f"{what} is not a regular file")
            if check_mode and status.st_mode & stat.S_IRWXO:
                return Unresolved(f"{what} is open to everyone on this machine; chmod o= it")
            return file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return Unresolved(f"{what} is missing")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a path"
        return Unresolved(f"{what} cannot be read: {reason}")


def _open_now(path: str, flags: int) -> int:
    # A named pipe would make the start wait for ever.
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _tidied(raw: bytes, kind: str, name: str) -> Secret | Unresolved:
    what = {"credential": "credential", "file": "file", "env": "environment variable"}[kind]
    what = f"the {what} {_shown(name)}"
    if len(raw) > _MAX_BYTES:
        return Unresolved(f"{what} is too long for a secret")
    try:
        text = raw.decode().rstrip()
    except UnicodeDecodeError:
        return Unresolved(f"{what} is not UTF-8 text")
    if not text:
        return Unresolved(f"{what} is empty")
    if _CONTROL.search(text):
        return Unresolved(f"{what} has more than one line, or a control character in it")
    return Secret(text)


def _shown(name: str) -> str:
    """A name in quotes, on one line whatever is in it."""
    return json.dumps(name, ensure_ascii=False)
