"""The contract of every store: what an operator sees and mends."""

from __future__ import annotations

import pytest

from actors.ids import ActorId, EffectId, MessageId
from state.rows import (
    ActorStatus,
    DeadLetter,
    DeadLetterRow,
    LaneRing,
    NothingDue,
    OutboxRow,
    Receipt,
    SettleAs,
    ToDeadLetters,
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
    message,
    settled,
    to_alias,
    turn,
)

LATER = NOON + 500


async def buried(store: Store, name: str = "m1", version: int = 0) -> DeadLetterRow:
    """A dead letter of Ann's, who told it to herself."""
    await store.commit(turn(version, messages=(message(name, ANN, cause=MessageId("why")),)))
    [row] = await store.open_inbox(ANN, 0, 9)
    dead = (DeadLetter(row.position, "raised"),)
    await store.commit(turn(version + 1, at_ms=NOON + 7, dead=dead))
    letter = await store.dead_letter(row.position)
    assert letter is not None
    return letter


async def damaged(store: Store, name: str) -> DeadLetterRow:
    await store.accept([arrival(name, target=ToDeadLetters("not JSON"))])
    return (await store.dead_letters(0, 99))[-1]


# --- seeing dead letters ------------------------------------------------------------------------


async def test_a_dead_letter_is_shown_whole(store: Store) -> None:
    letter = await buried(store)
    assert letter == DeadLetterRow(
        position=letter.position,
        message_id=MessageId("m1"),
        actor=ANN,
        at_ms=NOON,
        dead_at_ms=NOON + 7,
        error="raised",
        body=b"m1",
        cause=MessageId("why"),
        replayed_at_ms=None,
        replays=0,
    )
    assert await store.dead_letters(0, 9) == [letter]


async def test_dead_letters_come_in_order_page_by_page_whoever_they_are_for(store: Store) -> None:
    await damaged(store, "d1")
    await buried(store, "m1")
    await store.accept([to_alias("d2", "nobody")])
    await store.accept([arrival("open"), to_alias("p1", "job", park=NOON)])
    await store.prune(NOON + 1, 9)
    rows = await store.dead_letters(0, 9)
    assert [(row.message_id, row.actor) for row in rows] == [
        ("d1", None),
        ("m1", ANN),
        ("d2", None),
        ("p1", None),
    ]
    assert (rows[0].error, rows[0].body, rows[0].cause) == ("not JSON", b"d1", None)
    assert await store.dead_letters(rows[0].position, 2) == rows[1:3]
    assert await store.dead_letters(rows[3].position, 2) == []
    assert (await store.counts()).inbox_dead == 4


async def test_only_a_dead_letter_is_one(store: Store) -> None:
    await store.accept([arrival("m1"), arrival("m2")])
    handled, waiting = await store.open_inbox(ANN, 0, 9)
    await store.commit(turn(0, handled=(handled.position,)))
    for position in (handled.position, waiting.position, waiting.position + 1):
        assert await store.dead_letter(position) is None
        assert not await store.replay_dead_letter(position, LATER)
        assert not await store.drop_dead_letter(position)
    assert await store.dead_letters(0, 9) == []
    assert await inbox_ids(store, ANN) == ["m2"]
    assert (await store.accept([arrival("m1")])).duplicates == 1


# --- replaying ----------------------------------------------------------------------------------


async def test_a_replay_is_a_message_of_its_own_with_the_same_content(bench: Bench) -> None:
    async with bench.open() as store:
        letter = await buried(store)
    async with bench.open() as store:
        bench.bell.clear()
        assert await store.replay_dead_letter(letter.position, LATER)
        [row] = await store.open_inbox(ANN, 0, 9)
        assert row.position > letter.position
        assert (row.message_id, row.body, row.at_ms) == ("m1.replay.1", b"m1", NOON)
        assert (row.cause, row.epoch, row.recoveries) == ("why", store.epoch, 0)
        assert bench.bell.rows == [row]
        marked = await store.dead_letter(letter.position)
        assert marked is not None
        assert (marked.replayed_at_ms, marked.replays, marked.body) == (LATER, 1, b"m1")
        assert (await store.counts()).inbox_dead == 1


async def test_two_replays_are_two_messages_even_after_the_first_is_pruned(store: Store) -> None:
    letter = await buried(store)
    await store.replay_dead_letter(letter.position, LATER)
    [row] = await store.open_inbox(ANN, 0, 9)
    await store.commit(turn(2, handled=(row.position,)))
    assert await store.prune(NOON + 1, 9) == 1
    await store.replay_dead_letter(letter.position, LATER + 1)
    await store.replay_dead_letter(letter.position, LATER + 2)
    assert await inbox_ids(store, ANN) == ["m1.replay.2", "m1.replay.3"]
    marked = await store.dead_letter(letter.position)
    assert marked is not None
    assert (marked.replayed_at_ms, marked.replays) == (LATER + 2, 3)


