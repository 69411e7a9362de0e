"""The contract of every store: timers, sweeping, flows, pruning, opening again."""

from __future__ import annotations

import pytest

from actors.ids import ActorId, timer_message_id
from state.rows import (
    DeadLetter,
    SettleAs,
)
from state.store import ConstraintBroken, StaleCommit, Store
from tests.state.benches import (
    ANN,
    NOON,
    Bell,
    Bench,
    arrival,
    claimed,
    effect,
    inbox_ids,
    settled,
    timer,
    to_alias,
    turn,
)

# --- timers -------------------------------------------------------------------------------------


async def test_due_timers_become_messages_earliest_first(store: Store, bell: Bell) -> None:
    await store.commit(
        turn(0, timers_set=(timer("c", 30), timer("b", 20), timer("a", 10), timer("z", 99)))
    )
    assert bell.due_ms == [10]
    assert await store.fire_timers(40, 2) == 30
    assert await store.fire_timers(40, 2) == 99
    assert bell.heard == [timer_message_id(ANN, name, 1) for name in "abc"]
    assert (bell.rows[0].body, bell.rows[0].at_ms) == (b"a", 40)
    assert (await store.counts()).timers == 1


async def test_a_timer_is_replaced_by_name_and_cleared(store: Store, bell: Bell) -> None:
    await store.commit(turn(0, timers_set=(timer("a", 10), timer("b", 10))))
    await store.commit(turn(1, timers_set=(timer("a", 20, 2),), timers_cleared=("b", "a", "x")))
    assert await store.fire_timers(15, 9) == 20
    assert await store.fire_timers(20, 9) is None
    assert bell.heard == [timer_message_id(ANN, "a", 2)]


# --- recovery, sweeping, flows, pruning ---------------------------------------------------------


async def test_recoveries_are_counted(store: Store) -> None:
    await store.accept([arrival("m1")])
    [row] = await store.open_inbox(ANN, 0, 1)
    assert [await store.count_recovery(row.position) for _ in range(3)] == [1, 2, 3]
    [row] = await store.open_inbox(ANN, 0, 1)
    assert row.recoveries == 3
    with pytest.raises(ConstraintBroken):
        await store.count_recovery(row.position + 1)


async def test_actors_with_old_open_messages_are_found_page_by_page(store: Store) -> None:
    await store.accept(
        [arrival(f"m{n}", ActorId(f"cnv_{n}"), at_ms=NOON + n) for n in (3, 1, 2, 9)]
        + [arrival("n1", ActorId("cnv_1"))]
    )
    assert await store.actors_with_open_inbox(ActorId(""), NOON + 9, 2) == ["cnv_1", "cnv_2"]
    assert await store.actors_with_open_inbox(ActorId("cnv_2"), NOON + 9, 2) == ["cnv_3"]


async def test_flows_stay_while_somebody_is_in_them_and_the_newest_stays(store: Store) -> None:
    for number in (1, 2, 3):
        await store.keep_flow(f"f{number}", b"flow", number)
    await store.keep_flow("f1", b"other", 1)
    await store.commit(turn(0, flow_version="f1"))
    assert await store.prune(NOON, 9) == 1
    assert await store.flows() == {"f1": b"flow", "f3": b"flow"}


async def test_pruning_forgets_what_ended_and_keeps_the_rest(store: Store) -> None:
    await store.accept([arrival("m1"), arrival("m2"), arrival("m3")])
    one, two, _ = await store.open_inbox(ANN, 0, 10)
    await store.commit(
        turn(
            0,
            handled=(one.position,),
            dead=(DeadLetter(two.position, "raised"),),
            effects=(effect("e1"), effect("e2")),
        )
    )
    await store.settle(settled(await claimed(store), SettleAs.DELIVERED))
    assert await store.prune(NOON, 9) == 0
    assert await store.prune(NOON + 1, 1) == 1
    assert await store.prune(NOON + 1, 9) == 1
    assert await store.prune(NOON + 1, 9) == 0
    counts = await store.counts()
    assert (counts.inbox_open, counts.inbox_dead, counts.outbox["pending"]) == (1, 1, 1)
    assert (await store.accept([arrival("m1")])).taken == 1
    assert (await store.accept([arrival("m2")])).duplicates == 1


async def test_positions_are_never_used_twice(store: Store) -> None:
    await store.accept([arrival("m1")])
    [row] = await store.open_inbox(ANN, 0, 1)
    await store.commit(turn(0, handled=(row.position,)))
    await store.prune(NOON + 1, 9)
    await store.accept([arrival("m2")])
    [later] = await store.open_inbox(ANN, 0, 1)
    assert later.position > row.position


async def test_a_message_parked_in_vain_becomes_a_dead_letter(store: Store) -> None:
    await store.accept([to_alias("p1", "job-7", park=NOON)])
    assert await store.prune(NOON, 9) == 0
    assert await store.prune(NOON + 1, 9) == 1
    counts = await store.counts()
    assert (counts.parked, counts.inbox_dead) == (0, 1)
    await store.commit(turn(0, aliases=("job-7",)))
    assert await inbox_ids(store, ANN) == []


async def test_ping_answers(store: Store) -> None:
    await store.ping()


# --- opening again ------------------------------------------------------------------------------


async def test_everything_is_there_when_opened_again_under_a_new_epoch(bench: Bench) -> None:
    async with bench.open() as store:
        first = store.epoch
        await store.accept([arrival("m1"), to_alias("p1", "job", park=NOON)])
        await store.commit(
            turn(0, effects=(effect("e1"),), timers_set=(timer("t", 5),), aliases=("+51",))
        )
        await store.keep_flow("f1", b"flow", 1)
        before = await store.counts()
    async with bench.open() as store:
        assert store.epoch == first + 1
        assert await store.counts() == before
        [row] = await store.open_inbox(ANN, 0, 9)
        assert (row.epoch, row.body) == (first, b"m1")
        assert await store.flows() == {"f1": b"flow"}
        await store.accept([to_alias("m2", "+51", "cnv_x")])
        assert await inbox_ids(store, ANN) == ["m1", "m2"]


async def test_an_earlier_owner_writes_nothing_more(bench: Bench) -> None:
    if bench.kind == "sqlite":
        pytest.skip("two owners at once cannot be: the file is locked (see test_room)")
    async with bench.open() as old, bench.open() as new:
        with pytest.raises(StaleCommit):
            await old.commit(turn(0))
        with pytest.raises(StaleCommit):
            await old.accept([arrival("m1")])
        assert await new.load(ANN) is None
        assert await inbox_ids(new, ANN) == []
