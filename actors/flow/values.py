"""Values: as text, by name, and out of a JSON answer.

What lives here: showing a value, paths such as `0.lines.0.id`. What must not: expressions
(`evaluation`), how people write numbers (`formats`). Whatever of an answer is not a plain value, or
is too long to be one, counts as missing.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from actors.values import Scalar

VALUE_MAX = 1000
"""Characters of a text."""
INTEGER_BITS_MAX = 500
"""Python itself refuses to write integers of some thousand digits."""

_decode = msgspec.json.Decoder().decode


class Names(Protocol):
    """What values are known: a mapping, or something that works them out when asked."""

    def get(self, name: str, /) -> Scalar:
        """The value of this name; None where there is none."""


def show(value: Scalar) -> str:
    """A value as text: true, false and null as in the flow file."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def read(body: bytes) -> object:
    """A JSON document, or None where it is none."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def at_path(document: object, path: str) -> Scalar:
    """The plain value at a path; None where there is none. `#` is the length of a list."""
    here = document
    for part in path.split("."):
        if isinstance(here, dict):
            here = here.get(part)
        elif isinstance(here, list) and part == "#":
            here = len(here)
        elif isinstance(here, list) and part.isascii() and part.isdigit() and len(part) < 10:
            index = int(part)
            here = here[index] if index < len(here) else None
        else:
            return None
    if isinstance(here, str):
        return here[:VALUE_MAX]
    if isinstance(here, bool | float):
        return here
    if isinstance(here, int) and here.bit_length() <= INTEGER_BITS_MAX:
        return here
    return None
