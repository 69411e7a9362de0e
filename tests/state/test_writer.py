"""What the writer takes up together."""

from __future__ import annotations

import threading

import pytest

from state.transactions import Unit
from state.upkeep import Ping, Prune
from state.writer import HasTask, Writer
from tests.state.benches import NOON

LONG_S = 60.0


class Job(HasTask, eq=False):
    """A job that nobody waits for."""


def patient(seconds: float = LONG_S) -> Job:
    return Job(Ping(), patience_s=seconds)


def urgent() -> Job:
    return Job(Prune(NOON, 1), patience_s=0.0)


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


def test_what_is_patient_waits_for_something_to_be_written_with(writer: Writer[Job]) -> None:
    groups: list[list[object]] = []
    thread = threading.Thread(target=lambda: groups.append(taken(writer)))
    writer.put(patient())
    writer.put(patient())
    thread.start()
    writer.put(urgent())
    thread.join(LONG_S / 2)
    assert groups == [[Ping, Ping, Prune]]


def test_what_is_patient_waits_no_longer_than_the_least_patient(writer: Writer[Job]) -> None:
    writer.put(patient())
    writer.put(patient(0.001))
    writer.put(patient())
    assert taken(writer) == [Ping, Ping, Ping]


def test_nothing_else_waits(writer: Writer[Job]) -> None:
    writer.put(patient())
    writer.put(urgent())
    assert taken(writer) == [Ping, Prune]
    writer.put(urgent())
    writer.put(patient())
    assert taken(writer) == [Prune, Ping]


def test_what_is_patient_does_not_keep_the_writer_from_its_end(writer: Writer[Job]) -> None:
    writer.put(patient())
    writer.close()
    assert writer._take()[1] is False
