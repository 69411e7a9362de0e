"""Short lives in which a file is only opened: while it is made, and while it is migrated.

What lives here: what such lives begin with. Every one of their moments is a point. What must not:
the schemas (the oldest lies in `tests/state/golden`).
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from state.migrations import migrate
from state.store import StoreBroken, StoreError, StoreRefused
from tests.power.defects import Defect
from tests.power.disk import Files
from tests.power.life import DATABASE, LOG, Astray, Beginning, Kind, Twin, alive
from tests.power.run import Run

_OLDEST = Path(__file__).parents[1] / "state" / "golden" / "schema_v1.sql"

CREATION = "creation"
MIGRATION = "migration"
MIGRATION_OF_LOG = "migration-of-log"
OPENINGS = (CREATION, MIGRATION, MIGRATION_OF_LOG)


async def opened(name: str, folder: Path, defect: Defect | None = None) -> Run:
    """Open a file once, and close it; the folder is for its files."""
    place = folder / name
    place.mkdir()
    run = Run(name, [], every_moment=True)
    twin = Twin()
    try:
        beginning = _beginning(name, folder, twin)
        async with alive(place, beginning, defect) as life:
            run.lives.append(life.life)
            life.checkpoint()
    except (Astray, StoreRefused, StoreBroken, StoreError) as error:
        run.failure = str(error)
    finally:
        twin.close()
    return run


def _beginning(name: str, folder: Path, twin: Twin) -> Beginning:
    if name == CREATION:
        migrate(twin.connection)
        return Beginning(Kind.CREATION, {}, [], [twin])
    twin.fill(_write_schema)
    twin.fill(_write_rows)
    files = _old_files(folder / f"{name}.db", log_left=name == MIGRATION_OF_LOG)
    return Beginning(Kind.MIGRATION, files, [], [twin])


def _old_files(path: Path, *, log_left: bool) -> Files:
    """As a program of the first version leaves them: closed, or killed before any checkpoint."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        _write_schema(database)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        _write_rows(database)
        if log_left:
            log = path.with_name(f"{path.name}-wal")
            return {DATABASE: path.read_bytes(), LOG: log.read_bytes()}
    return {DATABASE: path.read_bytes()}


def _write_schema(database: sqlite3.Connection) -> None:
    database.executescript(_OLDEST.read_text(encoding="utf-8"))


def _write_rows(database: sqlite3.Connection) -> None:
    """Rows of version 1, which will never change again, in every table."""
    database.execute("BEGIN")
    database.execute("UPDATE meta SET value = 7 WHERE key = 'epoch'")
    for n in range(60):
        actor, body = f"cnv_{n:02}", bytes([n]) * (20 * n)
        status = "finished" if n % 4 == 0 else "active"
        state, done_ms = (("pending", None), ("sending", None), ("held", None), ("delivered", n))[
            n % 4
        ]
        for table, row in (
            ("actors", (actor, 1 + n % 5, status, body, 0, "flow_1", n)),
            ("aliases", (f"+51900{n:06}", actor)),
            ("windows", (actor, 1000 * n)),
            ("timers", (actor, "poll", 1, 1000 * n, body)),
            ("flows", (f"flow_{n}", body, n)),
        ):
            marks = ", ".join("?" * len(row))
            database.execute(f"INSERT INTO {table} VALUES ({marks})", row)
        database.execute(
            "INSERT INTO inbox (message_id, actor, at_ms, body, epoch, done_ms)"
            " VALUES (?, ?, ?, ?, 6, ?)",
            (f"wamid_{n}", actor, n, body, n if n % 3 else None),
        )
        database.execute(
            "INSERT INTO outbox (effect, actor, lane, destination, body, cause, at_ms, due_ms,"
            " state, attempts, epoch, done_ms) VALUES (?, ?, ?, 'telco', ?, 'm', ?, ?, ?, 1, 6, ?)",
            (f"eff_{n}", actor, f"{actor}/message", body, n, n, state, done_ms),
        )
        database.execute(
            "INSERT INTO parked (message_id, alias, at_ms, body, until_ms) VALUES (?, ?, ?, ?, ?)",
            (f"parked_{n}", f"+51911{n:06}", n, body, 1000 * n),
        )
    database.execute("COMMIT")
