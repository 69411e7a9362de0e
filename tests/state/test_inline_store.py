"""What is particular to the in-line store: hooks, files; and groups, which it can look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.ids import ActorId
from state.accepting import Accept
from state.inline_store import InlineDisk, InlineStore
from state.rows import ActorStatus, Arrival, Commit
from state.store import StoreError, StoreFull, StoreRefused
from state.transactions import Unit, transact
from tests.state.benches import ANN, NOON, Bell, arrival, effect, inbox_ids, turn
from tests.state.test_stores_agree import ACTORS, arrivals, effects, few, messages, names


class Crash(Exception):
    """The simulated end of the process."""


def crash(unit: str) -> None:
    raise Crash(unit)


def full(unit: str) -> None:
    raise StoreFull(unit)


async def test_a_crash_before_commit_leaves_nothing() -> None:
    disk, bell = InlineDisk(), Bell()
    store = InlineStore(disk, bell, before_commit=crash)
    with pytest.raises(Crash, match="Accept"):
        await store.accept([arrival("m1")])
    store = InlineStore(disk, bell)
    assert (await inbox_ids(store, ANN), bell.heard) == ([], [])
    disk.close()


async def test_a_crash_after_commit_leaves_a_unit_that_nobody_was_rung_for() -> None:
    disk, bell = InlineDisk(), Bell()
    store = InlineStore(disk, bell, after_commit=crash)
    with pytest.raises(Crash, match="Accept"):
        await store.accept([arrival("m1")])
    store = InlineStore(disk, bell)
    assert (await inbox_ids(store, ANN), bell.heard) == (["m1"], [])
    disk.close()


async def test_a_hook_can_refuse_and_the_store_goes_on() -> None:
    disk = InlineDisk()
    store = InlineStore(disk, Bell(), before_commit=full)
    with pytest.raises(StoreFull, match="Commit"):
        await store.commit(turn(0, effects=(effect("e1"),)))
    store.before_commit = None
    await store.commit(turn(0, effects=(effect("e1"),)))
    assert (await store.counts()).outbox["pending"] == 1
    disk.close()


async def test_a_unit_is_whole_when_its_caller_is_cancelled() -> None:
    disk, bell = InlineDisk(), Bell()
    with trio.CancelScope() as scope:
        store = InlineStore(disk, bell, after_commit=lambda _: scope.cancel())
        await store.accept([arrival("m1")])
    assert scope.cancelled_caught
    assert bell.heard == ["m1"]
    disk.close()


async def test_a_file_can_be_left_and_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    disk = InlineDisk(path)
    await InlineStore(disk, Bell()).commit(turn(0))
    disk.close()
    disk = InlineDisk(path)
    store = InlineStore(disk, Bell())
    assert store.epoch == 2
    assert await store.load(ANN) is not None
    disk.close()
    path.write_bytes(b"")
    with pytest.raises(StoreRefused, match="empty"):
        InlineDisk(path)


# --- groups -------------------------------------------------------------------------------------

turns = st.tuples(
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from([b"state", b"state", b""]),
    few(messages),
    few(effects),
    few(names),
    few(names),
)


def commit_of(actor: ActorId, parts: tuple[Any, ...]) -> Commit:
    version, state, told, called, dropped, aliases = parts
    return Commit(
        actor,
        version,
        ActorStatus.ACTIVE,
        state,
        NOON,
        messages=told,
        effects=called,
        topics_dropped=dropped,
        aliases=aliases,
    )


async def outcome(groups: Sequence[Sequence[Unit]], parked: Sequence[Arrival]) -> object:
    """What the answers are, and what can be seen afterwards, when units come in these groups."""
    disk, bell = InlineDisk(), Bell()
    store = InlineStore(disk, bell)
    await store.accept(parked)
    answers: list[object] = []
    for group in groups:
        done = transact(disk.connection, store.epoch, group)
        done.rings.ring(bell)
        answers.extend(type(a) if isinstance(a, StoreError) else a for a in done.answers)
    inboxes = [sorted(await inbox_ids(store, actor)) for actor in ACTORS]
    lanes = await store.open_lanes("", 9)
    seen = (answers, inboxes, lanes, await store.counts(), sorted(bell.heard), set(bell.lane_names))
    disk.close()
    return seen


def split(units: Sequence[Unit]) -> list[list[Unit]]:
    return [[unit] for unit in units]


@settings(max_examples=100, deadline=None, database=None)
@given(st.tuples(turns, turns, turns), few(arrivals))
def test_commits_of_a_group_do_what_they_would_do_alone(
    parts: tuple[Any, ...], parked: tuple[Arrival, ...]
) -> None:
    units = [commit_of(actor, part) for actor, part in zip(ACTORS, parts, strict=True)]
    assert trio.run(outcome, [units], parked) == trio.run(outcome, split(units), parked)


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(few(arrivals), max_size=5), few(arrivals))
def test_arrivals_of_a_group_do_what_they_would_do_alone(
    batches: list[tuple[Arrival, ...]], parked: tuple[Arrival, ...]
) -> None:
    units = [Accept(batch, ()) for batch in batches]
    assert trio.run(outcome, [units], parked) == trio.run(outcome, split(units), parked)
