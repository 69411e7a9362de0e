"""The flow as a graph: what leads where, and why.

What lives here: every way from one step to another with its reason and what is written on it, and
the steps at which a conversation can come in. What must not: judging it (`check`) or drawing it.
Nothing here asks that the flow be right: an edge may lead to a step that is not there, a sub-flow
may call itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import NamedTuple, assert_never

from actors.flow import model
from actors.flow.addresses import Place, closure, entry_of, places_of, resolve


class Way(Enum):
    """Why a conversation goes from one step to another."""

    THEN = "then"
    """The step is done."""
    CASE = "case"
    """A value, an expression or the clock decides."""
    OPTION = "option"
    """The customer chooses it from a menu."""
    ANSWER = "answer"
    """The customer's answer fits."""
    KEYWORD = "keyword"
    """The customer types one of the words instead of an answer."""
    FAILURE = "failure"
    """No answer fitted, as often as it may be tried."""
    RESPONSE = "response"
    """A service answers, or does not."""
    CALL = "call"
    """Into a sub-flow."""
    RETURN = "return"
    """Where a call goes on when its sub-flow has returned."""
    ENDED = "ended"
    """The chat with a person is over."""


AT_ONCE = frozenset({Way.THEN, Way.CASE, Way.CALL, Way.RETURN})
"""Ways that are gone in the same turn, without waiting for anything."""
UNASKED = AT_ONCE | {Way.RESPONSE}
"""Ways that are gone without asking the customer."""


class Edge(NamedTuple):
    """A way from one step to another."""

    source: str
    """The address of the step that leads."""
    target: str
    """The address that it leads to; there may be no such step."""
    way: Way
    key: str
    """The path of the key inside the step: `options.restart.goto`; empty where the flow decides
    (back to the root)."""
    label: str = ""
    """What tells it from its neighbours, in words of the file: `404`, `error`, `otherwise`, the
    name of an option."""
    title: model.Text | None = None
    """What the customer sees on it."""

    @property
    def written(self) -> bool:
        """Whether its key names the target: the flow decides on others, `call` on its sub-flow."""
        return self.key != "" and self.way is not Way.CALL


class Entry(NamedTuple):
    """A step at which a conversation can come in from anywhere."""

    target: str
    kind: str
    """`entry`, `root`, `word` or `closed`."""
    where: str
    """The path of the key in the file: `entry`, `words.menu.goto`."""
    label: str = ""
    """The name of the word."""


class FlowGraph:
    """Steps, the ways between them, and where one comes in."""

    def __init__(
        self, places: Mapping[str, Place], edges: Iterable[Edge], entries: Iterable[Entry]
    ) -> None:
        self.places = places
        """Steps by address, in the order of the file."""
        self.edges = tuple(edges)
        self.entries = tuple(entries)
        self.ways_out: dict[str, list[Edge]] = {address: [] for address in places}
        """By the address that they begin at, in the order of the file."""
        for edge in self.edges:
            self.ways_out[edge.source].append(edge)


def graph_of(flow: model.Flow) -> FlowGraph:
    """The graph of a flow."""
    places = {place.address: place for place in places_of(flow)}
    edges = [edge for place in places.values() for edge in edges_of(flow, place)]
    return FlowGraph(places, edges, entries_of(flow))


def entries_of(flow: model.Flow) -> Iterator[Entry]:
    """Where a conversation can come in from anywhere."""
    yield Entry(flow.entry, "entry", "entry")
    yield Entry(flow.root, "root", "root")
    for name, word in flow.words.items():
        yield Entry(word.goto, "word", f"words.{name}.goto", name)
    if flow.handover.closed is not None:
        # The buttons of jobs lead to a person too, from wherever the customer is.
        yield Entry(flow.handover.closed, "closed", "handover.closed")


def edges_of(flow: model.Flow, place: Place) -> Iterator[Edge]:
    """The ways out of a step, in the order of its keys."""

    def edge(way: Way, key: str, target: str, label: str = "") -> Edge:
        return Edge(place.address, resolve(flow, place.scope, target), way, key, label)

    match place.step:
        case model.Menu(options=options):
            for name, option in options.items():
                way = edge(Way.OPTION, f"options.{name}.goto", option.goto, name)
                yield way._replace(title=option.title)
        case model.Question() as question:
            yield edge(Way.ANSWER, "then", question.then)
            for name, word in question.keywords.items():
                yield edge(Way.KEYWORD, f"keywords.{name}.goto", word.goto, name)
            if question.on_failure is not None:
                yield edge(Way.FAILURE, "on_failure", question.on_failure)
            elif question.tries is not None or question.answer is not None:
                yield Edge(place.address, flow.root, Way.FAILURE, "")
        case model.Request() as request:
            yield from _of_request(flow, place, request)
        case model.Branch(cases=cases, otherwise=otherwise):
            for value, target in cases.items():
                yield edge(Way.CASE, f"cases.{value}", target, value)
            yield edge(Way.CASE, "otherwise", otherwise, "otherwise")
        case model.If(then=then, otherwise=otherwise):
            yield edge(Way.CASE, "then", then, "true")
            yield edge(Way.CASE, "otherwise", otherwise, "otherwise")
        case model.AskHours() as hours:
            yield edge(Way.CASE, "open", hours.open, "open")
            yield edge(Way.CASE, "closed", hours.closed, "closed")
        case model.Handover(closed=closed):
            yield Edge(place.address, flow.root, Way.ENDED, "")
            if closed is not None:
                yield edge(Way.CASE, "closed", closed, "closed")
            elif flow.handover.closed is not None:
                yield Edge(place.address, flow.handover.closed, Way.CASE, "", "closed")
        case model.CallSubflow() as call:
            entry = entry_of(flow, call.flow)
            if entry is not None:
                yield Edge(place.address, entry, Way.CALL, "flow", call.flow)
            yield edge(Way.RETURN, "then", call.then)
        case model.Return():
            # The ways back belong to the calls: a sub-flow does not know who called it.
            return
        case (
            model.Message()
            | model.SetValues()
            | model.Forget()
            | model.StartJob()
            | model.CancelJob()
            | model.JobStatus()
            | model.Mute()
            | model.Unmute()
            | model.SetLanguage()
        ) as step:
            yield edge(Way.THEN, "then", step.then)
        case _:
            assert_never(place.step)


def _of_request(flow: model.Flow, place: Place, request: model.Request) -> Iterator[Edge]:
    ways: list[tuple[str, str | None, str]] = [
        ("then", request.then, ""),
        ("on_error", request.on_error, "error"),
        ("on_missing", request.on_missing, "missing"),
        ("on_timeout", request.on_timeout, "timeout"),
        *((f"on_status.{status}", to, status) for status, to in request.on_status.items()),
    ]
    for key, target, label in ways:
        if target is not None:
            address = resolve(flow, place.scope, target)
            yield Edge(place.address, address, Way.RESPONSE, key, label)


def leads_to_job(flow: model.Flow) -> frozenset[str]:
    """The addresses from which a job is started or cancelled before the customer is asked again."""
    jobs: list[str] = []
    before: dict[str, list[str]] = {}
    for place in places_of(flow):
        if isinstance(place.step, model.StartJob | model.CancelJob):
            jobs.append(place.address)
        for edge in edges_of(flow, place):
            if edge.way in UNASKED:
                before.setdefault(edge.target, []).append(place.address)
    return closure(jobs, before)
