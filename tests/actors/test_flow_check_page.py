"""docs/flow-check.md: it explains every rule, and its examples are what it says they are."""

from __future__ import annotations

import pytest

from actors.flow.reader import read_leniently
from actors.flow.rules import RULES, Severity
from tests.actors.flow_examples import found_in, grave, sections

UNREAD = ("E101", "E102")
"""Rules whose examples are no documents that could be put together."""
TOO_LONG = ("W214", "W312", "E408", "W416")
"""Rules that the page has no example of; `test_flow_check_rules` has."""
SECTIONS = sections()


def test_every_rule_is_explained_in_order() -> None:
    assert [(code, section.title) for code, section in SECTIONS.items()] == [
        (rule.code, rule.title) for rule in RULES.values()
    ]


def test_the_flow_of_the_examples_is_fine() -> None:
    assert found_in("") == []


@pytest.mark.parametrize("code", [code for code in SECTIONS if code not in (*UNREAD, *TOO_LONG)])
def test_an_example_has_its_fault_and_no_other_and_mended_it_has_none(code: str) -> None:
    section = SECTIONS[code]
    assert section.fault
    assert section.mended
    found = found_in(section.fault)
    assert code in {fault.code for fault in found}
    if RULES[code].severity is not Severity.NOTE:
        assert {fault.code for fault in grave(found)} == {code}
    mended = found_in(section.mended)
    assert code not in {fault.code for fault in mended}
    assert grave(mended) == []


@pytest.mark.parametrize("code", UNREAD)
def test_an_example_that_is_no_document(code: str) -> None:
    found = read_leniently(SECTIONS[code].fault.encode()).faults
    assert code in [fault.code for fault in found]
    found = read_leniently(SECTIONS[code].mended.encode()).faults
    assert code not in [fault.code for fault in found]


def test_only_what_is_too_long_has_no_example() -> None:
    assert {code for code, section in SECTIONS.items() if not section.fault} == set(TOO_LONG)


@pytest.mark.parametrize("code", [code for code in SECTIONS if code not in UNREAD])
def test_every_fault_says_what_to_do(code: str) -> None:
    for fault in found_in(SECTIONS[code].fault):
        assert fault.do
        assert fault.do[0].isupper()
        assert not fault.what[0].isupper() or fault.what[0] in "{`'"
        assert not fault.what.endswith(".")
