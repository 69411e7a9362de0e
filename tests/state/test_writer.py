"""What the writer takes up together."""

from __future__ import annotations

import threading
from typing import cast

from state.connection import Connection
from state.writer import Group, HasTask, Outcome, Writer

LONG_S = 60.0
NOTHING = cast(Connection, object())
"""Nothing is written here: all jobs are questions."""


class Job(HasTask, eq=False):
    """A job that nobody waits for."""


def patient(name: str, seconds: float = LONG_S) -> Job:
    return Job(lambda _connection: name, patience_s=seconds)


def urgent(name: str) -> Job:
    return patient(name, 0.0)


class Recorded:
    """A writer of groups of four on a thread of its own, and what it carried out together."""

    def __init__(self) -> None:
        self.groups: list[list[object]] = []
        self._writer: Writer[Job] = Writer(4, self._note)
        self._thread = threading.Thread(target=self._writer.run, args=(NOTHING, 1))
        self._noted = threading.Semaphore(0)

    def put(self, *jobs: Job) -> None:
        self._writer.put(jobs)

    def start(self) -> None:
        self._thread.start()

    def wait(self) -> None:
        """Wait for one group."""
        assert self._noted.acquire(timeout=LONG_S / 2)

    def end(self) -> list[list[object]]:
        """Close the writer; all its groups."""
        self._writer.close()
        self._thread.join(LONG_S / 2)
        assert not self._thread.is_alive()
        return self.groups

    def _note(self, _group: Group[Job], outcome: Outcome) -> None:
        self.groups.append(outcome.answers)
        self._noted.release()


def test_what_is_queued_is_taken_together_but_no_more_than_a_group() -> None:
    writer = Recorded()
    writer.put(urgent("a"))
    writer.put(urgent("b"), urgent("c"), urgent("d"), urgent("e"), urgent("f"))
    writer.put(*map(urgent, "ghi"))
    writer.start()
    assert writer.end() == [["a", "b", "c", "d"], ["e", "f", "g", "h"], ["i"]]


def test_what_is_patient_waits_for_something_to_be_written_with() -> None:
    writer = Recorded()
    writer.put(patient("a"))
    writer.start()
    writer.put(patient("b"))
    writer.put(urgent("c"))
    writer.wait()
    assert writer.end() == [["a", "b", "c"]]


def test_what_is_patient_waits_no_longer_than_the_least_patient() -> None:
    writer = Recorded()
    writer.start()
    writer.put(patient("a"), patient("b", 0.001), patient("c"))
    writer.wait()
    assert writer.end() == [["a", "b", "c"]]


def test_a_full_group_waits_for_nothing() -> None:
    writer = Recorded()
    writer.start()
    writer.put(*map(patient, "abcde"))
    writer.wait()
    writer.wait()
    assert writer.end() == [["a", "b", "c", "d"], ["e"]]


def test_what_is_urgent_does_not_wait() -> None:
    writer = Recorded()
    writer.start()
    writer.put(urgent("a"), patient("b"))
    writer.wait()
    writer.put(patient("c"), urgent("d"))
    writer.wait()
    assert writer.end() == [["a", "b"], ["c", "d"]]


def test_what_is_patient_does_not_keep_the_writer_from_its_end() -> None:
    writer = Recorded()
    writer.put(patient("a"))
    writer.start()
    assert writer.end() == [["a"]]


def test_where_nothing_was_asked_for_the_end_is_an_end() -> None:
    writer = Recorded()
    writer.start()
    assert writer.end() == []
