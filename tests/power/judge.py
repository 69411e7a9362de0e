"""What is found after the power came back, and whether every promise was kept.

What lives here: the look at one cut, through the store that the daemon uses. What must not: how the
disk came to look like that (`disk`, `life`).
"""

from __future__ import annotations

import contextlib
import sqlite3
from enum import Enum
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from actors.ids import ActorId
from state import reading
from state.connection import Connection
from state.direct import DirectConnection
from state.rows import Claimed, SettleAs, Settlement
from state.sql_store import SqlStore
from state.sqlite_store import open_sqlite_store
from state.store import StoreBroken, StoreError, StoreRefused
from tests.power.disk import Files
from tests.power.life import DATABASE, Kind, Life
from tests.power.link import open_stock_store
from tests.power.picture import Picture, State, picture, state_of
from tests.state.benches import Bell, arrival, effect, turn

_NEWCOMER = ActorId("cnv_after_the_cut")
_LATER_MS = 2**60
_MANY = 100_000


class Verdict(Enum):
    """What is to be said of a cut."""

    SOUND = "sound"
    LOST = "lost"
    """Units are missing whose callers had been answered."""
    PARTIAL = "partial"
    """The content is none that there ever was: a unit is there in part."""
    DAMAGED = "damaged"
    """The file cannot be opened, or SQLite finds it damaged."""
    ASTRAY = "astray"
    """The store does not tell what is in it, or does not go on."""


class Finding(Struct, frozen=True):
    """The verdict on a cut, and why."""

    verdict: Verdict
    why: str = ""
    with_last: bool = False
    """The group that was under way, and whose caller never heard of it, is there."""
    missing: int = 0
    """How many of the groups that were answered are not there."""
    before: str = ""
    """What another program found before the file was opened: nothing, old, new; "": not looked."""


class _Wrong(Exception):
    """A promise that was not kept."""

    def __init__(self, verdict: Verdict, why: str, missing: int = 0) -> None:
        super().__init__(why)
        self.finding = Finding(verdict, why, missing=missing)


async def judge(
    life: Life, point: int, files: Files, folder: Path, *, in_room: bool = False
) -> Finding:
    """Open what is left of a life that was cut after so many operations.

    The folder is emptied. In the daemon's room, or in line, which takes a third of the time.
    """
    path = folder / DATABASE
    before = ""
    try:
        if life.kind in (Kind.CREATION, Kind.MIGRATION):
            before = _look(life, files, folder)
        write(files, folder)
        async with open_sqlite_store(path, Bell()) if in_room else open_stock_store(path) as store:
            return replace(await _examined(store, life, point), before=before)
    except _Wrong as wrong:
        return wrong.finding
    except (StoreRefused, StoreBroken, StoreError) as error:
        return Finding(Verdict.DAMAGED, f"{type(error).__name__}: {error}")


async def _examined(store: SqlStore, life: Life, point: int) -> Finding:
    seen = await store._read(partial(_inspect, epoch=store.epoch))
    if seen.damage:
        raise _Wrong(Verdict.DAMAGED, seen.damage)
    step = _recognised(life, point, state_of(seen.picture))
    truth = _rows_say(seen.picture, seen.columns)
    for what, answer in seen.answers.items():
        if answer != truth[what]:
            raise _Wrong(Verdict.ASTRAY, f"{what}: {answer}, but in the file {truth[what]}")
    await _go_on(store, seen.picture)
    return Finding(Verdict.SOUND, with_last=step > life.possible(point)[0])


def write(files: Files, folder: Path) -> None:
    """Put files into a folder, and nothing else."""
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)


# --- what is there ------------------------------------------------------------------------------


def _look(life: Life, files: Files, folder: Path) -> str:
    """With another program than ours, which would mend what it finds: never in between."""
    if DATABASE not in files:
        return "nothing"
    write(files, folder)
    with contextlib.closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as database:
        try:
            found = state_of(picture(DirectConnection(database)))
        except (StoreBroken, KeyError) as error:
            raise _Wrong(Verdict.DAMAGED, f"before it is opened: {error}") from error
    if found not in life.states and found != life.old:
        raise _Wrong(Verdict.PARTIAL, "before it is opened, it is neither old nor new")
    return "old" if found == life.old else "new"


def _recognised(life: Life, point: int, found: State) -> int:
    """Which step the content is that of."""
    content = found.before_opening()
    possible = life.possible(point)
    answered = possible[0]
    for step in possible:
        if life.states[step] == content:
            return step
    known = life.past + life.states
    if content in known:
        latest = max(step for step, state in enumerate(known) if state == content)
        missing = len(life.past) + answered - latest
        raise _Wrong(Verdict.LOST, f"{missing} steps that were answered are missing", missing)
    tables = ", ".join(content.differences(life.states[answered]))
    raise _Wrong(Verdict.PARTIAL, f"neither what was answered nor one group more, in {tables}")


