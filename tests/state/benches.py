"""What the tests of stores share: a bell that remembers, disks that outlive stores, and builders.

Builders give every field a dull value, so that a test names only what it is about.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from actors.ids import ActorId, EffectId, MessageId
from state.inline_store import InlineDisk, InlineStore
from state.memory_disk import MemoryDisk
from state.memory_store import MemoryStore
from state.rows import (
    ActorStatus,
    Arrival,
    Claimed,
    Commit,
    InboxRow,
    LaneRing,
    NewEffect,
    NewMessage,
    OutboxRow,
    SettleAs,
    Settlement,
    Timer,
    ToActor,
    ToAlias,
)
from state.sqlite_store import open_sqlite_store
from state.store import Store

ANN = ActorId("cnv_ann")
BOB = ActorId("cnv_bob")
NOON = 1_000_000


class Bell:
    """Remembers what it was rung for."""

    def __init__(self) -> None:
        self.rows: list[InboxRow] = []
        self.rings: list[LaneRing] = []
        self.looked: list[str] = []
        """Lanes that were claimed from, in order."""
        self.due_ms: list[int] = []

    def inbox(self, rows: Sequence[InboxRow]) -> None:
        self.rows.extend(rows)

    def lanes(self, rings: Sequence[LaneRing]) -> None:
        self.rings.extend(rings)

    def looked_at(self, lanes: Sequence[str]) -> None:
        self.looked.extend(lanes)

    def timer(self, due_ms: int) -> None:
        self.due_ms.append(due_ms)

    @property
    def heard(self) -> list[str]:
        return [row.message_id for row in self.rows]

    @property
    def lane_names(self) -> list[str]:
        return [ring.lane for ring in self.rings]

    def clear(self) -> None:
        self.rows.clear()
        self.rings.clear()
        self.due_ms.clear()


class Bench:
    """One disk of a kind; `open` it, leave, open it again."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.path = folder / "bot.db"
        self.bell = Bell()
        self._memory = MemoryDisk()
        self._inline = InlineDisk()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Store]:
        if self.kind == "memory":
            yield MemoryStore(self._memory, self.bell)
        elif self.kind == "inline":
            yield InlineStore(self._inline, self.bell)
        else:
            async with open_sqlite_store(self.path, self.bell) as store:
                yield store

    def close(self) -> None:
        self._inline.close()


def arrival(name: str, actor: ActorId = ANN, **fields: Any) -> Arrival:
    return Arrival(
        **{
            "message_id": MessageId(name),
            "target": ToActor(actor),
            "at_ms": NOON,
            "body": name.encode(),
            **fields,
        }
    )


def to_alias(
    name: str, alias: str, mint: str | None = None, park: int | None = None, **fields: Any
) -> Arrival:
    target = ToAlias(alias, None if mint is None else ActorId(mint), park)
    return arrival(name, target=target, **fields)


def message(name: str, actor: ActorId = BOB, **fields: Any) -> NewMessage:
    return NewMessage(
        **{
            "message_id": MessageId(name),
            "actor": actor,
            "at_ms": NOON,
            "body": name.encode(),
            **fields,
        }
    )


def effect(name: str, lane: str = "ann", **fields: Any) -> NewEffect:
    return NewEffect(
        **{
            "effect": EffectId(name),
            "lane": lane,
            "destination": "whatsapp",
            "body": name.encode(),
            "cause": MessageId("why"),
            "at_ms": NOON,
            **fields,
        }
    )


def timer(name: str, due_ms: int, generation: int = 1, actor: ActorId = ANN) -> Timer:
    return Timer(actor, name, generation, due_ms, name.encode())


def turn(version: int, actor: ActorId = ANN, **fields: Any) -> Commit:
    return Commit(
        **{
            "actor": actor,
            "expected_version": version,
            "status": ActorStatus.ACTIVE,
            "state": f"state {version + 1}".encode(),
            "at_ms": NOON,
            **fields,
        }
    )


def settled(row: OutboxRow, outcome: SettleAs, **fields: Any) -> Settlement:
    return Settlement(
        **{
            "effect": row.effect,
            "attempts": row.attempts,
            "outcome": outcome,
            "at_ms": NOON,
            **fields,
        }
    )


async def claimed(store: Store, lane: str = "ann", now_ms: int = NOON) -> OutboxRow:
    """The row that the lane gives out, which it must."""
    answer = await store.claim(lane, now_ms)
    assert isinstance(answer, Claimed), answer
    return answer.row


async def inbox_ids(store: Store, actor: ActorId) -> list[str]:
    return [row.message_id for row in await store.open_inbox(actor, 0, 100)]
