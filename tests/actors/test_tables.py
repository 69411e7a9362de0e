"""The tables of jobs and hand-overs: complete, reachable, without dead ends, and as documented."""

from __future__ import annotations

import ast
from enum import Enum
from importlib import import_module
from pathlib import Path

import pytest

from actors.handover import table as handover_table
from actors.handover.state import Phase as HandoverPhase
from actors.router_job import acts as job_acts
from actors.router_job import table as job_table
from actors.router_job.state import Phase as JobPhase
from tests.actors import diagram
from tests.actors.given import JOB_AT_REST

Edges = dict[Enum, set[Enum]]

# What a message can mean without any phase doing something about it.
SILENT_SIGNALS: set[Enum] = {job_table.Signal.CANCEL_PENDING}

JOB_EDGES: Edges = {
    phase: {rule.to for rule in row.values()} for phase, row in job_table.TABLE.items()
}
HANDOVER_EDGES: Edges = {
    phase: {rule.to for rule in row.values()} for phase, row in handover_table.TABLE.items()
}


def reachable(edges: Edges, start: Enum) -> set[Enum]:
    """The phases that can be come to, the first included."""
    found, open_ends = {start}, [start]
    while open_ends:
        new = edges[open_ends.pop()] - found
        found |= new
        open_ends += new
    return found


def test_every_phase_is_in_its_table() -> None:
    assert set(job_table.TABLE) == set(JobPhase)
    assert set(handover_table.TABLE) == set(HandoverPhase)


def test_every_act_has_a_function() -> None:
    assert set(job_acts.ACTS) == set(job_table.Act)
    assert set(import_module("actors.handover.decide").ACTS) == set(handover_table.Act)


def test_every_act_is_used_or_done_at_the_beginning() -> None:
    used = {act for row in job_table.TABLE.values() for rule in row.values() for act in rule.acts}
    assert set(job_table.Act) - used == {job_table.Act.START_ATTEMPT}
    rows = handover_table.TABLE.values()
    assert {act for row in rows for rule in row.values() for act in rule.acts} == set(
        handover_table.Act
    )


def test_every_signal_means_something_somewhere() -> None:
    jobs = {signal for row in job_table.TABLE.values() for signal in row}
    handovers = {signal for row in handover_table.TABLE.values() for signal in row}

    assert set(job_table.Signal) - jobs == SILENT_SIGNALS
    assert set(handover_table.Signal) == handovers


def test_every_phase_can_be_reached() -> None:
    assert reachable(JOB_EDGES, JobPhase.STARTING) == set(JobPhase)
    assert reachable(HANDOVER_EDGES, HandoverPhase.OPENING) == set(HandoverPhase)


@pytest.mark.parametrize("phase", [phase for phase in JobPhase if phase not in JOB_AT_REST])
def test_no_phase_of_a_job_is_without_an_exit(phase: JobPhase) -> None:
    assert reachable(JOB_EDGES, phase) & set(JOB_AT_REST)
    assert JOB_EDGES[phase] - {phase}


@pytest.mark.parametrize("phase", HandoverPhase)
def test_no_phase_of_a_hand_over_is_without_an_exit(phase: HandoverPhase) -> None:
    assert HandoverPhase.ENDED in reachable(HANDOVER_EDGES, phase)


@pytest.mark.parametrize("phase", JobPhase)
def test_every_press_is_answered_in_every_phase(phase: JobPhase) -> None:
    signals = job_table.Signal
    row = job_table.TABLE[phase]

    assert {signals.RETRY_DENIED, signals.CANCEL, signals.CANCEL_STALE} <= set(row)


@pytest.mark.parametrize("phase", [phase for phase in JobPhase if phase is not JobPhase.SUCCEEDED])
def test_a_success_is_heard_in_every_phase(phase: JobPhase) -> None:
    assert job_table.TABLE[phase][job_table.Signal.SUCCEEDED].to is JobPhase.SUCCEEDED


@pytest.mark.parametrize("phase", JobPhase)
def test_whoever_comes_to_rest_clears_the_timers(phase: JobPhase) -> None:
    if phase in JOB_AT_REST:
        return
    for signal, rule in job_table.TABLE[phase].items():
        if rule.to in JOB_AT_REST:
            assert rule.acts[0] is job_table.Act.REST, f"{phase.value}, {signal.value}"


def test_tables_hold_no_code() -> None:
    for table in (job_table, handover_table):
        assert table.__file__ is not None
        tree = ast.parse(Path(table.__file__).read_text(encoding="utf-8"))
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def test_the_documentation_shows_the_tables_as_they_are() -> None:
    """Run `python -m tests.actors.diagram` after a change of a table, and read the page again."""
    page = diagram.PAGE.read_text(encoding="utf-8")

    assert diagram.drawn(page) == page