# --- what the store says of it ------------------------------------------------------------------


class _Seen(Struct):
    damage: str
    picture: Picture
    columns: dict[str, list[str]]
    answers: dict[str, object]


def _inspect(connection: Connection, epoch: int) -> _Seen:
    lines = [row[0] for row in connection.fetch("PRAGMA integrity_check(3)")]
    if lines != ["ok"]:
        return _Seen("; ".join(lines), {}, {}, {})
    columns = {
        table: [row[1] for row in connection.fetch(f"PRAGMA table_info({table})")]
        for table in ("inbox", "outbox")
    }
    answers = _store_says(connection, epoch)
    return _Seen("", picture(connection), columns, answers)


def _rows_say(found: Picture, columns: dict[str, list[str]]) -> dict[str, object]:
    """What begins again after a start, by a plain look."""
    inbox, outbox = (
        [dict(zip(names, row, strict=True)) for row in found[table]]
        for table, names in columns.items()
    )
    calls = {
        state: [row for row in outbox if row["state"] == state]
        for state in ("pending", "sending", "held", "unknown")
    }
    waiting = [row for row in inbox if row["done_ms"] is None]
    return {
        "actors with open messages": sorted({row["actor"] for row in waiting}),
        "open messages": sorted((row["actor"], row["position"]) for row in waiting),
        "dead letters": [row["position"] for row in inbox if row["error"] is not None],
        "interrupted calls": [row["effect"] for row in calls["sending"]],
        "calls of unknown fate": [row["effect"] for row in calls["unknown"]],
        "open lanes": sorted({row["lane"] for row in calls["pending"]}),
        "calls": {state: len(rows) for state, rows in calls.items()},
        "timers and parked": (len(found["timers"]), len(found["parked"])),
    }


def _store_says(connection: Connection, epoch: int) -> dict[str, object]:
    """The answers of the store to the questions that the daemon asks when it starts."""
    actors = reading.actors_with_open_inbox(connection, ActorId(""), _LATER_MS, _MANY)
    inboxes = [
        (actor, row.position)
        for actor in actors
        for row in reading.open_inbox(connection, actor, 0, _MANY)
    ]
    letters = reading.dead_letters(connection, 0, _MANY)
    interrupted = reading.interrupted(connection, epoch, _MANY)
    unknown = reading.unknown_sends(connection, 0, _MANY)
    lanes = reading.open_lanes(connection, "", _MANY)
    counts = reading.counts(connection)
    return {
        "actors with open messages": actors,
        "open messages": inboxes,
        "dead letters": [row.position for row in letters],
        "interrupted calls": [row.effect for row in interrupted],
        "calls of unknown fate": [row.effect for row in unknown],
        "open lanes": [ring.lane for ring in lanes],
        "calls": counts.outbox,
        "timers and parked": (counts.timers, counts.parked),
    }


async def _go_on(store: SqlStore, found: Picture) -> None:
    """What was taken is not taken again; what is new goes all its way."""
    known = [row[1] for row in found["inbox"][-3:]]
    last = max((seq for table, seq in found["sqlite_sequence"] if table == "inbox"), default=0)
    new = arrival("after the cut", _NEWCOMER)
    call = effect("call after the cut", lane=_NEWCOMER)
    try:
        took = await store.accept([*(arrival(message_id) for message_id in known), new])
        _require((took.duplicates, took.taken) == (len(known), 1), f"repeated messages: {took}")
        rows = await store.open_inbox(_NEWCOMER, 0, _MANY)
        _require(len(rows) == 1 and rows[0].position > last, f"a new message became {rows}")
        await store.commit(turn(0, _NEWCOMER, handled=(rows[0].position,), effects=(call,)))
        for actor, version, *_ in found["actors"][:1]:
            await store.commit(turn(version, actor))
        answer = await store.claim(_NEWCOMER, _LATER_MS)
        _require(isinstance(answer, Claimed), f"a new call was not given out: {answer}")
        outcome = Settlement(call.effect, 1, SettleAs.DELIVERED, _LATER_MS)
        _require(await store.settle(outcome), "a new call was settled by nobody")
    except StoreError as error:
        raise _Wrong(Verdict.ASTRAY, f"it does not go on: {error}") from error


def _require(kept: bool, why: str) -> None:
    if not kept:
        raise _Wrong(Verdict.ASTRAY, why)
