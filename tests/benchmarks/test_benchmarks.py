"""Benchmarks in tiny: that they still run, and that their load is what they say it is.

Not how fast anything is: a test that fails on a slow machine teaches nobody.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from actors.kinds import wake
from tests.benchmarks import many_rows, memory, restart, turns
from tests.benchmarks.population import Kept, Template, create, customer, head, load
from tests.benchmarks.story import (
    WITH_A_PERSON,
    kinds_of,
    play,
    shipped_surroundings,
)
from tests.endtoend.reading import shipped_source

NOON = 1_790_000_000_000


def test_a_story_fills_a_conversation_a_job_and_a_hand_over() -> None:
    around = shipped_surroundings(shipped_source())
    story = play(
        customer(7), around, WITH_A_PERSON, begins_ms=NOON, until_ms=NOON + 300_000, job_s=600
    )
    assert sorted(actor[:3] for actor in story.actors) == ["cnv", "hnd", "job"]
    heard = Counter(kinds_of(story))
    assert heard["CustomerWrote"] == len(WITH_A_PERSON)
    assert heard["ProviderReported"] > 5
    assert {name for _, name in story.timers} >= {"poll", "deadline"}


def test_clones_are_customers_of_their_own(tmp_path: Path) -> None:
    around = shipped_surroundings(shipped_source())
    stories = [
        play(customer(n), around, WITH_A_PERSON, begins_ms=NOON, until_ms=NOON + 200_000)
        for n in range(3)
    ]
    path = tmp_path / "routerbot.db"
    create(path)
    load(path, [Template(story, Kept()) for story in stories], 50)
    with closing(sqlite3.connect(path)) as database:
        states = database.execute("SELECT actor, state FROM actors").fetchall()
        text = b"".join(state for _, state in states).decode()
        [(whole,)] = database.execute("PRAGMA integrity_check").fetchall()
        [(aliases,)] = database.execute("SELECT count(DISTINCT actor) FROM aliases").fetchall()
    assert whole == "ok"
    assert len(states) == 150
    assert aliases == 50
    for actor, state in states:
        wake(actor, state)
    # Nobody holds the names of the customer whose story it was.
    assert not any(text.count(story.conversation) for story in stories if head(0) not in text)
    for number in range(50):
        assert text.count(customer(number).identifier) > 0


@pytest.mark.timeout(90)
async def test_memory_in_tiny() -> None:
    [found] = await memory.measure(20, 2, ("hnd",), idle_s=1, calm_s=0.2)
    assert found.live_bytes(20) > 0
    assert len(found.waves) == 2


@pytest.mark.timeout(90)
async def test_restart_in_tiny() -> None:
    # Long enough for one of the few looks that are due about then.
    found = await restart.measure(30, work_s=0.5, down_s=0.1, taps=1, watch_s=3.0)
    assert len(found.taps) == 2
    assert 0 < len(found.looks) <= 30
    assert found.looks_at_once_max <= restart.CAP
    assert found.answered == found.writers > 0
    assert found.strange_requests == 0


@pytest.mark.timeout(90)
async def test_many_rows_in_tiny() -> None:
    few, many = await many_rows.measure(20, 40, rounds=1, messages=10, sweeps_s=0.1, calm_s=0.1)
    assert [len(side.warm[0].replies) for side in (few, many)] == [10, 10]
    assert few.rows < many.rows


def test_turns_in_tiny(capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(turns.measure(20, 10))
    told = capsys.readouterr().out
    assert "Full turns, 20 a run" in told
    assert "Delivery statuses, 40 a run" in told
    assert "Messages that the platform got twice: 0." in told
