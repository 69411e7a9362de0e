"""SQLite and dicts, given the same random operations, answer, ring and hold the same."""

from __future__ import annotations

from typing import Any

import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.ids import ActorId, EffectId, MessageId
from state.inline_store import InlineDisk, InlineStore
from state.memory_disk import MemoryDisk
from state.memory_store import MemoryStore
from state.rows import (
    ActorStatus,
    Arrival,
    Claimed,
    Commit,
    DeadLetter,
    NewEffect,
    NewMessage,
    Receipt,
    SettleAs,
    Settlement,
    Timer,
    ToActor,
    ToAlias,
    ToDeadLetters,
    Withdrawal,
)
from state.store import Store, StoreError
from tests.state.benches import Bell

ACTORS = [ActorId(name) for name in ("a", "b", "c")]
LANES = ["l1", "l2"]
EFFECTS = [EffectId(f"e{number}") for number in range(6)]

actors = st.sampled_from(ACTORS)
times = st.integers(0, 9)
maybe_times = st.none() | times
message_ids = st.sampled_from(
    [*(MessageId(f"m{number}") for number in range(12)), MessageId("m0.replay.1")]
)
names = st.sampled_from(["x", "y"])
targets = st.one_of(
    st.builds(ToActor, actors),
    st.builds(ToAlias, names, st.none() | actors, maybe_times),
    st.just(ToDeadLetters("why")),
)
arrivals = st.builds(
    Arrival, message_ids, targets, times, st.just(b"in"), maybe_times, st.booleans()
)
attempts = st.builds("{}.{}".format, st.sampled_from(EFFECTS), st.integers(0, 3))
receipts = st.builds(
    Receipt, attempts, st.integers(0, 3), times, st.none(), st.none() | st.just(b"failed")
)
messages = st.builds(NewMessage, message_ids, actors, times, st.just(b"told"))
effects = st.builds(
    NewEffect,
    st.sampled_from(EFFECTS),
    st.sampled_from(LANES),
    st.just("somewhere"),
    st.just(b"call"),
    message_ids,
    times,
    maybe_times,
    maybe_times,
    st.none() | names,
)


