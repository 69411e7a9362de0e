"""A database full of customers, made of a few stories: each customer gets a story's rows under
names and numbers of their own.

What lives here: cloning stories and loading the clones in bulk, past the store. What must not: what
happens in a story (`story`). Positions, ids and tags are as the program itself would have made
them, spread over their range like digests, so that pages are touched as in service.
"""

from __future__ import annotations

import base64
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import Struct

from actors.calls import lane_of
from actors.codec import decode_call
from actors.ids import ActorId, tag_of
from actors.values import Customer
from state.inline_store import InlineDisk
from tests.benchmarks.configuration import BUSINESS_NUMBER
from tests.benchmarks.story import Story

IDENTIFIER_MAX = 10**8
_SPAN = 1 << 40
_ODD = 0x9E3779B97F
"""Multiplying by an odd number is one to one, and spreads what follows upon each other."""
_WINDOW_MS = 23 * 3_600_000

Value = str | bytes | int | None
Row = tuple[Value, ...]

_TABLES = {
    "actors": "INSERT INTO actors VALUES (?, ?, ?, ?, ?, ?, ?)",
    "aliases": "INSERT INTO aliases VALUES (?, ?)",
    "windows": "INSERT INTO windows VALUES (?, ?)",
    "inbox": (
        "INSERT INTO inbox (position, message_id, actor, at_ms, body, cause, epoch, done_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, 1, ?)"
    ),
    "outbox": (
        "INSERT INTO outbox (position, effect, actor, lane, destination, body, cause, topic, "
        "at_ms, due_ms, not_after_ms, state, attempts, started_ms, epoch, window_ms, rank, "
        "vendor_id, done_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'delivered', 1, ?, 1, ?, 3, ?, ?)"
    ),
    "timers": "INSERT INTO timers VALUES (?, ?, ?, ?, ?)",
}


def identifier(number: int) -> str:
    """The number of a customer: its country code belongs to nobody."""
    if not 0 <= number < IDENTIFIER_MAX:
        raise ValueError("there are not so many numbers")
    return f"99900{number:08d}"


def customer(number: int) -> Customer:
    """A customer to be invented."""
    digits = identifier(number)
    return Customer(BUSINESS_NUMBER, digits, f"+{digits}", "Ana Quispe")


def head(number: int) -> str:
    """The beginning of all ids in the clone of this number."""
    return base64.b32encode((number * _ODD % _SPAN).to_bytes(5, "big")).decode().lower()


class Kept(Struct, frozen=True):
    """How much of a story is kept in the database."""

    messages: int = 1_000_000
    """The last so many handled messages."""
    calls: int = 1_000_000
    """The last so many settled calls."""
    kinds: tuple[str, ...] = ("cnv", "job", "hnd")
    """Actors whose rows are kept, by the beginnings of their ids."""
    timers: bool = True
    aged_ms: int = 0
    """How much longer ago than in the story messages and calls were done; for what prunes them."""


