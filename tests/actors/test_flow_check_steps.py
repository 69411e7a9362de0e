"""How steps lead to each other: loops, dead ends, long ways, also through sub-flows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.actors.flow_examples import found_in, grave

ASKS = """
subflows:
  ask:
    entry: who
    steps:
      who: {do: question, text: {en: Who?}, keep: who, then: back}
      back: {do: return}
"""
SAYS = """
subflows:
  say: {entry: hello, steps: {hello: {do: message, text: {en: Hi}, then: back}, back: {do: return}}}
"""


def codes(example: str | dict[str, Any]) -> dict[str, list[str]]:
    """Where each error and warning is, by its code."""
    found: dict[str, list[str]] = {}
    for fault in grave(found_in(example)):
        found.setdefault(fault.code, []).append(fault.where)
    return found


def said(example: str | dict[str, Any]) -> str:
    return "\n".join(fault.told for fault in grave(found_in(example)))


# --- round and round ----------------------------------------------------------------------------


def test_a_sub_flow_that_asks_is_no_silent_loop() -> None:
    again = "steps: {more: {do: call, flow: ask, then: by}, by: {do: if, test: who == 'me', "
    assert codes(ASKS + again + "then: main, otherwise: more}}") == {}


def test_a_sub_flow_that_returns_at_once_is_one() -> None:
    loop = "steps: {more: {do: call, flow: say, then: more}}"
    assert codes(SAYS + loop) == {"E203": ["steps.more"]}
    assert "more -> more" in said(SAYS + loop)


def test_a_sub_flow_that_leads_back_to_its_caller_is_one() -> None:
    loop = """
        subflows: {say: {entry: hello, steps: {hello: {do: message, text: {en: Hi}, then: more}}}}
        steps: {more: {do: call, flow: say, then: main}}
    """
    assert codes(loop)["E203"] == ["steps.more"]
    assert "more -> say.hello -> more" in said(loop)


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ("more: {do: request, service: crm, path: /x, then: main, on_error: more}", ["steps.more"]),
        (
            "more: {do: request, service: crm, path: /x, keep: {state: s}, then: by,"
            " on_error: main},"
            "by: {do: branch, value: state, cases: {done: main}, otherwise: more}",
            ["steps.more"],
        ),
        (  # who counts, ends
            "more: {do: request, service: crm, path: /x, then: main, on_error: count},"
            "count: {do: set, compute: {n: n + 1}, then: again},"
            "again: {do: if, test: n < 3, then: more, otherwise: main}",
            [],
        ),
        (  # it goes round once at most: the second time there is a customer
            "more: {do: branch, value: customer_id, cases: {'null': look}, otherwise: main},"
            "look: {do: request, service: crm, path: /x, keep: {customer_id: id}, then: more,"
            " on_missing: main, on_error: main}",
            [],
        ),
        (  # a customer is asked on the way
            "more: {do: request, service: crm, path: /x, then: main, on_error: sure},"
            "sure: {do: question, text: {en: Again?}, keep: sure, then: more}",
            [],
        ),
    ],
)
def test_requests_that_go_round(steps: str, found: list[str]) -> None:
    assert codes(f"steps: {{{steps}}}").get("W213", []) == found


# --- what leads nowhere and what nothing leads to -----------------------------------------------


def test_what_only_stray_steps_lead_to_is_told_as_that() -> None:
    stray = """
        steps:
          one: {do: message, text: {en: One}, then: two}
          two: {do: message, text: {en: Two}, then: main}
    """
    assert codes(stray) == {"W211": ["steps.one", "steps.two"]}
    assert "steps.two: only steps that nothing leads to lead here: one." in said(stray)


def test_what_comes_after_a_sub_flow_that_never_returns_is_out_of_reach() -> None:
    example = """
        subflows: {say: {entry: hello, steps: {hello: {do: message, text: {en: Hi}, then: main}}}}
        steps:
          more: {do: call, flow: say, then: after}
          after: {do: message, text: {en: After}, then: main}
    """
    assert codes(example) == {"W211": ["steps.after"], "W216": ["subflows.say"]}
    assert "The sub-flow that is called before it never returns." in said(example)


def test_a_mistyped_target_does_not_make_its_step_a_stray_one() -> None:
    example = """
        steps:
          more: {do: message, text: {en: More}, then: godbye}
          goodbye: {do: message, text: {en: Goodbye}, then: main}
    """
    assert codes(example) == {"E201": ["steps.more.then"]}
    assert "Did you mean 'goodbye'?" in said(example)


def test_inside_of_a_sub_flow_its_own_steps_are_suggested() -> None:
    example = ASKS.replace("then: back", "then: bakc")
    example += "steps: {more: {do: call, flow: ask, then: main}}"
    assert codes(example) == {"E201": ["subflows.ask.steps.who.then"]}
    assert "there is no step 'bakc'. Did you mean 'back'?" in said(example)


def test_every_road_into_a_flow_counts() -> None:
    example = """
        words: {bye: {goto: by_word, words: {en: [bye]}}}
        handover: {hours: office, closed: by_desk}
        hours: {office: {week: {mon: ["08:00-18:00"]}}}
        subflows: {one: {entry: go, steps: {go: {do: return}, direct: {do: return}}}}
        steps:
          by_word: {do: message, text: {en: Bye}, then: main}
          by_desk: {do: message, text: {en: Closed}, then: main}
          more: {do: call, flow: one, then: by_address}
          by_address: {do: message, text: {en: And}, then: one.direct}
    """
    assert codes(example) == {}


def test_all_steps_of_a_dead_end_are_told_and_not_as_a_loop_too() -> None:
    example = """
        steps:
          more: {do: message, text: {en: Wait}, then: ask}
          ask: {do: request, service: crm, path: /x, then: ask, on_error: ask}
    """
    assert codes(example) == {"W212": ["steps.more", "steps.ask"]}


# --- long ways ----------------------------------------------------------------------------------


def chain(prefix: str, count: int, last: str) -> dict[str, Any]:
    steps: dict[str, Any] = {}
    for number in range(count):
        to = f"{prefix}{number + 1}" if number + 1 < count else last
        steps[f"{prefix}{number}"] = {"do": "forget", "values": ["balance"], "then": to}
    return steps


def test_fifty_steps_are_carried_out_in_one_go() -> None:
    # The menu in which it ends is one of them.
    more = {"do": "forget", "values": ["balance"], "then": "s0"}
    assert codes({"steps": {"more": more, **chain("s", 48, "main")}}) == {}
    long = {"steps": {"more": more, **chain("s", 49, "main")}}
    assert codes(long) == {"W214": ["steps.more"]}
    assert "51 steps in one go, 50 are carried out: more -> s0 -> s1 -> s2 ->" in said(long)


@pytest.mark.parametrize(("count", "found"), [(45, {}), (46, {"W214": ["steps.more"]})])
def test_steps_inside_of_a_sub_flow_count(count: int, found: dict[str, list[str]]) -> None:
    inner = {**chain("i", count, "back"), "back": {"do": "return"}}
    example = {
        "subflows": {"long": {"entry": "i0", "steps": inner}},
        "steps": {
            "more": {"do": "call", "flow": "long", "then": "after"},
            "after": {"do": "forget", "values": ["balance"], "then": "also"},
            "also": {"do": "forget", "values": ["balance"], "then": "main"},
        },
    }
    assert codes(example) == found
