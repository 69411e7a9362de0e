"""What is shown of each step: its name, its kind, what it says, and its ways on.

What lives here: from a flow to cards, in the words of the drawing. What must not: sizes and places
(`boxes`, `page`), or which ways become lines (`connectors`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from msgspec import Struct

from actors.flow import model
from actors.flow.addresses import Place, entry_of
from actors.flow.faults import FlowFault
from actors.flow.graph import Edge, FlowGraph, Way, graph_of
from actors.flow.limits import TRIES
from actors.flow.render import pick
from actors.flow.values import show
from daemon.flow_show.wording import (
    answer_words,
    first_word,
    job_words,
    outline,
    seconds,
    when_words,
)


class Row(Struct, frozen=True):
    """A way on from a step, or several that lead to the same place."""

    keys: tuple[str, ...]
    """The keys inside the step; empty for what the flow does without being told."""
    label: str
    """Empty where there is no other way."""
    to: str | None
    """The address; None for what leads nowhere by itself, such as a choice of an answer."""
    known: bool = True
    """Whether there is such a step."""
    note: str = ""
    """Under the label."""


class Card(Struct, frozen=True):
    """A step, as it is shown."""

    address: str
    name: str
    scope: str
    kind: str
    """What is written beside the name; the colours go by it."""
    says: str = ""
    """The text that a customer reads."""
    facts: tuple[str, ...] = ()
    """What else there is to know, a line each."""
    rows: tuple[Row, ...] = ()
    words: tuple[str, ...] = ()
    """Global words that lead here."""
    marks: tuple[str, ...] = ()
    """`start`, `root`, `entry` of its sub-flow, `closed`: instead of a person."""
    faults: tuple[str, ...] = ()


class Deck(Struct, frozen=True):
    """All cards of a flow."""

    cards: dict[str, Card]
    """By address, in the order of the file."""
    callers: dict[str, list[str]]
    """Sub-flow -> the addresses of the steps that call it."""
    faults: tuple[str, ...] = ()
    """What is wrong and stands on no card."""


def deck_of(flow: model.Flow, language: str, faults: Iterable[FlowFault] = ()) -> Deck:
    """A card for every step, with what is wrong with it."""
    graph = graph_of(flow)
    wrong: dict[str, list[str]] = {place.where: [] for place in graph.places.values()}
    others: list[str] = []
    for fault in faults:
        where = fault.where
        while where and where not in wrong:
            where = where.rpartition(".")[0]
        if where:
            wrong[where].append(fault.what)
        else:
            others.append(f"{fault.where}: {fault.what}" if fault.where else fault.what)
    cards = {
        address: _card(flow, graph, place, language, tuple(wrong[place.where]))
        for address, place in graph.places.items()
    }
    callers: dict[str, list[str]] = {name: [] for name in flow.subflows}
    for edge in graph.edges:
        if edge.way is Way.CALL:
            callers[edge.label].append(edge.source)
    return Deck(cards, callers, tuple(others))


def _card(
    flow: model.Flow, graph: FlowGraph, place: Place, language: str, faults: tuple[str, ...]
) -> Card:
    kind, says, facts = _content(flow, place.step, language)
    entries = [entry for entry in graph.entries if entry.target == place.address]
    marks = {"entry": "start", "root": "root", "closed": "closed"}
    is_entry = place.scope and entry_of(flow, place.scope) == place.address
    return Card(
        address=place.address,
        name=place.address.rpartition(".")[2],
        scope=place.scope,
        kind=kind,
        says=outline(says),
        facts=tuple(facts),
        rows=tuple(_rows(flow, graph, place, language)),
        words=tuple(
            first_word(flow.words[entry.label].words, language, flow.languages[0]) or entry.label
            for entry in entries
            if entry.kind == "word"
        ),
        marks=tuple(marks[entry.kind] for entry in entries if entry.kind in marks)
        + (("entry",) if is_entry else ()),
        faults=faults,
    )


# --- what a step says and does ------------------------------------------------------------------


def _content(flow: model.Flow, step: model.Step, language: str) -> tuple[str, str, list[str]]:
    """Its kind, the text that is said, and facts."""

    def said(text: model.Text) -> str:
        return pick(text, language, flow.languages[0])

    match step:
        case model.Menu(text=text):
            return "menu", said(text), []
        case model.Message(text=text):
            return "message", said(text), []
        case model.Question(text=text, keep=keep):
            return "question", said(text), [f"keeps {keep}: {answer_words(step)}"]
        case model.Request():
            return "request", "", _request_facts(step)
        case model.Branch(value=value):
            return "branch", "", [f"by {value}"]
        case model.If(test=test):
            return "if", "", [" ".join(test.split())]
        case model.SetValues(values=values, compute=compute):
            plain = [f"{name} = {outline(show(value))}" for name, value in values.items()]
            return "set", "", plain + [f"{name} = {test}" for name, test in compute.items()]
        case model.Forget(values=names):
            return "forget", "", [", ".join(names)]
        case model.AskHours(of=name):
            return "hours", "", [f"by opening hours: {name}"]
        case model.StartJob(job=name):
            return "start job", "", _job_facts(flow, name, language)
        case model.CancelJob(job=name):
            return "cancel job", "", [f"asks to cancel: {_job_title(flow, name, language)}"]
        case model.JobStatus():
            return "job status", "", ["how the jobs stand, with their buttons"]
        case model.Mute():
            return "mute", "", ["no progress of jobs from here on"]
        case model.Unmute():
            return "unmute", "", ["progress of jobs again"]
        case model.SetLanguage(language=spoken):
            return "language", "", [f"speaks {spoken} from here on"]
        case model.Handover():
            return "hand-over", "", _handover_facts(flow, step, language)
        case model.CallSubflow():
            return "call", "", ["walks through a sub-flow"]
        case model.Return():
            return "return", "", ["goes on where it was called"]
        case _:
            assert_never(step)


def _request_facts(step: model.Request) -> list[str]:
    facts = [f"{step.method} {step.service}: {step.path}"]
    if step.query:
        facts[0] += "?" + "&".join(f"{name}={value}" for name, value in step.query.items())
    if step.keep:
        facts.append(f"keeps {', '.join(step.keep)}")
    return facts


def _job_title(flow: model.Flow, name: str, language: str) -> str:
    job = flow.jobs.get(name)
    return outline(pick(job.title, language, flow.languages[0])) if job is not None else name


def _job_facts(flow: model.Flow, name: str, language: str) -> list[str]:
    job = flow.jobs.get(name)
    if job is None:
        return [f"starts: {name}"]

    def title(text: model.Text) -> str:
        return outline(pick(text, language, flow.languages[0]))

    return [f"starts: {_job_title(flow, name, language)} ({job.kind})", *job_words(job, title)]


def _handover_facts(flow: model.Flow, step: model.Handover, language: str) -> list[str]:
    facts = [f"a person joins the chat; waits {seconds(flow.handover.policy.patience_s)} for one"]
    hours = step.hours if step.hours is not None else flow.handover.hours
    if hours is not None:
        facts.append(f"only while open: {hours}")
    if step.reason is not None:
        facts.append(f"reason: {outline(pick(step.reason, language, flow.languages[0]))}")
    return facts


# --- where it leads -----------------------------------------------------------------------------

_TOLD = ("then", "on_missing", "on_status", "on_timeout", "on_error")
"""Of a request: what goes well first, what goes wrong last."""


def _rows(flow: model.Flow, graph: FlowGraph, place: Place, language: str) -> Iterator[Row]:
    step = place.step
    edges = graph.ways_out[place.address]
    if isinstance(step, model.Request):
        edges = sorted(edges, key=lambda edge: _TOLD.index(edge.key.partition(".")[0]))
    if isinstance(step, model.Question) and isinstance(step.answer, model.ChoiceAnswer):
        for choice in step.answer.choices.values():
            yield Row((), f"• {outline(pick(choice.title, language, flow.languages[0]))}", None)
    rows = [
        Row(
            keys=(edge.key,) if edge.key else (),
            label=_label(flow, step, edge, language),
            to=edge.target,
            known=edge.target in graph.places,
            note=when_words(step.options[edge.label].when) if isinstance(step, model.Menu) else "",
        )
        for edge in edges
    ]
    yield from rows if isinstance(step, model.Menu) else _joined(rows)


def _joined(rows: list[Row]) -> Iterator[Row]:
    """Rows to the same place as one, where the first of them stands."""
    together: dict[str | None, list[Row]] = {}
    for row in rows:
        together.setdefault(row.to, []).append(row)
    for to, same in together.items():
        keys = tuple(key for row in same for key in row.keys)
        yield Row(keys, " · ".join(row.label for row in same if row.label), to, same[0].known)


def _label(flow: model.Flow, step: model.Step, edge: Edge, language: str) -> str:
    """What is written on a way."""
    match step:
        case model.Menu(options=options):
            return outline(pick(options[edge.label].title, language, flow.languages[0]))
        case model.Question(keywords=keywords) if edge.way is Way.KEYWORD:
            word = first_word(keywords[edge.label].words, language, flow.languages[0])
            return f"“{word or edge.label}”"
        case model.Question() if edge.way is Way.FAILURE:
            return f"after {step.tries or TRIES} misses"
        case model.Branch() if edge.key != "otherwise":
            return f"= {edge.label}"
        case model.If():
            return "yes" if edge.key == "then" else "no"
        case model.Request() if edge.key.startswith("on_status."):
            return f"status {edge.label}"
        case model.Handover() if edge.way is Way.CASE:
            return "while closed"
        case model.CallSubflow() if edge.way is Way.CALL:
            return f"sub-flow {edge.label}"
        case _:
            return _LABELS.get((edge.way, edge.label), edge.label)


_LABELS = {
    (Way.ANSWER, ""): "an answer",
    (Way.RESPONSE, ""): "answered",
    (Way.RESPONSE, "missing"): "something missing",
    (Way.RESPONSE, "timeout"): "no answer in time",
    (Way.RETURN, ""): "when it returns",
    (Way.ENDED, ""): "afterwards",
}
