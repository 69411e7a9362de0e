"""What cannot work in the wider language: questions, expressions, hours, sub-flows and the like."""

from __future__ import annotations

import pytest

from actors.flow.check import check_flow
from tests.actors.small_flow import extended, source


def found(steps: str, top: str = "") -> list[tuple[str, str]]:
    faults = check_flow(source(extended(steps, top=top)), frozenset({"main"}), frozenset({"crm"}))
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


def when(*conditions: str) -> str:
    options = "".join(
        f"    o{n}: {{ title: {{ es: A{n}, en: A{n} }}, goto: main{condition} }}\n"
        for n, condition in enumerate(conditions)
    )
    return f"test:\n  do: menu\n  text: {{ es: a, en: a }}\n  options:\n{options}"


@pytest.mark.parametrize(
    ("steps", "where", "what"),
    [
        ("test: { do: if, test: 'label ==', then: main, otherwise: main }", "test", "at the end"),
        ("test: { do: if, test: 'gone', then: main, otherwise: main }", "test", "value 'gone'"),
        ("test: { do: if, test: device, then: main, otherwise: main }", "test", "value 'device'"),
        ("test: { do: if, test: label, then: gone, otherwise: main }", "then", "no step 'gone'"),
        ("test: { do: if, test: label, then: main, otherwise: gone }", "otherwise", "no step"),
        (
            "test: { do: if, test: \"length(label) == 'x'\", then: main, otherwise: main }",
            "test",
            "compares a number with a text: never true",
        ),
        (
            "test: { do: if, test: \"'x' != 1\", then: main, otherwise: main }",
            "test",
            "always true",
        ),
        ("test: { do: set, compute: { a: 1 * 'x' }, then: main }", "compute.a", "not a text"),
        ("test: { do: set, compute: { a: \"'x' + 1\" }, then: main }", "compute.a", "text(...)"),
        ("test: { do: set, compute: { a: size(b) }, then: main }", "compute.a", "no function"),
        ("test: { do: set, values: { a: '{gone}' }, then: main }", "values.a", "value 'gone'"),
        ("test: { do: set, values: { not: 1 }, then: main }", "values.not", "another name"),
        ("test: { do: set, values: { a: 1 }, then: gone }", "then", "no step 'gone'"),
        ("test: { do: set, then: main }", "", "sets nothing"),
        ("test: { do: forget, values: [gone], then: main }", "values", "value 'gone'"),
        (when("", ", when: gone > 1"), "options.o1.when", "value 'gone'"),
        (when("", ", when: label >"), "options.o1.when", "at the end"),
        (when(", when: label", ", when: not label"), "options", "must have no `when`"),
    ],
)
def test_values_and_expressions(steps: str, where: str, what: str) -> None:
    faults = found(steps)
    assert len(faults) == 1, faults
    assert faults[0][0] == ("steps.test." + where).rstrip(".")
    assert what in faults[0][1]


def test_values_and_expressions_that_are_fine() -> None:
    assert (
        found("""
            test:
              do: set
              values: { a: 1, b: "{a} {customer.name}" }
              compute: { c: a + 1 }
              then: second
            second:
              do: if
              test: c > 1 and label in ['x', null] and today() < '2030-01-01'
              then: third
              otherwise: main
            third: { do: forget, values: [a, b, c, label], then: main }
        """)
        == []
    )


def test_a_body_may_be_nested_but_not_without_end() -> None:
    def body(levels: int) -> str:
        inner = "[" * levels + "'{label}'" + "]" * levels
        return f"""
            test:
              do: request
              service: crm
              method: POST
              path: /x
              body: {{ a: {inner} }}
              then: main
              on_error: main
        """

    assert found(body(19)) == []
    assert found(body(20)) == [("steps.test.body", "nested more than 20 levels deep")]
    assert found(body(3).replace("label", "gone")) == [
        ("steps.test", "no step keeps a value 'gone'")
    ]


@pytest.mark.parametrize(
    ("more", "where", "what"),
    [
        ("on_timeout: gone", "on_timeout", "no step 'gone'"),
        ("on_status: { 4xx: gone }", "on_status.4xx", "no step 'gone'"),
        ("on_status: { 6xx: main }", "on_status.6xx", "not a status such as 404"),
        ("on_status: { 2xx: main }", "on_status.2xx", "not a status such as 404"),
        ("on_status: { '0404': main }", "on_status.0404", "not a status such as 404"),
        ("method: POST, attempts: 2", "attempts", "a POST is made once"),
    ],
)
def test_requests(more: str, where: str, what: str) -> None:
    faults = found(
        f"test: {{ do: request, service: crm, path: /x, then: main, on_error: main, {more} }}"
    )
    assert [(fault[0], what in fault[1]) for fault in faults] == [(f"steps.test.{where}", True)]
