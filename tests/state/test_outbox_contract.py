"""The contract of every store: lanes, claims, settlements, receipts, windows."""

from __future__ import annotations

import pytest

from actors.ids import MessageId
from state.rows import (
    Claimed,
    LaneRing,
    NothingDue,
    OutboxRow,
    Receipt,
    SettleAs,
)
from state.store import Store
from tests.state.benches import (
    ANN,
    BOB,
    NOON,
    Bell,
    Bench,
    arrival,
    claimed,
    effect,
    message,
    settled,
    turn,
)

# --- claims -------------------------------------------------------------------------------------


async def test_a_claim_gives_out_the_first_row_with_its_attempt(store: Store, bell: Bell) -> None:
    await store.commit(turn(0, effects=(effect("e1", not_after_ms=NOON + 7), effect("e2"))))
    assert bell.rings == [LaneRing("ann", "whatsapp", NOON)]
    row = await claimed(store)
    assert row == OutboxRow(
        position=row.position,
        effect=effect("e1").effect,
        actor=ANN,
        lane="ann",
        destination="whatsapp",
        body=b"e1",
        cause=MessageId("why"),
        at_ms=NOON,
        attempts=1,
        due_ms=NOON,
        not_after_ms=NOON + 7,
    )


async def test_each_claim_rings_that_its_lane_was_looked_at(store: Store, bell: Bell) -> None:
    await store.commit(turn(0, effects=(effect("e1"),)))
    assert bell.looked == []
    await claimed(store)
    await store.claim("ann", NOON)
    await store.claim("nobody", NOON)
    assert bell.looked == ["ann", "ann", "nobody"]


async def test_a_claim_tells_whether_the_lane_has_more(store: Store) -> None:
    later = effect("e2", not_before_ms=NOON + 60_000)
    await store.commit(turn(0, effects=(effect("e1"), later, effect("e3", lane="other"))))
    first = await store.claim("ann", NOON)
    assert isinstance(first, Claimed)
    assert first.more
    await store.settle(settled(first.row, SettleAs.DELIVERED))
    second = await store.claim("ann", NOON + 60_000)
    assert isinstance(second, Claimed)
    assert (second.row.effect, second.more) == (later.effect, False)


async def test_a_lane_gives_out_nothing_while_a_row_is_being_sent(store: Store) -> None:
    await store.commit(turn(0, effects=(effect("e1"), effect("e2"), effect("e3", lane="other"))))
    row = await claimed(store)
    assert await store.claim("ann", NOON) == NothingDue(None)
    assert (await claimed(store, "other")).effect == "e3"
    await store.settle(settled(row, SettleAs.DELIVERED))
    assert (await claimed(store)).effect == "e2"


async def test_a_row_never_tried_and_not_due_is_passed_by(store: Store) -> None:
    later = effect("later", not_before_ms=NOON + 50)
    await store.commit(turn(0, effects=(later, effect("now"))))
    row = await claimed(store)
    assert row.effect == "now"
    await store.settle(settled(row, SettleAs.DELIVERED))
    assert await store.claim("ann", NOON) == NothingDue(NOON + 50)
    assert (await claimed(store, now_ms=NOON + 50)).effect == "later"


async def test_a_row_to_be_tried_again_holds_up_its_lane(store: Store) -> None:
    await store.commit(turn(0, effects=(effect("e1"), effect("e2"))))
    row = await claimed(store)
    await store.settle(settled(row, SettleAs.RETRY, due_ms=NOON + 50))
    assert await store.claim("ann", NOON) == NothingDue(NOON + 50)
    again = await claimed(store, now_ms=NOON + 50)
    assert (again.effect, again.attempts, again.resends) == ("e1", 2, 0)


async def test_before_a_blocked_head_an_earlier_row_may_fall_due_first(store: Store) -> None:
    await store.commit(
        turn(0, effects=(effect("soon", not_before_ms=NOON + 20), effect("e2"), effect("e3")))
    )
    await store.settle(settled(await claimed(store), SettleAs.RETRY, due_ms=NOON + 50))
    assert await store.claim("ann", NOON) == NothingDue(NOON + 20)
    assert (await claimed(store, now_ms=NOON + 20)).effect == "soon"


@pytest.mark.parametrize("outcome", [SettleAs.UNKNOWN, SettleAs.HOLD])
async def test_a_row_set_aside_does_not_hold_up_its_lane(store: Store, outcome: SettleAs) -> None:
    await store.commit(turn(0, effects=(effect("e1"), effect("e2"))))
    await store.settle(settled(await claimed(store), outcome, due_ms=NOON + 50))
    assert (await claimed(store)).effect == "e2"


async def test_an_expired_row_is_given_out_all_the_same(store: Store) -> None:
    await store.commit(turn(0, effects=(effect("e1", not_after_ms=NOON - 1),)))
    assert (await claimed(store)).effect == "e1"


