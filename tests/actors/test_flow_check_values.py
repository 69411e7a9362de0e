"""Values: what can have kept them where they are used, and of what kind they are there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.actors.flow_examples import found_in, grave

NUMBER = "do: question, text: {en: How many?}, keep: count, answer: {kind: number}"
CHOICE = (
    "do: question, text: {en: Which?}, keep: kind, answer: {kind: choice, choices: {fibre: "
    "{title: {en: Fibre}}, cable: {title: {en: Cable}}}}"
)


def told(steps: str, top: str = "") -> list[str]:
    """Each error and warning in a line."""
    return [fault.told for fault in grave(found_in(f"{top}\nsteps: {{{steps}}}"))]


def codes(steps: str, top: str = "") -> list[str]:
    return [line[-5:-1] for line in told(steps, top)]


# --- what can have kept it ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # Kept on one of two ways: a text shows nothing on the other, and that may be meant.
        (
            f"more: {{do: if, test: balance > 0, then: ask, otherwise: tell}}, ask: {{{NUMBER},"
            ' then: tell}, tell: {do: message, text: {en: "{count}"}, then: main}',
            [],
        ),
        # A path needs it on every way.
        (
            f"more: {{do: if, test: balance > 0, then: ask, otherwise: tell}}, ask: {{{NUMBER},"
            ' then: tell}, tell: {do: request, service: crm, path: "/x/{count}", then: main,'
            " on_error: main}",
            ["W412"],
        ),
        # Whoever asks whether it is there knows that it is.
        (
            f"more: {{do: if, test: count != null, then: tell, otherwise: ask}}, ask: {{{NUMBER},"
            ' then: tell}, tell: {do: request, service: crm, path: "/x/{count}", then: main,'
            " on_error: main}",
            [],
        ),
        # What is kept together is there together.
        (
            "more: {do: branch, value: router, cases: {'null': find}, otherwise: tell},"
            ' tell: {do: request, service: crm, path: "/x/{customer_id}", then: main,'
            " on_error: main}",
            [],
        ),
        # But for what is forgotten alone.
        (
            "more: {do: branch, value: router, cases: {'null': find}, otherwise: tell},"
            ' tell: {do: request, service: crm, path: "/x/{customer_id}", then: gone,'
            " on_error: main}, gone: {do: forget, values: [customer_id], then: main}",
            ["W412"],
        ),
        # An option that is shown only where it is there.
        (
            "more: {do: menu, text: {en: More}, options: {tell: {title: {en: Tell}, goto: tell,"
            " when: router}, back: {title: {en: Back}, goto: main}}},"
            ' tell: {do: request, service: crm, path: "/x/{router}", then: main, on_error: main}',
            [],
        ),
        # Nothing is kept of an answer that was refused.
        (
            "more: {do: request, service: crm, path: /x, keep: {plan: p}, then: main, on_error:"
            ' tell, on_missing: main}, tell: {do: branch, value: plan, cases: {a: main},'
            " otherwise: main}",
            [],  # whoever comes a second time may have it
        ),
        # What was computed is there, and what is forgotten is not.
        ("more: {do: set, compute: {n: 1 + 1}, then: tell}, tell: {do: request, service: crm, "
         'path: "/x/{n}", then: main, on_error: main}', []),
        ("more: {do: set, values: {n: 1}, then: gone}, gone: {do: forget, values: [n], then: tell},"
         ' tell: {do: message, text: {en: "{n}"}, then: main}', ["W411"]),
        ("more: {do: set, values: {n: 1}, then: gone}, gone: {do: forget, values: [n], then: tell},"
         " tell: {do: if, test: n == 1, then: main, otherwise: status}", ["W411"]),
    ],
)  # fmt: skip
def test_where_a_value_can_have_been_kept(steps: str, expected: list[str]) -> None:
    assert codes(steps) == expected


def test_the_way_is_told_on_which_nothing_keeps_it() -> None:
    (line,) = told(
        'more: {do: request, service: crm, path: "/x/{customer_id}", then: main, on_error: main}'
    )
    assert "'customer_id' may not have been kept here: find -> main -> more." in line


def test_a_sub_flow_keeps_for_its_caller_and_takes_nothing_away_from_another() -> None:
    top = """
subflows:
  who:
    entry: ask
    steps:
      ask: {do: question, text: {en: Who?}, keep: who, then: back}
      back: {do: return}
"""
    use = '{do: request, service: crm, path: "/x/%s", then: main, on_error: main}'
    steps = f"""
        more: {{do: call, flow: who, then: use_who}}, use_who: {use % "{who}"},
        status: {{do: set, values: {{own: 1}}, then: again}},
        again: {{do: call, flow: who, then: use_own}}, use_own: {use % "{own}"}
    """
    assert codes(steps, top) == []


def test_values_are_gone_where_a_sub_flow_forgets_them() -> None:
    top = """
subflows:
  lose: {entry: go, steps: {go: {do: forget, values: [own], then: back}, back: {do: return}}}
