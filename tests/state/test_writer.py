"""What the writer takes up together."""

from __future__ import annotations

import threading

import pytest

import state.writer
from actors.ids import EffectId
from state.rows import SettleAs, Settlement
from state.transactions import Unit
from state.upkeep import Ping
from state.writer import HasTask, Writer
from tests.state.benches import NOON

LONG_S = 60.0


class Job(HasTask, eq=False):
    """A job that nobody waits for."""


def settlement() -> Job:
    return Job(Settlement(EffectId("eff_1"), 1, SettleAs.DELIVERED, NOON))


@pytest.fixture
def writer() -> Writer[Job]:
    return Writer(4, lambda _group, _outcome: None)


def taken(writer: Writer[Job]) -> list[Unit | object]:
    jobs, _ = writer._take()
    return [type(job.task) for job in jobs]


def test_what_is_queued_is_taken_together_but_no_more_than_a_group(writer: Writer[Job]) -> None:
    for _ in range(6):
        writer.put(Job(Ping()))
    assert taken(writer) == [Ping] * 4
    assert taken(writer) == [Ping] * 2


def test_settlements_wait_for_something_to_be_written_with(
    writer: Writer[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state.writer, "SETTLEMENT_PATIENCE_S", LONG_S)
    groups: list[list[object]] = []
    thread = threading.Thread(target=lambda: groups.append(taken(writer)))
    writer.put(settlement())
    thread.start()
    writer.put(Job(Ping()))
    thread.join(LONG_S / 2)
    assert groups == [[Settlement, Ping]]


def test_settlements_do_not_wait_for_long(
    writer: Writer[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state.writer, "SETTLEMENT_PATIENCE_S", 0.001)
    writer.put(settlement())
    assert taken(writer) == [Settlement]


def test_nothing_else_waits(writer: Writer[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state.writer, "SETTLEMENT_PATIENCE_S", LONG_S)
    writer.put(settlement())
    writer.put(Job(Ping()))
    assert taken(writer) == [Settlement, Ping]
    writer.put(Job(Ping()))
    writer.put(settlement())
    assert taken(writer) == [Ping, Settlement]


def test_a_settlement_does_not_keep_the_writer_from_its_end(
    writer: Writer[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state.writer, "SETTLEMENT_PATIENCE_S", LONG_S)
    writer.put(settlement())
    writer.close()
    assert writer._take()[1] is False
