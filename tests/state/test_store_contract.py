"""The contract of every store: accepting from outside, committing what actors decided."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from actors.ids import ActorId, EffectId, MessageId
from state.rows import (
    Acceptance,
    ActorRow,
    ActorStatus,
    DeadLetter,
    NothingDue,
    SettleAs,
    ToDeadLetters,
    Withdrawal,
)
from state.store import ConstraintBroken, StaleCommit, Store
from tests.state.benches import (
    ANN,
    BOB,
    NOON,
    Bell,
    arrival,
    claimed,
    effect,
    inbox_ids,
    message,
    settled,
    timer,
    to_alias,
    turn,
)

# --- accepting ----------------------------------------------------------------------------------


async def test_an_arrival_waits_in_the_inbox_and_rings_with_the_whole_row(
    store: Store, bell: Bell
) -> None:
    answer = await store.accept([arrival("m1"), arrival("m2")])
    assert answer == Acceptance(2, 0, 0, 0, 0, 0)
    rows = await store.open_inbox(ANN, 0, 10)
    assert [(row.message_id, row.body, row.epoch) for row in rows] == [
        ("m1", b"m1", store.epoch),
        ("m2", b"m2", store.epoch),
    ]
    assert bell.rows == rows
    assert rows[0].position < rows[1].position


async def test_inbox_is_read_beyond_a_position_and_up_to_a_limit(store: Store) -> None:
    await store.accept([arrival("m1"), arrival("m2"), arrival("m3")])
    [first] = await store.open_inbox(ANN, 0, 1)
    assert [r.message_id for r in await store.open_inbox(ANN, first.position, 1)] == ["m2"]


async def test_a_message_id_is_taken_once_whoever_it_would_go_to(store: Store, bell: Bell) -> None:
    await store.accept([arrival("m1")])
    answer = await store.accept([arrival("m1", BOB), arrival("m2", BOB), arrival("m2")])
    assert (answer.taken, answer.duplicates) == (1, 2)
    assert await inbox_ids(store, BOB) == ["m2"]
    assert bell.heard == ["m1", "m2"]


async def test_a_handled_message_is_still_remembered_as_seen(store: Store) -> None:
    await store.accept([arrival("m1")])
    [row] = await store.open_inbox(ANN, 0, 1)
    await store.commit(turn(0, handled=(row.position,)))
    assert (await store.accept([arrival("m1")])).duplicates == 1
    assert await inbox_ids(store, ANN) == []


async def test_first_arrival_for_a_new_alias_mints_and_the_next_follows(store: Store) -> None:
    answer = await store.accept([to_alias("m1", "+51", "cnv_x"), to_alias("m2", "+51", "cnv_y")])
    assert answer.taken == 2
    await store.accept([to_alias("m3", "+51", "cnv_z")])
    assert await inbox_ids(store, ActorId("cnv_x")) == ["m1", "m2", "m3"]


async def test_a_duplicate_does_not_mint(store: Store) -> None:
    await store.accept([arrival("m1")])
    await store.accept([to_alias("m1", "+51", "cnv_x"), to_alias("m2", "+51", "cnv_y")])
    assert await inbox_ids(store, ActorId("cnv_y")) == ["m2"]


async def test_concurrent_arrivals_for_a_new_alias_go_to_one_actor(
    store: Store, bell: Bell
) -> None:
    async with trio.open_nursery() as nursery:
        for number in range(20):
            one = to_alias(f"m{number}", "+51", f"cnv_{number}")
            nursery.start_soon(store.accept, [one])
    assert len({row.actor for row in bell.rows}) == 1
    assert len(bell.rows) == 20


async def test_must_exist_takes_only_what_finds_its_actor(store: Store) -> None:
    answer = await store.accept(
        [
            arrival("m1", must_exist=True),
            to_alias("m2", "+51", "cnv_x", must_exist=True),
            to_alias("m3", "+51", park=NOON + 1, must_exist=True),
        ]
    )
    assert (answer.taken, answer.refused) == (0, 3)
    # An open message makes an actor exist, and so does its row. What was refused was not seen.
    await store.accept([arrival("m0")])
    assert (await store.accept([arrival("m1", must_exist=True)])).taken == 1
    await store.commit(turn(0, BOB))
    assert (await store.accept([arrival("m2", BOB, must_exist=True)])).taken == 1


async def test_what_could_not_be_understood_is_kept_as_a_dead_letter(
    store: Store, bell: Bell
) -> None:
    dead = arrival("m1", target=ToDeadLetters("not JSON"))
    assert (await store.accept([dead, dead])) == Acceptance(1, 1, 0, 0, 0, 0)
    assert (await store.counts()).inbox_dead == 1
    assert bell.heard == []


async def test_an_alias_of_nobody_without_time_to_wait_is_a_dead_letter(store: Store) -> None:
    assert (await store.accept([to_alias("m1", "job-7")])).taken == 1
    counts = await store.counts()
    assert (counts.inbox_dead, counts.parked) == (1, 0)


async def test_parked_messages_move_to_whoever_claims_the_alias(store: Store, bell: Bell) -> None:
    answer = await store.accept(
        [to_alias("p1", "job-7", park=NOON + 9), to_alias("p2", "job-7", park=NOON + 9)]
    )
    assert (answer.parked, bell.heard) == (2, [])
    assert (await store.accept([to_alias("p1", "job-7", park=NOON + 9)])).duplicates == 1
    await store.commit(turn(0, aliases=("job-7",), messages=(message("m1", ANN),)))
    assert await inbox_ids(store, ANN) == ["p1", "p2", "m1"]
    assert bell.heard == ["p1", "p2", "m1"]
    await store.accept([to_alias("p3", "job-7", park=NOON + 9)])
    assert (await inbox_ids(store, ANN))[-1] == "p3"
    assert (await store.counts()).parked == 0


async def test_an_alias_moves_to_the_actor_that_claims_it_last(store: Store) -> None:
    await store.commit(turn(0, aliases=("+51",)))
    await store.commit(turn(0, BOB, aliases=("+51",)))
    await store.accept([to_alias("m1", "+51", "cnv_x")])
    assert await inbox_ids(store, BOB) == ["m1"]


# --- committing ---------------------------------------------------------------------------------


async def test_messages_of_nobody_are_closed_and_make_no_actor(store: Store, bell: Bell) -> None:
    await store.accept([arrival("m1"), arrival("m2"), arrival("m3")])
    one, two, three = await store.open_inbox(ANN, 0, 10)
    bell.clear()
    nobody: dict[str, Any] = {"state": b"", "flow_version": "f1"}
    await store.commit(
        turn(
            0,
            **nobody,
            handled=(one.position,),
            dead=(DeadLetter(two.position, "raised"),),
            messages=(message("n1"),),
            effects=(effect("e1"),),
            timers_set=(timer("t", NOON + 9),),
            aliases=("job-7",),
        )
    )
    assert await store.load(ANN) is None
    counts = await store.counts()
    assert sum(counts.actors.values()) == 0
    assert (counts.inbox_open, counts.inbox_dead, counts.timers) == (2, 1, 1)
    assert (bell.heard, bell.lane_names, bell.due_ms) == (["n1"], ["ann"], [NOON + 9])
    # The third message is open; once it is handled, nobody is there.
    assert (await store.accept([arrival("m4", must_exist=True)])).taken == 1
    [_, four] = await store.open_inbox(ANN, 0, 10)
    await store.commit(turn(0, **nobody, handled=(three.position, four.position)))
    late = [arrival("m5", must_exist=True), to_alias("m6", "job-7", must_exist=True)]
    assert (await store.accept(late)).refused == 2
    with pytest.raises(StaleCommit):
        await store.commit(turn(1, **nobody))
    await store.commit(turn(0))
    assert (await store.accept(late)).taken == 2


async def test_an_actor_with_an_empty_state_stays_an_actor(store: Store) -> None:
    await store.commit(turn(0))
    with pytest.raises(StaleCommit):
        await store.commit(turn(0, state=b""))
    await store.commit(turn(1, state=b""))
    row = await store.load(ANN)
    assert row is not None
    assert (row.version, row.state) == (2, b"")


async def test_a_commit_writes_the_actor_and_closes_messages(store: Store) -> None:
    assert await store.load(ANN) is None
    await store.accept([arrival("m1"), arrival("m2"), arrival("m3")])
    one, two, _ = await store.open_inbox(ANN, 0, 10)
    await store.commit(
        turn(
            0,
            status=ActorStatus.QUARANTINED,
            failures=3,
            flow_version="f1",
            handled=(one.position,),
            dead=(DeadLetter(two.position, "raised"),),
        )
    )
    assert await store.load(ANN) == ActorRow(ANN, 1, ActorStatus.QUARANTINED, b"state 1", 3, "f1")
    assert await inbox_ids(store, ANN) == ["m3"]
    counts = await store.counts()
    assert (counts.inbox_open, counts.inbox_dead) == (1, 1)
    assert counts.actors == {"active": 0, "finished": 0, "quarantined": 1}


@pytest.mark.parametrize("version", [0, 2])
async def test_a_stale_commit_writes_nothing(store: Store, bell: Bell, version: int) -> None:
    await store.commit(turn(0))
    bell.clear()
    with pytest.raises(StaleCommit):
        await store.commit(
            turn(version, effects=(effect("e1"),), messages=(message("m1"),), aliases=("+51",))
        )
    row = await store.load(ANN)
    assert row is not None
    assert (row.version, row.state) == (1, b"state 1")
    assert isinstance(await store.claim("ann", NOON), NothingDue)
    assert (bell.heard, bell.rings, await inbox_ids(store, BOB)) == ([], [], [])


async def test_a_commit_that_breaks_a_constraint_writes_nothing(store: Store, bell: Bell) -> None:
    await store.commit(turn(0, effects=(effect("e1"),)))
    bell.clear()
    for guilty in (
        turn(1, messages=(message("m1"),), effects=(effect("e1"),)),
        turn(1, messages=(message("m1"),), handled=(77,)),
        turn(1, messages=(message("m1"),), timers_set=(timer("t", NOON, actor=BOB),)),
    ):
        with pytest.raises(ConstraintBroken):
            await store.commit(guilty)
    assert (await inbox_ids(store, BOB), bell.heard) == ([], [])
    await store.commit(turn(1, messages=(message("m1"),)))
    assert await inbox_ids(store, BOB) == ["m1"]


async def test_an_actor_cannot_close_the_message_of_another(store: Store) -> None:
    await store.accept([arrival("m1", BOB)])
    [row] = await store.open_inbox(BOB, 0, 1)
    with pytest.raises(ConstraintBroken):
        await store.commit(turn(0, handled=(row.position,)))
    assert await inbox_ids(store, BOB) == ["m1"]


async def test_messages_seen_before_are_left_out_of_a_commit(store: Store, bell: Bell) -> None:
    await store.accept([arrival("m1", BOB), to_alias("p1", "job", park=NOON)])
    bell.clear()
    cause = MessageId("m0")
    await store.commit(
        turn(
            0,
            messages=(
                message("m1"),
                message("p1"),
                message("m2", cause=cause),
                message("m2"),
            ),
        )
    )
    assert [(row.message_id, row.cause) for row in bell.rows] == [("m2", cause)]
    assert await inbox_ids(store, BOB) == ["m1", "m2"]


async def test_a_new_effect_drops_what_waits_of_its_topic(store: Store) -> None:
    await store.commit(
        turn(
            0,
            effects=(
                effect("old", topic="progress", not_before_ms=NOON + 50),
                effect("other", topic="result"),
                effect("plain"),
            ),
        )
    )
    await store.commit(turn(0, BOB, effects=(effect("hers", lane="bob", topic="progress"),)))
    await store.commit(turn(1, effects=(effect("new", topic="progress"),)))
    names = []
    for _ in range(3):
        row = await claimed(store, now_ms=NOON + 100)
        names.append(row.effect)
        await store.settle(settled(row, SettleAs.DELIVERED))
    assert names == ["other", "plain", "new"]
    assert (await claimed(store, "bob")).effect == "hers"


async def test_of_two_effects_of_a_topic_in_one_turn_the_later_stands(
    store: Store, bell: Bell
) -> None:
    await store.commit(
        turn(0, effects=(effect("e1", lane="a", topic="p"), effect("e2", lane="b", topic="p")))
    )
    assert bell.lane_names == ["b"]
    assert await store.claim("a", NOON) == NothingDue(None)
    assert (await claimed(store, "b")).effect == "e2"


async def test_a_dropped_topic_leaves_what_is_being_sent(store: Store) -> None:
    await store.commit(turn(0, effects=(effect("e1", topic="p"), effect("e2", topic="p2"))))
    row = await claimed(store)
    await store.commit(turn(1, topics_dropped=("p", "p2")))
    assert await store.settle(settled(row, SettleAs.DELIVERED))
    assert await store.claim("ann", NOON) == NothingDue(None)


async def test_a_withdrawal_tells_only_when_the_call_was_not_sent(store: Store, bell: Bell) -> None:
    await store.commit(turn(0, effects=(effect("e1"), effect("e2"))))
    await claimed(store)
    back = tuple(
        Withdrawal(EffectId(name), message(f"{name}.back", ANN)) for name in ("e1", "e2", "e3")
    )
    await store.commit(turn(1, withdrawals=back))
    assert bell.heard == ["e2.back"]
    counts = await store.counts()
    assert counts.outbox == {"pending": 0, "sending": 1, "held": 0, "unknown": 0}


async def test_what_is_to_be_sent_again_cannot_be_withdrawn(store: Store, bell: Bell) -> None:
    await store.commit(turn(0, effects=(effect("e1"),)))
    await store.settle(settled(await claimed(store), SettleAs.RESEND))
    back = (Withdrawal(EffectId("e1"), message("back", ANN)),)
    await store.commit(turn(1, withdrawals=back))
    assert bell.heard == []
    assert (await claimed(store)).resends == 1
