"""The flow that comes with the program: it is fine, without even a warning."""

from __future__ import annotations

from datetime import date
from importlib.resources import files

from actors.flow import model
from actors.flow.check import World, check
from actors.flow.reader import FlowSource, read_flow
from actors.flow.rules import Severity

WORLD = World(date(2026, 6, 1), frozenset({"main"}), frozenset({"crm"}))


def shipped() -> FlowSource:
    found = read_flow(files("daemon").joinpath("shipped/router_care.yaml").read_bytes())
    assert isinstance(found, FlowSource), "\n".join(map(str, found))
    return found


FLOW = shipped().flow


def test_there_is_nothing_to_mend() -> None:
    found = [fault for fault in check(shipped(), WORLD) if fault.severity is not Severity.NOTE]
    assert list(map(str, found)) == []


def test_it_speaks_spanish_english_and_portuguese() -> None:
    assert {language.partition("-")[0] for language in FLOW.languages} == {"es", "en", "pt"}


def test_every_language_can_be_asked_for() -> None:
    spoken = {step.language for step in FLOW.steps.values() if isinstance(step, model.SetLanguage)}
    assert spoken == set(FLOW.languages)


def test_it_writes_to_no_system_without_a_way_for_an_answer_that_is_lost() -> None:
    """Nobody knows then whether it was done, and the text of an error would be a lie."""
    for name, step in FLOW.steps.items():
        if isinstance(step, model.Request) and step.method in ("PUT", "DELETE"):
            assert step.on_timeout is not None, name
            assert isinstance(FLOW.steps[step.on_timeout], model.Request | model.Forget), name
