"""Power cuts in the lives of a database, and whether the search for broken promises can be trusted.

`make power-cuts` goes through more of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args
from unittest import mock

import pytest

from actors.ids import ActorId
from state import accepting
from state.mending import Mending
from state.rows import Arrival
from state.transactions import Unit
from state.work import Work
from tests.power.defects import Defect
from tests.power.disk import Files
from tests.power.judge import Verdict
from tests.power.life import DATABASE, LOG, Kind
from tests.power.openings import CREATION, MIGRATION, MIGRATION_OF_LOG
from tests.power.recorder import Recorder
from tests.power.survey import Cut, prepared, scratch, survey, unsound

SEEDS = range(1, 9)
POINTS_PER_SEED = 32
KNOWN = accepting._known


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch() as found:
        yield found


async def cuts_of(
    name: str, folder: Path, points: int = POINTS_PER_SEED, defect: Defect | None = None
) -> list[Cut]:
    run = await prepared(name, folder, defect)
    if defect is None:
        assert run.failure is None, f"run {name}: {run.failure}"
    return await survey(run, run.numbers(points), folder)


def report(cuts: list[Cut]) -> str:
    return "\n" + "\n".join(map(str, unsound(cuts)))


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_was_answered_is_there_and_nothing_in_part(seed: int, folder: Path) -> None:
    cuts = await cuts_of(str(seed), folder)
    assert len(cuts) == POINTS_PER_SEED
    assert not unsound(cuts), report(cuts)


async def test_a_new_database_is_there_whole_or_not_at_all(folder: Path) -> None:
    cuts = await cuts_of(CREATION, folder)
    assert not unsound(cuts), report(cuts)
    assert {cut.finding.before for cut in cuts} == {"nothing", "new"}


@pytest.mark.parametrize("name", [MIGRATION, MIGRATION_OF_LOG])
async def test_a_database_that_is_migrated_is_old_or_new(name: str, folder: Path) -> None:
    cuts = await cuts_of(name, folder)
    assert not unsound(cuts), report(cuts)
    assert {cut.finding.before for cut in cuts} == {"old", "new"}


# --- whether all of this can fail ---------------------------------------------------------------


FOUND = [
    (Defect.SYNC_NORMAL, "2", Verdict.LOST),
    (Defect.SYNC_OFF, "2", Verdict.DAMAGED),
    (Defect.ANSWERS_FIRST, "2", Verdict.LOST),
    (Defect.TWO_HALVES, "2", Verdict.PARTIAL),
    (Defect.HASTY_DRAFT, CREATION, Verdict.DAMAGED),
    (Defect.STEP_BY_STEP, MIGRATION, Verdict.PARTIAL),
]


@pytest.mark.parametrize(("defect", "name", "verdict"), FOUND)
async def test_a_planted_defect_is_found(
    defect: Defect, name: str, verdict: Verdict, folder: Path
) -> None:
    cuts = await cuts_of(name, folder, defect=defect)
    assert verdict in {cut.finding.verdict for cut in cuts}


def nothing(*_args: object) -> list[object]:
    return []


def new_messages_from(
    work: Work, arrivals: Sequence[Arrival]
) -> tuple[set[str], dict[str, ActorId]]:
    """In the place of `accepting._known`: every message is new."""
    return set(), KNOWN(work, arrivals)[1]


@pytest.mark.parametrize(
    ("what", "instead"),
    [
        ("reading.interrupted", nothing),
        ("reading.open_lanes", nothing),
        ("reading.actors_with_open_inbox", nothing),
        ("accepting._known", new_messages_from),
    ],
)
async def test_a_store_that_forgets_after_a_cut_is_found(
    what: str, instead: object, folder: Path
) -> None:
    run = await prepared("3", folder)
    with mock.patch(f"state.{what}", instead):
        cuts = await survey(run, run.numbers(8), folder)
    assert Verdict.ASTRAY in {cut.finding.verdict for cut in cuts}


def test_each_defect_is_looked_for() -> None:
    assert {defect for defect, _, _ in FOUND} == set(Defect)


async def test_the_cuts_reach_what_they_are_meant_to(folder: Path) -> None:
    runs = [await prepared(str(seed), folder) for seed in SEEDS[1:3]]
    lives = [life for run in runs for life in run.lives]
    kinds = {kind.__name__ for kind in get_args(Unit)} | {
        kind.__name__ for kind in get_args(Mending)
    }
    done = {name for life in lives for name in life.units}
    assert kinds <= done, kinds - done
    assert {"StaleCommit", "ConstraintBroken"} <= done
    assert {life.kind for life in lives} == set(Kind) - {Kind.MIGRATION}
    cuts = [cut for run in runs for cut in await survey(run, run.numbers(12), folder)]
    unsure = {name for cut in cuts for name in cut.loss.names}
    assert {DATABASE, LOG} <= unsure
    assert {cut.finding.with_last for cut in cuts} == {True, False}
    assert all(sum(getattr(cut.loss, fate) for cut in cuts) for fate in ("kept", "torn", "lost"))


async def test_a_seed_repeats_itself_to_the_byte(folder: Path) -> None:
    once, again = [await prepared("4", folder) for _ in range(2)]
    assert once.lives == again.lives
    other = await prepared("2", folder)
    assert once.lives != other.lives


async def test_a_failure_says_how_to_see_it_again(folder: Path) -> None:
    cuts = await cuts_of("2", folder, defect=Defect.ANSWERS_FIRST)
    [first, *_] = unsound(cuts)
    assert f"--run 2 --point {first.point.number}" in str(first)
    run = await prepared("2", folder, Defect.ANSWERS_FIRST)
    assert await survey(run, [first.point.number], folder) == [first]


def test_a_change_that_is_not_in_the_log_is_noticed(folder: Path) -> None:
    files: Files = {DATABASE: b"something"}
    recorder = Recorder(folder, files)
    recorder.check()
    (folder / DATABASE).write_bytes(b"something else")
    with pytest.raises(AssertionError, match=DATABASE):
        recorder.check()
