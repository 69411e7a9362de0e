"""Expressions: whether each can be read, knows its names, and can come out either way.

What lives here: `when`, `test`, `compute`, and the cases of branches. What must not: the grammar
(`actors.flow.expression`), what values may be (`dataflow`).
"""

from __future__ import annotations

from collections.abc import Iterator

from actors.flow import model, rules
from actors.flow.addresses import Place
from actors.flow.check.dataflow import case_kinds
from actors.flow.check.kinds import (
    NOTHING,
    NULL,
    NUMBER,
    TEXT,
    Kinds,
    State,
    in_words,
    infer,
)
from actors.flow.check.subject import Subject
from actors.flow.evaluation import tree_of
from actors.flow.expression import (
    FUNCTIONS,
    Among,
    Apply,
    Calculate,
    Compare,
    ExpressionFault,
    Literal,
    Name,
    Node,
    names_in,
    parse,
    parts_of,
)
from actors.flow.faults import FlowFault, instead
from actors.flow.values import show


def texts_of(step: model.Step) -> Iterator[tuple[str, str]]:
    """The expressions of a step: key path inside it, and what is written."""
    match step:
        case model.Menu(options=options):
            for name, option in options.items():
                if option.when is not None:
                    yield f"options.{name}.when", option.when
        case model.If(test=test):
            yield "test", test
        case model.SetValues(compute=compute):
            for name, text in compute.items():
                yield f"compute.{name}", text
        case _:
            return


def of_step(step: model.Step) -> Iterator[tuple[str, Node]]:
    """The expressions of a step that can be read, as trees."""
    for key, text in texts_of(step):
        node = tree_of(text)
        if node is not None:
            yield key, node


_LANGUAGE = (
    "Write it with values, brackets, `and`, `or`, `not`, `== != < <= > >=`, `in ['a', 'b']`, "
    "`+ - * /` and " + ", ".join(f"`{name}()`" for name in FUNCTIONS)
)


def expressions(subject: Subject) -> Iterator[FlowFault]:
    """Every expression can be read, and its names are known."""
    for place in subject.places:
        for key, text in texts_of(place.step):
            where = f"{place.where}.{key}"
            try:
                node = parse(text)
            except ExpressionFault as fault:
                yield subject.fault(
                    rules.EXPRESSION_FAULT, where, str(fault), _LANGUAGE, character=fault.column
                )
                continue
            for name in dict.fromkeys(names_in(node)):
                if name not in subject.known:
                    quoted = "a text goes into quotes"
                    otherwise = f"Keep it with a question, a request or `set`; {quoted}"
                    do = instead(name, subject.known, otherwise)
                    what = f"no step keeps a value {name!r}"
                    yield subject.fault(
                        rules.UNKNOWN_VALUE, where, what, do, character=text.find(name) + 1
                    )
            yield from _odd(subject, place, where, node)


def _odd(subject: Subject, place: Place, where: str, node: Node) -> Iterator[FlowFault]:
    state = subject.values.before.get(place.address)
    if state is None:
        # Nothing leads here: that is told elsewhere.
        state = subject.values.overall
    odd = [fault for inner in _all_in(node) for fault in _Oddities(subject, where, state).of(inner)]
    yield from odd
    asks = any(True for _ in names_in(node)) or _asks_day(node)
    if not asks and not odd and where.endswith((".when", ".test")):
        what = "this asks for no value, so it is always the same"
        do = "Compare a value, or take the condition out"
        yield subject.fault(rules.CONDITION_FIXED, where, what, do)


def _asks_day(node: Node) -> bool:
    return any(isinstance(inner, Apply) and inner.function == "today" for inner in _all_in(node))


def _all_in(node: Node) -> Iterator[Node]:
    yield node
    for part in parts_of(node):
        yield from _all_in(part)