"""
    steps = """
        more: {do: set, values: {own: 1}, then: again},
        again: {do: call, flow: lose, then: use},
        use: {do: request, service: crm, path: "/x/{own}", then: main, on_error: main}
    """
    assert codes(steps, top) == ["W411"]


def test_a_conversation_can_begin_with_a_global_word() -> None:
    """Whoever types it first has been looked up by nobody."""
    top = "words: {news: {goto: news, words: {en: [news]}}}"
    steps = """
        more: {do: branch, value: router, cases: {'null': find}, otherwise: news},
        news: {do: request, service: crm, path: "/x/{router}", then: main, on_error: main}
    """
    (line,) = told(steps, top)
    assert "may not have been kept here: the word 'news' -> news." in line


def test_a_job_needs_its_device() -> None:
    (line,) = told("more: {do: start_job, job: restart, then: main}")
    assert line.startswith("warning: steps.more.job: 'router' may not have been kept here")


# --- kinds --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("count == 'x'", "compares a number with a text: never true"),
        ("count != 'x'", "compares a number with a text: always true"),
        ("count < true", "compares a number with true or false: never true"),
        ("lower(count) == 'x'", "compares null with a text: never true"),
        ("count in ['a', 1]", "compares a number with a text: never true"),
        ("length(kind) > 'x'", "compares a number or null with a text: never true"),
        ("kind == 'fiber'", "'kind' is never 'fiber': never true. Did you mean 'fibre'?"),
        ("kind in ['cable', 'copper']", "'kind' is never 'copper': never true."),
        ("today() > 3", "compares a text with a number: never true"),
        ("hours.office.open == 'yes'", "compares true or false with a text: never true"),
        ("count * kind > 1", "`*` takes numbers, not a text: always null"),
        ("1 + 1 == 2", "this asks for no value"),
    ],
)
def test_comparisons_that_are_always_the_same(test: str, said: str) -> None:
    top = "hours: {office: {week: {mon: ['08:00-18:00']}}}"
    steps = (
        f"more: {{{NUMBER}, then: which}}, which: {{{CHOICE}, then: test}}, test: {{do: if, test:"
        f' "{test} or hours.office.open", then: main, otherwise: status}}'
    )
    if "no value" in said:
        steps, top = steps.replace(" or hours.office.open", ""), ""
    lines = told(steps, top)
    assert len(lines) == 1, lines
    assert said in lines[0]


@pytest.mark.parametrize(
    "test",
    [
        *("count == 3", "count > -1.5", "kind == 'fibre' and count in [1, 2]", "kind != 'cable'"),
        *("text(count) == '3'", "number(kind) > 3", "balance == 'x' or balance == 3", "balance"),
        *("today() > '2026-01-01'", "length(kind) > 3", "not count", "count / 2 > 1", "-count < 0"),
        *("customer.phone == null", "customer.name != 'x'", "balance + 'x' == 'ax'"),
    ],
)
def test_comparisons_that_can_come_out_either_way(test: str) -> None:
    steps = (
        f"more: {{{NUMBER}, then: which}}, which: {{{CHOICE}, then: test}}, test: {{do: if, test:"
        f' "{test}", then: main, otherwise: status}}'
    )
    assert told(steps) == []


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ("fibre", []),
        ("cable", []),
        ("'null'", []),  # to be careful is no fault
        ("fiber", ["W217"]),
        ("'3'", ["W217"]),
        ("'true'", ["W217"]),
    ],
)
def test_cases_of_a_choice(case: str, found: list[str]) -> None:
    steps = (
        f"more: {{{CHOICE}, then: by}}, by: {{do: branch, value: kind, cases: {{{case}: status}}"
    )
    assert codes(f"{steps}, otherwise: main}}") == found


def test_a_value_takes_its_kind_along() -> None:
    copied = (
        f"more: {{{NUMBER}, then: copy}}, copy: {{do: set, values: {{n: '{{count}}'}}, then: by}}"
    )
    by = ", by: {do: if, test: n == 'x', then: main, otherwise: status}"
    assert codes(copied + by) == ["W413"]
    mixed = copied.replace("'{count}'", "'No. {count}'")
    assert codes(mixed + by) == []
    assert codes(mixed + by.replace("n == 'x'", "n == 3")) == ["W413"]


def test_a_branch_that_nothing_keeps_for_is_always_null() -> None:
    (line,) = told("more: {do: branch, value: balnce, cases: {a: main}, otherwise: status}")
    assert (
        "no step keeps a value 'balnce', so it is always null here. Did you mean 'balance'" in line
    )


# --- names --------------------------------------------------------------------------------------


def test_values_beyond_those_that_a_conversation_keeps() -> None:
    values: dict[str, Any] = {f"v{n}": n for n in range(97)}
    more = {"do": "set", "values": values, "then": "main"}
    assert grave(found_in({"steps": {"more": more}})) == []
    more["values"] = {**values, "one_more": 1}
    (fault,) = grave(found_in({"steps": {"more": more}}))
    assert (fault.code, fault.where) == ("W416", "steps")


@pytest.mark.parametrize(
    ("name", "code"), [("in", "W415"), ("customer.name", "W415"), ("Name", "W415"), ("name", None)]
)
def test_names_that_nobody_can_ask_for(name: str, code: str | None) -> None:
    steps = f"more: {{do: question, text: {{en: Who?}}, keep: {name}, then: main}}"
    assert codes(steps) == ([code] if code else [])


def test_a_body_that_is_nested_too_deep() -> None:
    body: object = 1
    for _ in range(20):
        body = [body]
    step = {"do": "request", "service": "crm", "method": "POST", "path": "/x", "then": "main"}
    step = {**step, "on_error": "main"}
    (fault,) = grave(found_in({"steps": {"more": {**step, "body": {"a": body}}}}))
    assert fault.code == "E408"
    assert grave(found_in({"steps": {"more": {**step, "body": {"a": [[1]]}}}})) == []
