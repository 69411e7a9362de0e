"""The life of live actors: in order, exactly once, asleep and awake, through trouble."""

from __future__ import annotations

import random

import pytest
import trio
import trio.testing
from msgspec.structs import replace

from actors.ids import ActorId
from state.memory_disk import MemoryDisk
from state.rows import ActorRow, ActorStatus, Commit
from state.store import ConstraintBroken, StaleCommit, StoreFull
from tests.daemon.parts import ANN, BOB, NOTEBOOK, Core, Notebook, breaks, jitter, shell

Patch = pytest.MonkeyPatch


async def quiet() -> None:
    await trio.testing.wait_all_tasks_blocked()


@pytest.fixture
def core() -> Core:
    return Core()


async def test_the_first_message_starts_the_actor(core: Core, monkeypatch: Patch) -> None:
    async with shell(core, monkeypatch) as parts:
        await parts.hear("hello")
        await quiet()
        assert parts.notebook() == ("hello",)
        assert parts.disk.actors[ANN].version == 1
        assert parts.open_positions() == []
        [line] = parts.log.of("turn")
        assert (line["message"], line["outcome"]) == ("CustomerLine", "handled")


async def test_messages_while_busy_are_heard_in_order_in_one_batch(
    core: Core, monkeypatch: Patch, autojump_clock: object
) -> None:
    async with shell(core, monkeypatch) as parts:
        await parts.hear("a")
        parts.store.pause = lambda: 1.0
        await parts.hear("b", "c", "d")
        await trio.sleep(10)
        assert parts.notebook() == ("a", "b", "c", "d")
        assert parts.disk.actors[ANN].version <= 3


async def test_a_full_mailbox_falls_back_to_the_store(
    core: Core, monkeypatch: Patch, autojump_clock: object
) -> None:
    async with shell(core, monkeypatch, mailbox_max=2, batch_max=3) as parts:
        await parts.hear("0")
        await quiet()
        parts.store.pause = lambda: 1.0
        words = [str(number) for number in range(1, 30)]
        for word in words:
            await parts.hear(word)
            await trio.sleep(0.3)
        await trio.sleep(60)
        assert parts.notebook() == ("0", *words)
        assert parts.open_positions() == []


async def test_an_idle_actor_goes_to_sleep_and_wakes_with_its_state(
    core: Core, monkeypatch: Patch, autojump_clock: object
) -> None:
    async with shell(core, monkeypatch, actor_idle_s=5) as parts:
        await parts.hear("a")
        await trio.sleep(4)
        assert parts.registry.live_count == 1
        await trio.sleep(2)
        assert parts.registry.live_count == 0
        await parts.hear("b")
        await quiet()
        assert parts.notebook() == ("a", "b")
        assert parts.store.asked.count("load") == 2


async def test_a_turn_that_is_committed_is_told_also_where_everything_is_cancelled(
    core: Core, monkeypatch: Patch
) -> None:
    async with shell(core, monkeypatch) as parts:
        monkeypatch.setattr(parts.store, "lull", trio.sleep_forever, raising=False)
        await parts.hear("a")
        await trio.testing.wait_all_tasks_blocked()
        assert parts.notebook() == ("a",)
        assert parts.log.of("turn") == []
    assert [line["outcome"] for line in parts.log.of("turn")] == ["handled"]


async def test_a_ring_at_the_very_instant_of_passivation_is_not_lost(
    core: Core, monkeypatch: Patch, autojump_clock: object
) -> None:
    async with shell(core, monkeypatch, actor_idle_s=1.0) as parts:
        chance = random.Random(7)
        for number in range(300):
            await parts.hear(str(number))
            # Both sleepers have the same deadline; trio wakes them in an order of its own.
            await trio.sleep(chance.choice([1.0, 1.0 - 1e-9, 1.0 + 1e-9]))
            for _ in range(chance.randrange(4)):
                await trio.lowlevel.checkpoint()
        await trio.sleep(5)
        assert parts.notebook() == tuple(str(number) for number in range(300))
        assert parts.registry.live_count == 0
        assert parts.disk.actors[ANN].version > 250


async def test_many_actors_share_few_places(
    core: Core, monkeypatch: Patch, autojump_clock: object
) -> None:
    async with shell(core, monkeypatch, live_actors_max=2) as parts:
        parts.store.pause = lambda: 0.5
        names = [ActorId(f"cnv_{number}") for number in range(20)]
        for word in ("a", "b"):
            for name in names:
                await parts.hear(word, actor=name)
        assert parts.registry.live_count == 2
        await trio.sleep(100)
        assert all(parts.notebook(name) == ("a", "b") for name in names)
        assert parts.registry.busy_count == 0