def few(one: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(one, max_size=2).map(tuple)


commits = st.fixed_dictionaries(
    {
        "actor": actors,
        "off": st.sampled_from([0, 0, 0, 0, 1]),
        "handled": st.integers(0, 2),
        "dead": st.booleans(),
        "status": st.sampled_from(ActorStatus),
        "state": st.sampled_from([b"state", b"state", b""]),
        "at_ms": times,
        "flow_version": st.none() | names,
        "messages": few(messages),
        "effects": few(effects),
        "withdrawals": few(st.builds(Withdrawal, st.sampled_from(EFFECTS), messages)),
        "topics_dropped": few(names),
        "timers_set": few(st.tuples(names, st.integers(0, 2), times)),
        "timers_cleared": few(names),
        "aliases": few(names),
    }
)
# What an operator may say, and one thing that he may not.
words = st.sampled_from([SettleAs.DELIVERED, SettleAs.DROPPED, SettleAs.RESEND, SettleAs.HOLD])
operations = st.one_of(
    st.tuples(st.just("commit"), commits),
    st.tuples(st.just("accept"), few(arrivals), few(receipts)),
    st.tuples(st.just("commit"), commits),
    st.tuples(st.just("commit"), commits),
    st.tuples(st.just("claim"), st.sampled_from(LANES), times),
    st.tuples(st.just("settle"), st.integers(0, 3), st.sampled_from(SettleAs), times, maybe_times),
    st.tuples(st.just("settle"), st.integers(0, 3), st.sampled_from(SettleAs), times, maybe_times),
    st.tuples(st.just("fire_timers"), times, st.integers(1, 2)),
    st.tuples(st.just("prune"), times, st.integers(1, 9)),
    st.tuples(st.just("keep_flow"), names, times),
    st.tuples(st.just("count_recovery"), st.integers(1, 9)),
    st.tuples(st.just("lose"), st.sampled_from(LANES), times),
    st.tuples(st.just("replay_dead_letter"), st.integers(0, 3), times),
    st.tuples(st.just("drop_dead_letter"), st.integers(0, 3)),
    st.tuples(st.just("release"), actors, times),
    st.tuples(st.just("finish"), actors, times),
    st.tuples(st.just("settle_unknown"), st.integers(0, 1), words, times),
    st.tuples(st.just("reopen")),
)


class Side:
    """One store, and the attempts it gave out."""

    def __init__(self, inline: InlineDisk | None) -> None:
        self.bell = Bell()
        self._inline = inline
        self._memory = MemoryDisk()
        self.begun: list[tuple[EffectId, int]] = []
        self.store = self.open()

    def open(self) -> Store:
        if self._inline is not None:
            return InlineStore(self._inline, self.bell)
        return MemoryStore(self._memory, self.bell)

    async def do(self, operation: tuple[Any, ...]) -> object:
        try:
            return await self._do(*operation)
        except StoreError as error:
            return type(error)

    async def _do(self, name: str, *args: Any) -> object:
        store = self.store
        match name:
            case "commit":
                await store.commit(await self._commit(**args[0]))
                return None
            case "claim":
                answer = await store.claim(*args)
                if isinstance(answer, Claimed):
                    self.begun.append((answer.row.effect, answer.row.attempts))
                return answer
            case "lose":
                await self._do("claim", *args)
                return await self._settle(0, SettleAs.UNKNOWN, args[1], None)
            case "replay_dead_letter" | "drop_dead_letter":
                letters = await store.dead_letters(0, 99)
                place = letters[args[0] % len(letters)].position if letters else 1
                return await getattr(store, name)(place, *args[1:])
            case "settle_unknown":
                lost = await store.unknown_sends(0, 99)
                effect = lost[args[0] % len(lost)].effect if lost else EFFECTS[0]
                return await store.settle_unknown(effect, *args[1:])
            case "settle":
                return await self._settle(*args)
            case "finish":
                await store.commit(await self._last_turn(*args))
                return None
            case "keep_flow":
                await store.keep_flow(args[0], b"flow", args[1])
                return None
            case "reopen":
                self.store = self.open()
                return self.store.epoch
            case _:
                return await getattr(store, name)(*args)

    async def _settle(self, back: int, outcome: SettleAs, at: int, due: int | None) -> object:
        if len(self.begun) <= back:
            return None
        effect, number = self.begun[-1 - back]
        tell = NewMessage(MessageId(f"{effect}.{number}"), ACTORS[0], at, b"settled")
        unit = Settlement(effect, number, outcome, at, due, tell=tell)
        return await self.store.settle(unit)

    async def _commit(self, **fields: Any) -> Commit:
        actor = fields["actor"]
        row = await self.store.load(actor)
        waiting = await self.store.open_inbox(actor, 0, 9)
        count = fields["handled"]
        return Commit(
            actor=actor,
            expected_version=(0 if row is None else row.version) + fields["off"],
            status=fields["status"],
            failures=count,
            state=fields["state"],
            at_ms=fields["at_ms"],
            flow_version=fields["flow_version"],
            handled=tuple(row.position for row in waiting[:count]),
            dead=tuple(
                DeadLetter(row.position, "raised")
                for row in waiting[count : count + fields["dead"]]
            ),
            messages=fields["messages"],
            effects=fields["effects"],
            withdrawals=fields["withdrawals"],
            topics_dropped=fields["topics_dropped"],
            timers_set=tuple(
                Timer(actor, name, generation, due_ms, b"timer")
                for name, generation, due_ms in fields["timers_set"]
            ),
            timers_cleared=fields["timers_cleared"],
            aliases=fields["aliases"],
        )

    async def _last_turn(self, actor: ActorId, at_ms: int) -> Commit:
        """Leave as little to wait for as an actor can, so that it may be pruned."""
        row = await self.store.load(actor)
        waiting = await self.store.open_inbox(actor, 0, 99)
        return Commit(
            actor=actor,
            expected_version=0 if row is None else row.version,
            status=ActorStatus.FINISHED,
            state=b"state",
            at_ms=at_ms,
            handled=tuple(row.position for row in waiting),
            topics_dropped=("x", "y"),
            timers_cleared=("x", "y"),
        )

    async def picture(self) -> object:
        """All that can be seen from outside."""
        store = self.store
        return (
            [await store.load(actor) for actor in ACTORS],
            [await store.open_inbox(actor, 0, 99) for actor in ACTORS],
            await store.interrupted(99),
            await store.unknown_due(5, 99),
            await store.unknown_sends(1, 99),
            await store.dead_letters(0, 99),
            [await store.dead_letter(position) for position in (1, 2, 3)],
            await store.open_lanes("", 99),
            await store.actors_with_open_inbox(ActorId(""), 5, 99),
            await store.flows(),
            await store.counts(),
            self.bell.rows,
            sorted((ring.lane, ring.due_ms) for ring in self.bell.rings),
            self.bell.due_ms,
        )


async def compare(script: list[tuple[Any, ...]], disk: InlineDisk) -> None:
    one, other = Side(disk), Side(None)
    for operation in script:
        assert await one.do(operation) == await other.do(operation)
    assert await one.picture() == await other.picture()


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
# Left to itself, a list is mostly too short for calls to get lost or actors to be quarantined.
@given(st.lists(operations, min_size=15, max_size=40))
def test_both_stores_answer_ring_and_hold_the_same(script: list[tuple[Any, ...]]) -> None:
    disk = InlineDisk()
    try:
        trio.run(compare, script, disk)
    finally:
        disk.close()
