"""Groups, whichever way they are written: the same comes of them."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from state.direct import DirectConnection, connect
from state.migrations import migrate
from state.opening import raise_epoch
from state.rows import ActorStatus, Commit
from state.store import StaleCommit, StoreFull
from state.transactions import Done, Unit, _apply_apart, _attempt, transact
from state.work import Ledger
from tests.power.traffic import Traffic
from tests.state.benches import ANN, turn

GROUPS = 100


class Disk:
    """A database in memory and its owner."""

    def __init__(self, ledger: Ledger | None = None) -> None:
        self.connection = DirectConnection(connect(":memory:"))
        migrate(self.connection)
        self.epoch = raise_epoch(self.connection)
        self._ledger = ledger

    def write(self, *units: Unit) -> Done:
        return transact(self.connection, self.epoch, units, self._ledger)

    def write_apart(self, *units: Unit) -> Done:
        return _attempt(self.connection, self.epoch, Ledger(), units, _apply_apart)

    def content(self) -> list[str]:
        return list(self.connection.database.iterdump())


MOVES = replace(turn(1), status=ActorStatus.QUARANTINED)


@pytest.mark.parametrize(
    "units",
    [
        (MOVES, turn(1)),
        (turn(1), MOVES),
        (replace(MOVES, expected_version=2), turn(1)),
        (turn(2), turn(1)),
        (turn(1), turn(2)),
        (turn(1), replace(MOVES, expected_version=2), turn(3, status=ActorStatus.QUARANTINED)),
    ],
)
def test_commits_of_one_actor_keep_their_order(units: tuple[Commit, ...]) -> None:
    together, apart = Disk(), Disk()
    for disk in (together, apart):
        disk.write(turn(0))
    told = [[type(one) for one in together.write(*units).answers]]
    told.append([type(one) for one in apart.write_apart(*units).answers])
    assert told[0] == told[1]
    assert together.content() == apart.content()


@pytest.mark.parametrize("seed", range(8))
def test_whoever_remembers_where_it_ended_writes_what_one_writes_who_looks(seed: int) -> None:
    chance = Random(seed)
    traffic = Traffic(chance)
    disks = (Disk(), Disk(Ledger()))
    for _ in range(GROUPS):
        group = traffic.group(disks[0].connection)
        full = chance.random() < 0.1
        told = []
        for disk in disks:
            disk.connection.before_commit = _full if full else None
            try:
                done = disk.write(*group)
                told.append((repr(done.answers), repr(done.rings)))
            except (StoreFull, StaleCommit) as error:
                told.append((repr(error), ""))
        assert told[0] == told[1]
    assert disks[0].content() == disks[1].content()


def _full() -> None:
    raise StoreFull("there is no room")


def test_a_turn_of_an_actor_without_a_flow_is_one_of_its_kind() -> None:
    disk = Disk()
    disk.write(turn(0, flow_version=None))
    [answer] = disk.write(turn(1, flow_version=None)).answers
    assert answer is None
    [row] = disk.connection.fetch("SELECT actor, version FROM actors")
    assert row == (ANN, 2)
