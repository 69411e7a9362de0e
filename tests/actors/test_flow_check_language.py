"""What cannot work in the wider language: questions, expressions, hours, sub-flows and the like."""

from __future__ import annotations

import pytest

from actors.flow.check import check_flow
from tests.actors.small_flow import extended, source


def found(steps: str, top: str = "") -> list[tuple[str, str]]:
    faults = check_flow(source(extended(steps, top)), frozenset({"main"}), frozenset({"crm"}))
    assert all(fault.line and fault.column for fault in faults)
    return [(fault.where, fault.what) for fault in faults]


def question(answer: str, more: str = "") -> str:
    return f"""
        test:
          do: question
          text: {{ es: "¿Qué?", en: "What?" }}
          keep: got
          then: thanks
          answer: {answer}
          {more}
    """


CHOICE = "{ kind: choice, choices: { a: { title: { es: %s, en: A } } } }"


@pytest.mark.parametrize(
    ("steps", "where", "what"),
    [
        (question("{ kind: text, pattern: '(' }"), "answer.pattern", "not a pattern: missing )"),
        (question("{ kind: account, pattern: '[' }"), "answer.pattern", "not a pattern"),
        (question("{ kind: number, least: 5, most: 4 }"), "answer.least", "5 is above most, 4"),
        (question("{ kind: date, earliest: soon }"), "answer.earliest", "not a day such as"),
        (question("{ kind: date, latest: '2026-02-30' }"), "answer.latest", "not a day such as"),
        (question("{ kind: number }", "on_failure: gone"), "on_failure", "no step 'gone'"),
        (
            question("{ kind: number }", "keywords: { k: { words: { es: [x] }, goto: gone } }"),
            "keywords.k.goto",
            "no step 'gone'",
        ),
        (question("{ kind: number }", "invalid: { es: x }"), "invalid", "no text in 'en'"),
        (question(CHOICE % ("x" * 21)), "answer.choices.a.title.es", "20 are shown"),
        (question(CHOICE % '"{got}"'), "answer.choices.a.title.es", "shown as it is"),
    ],
)
def test_questions(steps: str, where: str, what: str) -> None:
    faults = found(steps)
    assert len(faults) == 1
    assert faults[0][0] == f"steps.test.{where}"
    assert what in faults[0][1]


@pytest.mark.parametrize(
    "answer",
    [
        "{ kind: text, longest: 5, pattern: '[a-z]+' }",
        "{ kind: number, least: -1, most: 1.5, decimals: 1 }",
        "{ kind: date, earliest: today, latest: today + 3 days }",
        "{ kind: account, pattern: '[0-9]{8}' }",
        CHOICE % "A",
    ],
)
def test_questions_that_are_fine(answer: str) -> None:
    assert found(question(answer)) == []
