"""docs/flow-reference.md is what the program makes of itself, and its examples are fine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from actors.flow import model
from actors.flow.check import check
from actors.flow.reader import read_leniently
from actors.flow.rules import Severity
from daemon.flow_reference import page, written
from daemon.flow_reference_examples import ANSWERS, STEPS
from tests.actors.flow_examples import WORLD, found_in

DOCS = Path(__file__).parents[2] / "docs"
QUESTION = (
    "steps:\n  more:\n    do: question\n    text: {en: What?}\n    keep: it\n    then: main\n"
)


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_page_is_current() -> None:
    assert (DOCS / "flow-reference.md").read_text("utf-8") == written(), "run `make schema`"


def test_every_link_leads_somewhere() -> None:
    made = page()
    for file, anchor in re.findall(r"\]\(([^)#:]*)#?([^):]*)\)", made):
        text = (DOCS / file).read_text(encoding="utf-8") if file else made
        assert not anchor or anchor in anchors(text), f"{file}#{anchor}"


def test_every_key_of_the_language_is_told() -> None:
    for kind in (*get_args(model.Step), *get_args(model.Answer)):
        word, tag = kind.__struct_config__.tag_field, kind.__struct_config__.tag
        heading = f"### {'Step' if word == 'do' else 'Answer'}: {tag}\n"
        section = page().partition(heading)[2].partition("\n#")[0]
        told = set(re.findall(r"^\| \**`(\w+)`", section, re.M))
        assert told == set(kind.__struct_fields__), tag


def test_there_is_an_example_of_each_kind() -> None:
    assert [*STEPS] == [kind.__struct_config__.tag for kind in get_args(model.Step)]
    assert [*ANSWERS] == [kind.__struct_config__.tag for kind in get_args(model.Answer)]


@pytest.mark.parametrize("tag", STEPS)
def test_an_example_of_a_step_has_no_fault(tag: str) -> None:
    assert f"do: {tag}" in STEPS[tag]
    told = [str(fault) for fault in found_in(STEPS[tag]) if fault.severity is not Severity.NOTE]
    assert told == []


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_example_of_an_answer_has_no_fault(kind: str) -> None:
    answer = "".join(f"    {line}\n" for line in ANSWERS[kind].splitlines())
    told = [
        str(fault) for fault in found_in(QUESTION + answer) if fault.severity is not Severity.NOTE
    ]
    assert told == []


# --- the pages beside it ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["flow.md", "tutorial-flow.md", "flow-check.md"])
def test_links_of_the_pages_about_flows_lead_somewhere(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    for file, anchor in re.findall(r"\]\(([^)#:]*)#?([^):]*)\)", text):
        there = (DOCS / file).read_text(encoding="utf-8") if file else text
        assert not anchor or anchor in anchors(there), f"{file}#{anchor}"


def test_the_flow_that_the_language_is_explained_with_is_fine() -> None:
    block = re.search(
        r"^```yaml\n(format: 1\n.*?)^```", (DOCS / "flow.md").read_text("utf-8"), re.M | re.S
    )
    assert block is not None
    source, faults = read_leniently(block[1].encode())
    assert faults == []
    assert source is not None
    assert check(source, WORLD) == []