class Template:
    """A story whose names and numbers can be changed."""

    def __init__(self, story: Story, kept: Kept) -> None:
        self.conversation = story.conversation
        self._slots = re.compile(
            r"(?P<head>(?<=cnv_|job_|eff_|msg_|hnd_)[a-z2-7]{8}(?=[a-z2-7]{16}))"
            r"|(?P<hex>(?<=whatsapp:)[0-9a-f]{10}(?=[0-9a-f]{22}))"
            r"|(?P<digits>99900[0-9]{8})"
            rf"|(?P<tag>{tag_of(story.conversation)}(?=/))"
        )
        self._rows: dict[str, list[Row]] = {name: [] for name in _TABLES}
        self._fill(story, kept)

    def _fill(self, story: Story, kept: Kept) -> None:
        for actor in story.actors.values():
            if actor.actor.startswith(kept.kinds):
                self._add("actors", actor.actor, actor.version, actor.status.value, actor.state,
                          actor.failures, actor.flow_version, story.heard[-1].at_ms)  # fmt: skip
        self._add("aliases", story.alias, story.conversation)
        wrote_ms = max(row.at_ms for row in story.heard if row.message_id.startswith("whatsapp:"))
        self._add("windows", story.conversation, wrote_ms + _WINDOW_MS)
        for heard in _last(story.heard, kept.messages):
            self._add("inbox", None, heard.message_id, heard.actor, heard.at_ms, heard.body,
                      heard.cause, heard.at_ms - kept.aged_ms)  # fmt: skip
        for actor_id, effect in _last(story.calls, kept.calls):
            lane = lane_of(actor_id, decode_call(effect.body))
            due_ms = effect.not_before_ms or effect.at_ms
            vendor_id = f"wamid.{effect.effect}" if lane.endswith("/message") else None
            self._add("outbox", None, effect.effect, actor_id, lane, effect.destination,
                      effect.body, effect.cause, effect.topic, effect.at_ms, due_ms,
                      effect.not_after_ms, due_ms, wrote_ms + _WINDOW_MS, vendor_id,
                      due_ms - kept.aged_ms)  # fmt: skip
        if kept.timers:
            for timer in story.timers.values():
                self._add("timers", timer.actor, timer.name, timer.generation, timer.due_ms,
                          timer.body)  # fmt: skip

    def _add(self, table: str, *values: Value) -> None:
        self._rows[table].append(tuple(self._prepared(value) for value in values))

    def _prepared(self, value: Value) -> Value:
        """Ready for `%`."""
        if isinstance(value, bytes):
            return self._slotted(value.decode()).encode()
        return self._slotted(value) if isinstance(value, str) else value

    def _slotted(self, text: str) -> str:
        return self._slots.sub(lambda m: f"%({m.lastgroup})s", text.replace("%", "%%"))

    def clone(self, number: int) -> Iterator[tuple[str, Row]]:
        """Table and row of everything that the customer of this number has; no positions yet."""
        start = head(number)
        names = {
            "head": start,
            "hex": f"{number * _ODD % _SPAN:010x}",
            "digits": identifier(number),
            "tag": tag_of(ActorId(self.conversation.replace(self.conversation[4:12], start, 1))),
        }
        raw = {name.encode(): text.encode() for name, text in names.items()}
        for table, rows in self._rows.items():
            for row in rows:
                yield table, tuple(_filled(value, names, raw) for value in row)


def _last(rows: Sequence[Any], count: int) -> Sequence[Any]:
    return rows[max(0, len(rows) - count) :]


def _filled(value: Value, names: dict[str, str], raw: dict[bytes, bytes]) -> Value:
    if isinstance(value, str):
        return value % names
    return value % raw if isinstance(value, bytes) else value


def create(path: Path) -> None:
    """A new database with nothing in it."""
    InlineDisk(path).close()


def load(path: Path, templates: Sequence[Template], count: int, *, batch: int = 2000) -> int:
    """Fill a new database with so many customers, each the clone of one of the stories.

    Returns how many rows there are then.
    """
    total = 0
    with closing(_open(path)) as database:
        indexes = database.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indexes:
            database.execute(f"DROP INDEX {name}")
        positions = {"inbox": 0, "outbox": 0}
        for first in range(0, count, batch):
            rows: dict[str, list[Row]] = {name: [] for name in _TABLES}
            for number in range(first, min(first + batch, count)):
                for table, row in templates[number % len(templates)].clone(number):
                    if table in positions:
                        positions[table] += 1
                        row = (positions[table], *row[1:])
                    rows[table].append(row)
            for table, of_table in rows.items():
                database.executemany(_TABLES[table], of_table)
                total += len(of_table)
        for _, sql in indexes:
            database.execute(sql)
        database.commit()
    return total


def run(path: Path, statement: str, rows: Iterable[Row] = ((),)) -> None:
    """Run one more statement on a database that nobody uses."""
    with closing(_open(path)) as database:
        database.executemany(statement, rows)
        database.commit()


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
        database.execute(f"PRAGMA {setting}")
    return database
