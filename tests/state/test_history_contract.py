"""The contract of every store: what is kept of the past can be read again."""

from __future__ import annotations

from actors.ids import ActorId, MessageId
from state.rows import CalledRow, DeadLetter, HeardRow, SettleAs
from state.store import Store
from tests.state.benches import (
    ANN,
    BOB,
    NOON,
    arrival,
    claimed,
    effect,
    message,
    settled,
    to_alias,
    turn,
)

SPAN = 100
EVER = 1 << 62


async def test_an_alias_leads_to_its_actor(store: Store) -> None:
    await store.accept([to_alias("m1", "whatsapp:1:2", mint=ANN)])
    assert await store.known_as("whatsapp:1:2") == ANN
    assert await store.known_as("whatsapp:1:3") is None


async def test_what_was_heard_is_shown_with_its_end(store: Store) -> None:
    await store.accept([arrival("m1"), arrival("m2"), arrival("m3")])
    one, two, three = [row.position for row in await store.open_inbox(ANN, 0, 9)]
    dead = (DeadLetter(two, "raised"),)
    told = (message("m4", ANN, cause=MessageId("m1")),)
    await store.commit(turn(0, at_ms=NOON + 7, handled=(one,), dead=dead, messages=told))
    rows, beyond = await store.heard([ANN], 0, SPAN)
    assert beyond is None
    assert rows == [
        HeardRow(one, MessageId("m1"), ANN, NOON, b"m1", None, NOON + 7, None),
        HeardRow(two, MessageId("m2"), ANN, NOON, b"m2", None, NOON + 7, "raised"),
        HeardRow(three, MessageId("m3"), ANN, NOON, b"m3", None, None, None),
        HeardRow(three + 1, MessageId("m4"), ANN, NOON, b"m4", MessageId("m1"), None, None),
    ]


async def test_calls_are_shown_with_their_end(store: Store) -> None:
    later = effect("e4", topic="t", not_before_ms=NOON + 60)
    effects = (effect("e1"), effect("e2"), effect("e3", topic="t"), later)
    await store.commit(turn(0, effects=effects))
    row = await claimed(store, now_ms=NOON + 5)
    await store.settle(settled(row, SettleAs.DELIVERED, at_ms=NOON + 9))
    row = await claimed(store, now_ms=NOON + 10)
    await store.settle(settled(row, SettleAs.RETRY, due_ms=NOON + 99, error="timeout"))
    rows, beyond = await store.called([ANN], 0, SPAN)
    assert beyond is None
    assert [row.due_ms - NOON for row in rows] == [0, 99, 0, 60]
    assert [(r.effect, r.state, r.attempts, r.started_ms, r.done_ms, r.error) for r in rows] == [
        ("e1", "delivered", 1, NOON + 5, NOON + 9, None),
        ("e2", "pending", 1, NOON + 10, None, "timeout"),
        ("e3", "dropped", 0, None, NOON, None),
        ("e4", "pending", 0, None, None, None),
    ]
    assert rows[0] == CalledRow(
        rows[0].position,
        effects[0].effect,
        ANN,
        b"e1",
        MessageId("why"),
        NOON,
        NOON,
        "delivered",
        1,
        NOON + 5,
        NOON + 9,
        None,
    )


async def test_only_theirs_page_by_page_and_no_gap_is_walked_through(store: Store) -> None:
    names = [f"m{index}" for index in range(10)]
    await store.accept([arrival(name, BOB if name == "m4" else ANN) for name in names])
    found: list[str] = []
    after: int | None = 0
    pages = 0
    while after is not None:
        rows, after = await store.heard([ANN, ActorId("cnv_nobody")], after, 3)
        found += [row.message_id for row in rows]
        pages += 1
    assert found == [name for name in names if name != "m4"]
    assert pages == 4
    positions = [row.position for row in await store.open_inbox(ANN, 0, 99)]
    await store.commit(turn(0, handled=tuple(positions[:-1]), effects=(effect("e1"),)))
    assert await store.prune(EVER, 1000) == len(positions) - 1
    # One question is enough for a place far beyond what was pruned: Bob's message is next.
    _, after = await store.heard([ANN], 0, 1)
    [bobs] = await store.open_inbox(BOB, 0, 9)
    assert after == bobs.position - 1


async def test_nothing_kept_is_nothing(store: Store) -> None:
    assert await store.heard([ANN], 0, SPAN) == ([], None)
    assert await store.called([ANN], 0, SPAN) == ([], None)
