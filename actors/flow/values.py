"""Picking values out of a JSON answer.

What lives here: paths such as `0.lines.0.id`. What must not: expressions. Whatever is not a plain
value, or is too long to be one, counts as missing.
"""

from __future__ import annotations

import msgspec

from actors.values import Scalar

VALUE_MAX = 1000

_decode = msgspec.json.Decoder().decode


def read(body: bytes) -> object:
    """A JSON document, or None where it is none."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def at_path(document: object, path: str) -> Scalar:
    """The plain value at a path; None where there is none."""
    here = document
    for part in path.split("."):
        if isinstance(here, dict):
            here = here.get(part)
        elif isinstance(here, list) and part.isascii() and part.isdigit():
            index = int(part)
            here = here[index] if index < len(here) else None
        else:
            return None
    if isinstance(here, str):
        return here[:VALUE_MAX]
    if isinstance(here, bool | int | float):
        return here
    return None