async def test_a_replay_is_not_lost_to_a_message_that_bears_its_name(store: Store) -> None:
    letter = await buried(store)
    await store.accept([arrival("m1.replay.1"), to_alias("m1.replay.2", "job", park=LATER)])
    assert await store.replay_dead_letter(letter.position, LATER)
    assert await inbox_ids(store, ANN) == ["m1.replay.1", "m1.replay.3"]


async def test_a_replay_that_dies_is_a_dead_letter_and_can_be_replayed(store: Store) -> None:
    letter = await buried(store)
    await store.replay_dead_letter(letter.position, LATER)
    [row] = await store.open_inbox(ANN, 0, 9)
    await store.commit(turn(2, dead=(DeadLetter(row.position, "raised again"),)))
    assert await store.replay_dead_letter(row.position, LATER)
    assert await store.replay_dead_letter(letter.position, LATER)
    assert await inbox_ids(store, ANN) == ["m1.replay.1.replay.1", "m1.replay.2"]


async def test_a_letter_for_nobody_cannot_be_replayed(store: Store, bell: Bell) -> None:
    letter = await damaged(store, "d1")
    assert not await store.replay_dead_letter(letter.position, LATER)
    assert await store.dead_letter(letter.position) == letter
    assert bell.heard == []


# --- dropping -----------------------------------------------------------------------------------


async def test_a_dropped_letter_is_gone_but_its_id_is_remembered(store: Store, bell: Bell) -> None:
    letters = [await buried(store), await damaged(store, "d1")]
    bell.clear()
    for letter in letters:
        assert await store.drop_dead_letter(letter.position)
        assert not await store.drop_dead_letter(letter.position)
        assert not await store.replay_dead_letter(letter.position, LATER)
        assert await store.dead_letter(letter.position) is None
    assert await store.dead_letters(0, 9) == []
    assert await inbox_ids(store, ANN) == []
    counts = await store.counts()
    assert (counts.inbox_open, counts.inbox_dead) == (0, 0)
    answer = await store.accept([arrival("m1"), arrival("d1")])
    assert (answer.duplicates, bell.heard) == (2, [])


async def test_a_dropped_letter_is_remembered_as_long_as_what_was_handled(store: Store) -> None:
    letter = await buried(store)
    assert await store.prune(LATER, 9) == 0
    await store.drop_dead_letter(letter.position)
    assert await store.prune(letter.dead_at_ms, 9) == 0
    assert await store.prune(letter.dead_at_ms + 1, 9) == 1
    assert (await store.accept([arrival("m1")])).taken == 1


# --- quarantine ---------------------------------------------------------------------------------


async def test_a_quarantined_actor_is_released_under_its_next_version(
    store: Store, bell: Bell
) -> None:
    await store.commit(turn(0, status=ActorStatus.QUARANTINED, failures=3, flow_version="f1"))
    assert (await store.counts()).actors["quarantined"] == 1
    assert await store.release(ANN, LATER)
    row = await store.load(ANN)
    assert row is not None
    assert (row.status, row.failures, row.version) == (ActorStatus.ACTIVE, 0, 2)
    assert (row.state, row.flow_version) == (b"state 1", "f1")
    assert (await store.counts()).actors == {"active": 1, "finished": 0, "quarantined": 0}
    assert not await store.release(ANN, LATER)
    with pytest.raises(StaleCommit):
        await store.commit(turn(1))
    await store.commit(turn(2))
    assert (bell.rows, bell.rings, bell.due_ms) == ([], [], [])


@pytest.mark.parametrize("status", [ActorStatus.ACTIVE, ActorStatus.FINISHED])
async def test_who_is_not_quarantined_is_not_released(store: Store, status: ActorStatus) -> None:
    await store.commit(turn(0, status=status, failures=2))
    before = await store.load(ANN)
    assert not await store.release(ANN, LATER)
    assert not await store.release(ActorId("cnv_nobody"), LATER)
    assert await store.load(ANN) == before


async def test_a_replay_does_not_release(store: Store) -> None:
    letter = await buried(store)
    await store.commit(turn(2, status=ActorStatus.QUARANTINED, failures=3))
    assert await store.replay_dead_letter(letter.position, LATER)
    row = await store.load(ANN)
    assert row is not None
    assert (row.status, row.version) == (ActorStatus.QUARANTINED, 3)


# --- calls of unknown fate ----------------------------------------------------------------------


async def unknown(store: Store, *names: str) -> list[OutboxRow]:
    """Calls of unknown fate, the first of which is looked at last."""
    await store.commit(turn(0, effects=tuple(effect(name) for name in names)))
    for number in range(len(names)):
        row = await claimed(store)
        await store.settle(settled(row, SettleAs.UNKNOWN, due_ms=LATER - number))
    return await store.unknown_sends(0, 99)