async def test_open_lanes_are_listed_page_by_page(store: Store) -> None:
    await store.commit(
        turn(
            0,
            effects=(
                effect("e1", lane="c"),
                effect("e2", lane="a", not_before_ms=NOON + 9),
                effect("e3", lane="a", not_before_ms=NOON + 5),
                effect("e4", lane="b"),
            ),
        )
    )
    await claimed(store, "b")
    assert await store.open_lanes("", 1) == [LaneRing("a", "whatsapp", NOON + 5)]
    assert await store.open_lanes("a", 9) == [LaneRing("c", "whatsapp", NOON)]


# --- settlements --------------------------------------------------------------------------------


async def test_a_settlement_tells_the_actor_once(store: Store, bell: Bell) -> None:
    await store.commit(turn(0, effects=(effect("e1"),)))
    row = await claimed(store)
    tell = message("e1.1.delivered", ANN)
    assert await store.settle(settled(row, SettleAs.DELIVERED, tell=tell))
    assert not await store.settle(settled(row, SettleAs.REJECTED, tell=message("other", ANN)))
    assert bell.heard == ["e1.1.delivered"]


async def test_a_settlement_of_an_earlier_attempt_is_ignored(store: Store) -> None:
    await store.commit(turn(0, effects=(effect("e1"),)))
    first = await claimed(store)
    await store.settle(settled(first, SettleAs.RESEND))
    assert not await store.settle(settled(first, SettleAs.DELIVERED))
    second = await claimed(store)
    assert (second.attempts, second.resends) == (2, 1)
    assert not await store.settle(settled(first, SettleAs.DELIVERED))
    assert await store.settle(settled(second, SettleAs.DELIVERED))
    assert not await store.settle(settled(second, SettleAs.UNKNOWN))


async def test_unknown_rows_come_up_when_due_and_can_be_settled_then(store: Store) -> None:
    await store.commit(turn(0, effects=(effect("e1"), effect("e2"))))
    for due_ms in (NOON + 20, NOON + 10):
        await store.settle(settled(await claimed(store), SettleAs.UNKNOWN, due_ms=due_ms))
    assert await store.unknown_due(NOON + 9, 9) == []
    rows = await store.unknown_due(NOON + 20, 9)
    assert [(row.effect, row.attempts) for row in rows] == [("e2", 1), ("e1", 1)]
    assert await store.unknown_due(NOON + 20, 1) == rows[:1]
    assert await store.settle(settled(rows[0], SettleAs.UNKNOWN, due_ms=NOON + 90))
    assert await store.settle(settled(rows[1], SettleAs.DELIVERED))
    assert await store.unknown_due(NOON + 50, 9) == []


async def test_rows_left_sending_by_an_earlier_owner_are_found_and_free_their_lane(
    bench: Bench,
) -> None:
    async with bench.open() as store:
        await store.commit(turn(0, effects=(effect("e1"), effect("e2"))))
        await claimed(store)
        assert await store.interrupted(9) == []
    async with bench.open() as store:
        assert await store.claim("ann", NOON) == NothingDue(None)
        [row] = await store.interrupted(9)
        assert (row.effect, row.attempts) == ("e1", 1)
        bench.bell.clear()
        assert await store.settle(settled(row, SettleAs.UNKNOWN, due_ms=NOON))
        assert bench.bell.lane_names == ["ann"]
        assert await store.interrupted(9) == []
        assert (await claimed(store)).effect == "e2"
        assert await store.interrupted(9) == []


# --- windows ------------------------------------------------------------------------------------


async def test_a_claimed_row_carries_the_window_and_the_window_only_grows(store: Store) -> None:
    await store.commit(turn(0, effects=(effect("e1"), effect("e2"))))
    await store.accept(
        [
            arrival("m1", opens_window_until_ms=NOON + 80),
            arrival("m2", opens_window_until_ms=NOON + 50),
            arrival("m3", BOB, opens_window_until_ms=NOON + 99),
        ]
    )
    assert (await claimed(store)).window_until_ms == NOON + 80


async def test_a_window_that_opens_releases_what_was_held(store: Store, bell: Bell) -> None:
    await store.commit(turn(0, effects=(effect("e1"),)))
    await store.commit(turn(0, BOB, effects=(effect("e2", lane="bob"),)))
    for lane in ("ann", "bob"):
        await store.settle(settled(await claimed(store, lane), SettleAs.HOLD))
    assert await store.claim("ann", NOON) == NothingDue(None)
    bell.clear()
    await store.accept([arrival("m1", at_ms=NOON + 5, opens_window_until_ms=NOON + 80)])
    assert bell.rings == [LaneRing("ann", "whatsapp", NOON + 5)]
    assert await store.claim("ann", NOON) == NothingDue(NOON + 5)
    row = await claimed(store, now_ms=NOON + 5)
    assert (row.effect, row.attempts, row.window_until_ms) == ("e1", 2, NOON + 80)
    assert (await store.counts()).outbox["held"] == 1