class _Oddities:
    """What can be read and yet can only be a mistake."""

    def __init__(self, subject: Subject, where: str, state: State) -> None:
        self._subject, self._where, self._state = subject, where, state

    def _kinds(self, node: Node) -> Kinds:
        return infer(node, self._subject.values.table, self._state)

    def of(self, node: Node) -> Iterator[FlowFault]:
        match node:
            case Compare(operator, left, right):
                yield from self._compared(operator, left, right)
            case Among(left, items):
                for item in items:
                    yield from self._compared("==", left, item)
            case Calculate(operator, left, right):
                yield from self._calculated(operator, left, right)
            case _:
                return

    def _compared(self, operator: str, left: Node, right: Node) -> Iterator[FlowFault]:
        one, other = self._kinds(left), self._kinds(right)
        for node, kinds in ((left, one), (right, other)):
            if isinstance(node, Name | Calculate) and not kinds & ~NOTHING:
                # That it is always null is told already.
                return
        comes = "always true" if operator == "!=" else "never true"
        if operator in ("==", "!="):
            if not one & other:
                yield self._never(_kinds_differ(one, other, comes), one, other)
            for name, literal in ((left, right), (right, left)):
                if isinstance(name, Name) and isinstance(literal, Literal):
                    yield from self._outside(name.name, literal, comes)
        elif not one & other & (NUMBER | TEXT):
            yield self._never(_kinds_differ(one, other, comes), one, other)

    def _never(self, what: str, one: Kinds, other: Kinds) -> FlowFault:
        do = "Compare values of one kind"
        if {one & ~NOTHING, other & ~NOTHING} == {TEXT, NUMBER}:
            do = "Write `number(…)` around the text, or `text(…)` around the number"
        return self._subject.fault(rules.NEVER_TRUE, self._where, what, do)

    def _outside(self, name: str, literal: Literal, comes: str) -> Iterator[FlowFault]:
        """A value that the steps which keep it never give it."""
        domain = self._subject.keepers.domain(name)
        if domain is None or literal.value is None or literal.value in domain:
            return
        what = f"{name!r} is never {show(literal.value)!r}: {comes}"
        do = instead(show(literal.value), map(show, domain), "Compare what can be")
        yield self._subject.fault(rules.NEVER_TRUE, self._where, what, do)

    def _calculated(self, operator: str, left: Node, right: Node) -> Iterator[FlowFault]:
        one, other = self._kinds(left), self._kinds(right)
        can = NUMBER | TEXT if operator == "+" else NUMBER
        if one & other & can:
            return
        kinds = {one & ~NOTHING, other & ~NOTHING}
        if 0 in kinds:
            what = f"`{operator}` with what is always null comes to null"
            do = "Keep the value before"
        elif operator == "+":
            what = f"adds {in_words(one)} and {in_words(other)}: always null"
            do = "Write `text(…)` or `number(…)` around one of them"
        else:
            bad = one if not one & NUMBER else other
            what = f"`{operator}` takes numbers, not {in_words(bad)}: always null"
            do = "Write `number(…)` around the text"
        yield self._subject.fault(rules.NEVER_A_VALUE, self._where, what, do)


def _kinds_differ(one: Kinds, other: Kinds, comes: str) -> str:
    return f"compares {in_words(one)} with {in_words(other)}: {comes}"


def cases(subject: Subject) -> Iterator[FlowFault]:
    """Every case of a branch can come."""
    for place in subject.places:
        step = place.step
        if not isinstance(step, model.Branch) or step.value not in subject.known:
            continue
        if subject.values.is_unkept(step.value, place.address):
            continue
        state = subject.values.before.get(place.address, subject.values.overall)
        kinds = subject.values.table.kinds(step.value, state)
        domain = subject.keepers.shown(step.value)
        for case in step.cases:
            if case == "null":
                # To be careful is no fault.
                continue
            possible = kinds & case_kinds(case)
            known = domain is None or case in domain
            if possible and known:
                continue
            what = f"{step.value!r} is never {case!r} here"
            do = "Take the case out"
            if domain is not None:
                do = instead(case, domain, do)
            elif not possible and kinds & ~NOTHING:
                what = f"{what}: it is {in_words(kinds & ~(NOTHING & ~NULL))}"
            yield subject.fault(rules.CASE_NEVER, f"{place.where}.cases.{case}", what, do)
