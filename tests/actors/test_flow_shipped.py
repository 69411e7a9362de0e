"""The flow that comes with the program: it is fine, and nobody is far from a person."""

from __future__ import annotations

from importlib.resources import files

import pytest

from actors.flow import model
from actors.flow.check import check_flow
from actors.flow.graph import targets_of
from actors.flow.reader import FlowSource, read_flow
from actors.flow.words import plain


def shipped() -> FlowSource:
    found = read_flow(files("daemon").joinpath("shipped/router_care.yaml").read_bytes())
    assert isinstance(found, FlowSource), "\n".join(map(str, found))
    return found


FLOW = shipped().flow
WAITS = model.Menu | model.Question
STANDS = [name for name, step in FLOW.steps.items() if isinstance(step, WAITS)]


def reached_by_one_input(name: str) -> set[str]:
    """Where one tap (or an answer) can lead: the next waiting steps, or a person."""
    found: set[str] = set()
    seen: set[str] = set()
    open_ = [to for _, to in targets_of(FLOW.steps[name])]
    while open_:
        here = open_.pop()
        if here in seen:
            continue
        seen.add(here)
        step = FLOW.steps[here]
        if isinstance(step, WAITS | model.Handover):
            found.add(here)
        else:
            open_ += [to for _, to in targets_of(step)]
    return found


def test_it_reads_and_checks_clean() -> None:
    used = {step.service for step in FLOW.steps.values() if isinstance(step, model.Request)}
    providers = frozenset(job.provider for job in FLOW.jobs.values())
    assert used == {"crm"}
    assert list(map(str, check_flow(shipped(), providers, frozenset(used)))) == []


def test_it_speaks_spanish_and_english() -> None:
    assert {"es", "en"} <= set(FLOW.languages)


@pytest.mark.parametrize("name", STANDS)
def test_two_inputs_lead_to_the_main_menu_or_a_person(name: str) -> None:
    """By taps or answers alone, without knowing any word."""

    def home(step: str) -> bool:
        return step == FLOW.root or isinstance(FLOW.steps[step], model.Handover)

    first = reached_by_one_input(name)
    second = {to for step in first if not home(step) for to in reached_by_one_input(step)}
    assert any(home(step) for step in first | second), f"{name} leads to {first | second}"


def test_a_word_leads_to_a_person_from_anywhere() -> None:
    assert any(isinstance(FLOW.steps[word.goto], model.Handover) for word in FLOW.words.values())


@pytest.mark.parametrize("name", STANDS)
def test_every_step_can_be_reached(name: str) -> None:
    seen: set[str] = set()
    open_ = [FLOW.entry, FLOW.root, *(word.goto for word in FLOW.words.values())]
    while open_:
        here = open_.pop()
        if here not in seen:
            seen.add(here)
            open_ += [to for _, to in targets_of(FLOW.steps[here])]
    assert name in seen


def test_no_word_means_two_things() -> None:
    """A word that leads somewhere from anywhere would hide an option of the same name."""
    spoken = {
        plain(word): key
        for key, entry in FLOW.words.items()
        for words in entry.words.values()
        for word in words
    }
    for name, step in FLOW.steps.items():
        if not isinstance(step, model.Menu):
            continue
        for option in step.options.values():
            words = [word for words in option.words.values() for word in words]
            for word in [*option.title.values(), *words]:
                key = spoken.get(plain(word))
                assert key is None or FLOW.words[key].goto == option.goto, f"{name}: {word}"