async def test_one_that_never_rests_does_not_keep_others_out(
    core: Core, monkeypatch: Patch, autojump_clock: object
) -> None:
    async with shell(core, monkeypatch, live_actors_max=1) as parts:
        parts.store.pause = lambda: 0.4

        async def chatter() -> None:
            for number in range(60):
                await parts.hear(str(number))
                await trio.sleep(0.3)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(chatter)
            await trio.sleep(2)
            await parts.hear("quiet", actor=BOB)
            await trio.sleep(8)
            assert parts.notebook(BOB) == ("quiet",)
        await trio.sleep(50)
        assert parts.notebook() == tuple(str(number) for number in range(60))


# --- trouble with the store ---------------------------------------------------------------------


async def test_a_full_disk_pauses_and_heals(
    core: Core, monkeypatch: Patch, autojump_clock: object
) -> None:
    async with shell(core, monkeypatch) as parts:
        parts.store.fail = lambda method, _: StoreFull() if method == "commit" else None
        await parts.hear("a", "b")
        await trio.sleep(10)
        await parts.hear("c")
        assert parts.notebook() == ()
        parts.store.fail = lambda _method, _unit: None
        await trio.sleep(2)
        assert parts.notebook() == ("a", "b", "c")
        assert parts.dead() == {}


async def test_the_message_whose_turn_cannot_be_kept_is_set_aside_and_its_neighbours_are_handled(
    core: Core, monkeypatch: Patch
) -> None:
    """Whatever contradicts itself: here a message that always makes the same wrong timer."""

    def fail(method: str, unit: object) -> Exception | None:
        if method == "commit" and isinstance(unit, Commit) and unit.aliases:
            return ConstraintBroken("as scripted")
        return None

    core.script = {"guilty": lambda turn: turn.alias("impossible")}
    async with shell(core, monkeypatch) as parts:
        parts.store.fail = fail
        await parts.hear("a", "guilty", "b")
        await quiet()
        assert parts.notebook() == ("a", "b")
        assert parts.dead() == {"x2": "the turn cannot be kept"}
        assert parts.open_positions() == []
        assert len(parts.disk.calls) == 1, "the customer got no apology"
        await parts.hear("c")
        await quiet()
        assert parts.notebook() == ("a", "b", "c"), "one bad turn must not end the talk"
        assert parts.disk.actors[ANN].status is ActorStatus.ACTIVE
        assert parts.log.of("turn_refused")


async def test_where_even_the_fallback_cannot_be_kept_the_actor_is_set_aside(
    core: Core, monkeypatch: Patch
) -> None:
    core.script = {"guilty": lambda turn: turn.alias("impossible")}
    core.fallback = core.script["guilty"]
    async with shell(core, monkeypatch) as parts:
        parts.store.fail = lambda method, unit: (
            ConstraintBroken() if isinstance(unit, Commit) and unit.aliases else None
        )
        await parts.hear("a", "guilty")
        await quiet()
        assert parts.notebook() == ("a",)
        assert parts.dead() == {"x2": "the turn cannot be kept"}
        assert parts.disk.actors[ANN].status is ActorStatus.QUARANTINED
        assert parts.open_positions() == []


async def test_a_row_that_moved_on_behind_the_actors_back_is_read_again(
    core: Core, monkeypatch: Patch
) -> None:
    async with shell(core, monkeypatch) as parts:
        await parts.hear("a")
        await quiet()
        mended = NOTEBOOK.encode(Notebook(("mended",)))
        parts.disk.actors[ANN] = replace(parts.disk.actors[ANN], version=9, state=mended)
        await parts.hear("b")
        await quiet()
        assert parts.notebook() == ("mended", "b")
        assert parts.dead() == {}
        assert parts.disk.actors[ANN].status is ActorStatus.ACTIVE


async def test_another_owner_ends_the_task(core: Core, monkeypatch: Patch) -> None:
    with pytest.RaisesGroup(StaleCommit, flatten_subgroups=True):
        async with shell(core, monkeypatch) as parts:
            await parts.hear("a")
            parts.disk.epoch += 1
            await quiet()


async def test_a_state_that_cannot_be_read_is_kept_and_who_writes_gets_the_apology(
    core: Core, monkeypatch: Patch
) -> None:
    disk = MemoryDisk()
    damaged = ActorRow(ANN, 4, ActorStatus.ACTIVE, b"\x00damaged")
    disk.actors[ANN] = damaged
    async with shell(core, monkeypatch, disk=disk) as parts:
        await parts.hear("a", "b")
        await parts.hear("c", actor=BOB)
        await quiet()
        assert set(parts.dead()) == {"x1", "x2"}
        kept = disk.actors[ANN]
        assert (kept.state, kept.status) == (damaged.state, ActorStatus.ACTIVE)
        assert len(disk.calls) == 2
        assert parts.notebook(BOB) == ("c",)


async def test_bugs_quarantine_the_actor_across_turns(core: Core, monkeypatch: Patch) -> None:
    core.script = {"bad": breaks()}
    async with shell(core, monkeypatch) as parts:
        await parts.hear("good")
        for _ in range(3):
            await parts.hear("bad")
            await quiet()
        assert parts.disk.actors[ANN].status is ActorStatus.QUARANTINED
        await parts.hear("good")
        await quiet()
        assert parts.notebook() == ("good",)
        assert len(parts.dead()) == 3
        assert len(parts.disk.calls) == 4
        assert "hunter2" not in repr(parts.log.lines)
        count = parts.metrics.registry.get_sample_value
        assert count("routerbot_dead_letters_total", {"reason": "raised"}) == 3
        assert count("routerbot_dead_letters_total", {"reason": "quarantined"}) is None