async def test_unknown_sends_come_in_order_page_by_page_whether_due_or_not(store: Store) -> None:
    await store.accept([arrival("m1", opens_window_until_ms=NOON + 80)])
    rows = await unknown(store, "e1", "e2", "e3")
    assert [row.effect for row in rows] == ["e1", "e2", "e3"]
    assert [row.due_ms for row in rows] == [LATER, LATER - 1, LATER - 2]
    assert (rows[0].attempts, rows[0].window_until_ms) == (1, NOON + 80)
    assert await store.unknown_sends(rows[0].position, 1) == rows[1:2]
    assert await store.unknown_due(LATER, 9) == rows[::-1]


async def test_only_unknown_sends_are_shown_and_settled(store: Store) -> None:
    names = ("held", "again", "done", "sending", "pending")
    await store.commit(turn(0, effects=tuple(effect(name, lane=name) for name in names)))
    for name, outcome in zip(
        names, (SettleAs.HOLD, SettleAs.RESEND, SettleAs.DELIVERED), strict=False
    ):
        await store.settle(settled(await claimed(store, name), outcome))
    await claimed(store, "sending")
    assert await store.unknown_sends(0, 9) == []
    before = await store.counts()
    for name in (*names, "none"):
        assert not await store.settle_unknown(EffectId(name), SettleAs.DROPPED, LATER)
    assert await store.counts() == before


@pytest.mark.parametrize("outcome", [SettleAs.DELIVERED, SettleAs.DROPPED])
async def test_the_operators_word_ends_a_call(store: Store, bell: Bell, outcome: SettleAs) -> None:
    [row] = await unknown(store, "e1")
    bell.clear()
    assert await store.settle_unknown(row.effect, outcome, LATER)
    assert not await store.settle_unknown(row.effect, outcome, LATER)
    assert not await store.settle(settled(row, SettleAs.UNKNOWN))
    assert await store.unknown_sends(0, 9) == []
    assert sum((await store.counts()).outbox.values()) == 0
    assert (bell.rows, bell.rings) == ([], [])
    assert await store.prune(LATER, 9) == 0
    assert await store.prune(LATER + 1, 9) == 1


async def test_the_operator_has_a_call_made_once_more(store: Store, bell: Bell) -> None:
    first, _ = await unknown(store, "e1", "e2")
    bell.clear()
    assert await store.settle_unknown(first.effect, SettleAs.RESEND, NOON + 3)
    assert bell.rings == [LaneRing("ann", "whatsapp", NOON + 3)]
    assert await store.claim("ann", NOON + 2) == NothingDue(NOON + 3)
    again = await claimed(store, now_ms=NOON + 3)
    assert (again.effect, again.attempts, again.resends) == ("e1", 2, 1)
    assert [row.effect for row in await store.unknown_sends(0, 9)] == ["e2"]


async def test_a_late_receipt_still_counts_against_the_operators_word(
    store: Store, bell: Bell
) -> None:
    [row] = await unknown(store, "e1")
    await store.settle_unknown(row.effect, SettleAs.DELIVERED, LATER)
    await store.accept([], [Receipt("e1.1", 0, LATER, failure=b"failed")])
    assert bell.heard == ["e1.failed"]


@pytest.mark.parametrize(
    "outcome", [SettleAs.REJECTED, SettleAs.RETRY, SettleAs.HOLD, SettleAs.UNKNOWN]
)
async def test_an_operator_says_nothing_else_of_a_call(store: Store, outcome: SettleAs) -> None:
    rows = await unknown(store, "e1")
    with pytest.raises(ConstraintBroken):
        await store.settle_unknown(rows[0].effect, outcome, LATER)
    assert await store.unknown_sends(0, 9) == rows


# --- pruning what is held -----------------------------------------------------------------------


async def test_held_calls_past_their_time_are_pruned(store: Store) -> None:
    await store.commit(
        turn(
            0,
            effects=(
                effect("late", not_after_ms=NOON + 9),
                effect("later", not_after_ms=NOON + 10),
                effect("whenever"),
            ),
        )
    )
    for _ in range(3):
        await store.settle(settled(await claimed(store), SettleAs.HOLD))
    await store.commit(turn(1, effects=(effect("pending", not_after_ms=NOON + 9),)))
    assert await store.prune(NOON + 9, 9) == 0
    assert await store.prune(NOON + 10, 9) == 1
    outbox = (await store.counts()).outbox
    assert (outbox["held"], outbox["pending"]) == (2, 1)
    await store.accept([arrival("m1", opens_window_until_ms=LATER)])
    assert (await claimed(store)).effect == "later"
    await store.commit(turn(2, effects=(effect("late"),)))


async def test_held_calls_are_pruned_up_to_the_limit_earliest_first(store: Store) -> None:
    times = {"e1": NOON + 9, "e2": NOON + 8, "e3": NOON + 7}
    calls = tuple(effect(name, not_after_ms=until) for name, until in times.items())
    await store.commit(turn(0, effects=calls))
    for _ in times:
        await store.settle(settled(await claimed(store), SettleAs.HOLD))
    assert await store.prune(LATER, 2) == 2
    await store.accept([arrival("m1", opens_window_until_ms=LATER)])
    assert (await claimed(store)).effect == "e1"
