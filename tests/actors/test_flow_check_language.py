"""What cannot work in the wider language: questions, expressions, hours, sub-flows and the like."""

from __future__ import annotations

from datetime import date

import pytest

from actors.flow.check import World, check
from actors.flow.rules import Severity
from tests.actors.small_flow import extended, question, source

WORLD = World(date(2026, 11, 25), frozenset({"main"}), frozenset({"crm"}))


def found(steps: str, top: str = "") -> list[tuple[str, str]]:
    """Faults of the new step `test`, or of the top; errors anywhere else as well."""
    faults = check(source(extended(steps, top=top)), WORLD)
    assert all(fault.line and fault.column for fault in faults)
    return [
        (fault.where, fault.what)
        for fault in faults
        if fault.severity is Severity.ERROR
        or (fault.severity is Severity.WARNING and "test" in fault.where.split("."))
    ]


CHOICE = "{ kind: choice, choices: { a: { title: { es: %s, en: A } } } }"


@pytest.mark.parametrize(
    ("steps", "where", "what"),
    [
        (question("{ kind: text, pattern: '(' }"), "answer.pattern", "not a pattern: missing )"),
        (question("{ kind: account, pattern: '[' }"), "answer.pattern", "not a pattern"),
        (question("{ kind: number, least: 5, most: 4 }"), "answer.least", "5 is above most, 4"),
        (question("{ kind: date, earliest: soon }"), "answer.earliest", "not a day such as"),
        (question("{ kind: date, latest: '2026-02-30' }"), "answer.latest", "not a day such as"),
        (
            question("{ kind: date, earliest: today + 3 days, latest: today }"),
            "answer.earliest",
            "no day fits",
        ),
        (
            question("{ kind: date, earliest: '2026-02-01', latest: '2026-01-31' }"),
            "answer.earliest",
            "no day fits",
        ),
        (question("{ kind: number }", "on_failure: gone"), "on_failure", "no step 'gone'"),
        (
            question(
                "{ kind: number }", "keywords: { k: { words: { es: [x], en: [x] }, goto: gone } }"
            ),
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
            "compares a number or null with a text: never true",
        ),
        (
            "test: { do: if, test: \"'x' != 1\", then: main, otherwise: main }",
            "test",
            "always true",
        ),
        (
            "test: { do: set, compute: { a: 1 * 'x' }, then: main }",
            "compute.a",
            "not a text",
        ),
        (
            "test: { do: set, compute: { a: \"'x' + 1\" }, then: main }",
            "compute.a",
            "adds a text",
        ),
        ("test: { do: set, compute: { a: size(b) }, then: main }", "compute.a", "no function"),
        ("test: { do: set, values: { a: '{gone}' }, then: main }", "values.a", "value 'gone'"),
        (
            "test: { do: set, values: { not: 1 }, then: main }",
            "values.not",
            "is a word",
        ),
        ("test: { do: set, values: { a: 1 }, then: gone }", "then", "no step 'gone'"),
        ("test: { do: set, then: main }", "", "sets nothing"),
        ("test: { do: forget, values: [gone], then: main }", "values.0", "value 'gone'"),
        (when("", ", when: gone > 1"), "options.o1.when", "value 'gone'"),
        (when("", ", when: label >"), "options.o1.when", "at the end"),
        (when(", when: label", ", when: not label"), "options", "every option has a `when`"),
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
        ("steps.test.body", "no step keeps a value 'gone'")
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


OFFICE = 'hours:\n  office: { week: { mon-fri: ["08:00-18:00"] } }\n'


@pytest.mark.parametrize(
    ("top", "steps", "where", "what"),
    [
        (
            OFFICE,
            "test: { do: hours, of: gone, open: main, closed: main }",
            "steps.test.of",
            "gone",
        ),
        (
            OFFICE,
            "test: { do: hours, of: office, open: gone, closed: main }",
            "steps.test.open",
            "no step",
        ),
        (
            OFFICE,
            "test: { do: hours, of: office, open: main, closed: gone }",
            "steps.test.closed",
            "no step",
        ),
        (
            OFFICE,
            "test: { do: handover, hours: gone, closed: main }",
            "steps.test.hours",
            "no hours 'gone'",
        ),
        (OFFICE, "test: { do: handover, hours: office }", "steps.test.hours", "belong together"),
        (OFFICE, "test: { do: handover, closed: main }", "steps.test.closed", "belong together"),
        (
            OFFICE,
            "test: { do: handover, hours: office, closed: gone }",
            "steps.test.closed",
            "no step",
        ),
        (
            OFFICE,
            "test: { do: handover, reason: { es: '{gone}', en: x } }",
            "steps.test.reason.es",
            "value 'gone'",
        ),
        (
            "hours:\n  office: { week: { mon: [noon] } }\n",
            "test: { do: hours, of: office, open: main, closed: main }",
            "hours.office.week.mon",
            "not times",
        ),
        (
            OFFICE,
            "test: { do: if, test: hours.gone.open, then: main, otherwise: main }",
            "steps.test.test",
            "value 'hours.gone.open'",
        ),
        (
            OFFICE,
            "test: { do: hours, of: office, open: main, closed: person }\n"
            "shut: { do: handover, hours: office, closed: shut }",
            "steps.shut",
            "goes round without waiting",
        ),
    ],
)
def test_hours(top: str, steps: str, where: str, what: str) -> None:
    faults = found(steps, top)
    assert [(fault[0], what in fault[1]) for fault in faults] == [(where, True)], faults


def subflow(steps: str, entry: str = "a", name: str = "sub") -> str:
    lines = "\n".join("      " + line.strip() for line in steps.strip().splitlines())
    return f"subflows:\n  {name}:\n    entry: {entry}\n    steps:\n{lines}\n"


CALLS = "test: { do: call, flow: sub, then: main }"


@pytest.mark.parametrize(
    ("top", "steps", "where", "what"),
    [
        ("", CALLS, "steps.test.flow", "no sub-flow 'sub'"),
        (
            subflow("a: { do: return }"),
            "test: { do: call, flow: sub, then: gone }",
            "steps.test.then",
            "no step 'gone'",
        ),
        (subflow("a: { do: return }", entry="b"), CALLS, "subflows.sub.entry", "no step 'b'"),
        ("", "test: { do: return }", "steps.test", "this step is in none"),
        (
            subflow("a: { do: message, text: { es: x, en: x }, then: gone }"),
            CALLS,
            "subflows.sub.steps.a.then",
            "no step 'gone'",
        ),
        (
            subflow("a: { do: message, text: { es: x, en: x }, then: other.a }"),
            CALLS,
            "subflows.sub.steps.a.then",
            "no step 'other.a'",
        ),
        (
            subflow("a: { do: message, text: { es: x }, then: b }\nb: { do: return }"),
            CALLS,
            "subflows.sub.steps.a.text",
            "no text in 'en'",
        ),
        (
            subflow("a: { do: message, text: { es: x, en: x }, then: a }"),
            CALLS,
            "subflows.sub.steps.a",
            "goes round without waiting: sub.a -> sub.a",
        ),
        (
            subflow("a: { do: return }"),
            "test: { do: call, flow: sub, then: test }",
            "steps.test",
            "goes round without waiting: test -> test",
        ),
        (
            subflow("a: { do: start_job, job: gone, then: b }\nb: { do: return }"),
            CALLS,
            "subflows.sub.steps.a.job",
            "no job 'gone'",
        ),
        (
            subflow("a: { do: if, test: gone, then: b, otherwise: b }\nb: { do: return }"),
            CALLS,
            "subflows.sub.steps.a.test",
            "value 'gone'",
        ),
    ],
)
def test_sub_flows(top: str, steps: str, where: str, what: str) -> None:
    faults = found(steps, top)
    assert [(fault[0], what in fault[1]) for fault in faults] == [(where, True)], faults


def chain(count: int, last: str) -> str:
    question = "q: { do: question, text: { es: x, en: x }, keep: x, then: c }"
    return "subflows:\n" + "".join(
        f"  s{n}:\n    entry: q\n    steps:\n      {question}\n      c: {inner}\n"
        for n in range(count)
        for inner in [
            f"{{ do: call, flow: s{n + 1}, then: q }}" if n + 1 < count else f"{{ {last} }}"
        ]
    )


def test_sub_flows_that_call_each_other_in_a_circle_or_too_deep() -> None:
    calls = "test: { do: call, flow: s0, then: main }"
    assert found(calls, chain(5, "do: return")) == []
    faults = found(calls, chain(6, "do: return"))
    assert faults == [
        ("subflows.s0", "sub-flows more than 5 deep inside each other"),
    ]
    faults = found(calls, chain(3, "do: call, flow: s0, then: q"))
    assert faults == [("subflows.s0", "sub-flows that call each other: s0 -> s1 -> s2 -> s0")]


def test_what_a_sub_flow_keeps_is_known_outside_and_the_other_way_round() -> None:
    top = subflow("a: { do: set, values: { inner: '{label}' }, then: b }\nb: { do: return }")
    says = "says: { do: message, text: { es: '{inner}', en: x }, then: main }"
    assert found(f"{CALLS}\n{says}", top) == []


@pytest.mark.parametrize(
    ("steps", "where", "what"),
    [
        ("test: { do: cancel_job, job: gone, then: main }", "job", "no job 'gone'"),
        ("test: { do: cancel_job, job: restart, then: gone }", "then", "no step 'gone'"),
        ("test: { do: mute, then: gone }", "then", "no step 'gone'"),
        ("test: { do: unmute, then: gone }", "then", "no step 'gone'"),
        ("test: { do: mute, then: test }", "", "goes round without waiting"),
    ],
)
def test_jobs(steps: str, where: str, what: str) -> None:
    faults = found(steps)
    assert [(fault[0], what in fault[1]) for fault in faults] == [
        (f"steps.test.{where}".rstrip("."), True)
    ]