async def test_a_note_may_use_any_name_for_its_fields(core: Core, monkeypatch: Patch) -> None:
    core.script = {"a": lambda turn: turn.note("seen", alarm=True, actor="x", message_id=1, n=2)}
    async with shell(core, monkeypatch) as parts:
        await parts.hear("a")
        await quiet()
        [line] = parts.log.of("seen")
        assert (line["actor"], line["n"], line["alarm"]) == (ANN, 2, True)


# --- messages of an earlier process -------------------------------------------------------------


async def test_what_an_earlier_process_left_is_handled_one_at_a_time_and_counted(
    core: Core, monkeypatch: Patch
) -> None:
    disk = MemoryDisk()
    async with shell(disk=disk) as before:
        before.registry.stop()
        await before.hear("a", "b", "c")
    async with shell(core, monkeypatch, disk=disk) as parts:
        await parts.hear("d", "e")
        await quiet()
        assert parts.notebook() == ("a", "b", "c", "d", "e")
        assert disk.actors[ANN].version == 4
        assert parts.store.asked.count("count_recovery") == 3
        assert [disk.letters[at].row.recoveries for at in (1, 2, 3, 4)] == [1, 1, 1, 0]


async def test_at_the_third_recovery_a_message_becomes_a_dead_letter(
    core: Core, monkeypatch: Patch
) -> None:
    disk = MemoryDisk()
    async with shell(disk=disk) as before:
        before.registry.stop()
        await before.hear("a", "poison", "b")
    core.script = {"poison": lambda _turn: pytest.fail("looked at")}
    disk.letters[2].row = replace(disk.letters[2].row, recoveries=2)
    async with shell(core, monkeypatch, disk=disk) as parts:
        parts.registry.wake(ANN)
        await quiet()
        assert parts.notebook() == ("a", "b")
        assert parts.dead() == {"x2": "the process died while this was handled"}
        assert len(disk.calls) == 1


async def test_a_message_that_kills_the_process_is_not_tried_for_ever(
    core: Core, monkeypatch: Patch
) -> None:
    class Killed(BaseException):
        pass

    def kill(_turn: object) -> None:
        raise Killed

    core.script = {"poison": kill}
    disk = MemoryDisk()
    async with shell(disk=disk) as before:
        before.registry.stop()
        await before.hear("a", "poison", "b")
    deaths = 0
    for _ in range(5):
        try:
            async with shell(core, monkeypatch, disk=disk) as parts:
                parts.registry.wake(ANN)
                await quiet()
        except* Killed:
            deaths += 1
    assert deaths == 2
    assert [letter.error is not None for letter in disk.letters.values()] == [False, True, False]
    assert disk.letters[3].done_ms is not None


# --- everything at once -------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(25))
async def test_every_message_is_handled_once_and_in_order(
    core: Core, monkeypatch: Patch, autojump_clock: object, seed: int
) -> None:
    """Random pauses, refusals and arrivals; few places, small mailboxes, short patience."""
    print("seed", seed)  # noqa: T201
    chance = random.Random(seed)
    names = [ActorId(f"cnv_{number}") for number in range(6)]
    sent: dict[ActorId, list[str]] = {name: [] for name in names}

    calm: dict[ActorId, int] = {}

    def fail(method: str, unit: object) -> Exception | None:
        if method != "commit" or not isinstance(unit, Commit):
            return None
        if chance.random() < 0.1:
            return StoreFull()
        if calm.get(unit.actor, 0) > 0 or chance.random() < 0.6:
            calm[unit.actor] = calm.get(unit.actor, 0) - 1
            return None
        # Not again within one batch: that would be a message which cannot be kept.
        calm[unit.actor] = 9
        return StaleCommit()

    async with shell(
        core,
        monkeypatch,
        live_actors_max=chance.choice([1, 3, 6]),
        mailbox_max=chance.choice([1, 2, 5]),
        batch_max=chance.choice([1, 2, 8]),
        actor_idle_s=chance.choice([0.05, 0.5, 5]),
    ) as parts:
        parts.store.fail = fail
        parts.store.pause = jitter(seed, 0.1)

        async def write(number: int) -> None:
            name = chance.choice(names)
            word = str(number)
            sent[name].append(word)
            await parts.hear(word, actor=name)

        for number in range(120):
            await write(number)
            if chance.random() < 0.5:
                await trio.sleep(chance.random() * 0.3)
        await trio.sleep(1000)
        assert {name: parts.notebook(name) for name in names} == {
            name: tuple(words) for name, words in sent.items()
        }
        assert parts.dead() == {}
        assert parts.open_positions() == []
        assert parts.registry.busy_count == 0