async def test_a_duplicate_opens_no_window(store: Store) -> None:
    await store.accept([arrival("m1")])
    await store.accept([arrival("m1", opens_window_until_ms=NOON + 80)])
    await store.commit(turn(0, effects=(effect("e1"),)))
    assert (await claimed(store)).window_until_ms is None


async def test_what_is_held_after_the_window_moved_on_is_not_held(store: Store, bell: Bell) -> None:
    await store.commit(turn(0, effects=(effect("e1"),)))
    row = await claimed(store)
    await store.accept([arrival("m1", opens_window_until_ms=NOON + 80)])
    bell.clear()
    await store.settle(settled(row, SettleAs.HOLD, at_ms=NOON + 3))
    assert bell.rings == [LaneRing("ann", "whatsapp", NOON + 3)]
    again = await claimed(store, now_ms=NOON + 3)
    # Held once more with the same window in sight, it waits: the store does not argue in circles.
    await store.settle(settled(again, SettleAs.HOLD))
    assert await store.claim("ann", NOON + 3) == NothingDue(None)


# --- receipts -----------------------------------------------------------------------------------


def receipt(attempt: str, rank: int = 1, **fields: object) -> Receipt:
    failure = fields.get("failure")
    assert failure is None or isinstance(failure, bytes)
    return Receipt(attempt, rank, NOON + 5, "wamid", failure)


async def sent(store: Store, outcome: SettleAs | None) -> OutboxRow:
    await store.commit(turn(0, effects=(effect("e1"), effect("e2"))))
    row = await claimed(store)
    if outcome is not None:
        await store.settle(settled(row, outcome))
    return row


@pytest.mark.parametrize("outcome", [None, SettleAs.UNKNOWN, SettleAs.RESEND])
async def test_a_receipt_settles_a_row_of_unknown_fate(
    store: Store, bell: Bell, outcome: SettleAs | None
) -> None:
    row = await sent(store, outcome)
    bell.clear()
    answer = await store.accept([], [receipt("e1.1")])
    assert (answer.receipts_known, answer.receipts_unknown) == (1, 0)
    assert bell.heard == []
    assert not await store.settle(settled(row, SettleAs.UNKNOWN))
    assert (await claimed(store)).effect == "e2"
    # The lane of a row that was being sent is rung: nobody may be waiting for that attempt.
    assert bell.lane_names == (["ann"] if outcome is None else [])


async def test_a_receipt_of_any_attempt_is_found(store: Store) -> None:
    row = await sent(store, SettleAs.RESEND)
    row = await claimed(store)
    assert row.attempts == 2
    names = ["e1.1", "e1.2", "e1.3", "e1.0", "e9.1", "e1", "e1.x", "e1.-1", "e1.\u0661", ""]
    answer = await store.accept([], [receipt(name) for name in names])
    assert (answer.receipts_known, answer.receipts_unknown) == (2, len(names) - 2)
    assert not await store.settle(settled(row, SettleAs.DELIVERED))


@pytest.mark.parametrize("outcome", [None, SettleAs.UNKNOWN, SettleAs.DELIVERED])
async def test_a_failure_rejects_the_row_and_is_heard_once(
    store: Store, bell: Bell, outcome: SettleAs | None
) -> None:
    row = await sent(store, outcome)
    bell.clear()
    failed = receipt("e1.1", 0, failure=b"failed")
    await store.accept([], [failed, failed])
    await store.accept([], [failed])
    assert bell.heard == ["e1.failed"]
    assert (bell.rows[0].actor, bell.rows[0].body, bell.rows[0].cause) == (ANN, b"failed", "why")
    assert not await store.settle(settled(row, SettleAs.DELIVERED))


async def test_a_failure_after_delivery_to_the_phone_is_ignored(store: Store, bell: Bell) -> None:
    await sent(store, SettleAs.DELIVERED)
    await store.accept([], [receipt("e1.1", 2), receipt("e1.1", 1)])
    await store.accept([], [receipt("e1.1", 0, failure=b"failed")])
    assert bell.heard == []


async def test_a_failure_after_sent_counts(store: Store, bell: Bell) -> None:
    await sent(store, SettleAs.UNKNOWN)
    await store.accept([], [receipt("e1.1", 1)])
    await store.accept([], [receipt("e1.1", 0, failure=b"failed")])
    assert bell.heard == ["e1.failed"]


async def test_the_failure_of_an_attempt_says_nothing_of_the_next(store: Store, bell: Bell) -> None:
    await sent(store, SettleAs.RESEND)
    row = await claimed(store)
    await store.accept([], [receipt("e1.1", 0, failure=b"failed")])
    assert bell.heard == []
    assert await store.settle(settled(row, SettleAs.DELIVERED))


async def test_a_row_that_was_rejected_already_is_not_told_again(store: Store, bell: Bell) -> None:
    await sent(store, SettleAs.REJECTED)
    await store.accept([], [receipt("e1.1", 0, failure=b"failed")])
    assert bell.heard == []
