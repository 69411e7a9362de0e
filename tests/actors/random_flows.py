"""Random flows that the check has nothing against, out of all kinds of steps.

Steps that do not wait lead on to later ones or to ones that wait, so that nothing goes round; the
rest is left to chance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import strategies as st

from actors.flow.check import check_flow
from actors.flow.model import Flow
from actors.flow.reader import FlowSource, version_of
from tests.actors.small_flow import SMALL

Step = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

VALUES = ["v0", "v1", "v2", "v3", "v4"]
EXPRESSIONS = [
    *("v0 == null", "v1 > 3", "v2 in ['a', 'b', null]", "length(v3) > 2 and not v0"),
    *("hours.office.open", "v1 + 1", "v0 == v1 or today() > '2023-11-14'", "1 / v1", "-v4"),
    *("text(v1) + v3", "customer.phone", "lower(v2) == 'a'", "number(v3) * 2 - v1"),
    "jobs.restart.running",
]
TEXTS = [
    *(
        "Hola",
        "{v0}",
        "{v1, number} y {v2}",
        "{v3, date, long} a las {v3, time}",
        "{customer.name}",
    ),
    *("{v1, plural, =0 {nada} one {# vez} other {# veces}}", "{v2, select, a {} other {{v1}}}"),
    *("{v1, currency, PEN} '{'{v4}'}'", "{hours.office.opens, date, full}", "{ ", " \n{v0}"),
    "x" * 900,
]
HOURS = {
    "office": {"week": {"mon-fri": ["08:00-18:00"]}, "holidays": {"11-15": []}},
    "night": {"week": {"mon-sun": ["22:00-06:00"]}, "time_zone": "America/Lima"},
}
NAMES = st.sampled_from(VALUES)
LITERALS: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, 3, -1.5, "a", "2023-11-20", "{v1}", "{v0} {v2}", "{customer.phone}"]
)


def text(draw: Draw) -> dict[str, str]:
    return {"es": draw(st.sampled_from(TEXTS)), "en": draw(st.sampled_from(TEXTS))}


def title(draw: Draw) -> dict[str, str]:
    word = draw(st.sampled_from(["Sí", "No", "Otra cosa", "Reiniciar", "Volver", "12"]))
    return {"es": word, "en": word[::-1]}


def words(draw: Draw) -> dict[str, list[str]]:
    return {"es": draw(st.lists(st.sampled_from(["dale", "algo más", "nunca"]), max_size=2))}


def menu(draw: Draw, onto: st.SearchStrategy[str]) -> Step:
    options: dict[str, Any] = {}
    for number in range(draw(st.integers(1, 5))):
        option: dict[str, Any] = {"title": title(draw), "goto": draw(onto), "words": words(draw)}
        if number and draw(st.booleans()):
            option["when"] = draw(st.sampled_from(EXPRESSIONS))
        if draw(st.booleans()):
            option["description"] = title(draw)
        options[f"o{number}"] = option
    return {"do": "menu", "text": text(draw), "options": options}


def question(draw: Draw, onto: st.SearchStrategy[str]) -> Step:
    choices = {f"c{n}": {"title": title(draw), "words": words(draw)} for n in range(4)}
    count = draw(st.integers(1, 4))
    answers: list[dict[str, Any] | None] = [
        None,
        {"kind": "text", "longest": 10, "pattern": "[a-z ]+"},
        {"kind": "text"},
        {"kind": "number", "least": 0, "decimals": 2},
        {"kind": "date", "earliest": "today", "latest": "today + 1 year"},
        {"kind": "account", "pattern": "[0-9]{4,8}"},
        {"kind": "choice", "choices": dict(list(choices.items())[:count])},
    ]
    step: Step = {"do": "question", "text": text(draw), "keep": draw(NAMES), "then": draw(onto)}
    answer = draw(st.sampled_from(answers))
    if answer is not None:
        step["answer"] = answer
    if draw(st.booleans()):
        step |= {"tries": draw(st.integers(1, 3)), "on_failure": draw(onto)}
    if draw(st.booleans()):
        step["invalid"] = text(draw)
    if draw(st.booleans()):
        step["keywords"] = {"k": {"words": {"es": ["no lo tengo"]}, "goto": draw(onto)}}
    return step


def request(draw: Draw, onto: st.SearchStrategy[str]) -> Step:
    method = draw(st.sampled_from(["GET", "POST"]))
    step: Step = {
        "do": "request",
        "service": "crm",
        "path": "/x/{v0}",
        "query": {"q": "{v1}"},
        "method": method,
        "then": draw(onto),
        "on_error": draw(onto),
        "keep": {draw(NAMES): draw(st.sampled_from(["a", "b.0", "c.#", "gone"]))},
    }
    if method == "POST":
        step["body"] = {"a": ["{v0}", {"b": "x{v1}"}], "n": None}
    elif draw(st.booleans()):
        step["attempts"] = 2
    if draw(st.booleans()):
        step |= {"on_timeout": draw(onto), "on_missing": draw(onto)}
        step["on_status"] = {"404": draw(onto), "5xx": draw(onto)}
    return step


WAITING = {"menu": menu, "question": question, "request": request}


def silent(draw: Draw, kind: str, onto: st.SearchStrategy[str], calls: list[str]) -> Step:
    """A step that goes on at once."""
    on, other = draw(onto), draw(onto)
    expression = draw(st.sampled_from(EXPRESSIONS))
    match kind:
        case "message":
            return {"do": kind, "text": text(draw), "then": on}
        case "branch":
            cases = {"null": on, "3": draw(onto), "true": draw(onto)}
            return {"do": kind, "value": draw(NAMES), "cases": cases, "otherwise": other}
        case "if":
            return {"do": kind, "test": expression, "then": on, "otherwise": other}
        case "set":
            values = draw(st.dictionaries(NAMES, LITERALS, max_size=3))
            return {"do": kind, "values": values, "compute": {draw(NAMES): expression}, "then": on}
        case "forget":
            return {"do": kind, "values": [draw(NAMES)], "then": on}
        case "hours":
            of = draw(st.sampled_from(sorted(HOURS)))
            return {"do": kind, "of": of, "open": on, "closed": other}
        case "handover":
            hours = {"hours": "office", "closed": on} if draw(st.booleans()) else {}
            return {"do": kind, "reason": text(draw), **hours}
        case "set_language":
            return {"do": kind, "language": draw(st.sampled_from(["es", "en"])), "then": on}
        case "start_job" | "cancel_job":
            return {"do": kind, "job": "restart", "then": on}
        case "call" if calls:
            return {"do": kind, "flow": draw(st.sampled_from(calls)), "then": on}
        case "call":
            return {"do": "job_status", "then": on}
        case _:
            return {"do": kind, "then": on}


SILENT = [
    *("message", "branch", "if", "set", "forget", "hours", "handover", "set_language"),
    *("start_job", "cancel_job", "call", "job_status", "mute", "unmute"),
]


KINDS = st.sampled_from([*SILENT, *WAITING, "menu", "question", "question", "call", "call"])


def steps(draw: Draw, prefix: str, always: list[str], calls: list[str]) -> dict[str, Step]:
    """Some steps; `always`: where each of them may lead besides."""
    kinds = draw(st.lists(KINDS, min_size=3, max_size=8))
    names = [f"{prefix}{number}" for number in range(len(kinds))]
    waiting = [name for name, kind in zip(names, kinds, strict=True) if kind in WAITING]
    found: dict[str, Step] = {}
    for number, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        if kind in WAITING:
            found[name] = WAITING[kind](draw, st.sampled_from([*names, *always]))
        else:
            later = [*names[number + 1 :], *waiting, *always]
            found[name] = silent(draw, kind, st.sampled_from(later), calls)
    return found


@st.composite
def flows(draw: Draw) -> FlowSource:
    """A flow with the jobs, texts and words of the small one, and steps of its own."""
    document = msgspec.to_builtins(SMALL)
    subflows: dict[str, Any] = {}
    for name in draw(st.sampled_from([["outer", "sub"], ["sub"], []]))[::-1]:
        inner = steps(draw, "t", ["end", "main", "person"], sorted(subflows))
        entry = draw(st.sampled_from(sorted(inner)))
        subflows[name] = {"entry": entry, "steps": {**inner, "end": {"do": "return"}}}
    own = steps(draw, "s", ["main", "person", "knows"], sorted(subflows))
    known = {"router": "r-1", "label": "Router azul", "account": "A1", **dict.fromkeys(VALUES)}
    own["knows"] = {"do": "set", "values": known, "then": "main"}
    own["main"] = menu(draw, st.sampled_from([name for name in own if name != "knows"]))
    own["person"] = {"do": "handover"}
    document |= {"hours": HOURS, "subflows": subflows, "steps": own}
    document["entry"] = draw(st.sampled_from([*own, *["knows"] * len(own)]))
    if draw(st.booleans()):
        document["handover"] |= {"hours": "night", "closed": "main"}
    flow = msgspec.convert(document, Flow)
    source = FlowSource(flow, version_of(flow), {})
    faults = check_flow(source, frozenset({"main"}), frozenset({"crm"}))
    assert not faults, "\n".join(map(str, faults))
    return source
