"""Everything that a database holds, so that two of them can be compared.

What lives here: the picture of a database, and its digest. What must not: a judgement.
"""

from __future__ import annotations

import hashlib

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from state.connection import Connection, Row

SCHEMA = "the schema"


class State(Struct, frozen=True):
    """The digest of each table; the epoch, which rises with each opening, stands apart."""

    epoch: int
    tables: dict[str, str]

    def before_opening(self) -> State:
        """What it was before the owner who looks at it opened the file."""
        return replace(self, epoch=self.epoch - 1)

    def differences(self, other: State) -> list[str]:
        """The tables in which the two are not the same."""
        found = [] if self.epoch == other.epoch else ["the epoch"]
        names = sorted(self.tables | other.tables)
        return found + [n for n in names if self.tables.get(n) != other.tables.get(n)]


Picture = dict[str, list[Row]]


def picture(connection: Connection) -> Picture:
    """All rows of all tables, SQLite's own memory of used positions included, and the schema."""
    schema = connection.fetch(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
    )
    found = {SCHEMA: schema}
    for kind, name, _, _ in schema:
        if kind == "table":
            found[name] = connection.fetch(f'SELECT * FROM "{name}" ORDER BY 1, 2')
    for pragma in ("application_id", "user_version"):
        found[pragma] = connection.fetch(f"PRAGMA {pragma}")
    return found


def state_of(seen: Picture) -> State:
    """The digest of a picture."""
    meta: dict[str, int] = dict(seen["meta"])
    epoch = meta.pop("epoch")
    tables = {**seen, "meta": sorted(meta.items())}
    return State(epoch, {name: _digest(rows) for name, rows in tables.items()})


def _digest(rows: list[Row]) -> str:
    return hashlib.sha256(msgspec.msgpack.encode(rows)).hexdigest()
