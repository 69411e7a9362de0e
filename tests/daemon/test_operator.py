"""The operator's commands on the memory store, each where it is right and where it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
import trio.testing

from actors.calls import Purpose
from daemon.operator import Answer, Question
from state.rows import ActorStatus, Claimed, SettleAs, Settlement
from state.store import StoreBroken, StoreFull
from tests.daemon.asking import Asked, Values, raw_letter
from tests.daemon.parts import ANN, BOB, NOW_MS, Core, Shell, Vendor, breaks, shell
from tests.daemon.relaying import relaying, say

Patch = pytest.MonkeyPatch


async def unknown_call(parts: Shell, name: str) -> None:
    """Leave a message to a customer of which nobody knows whether it arrived."""
    await parts.owe(say(name, Purpose.RESULT))
    claimed = await parts.store.claim(f"{ANN}/message", NOW_MS)
    assert isinstance(claimed, Claimed)
    await parts.store.settle(
        Settlement(claimed.row.effect, 1, SettleAs.UNKNOWN, NOW_MS, NOW_MS + 90_000)
    )


# --- looking ------------------------------------------------------------------------------------


async def test_status_counts_what_there_is(monkeypatch: Patch) -> None:
    async with shell(core := Core(), monkeypatch) as parts:
        core.script["boom"] = breaks()
        await parts.hear("hi", "boom")
        await trio.testing.wait_all_tasks_blocked()
        await unknown_call(parts, "lost")
        parts.relay._pauses.pause("starts")
        parts.relay.pause("telco:main", 7)
        status = await Asked(parts).fine("status")
    assert (
        status.items()
        >= {
            "version": "1",
            "epoch": 1,
            "paused": ["starts"],
            "live_actors": 1,
            "messages_waiting": 0,
            "dead_letters": 1,
            "timers": 0,
            "parked": 0,
        }.items()
    )
    assert status["actors"] == {"active": 1, "finished": 0, "quarantined": 0}
    assert status["calls"]["unknown"] == 1
    assert list(status["waiting_for_destination"]) == ["telco:main"]


async def test_dead_letters_are_listed_page_by_page_and_never_all_at_once() -> None:
    async with shell() as parts:
        asked = Asked(parts)
        assert await asked.fine("dead_letters") == []
        positions = [await raw_letter(parts, f"m{number}") for number in range(205)]
        first = await asked.fine("dead_letters", limit=2)
        assert [row["position"] for row in first] == positions[:2]
        more = await asked.fine("dead_letters", after=positions[1], limit=1)
        assert [row["position"] for row in more] == positions[2:3]
        assert len(await asked.fine("dead_letters", limit=10_000)) == 200
        for few in (0, -1):
            # To SQLite, a limit below nothing means everything.
            assert len(await asked.fine("dead_letters", limit=few)) == 1


async def test_a_body_is_shown_only_where_it_is_asked_for(monkeypatch: Patch) -> None:
    async with shell(core := Core(), monkeypatch) as parts:
        core.script["boom"] = breaks()
        await parts.hear("boom")
        await trio.testing.wait_all_tasks_blocked()
        asked = Asked(parts)
        shown = await asked.fine("dead_letter", position=1)
        assert (shown["message"], shown["actor"]) == ("CustomerLine", ANN)
        assert shown["error"]
        assert "body" not in shown
        assert "boom" not in repr(shown)
        assert "boom" in (await asked.fine("dead_letter", position=1, body=True))["body"]
        assert "boom" not in repr(await asked.fine("dead_letters"))
        at = await raw_letter(parts, "raw", b"\xff\x00 not ours")
        shown = await asked.fine("dead_letter", position=at, body=True)
        assert (shown["message"], shown["actor"]) == ("?", None)
        assert shown["body"] == "\\xff\x00 not ours"
        assert await asked.refused("dead_letter", position=99) == "there is no dead letter 99"


async def test_calls_of_unknown_fate_are_listed_without_their_words() -> None:
    async with shell() as parts:
        asked = Asked(parts)
        assert await asked.fine("unknown") == []
        await unknown_call(parts, "eff_secretly")
        [call] = await asked.fine("unknown", limit=-1)
        assert (call["call"], call["effect"], call["actor"]) == ("Say", "eff_secretly", ANN)
        assert (call["attempts"], call["looked_at_again_ms"]) == (1, NOW_MS + 90_000)
        assert "body" not in call
        assert await asked.fine("unknown", after=call["position"]) == []


# --- mending ------------------------------------------------------------------------------------


async def test_a_replay_is_heard_by_its_actor(monkeypatch: Patch) -> None:
    async with shell(core := Core(), monkeypatch) as parts:
        core.script["boom"] = breaks()
        await parts.hear("boom", "next")
        await trio.testing.wait_all_tasks_blocked()
        asked = Asked(parts)
        core.script.clear()
        told = await asked.fine("replay", position=1)
        assert told == "dead letter 1 is in its actor's inbox again"
        await trio.testing.wait_all_tasks_blocked()
        assert parts.notebook() == ("next", "boom")
        [shown] = await asked.fine("dead_letters")
        assert shown["replayed_at_ms"] is not None
        await asked.fine("replay", position=1)
        await trio.testing.wait_all_tasks_blocked()
        assert parts.notebook() == ("next", "boom", "boom")


async def test_what_belongs_to_nobody_or_is_no_dead_letter_cannot_be_replayed(
    monkeypatch: Patch,
) -> None:
    async with shell(Core(), monkeypatch) as parts:
        asked = Asked(parts)
        at = await raw_letter(parts, "m1")
        await parts.hear("fine")
        await trio.testing.wait_all_tasks_blocked()
        for position in (at, at + 1, 99, 0, -1):
            assert "that anybody could hear" in await asked.refused("replay", position=position)
        assert parts.notebook() == ("fine",)


async def test_a_dropped_letter_is_gone() -> None:
    async with shell() as parts:
        asked = Asked(parts)
        at = await raw_letter(parts, "m1")
        assert await asked.fine("drop", position=at) == f"dead letter {at} is gone"
        assert await asked.refused("drop", position=at) == f"there is no dead letter {at}"
        assert await asked.fine("dead_letters") == []


async def test_a_quarantined_actor_is_released_and_decides_again(monkeypatch: Patch) -> None:
    async with shell(core := Core(), monkeypatch) as parts:
        core.script["boom"] = breaks()
        await parts.hear("boom", "boom", "boom")
        await trio.testing.wait_all_tasks_blocked()
        assert parts.disk.actors[ANN].status is ActorStatus.QUARANTINED
        asked = Asked(parts)
        assert await asked.fine("release", actor=ANN) == f"{ANN} is active again"
        core.script.clear()
        await parts.hear("well")
        await trio.testing.wait_all_tasks_blocked()
        assert parts.notebook() == ("well",)
        for actor in (ANN, BOB, ""):
            assert "is not quarantined" in await asked.refused("release", actor=actor)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [("delivered", "delivered"), ("dropped", "dropped"), ("resend", "delivered")],
)
async def test_a_call_is_settled_by_the_operators_word(outcome: str, state: str) -> None:
    async with relaying(vendor := Vendor()) as parts:
        parts.relay._pauses.pause("sends")
        await unknown_call(parts, "lost")
        asked = Asked(parts)
        await asked.fine("resume", what="sends")
        assert await asked.fine("settle", effect="lost", outcome=outcome) == f"lost: {outcome}"
        await trio.testing.wait_all_tasks_blocked()
        assert parts.state_of("lost") == state
        assert vendor.said == ["lost"] * (outcome == "resend")
        told = await asked.refused("settle", effect="lost", outcome=outcome)
        assert "not of unknown fate" in told


async def test_a_call_cannot_be_settled_in_other_words() -> None:
    async with shell() as parts:
        asked = Asked(parts)
        await unknown_call(parts, "lost")
        told = await asked.refused("settle", effect="lost", outcome="rejected")
        assert told == "say one of delivered, dropped, resend"
        assert "unknown fate" in await asked.refused("settle", effect="eff_x", outcome="dropped")
        assert parts.state_of("lost") == "unknown"


async def test_pausing_and_resuming(tmp_path: Path) -> None:
    async with relaying(vendor := Vendor()) as parts:
        asked = Asked(parts)
        for _ in range(2):
            assert "sends are paused" in await asked.fine("pause", what="sends")
        await parts.owe(say("words"))
        await trio.testing.wait_all_tasks_blocked()
        assert vendor.said == []
        assert (await asked.fine("status"))["calls_under_way"] == 0
        for _ in range(2):
            assert await asked.fine("resume", what="sends") == "sends go on"
        await trio.testing.wait_all_tasks_blocked()
        assert vendor.said == ["words"]
        for command in ("pause", "resume"):
            assert await asked.refused(command, what="all") == "say one of starts, sends"
        parts.relay._pauses._file = tmp_path / "missing" / "paused"
        told = await asked.refused("pause", what="starts")
        assert told == "it could not be written down: No such file or directory"
        assert (await asked.fine("status"))["paused"] == []


# --- questions that are none --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("status", {"a": 1}),
        ("replay", {}),
        ("replay", {"position": "1"}),
        ("replay", {"position": True}),
        ("replay", {"position": 1 << 63}),
        ("replay", {"position": 1, "self": 2}),
        ("dead_letters", {"limit": "all"}),
        ("dead_letters", {"after": "x"}),
        ("dead_letter", {"position": 1, "body": "yes"}),
        ("settle", {"effect": 5, "outcome": "dropped"}),
        ("release", {"actor": 5}),
        ("pause", {"what": 1}),
    ],
)
async def test_wrong_arguments_are_refused(command: str, arguments: dict[str, Values]) -> None:
    async with shell() as parts:
        told = await Asked(parts).operator.answer(Question(command, arguments))
        assert told == Answer(error=f"{command}: wrong arguments")
        assert parts.store.asked == []


async def test_a_store_that_refuses_is_told_and_a_broken_one_ends_everything() -> None:
    async with shell() as parts:
        asked = Asked(parts)
        parts.store.fail = lambda _method, _unit: StoreFull()
        assert await asked.refused("drop", position=1) == "the store refused: StoreFull"
        parts.store.fail = lambda _method, _unit: StoreBroken()
        with pytest.raises(StoreBroken):
            await asked.fine("drop", position=1)
