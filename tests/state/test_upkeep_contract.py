"""The contract of every store: timers, sweeping, flows, pruning, opening again."""

from __future__ import annotations

from typing import Any

import pytest

from actors.ids import ActorId, timer_message_id
from state.rows import ActorStatus, DeadLetter, SettleAs
from state.store import ConstraintBroken, StaleCommit, Store
from tests.state.benches import (
    ANN,
    BOB,
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


# --- pruning actors -----------------------------------------------------------------------------

GONE = ActorStatus.FINISHED


async def test_a_finished_actor_is_forgotten_with_its_aliases_and_its_window(store: Store) -> None:
    window: dict[str, Any] = {"opens_window_until_ms": NOON + 9}
    await store.accept([arrival("m1", **window), arrival("m2", BOB, **window)])
    [mine], [his] = [await store.open_inbox(actor, 0, 9) for actor in (ANN, BOB)]
    await store.commit(turn(0, status=GONE, handled=(mine.position,), aliases=("job-1", "job-2")))
    await store.commit(turn(0, BOB, handled=(his.position,), aliases=("job-3",)))
    assert await store.prune(NOON, 9) == 0
    assert await store.prune(NOON + 1, 9) == 3, "two messages and one actor"
    assert await store.prune(NOON + 1, 9) == 0
    assert await store.load(ANN) is None
    assert await store.load(BOB) is not None
    # Who comes by its name finds nobody; who comes by its id begins anew, and without a window.
    late = [to_alias(f"p{number}", f"job-{number}", park=NOON + 99) for number in (1, 2, 3)]
    answer = await store.accept([*late, arrival("m3", must_exist=True)])
    assert (answer.taken, answer.parked, answer.refused) == (1, 2, 1)
    await store.commit(turn(0, effects=(effect("e1"),)))
    await store.commit(turn(1, BOB, effects=(effect("e2", lane="bob"),)))
    assert (await claimed(store)).window_until_ms is None
    assert (await claimed(store, "bob")).window_until_ms == NOON + 9


@pytest.mark.parametrize("status", [ActorStatus.ACTIVE, ActorStatus.QUARANTINED])
async def test_an_actor_that_is_not_finished_is_never_forgotten(
    store: Store, status: ActorStatus
) -> None:
    await store.commit(turn(0, status=status))
    assert await store.prune(NOON * 9, 9) == 0
    assert await store.load(ANN) is not None


async def test_a_finished_actor_stays_while_a_message_is_open(store: Store) -> None:
    await store.accept([arrival("m1")])
    await store.commit(turn(0, status=GONE))
    assert await store.prune(NOON + 1, 9) == 0
    [row] = await store.open_inbox(ANN, 0, 9)
    dead = (DeadLetter(row.position, "raised"),)
    await store.commit(turn(1, status=GONE, at_ms=NOON + 5, dead=dead))
    assert await store.prune(NOON + 5, 9) == 0, "its last commit counts, not its first"
    assert await store.prune(NOON + 6, 9) == 1
    assert await store.load(ANN) is None
    assert (await store.counts()).inbox_dead == 1


async def test_a_finished_actor_stays_while_a_timer_is_set(store: Store) -> None:
    await store.commit(turn(0, status=GONE, timers_set=(timer("t", NOON * 2),)))
    assert await store.prune(NOON + 1, 9) == 0
    await store.commit(turn(1, status=GONE, timers_cleared=("t",)))
    assert await store.prune(NOON + 1, 9) == 1


@pytest.mark.parametrize("open_as", [None, SettleAs.RETRY, SettleAs.HOLD, SettleAs.UNKNOWN])
async def test_a_finished_actor_stays_while_a_call_is_not_settled(
    store: Store, open_as: SettleAs | None
) -> None:
    await store.commit(turn(0, status=GONE, effects=(effect("e1", topic="t"), effect("e2"))))
    row = await claimed(store)
    assert await store.prune(NOON + 1, 9) == 0, "sending"
    if open_as is not None:
        await store.settle(settled(row, open_as))
    assert await store.prune(NOON + 1, 9) == 0
    if open_as in (SettleAs.RETRY, SettleAs.HOLD):
        await store.commit(turn(1, status=GONE, topics_dropped=("t",)))
    elif open_as is SettleAs.UNKNOWN:
        await store.settle_unknown(row.effect, SettleAs.DROPPED, NOON)
    else:
        await store.settle(settled(row, SettleAs.DELIVERED))
    assert await store.prune(NOON + 1, 9) == 1, "the call; another still waits"
    await store.settle(settled(await claimed(store), SettleAs.DELIVERED, at_ms=NOON + 50))
    assert await store.prune(NOON + 1, 9) == 1, "the actor; the call ended later"
    assert await store.load(ANN) is None


async def test_finished_actors_are_forgotten_in_batches_the_oldest_first(store: Store) -> None:
    for number in range(5):
        await store.commit(turn(0, ActorId(f"job_{number}"), status=GONE, at_ms=NOON - number))
    assert await store.prune(NOON + 1, 2) == 2
    left = [number for number in range(5) if await store.load(ActorId(f"job_{number}"))]
    assert left == [0, 1, 2]
    assert await store.prune(NOON + 1, 9) == 3


async def test_a_flow_goes_with_the_last_actor_that_was_in_it(store: Store) -> None:
    await store.keep_flow("f1", b"flow", 1)
    await store.keep_flow("f2", b"flow", 2)
    await store.commit(turn(0, status=GONE, flow_version="f1"))
    assert await store.prune(NOON + 1, 9) == 2
    assert await store.flows() == {"f2": b"flow"}


async def test_whoever_holds_a_forgotten_actor_in_memory_meets_stale_commit(store: Store) -> None:
    await store.commit(turn(0, status=GONE))
    await store.prune(NOON + 1, 9)
    with pytest.raises(StaleCommit):
        await store.commit(turn(1))
    await store.commit(turn(0))


# --- the writer ---------------------------------------------------------------------------------


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
