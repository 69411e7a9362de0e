"""From any version of the schema to the present one, in one transaction.

What lives here: the ordered steps and the refusal of files that are newer or not ours. What must
not: the present schema itself (`schema.sql`), or opening a file.

A new step is a script that ends by setting `user_version`; the same change goes into `schema.sql`,
and a test compares what both roads lead to.
"""

from __future__ import annotations

from collections.abc import Sequence

from state import queries
from state.connection import Connection
from state.store import StoreRefused

APPLICATION_ID = int.from_bytes(b"rout", "big")

_TO_2 = """
-- For the pruning of actors that are finished.
CREATE INDEX actors_finished ON actors (at_ms, actor) WHERE status = 'finished';
CREATE INDEX aliases_by_actor ON aliases (actor);
CREATE INDEX outbox_open ON outbox (actor, position) WHERE done_ms IS NULL;
DROP INDEX outbox_held;
PRAGMA user_version = 2;
"""

UPGRADES: Sequence[str] = (_TO_2,)
"""Scripts; the first one leads from version 1 to version 2."""

SCHEMA_VERSION = 1 + len(UPGRADES)


def migrate(connection: Connection, upgrades: Sequence[str] = UPGRADES) -> None:
    """Bring a database to the present version; all of it or nothing.

    Raises StoreRefused for a database of another program, a newer one, or an upgrade that does not
    lead where it says.
    """
    target = 1 + len(upgrades)
    connection.begin()
    try:
        version = _version(connection)
        if version > target:
            raise StoreRefused(
                f"the database has version {version}, this program knows up to {target}: "
                "run the newer program"
            )
        if version == 0:
            _run(connection, queries.read("schema.sql"))
        else:
            for upgrade in upgrades[version - 1 :]:
                _run(connection, upgrade)
        if _version(connection) != target:
            raise StoreRefused(f"the migration did not lead to version {target}")
        connection.commit()
    finally:
        connection.rollback()


def _version(connection: Connection) -> int:
    """The version of the schema, 0 where there is nothing yet."""
    [(application_id,)] = connection.fetch("PRAGMA application_id")
    [(version,)] = connection.fetch("PRAGMA user_version")
    if application_id == APPLICATION_ID:
        return int(version)
    [(tables,)] = connection.fetch("SELECT count(*) FROM sqlite_schema")
    if application_id != 0 or version != 0 or tables != 0:
        raise StoreRefused("the database belongs to another program")
    return 0


def _run(connection: Connection, script: str) -> None:
    for statement in queries.script(script):
        connection.run(statement)
