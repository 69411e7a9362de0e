"""Loads `queries.sql`: named statements.

What lives here: reading SQL files of this package. What must not: putting SQL together. A
statement is written whole in its file, so that one can read, explain and index every one of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def read(file_name: str) -> str:
    """The text of an SQL file of this package; blocks for as long as reading a small file takes."""
    return files(__package__).joinpath(file_name).read_text(encoding="utf-8")


def named(text: str) -> Mapping[str, str]:
    """Statements by name; each begins at its `-- name:` line. ValueError where a name recurs."""
    _, *pieces = _NAME.split(text)
    names, bodies = pieces[::2], pieces[1::2]
    if len(set(names)) != len(names):
        raise ValueError("a statement's name is used twice")
    statements = {name: _bare(body) for name, body in zip(names, bodies, strict=True)}
    return MappingProxyType(statements)


def script(text: str) -> list[str]:
    """The statements of a script, each of which ends its line with a semicolon."""
    return [bare for piece in re.split(r";$", text, flags=re.MULTILINE) if (bare := _bare(piece))]


def _bare(text: str) -> str:
    # Comment lines are for the reader of the file; SQLite would parse them at each preparation.
    kept = [line for line in text.splitlines() if line.strip() and not line.startswith("--")]
    return "\n".join(kept).rstrip().removesuffix(";")


SQL = named(read("queries.sql"))
