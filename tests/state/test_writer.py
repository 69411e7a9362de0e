"""What the writer takes up together."""

from __future__ import annotations

import threading

import pytest

import state.writer
from state.transactions import Unit
from state.upkeep import Ping, Prune
from state.writer import HasTask, Writer
from tests.state.benches import NOON

LONG_S = 60.0


class Job(HasTask, eq=False):
    """A job that nobody waits for."""


def patient() -> Job:
    return Job(Ping(), patient=True)


def urgent() -> Job:
    return Job(Prune(NOON, 1), patient=False)


@pytest.fixture
def writer() -> Writer[Job]:
    return Writer(4, lambda _group, _outcome: None)


def taken(writer: Writer[Job]) -> list[Unit | object]:
    jobs, _ = writer._take()
    return [type(job.task) for job in jobs]


def test_what_is_queued_is_taken_together_but_no_more_than_a_group(writer: Writer[Job]) -> None:
    for _ in range(6):
        writer.put(urgent())
    assert taken(writer) == [Prune] * 4
    assert taken(writer) == [Prune] * 2


def test_what_is_patient_waits_for_something_to_be_written_with(
    writer: Writer[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state.writer, "PATIENCE_S", LONG_S)
    groups: list[list[object]] = []
    thread = threading.Thread(target=lambda: groups.append(taken(writer)))
    writer.put(patient())
    thread.start()
    writer.put(urgent())
    thread.join(LONG_S / 2)
    assert groups == [[Ping, Prune]]


def test_what_is_patient_does_not_wait_for_long(
    writer: Writer[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state.writer, "PATIENCE_S", 0.001)
    writer.put(patient())
    assert taken(writer) == [Ping]


def test_nothing_else_waits(writer: Writer[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state.writer, "PATIENCE_S", LONG_S)
    writer.put(patient())
    writer.put(urgent())
    assert taken(writer) == [Ping, Prune]
    writer.put(urgent())
    writer.put(patient())
    assert taken(writer) == [Prune, Ping]


def test_what_is_patient_does_not_keep_the_writer_from_its_end(
    writer: Writer[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state.writer, "PATIENCE_S", LONG_S)
    writer.put(patient())
    writer.close()
    assert writer._take()[1] is False
