"""What kinds of values a name may hold at a point of the flow.

What lives here: sets of kinds, what an expression may come to, and what is known after it came out
true or false. What must not: the ways through the flow (`dataflow`).

A state holds a plane of bits for each kind, one bit a name: merging two states of a thousand names
is five operations. "Unkept" is null too; it is told apart because nothing has kept it yet.
"""

from __future__ import annotations

from typing import NamedTuple, assert_never

from actors.flow.expression import (
    Among,
    Apply,
    Calculate,
    Compare,
    Literal,
    Logic,
    Name,
    Negative,
    Node,
    Not,
)
from actors.values import Scalar

UNKEPT, NULL, TRUTH, NUMBER, TEXT = 1, 2, 4, 8, 16
NOTHING = UNKEPT | NULL
ANYTHING = NULL | TRUTH | NUMBER | TEXT
Kinds = int
"""A set of the kinds above."""

_WORDS = {NULL: "null", TRUTH: "true or false", NUMBER: "a number", TEXT: "a text"}


def in_words(kinds: Kinds) -> str:
    """`a number`, `a text or null`."""
    plain = (kinds | NULL) & ~UNKEPT if kinds & UNKEPT else kinds
    ordered = [TEXT, NUMBER, TRUTH, NULL]
    return " or ".join(_WORDS[kind] for kind in ordered if plain & kind) or "nothing"


def kind_of(value: Scalar) -> Kinds:
    """The kind of a value."""
    match value:
        case None:
            return NULL
        case bool():
            return TRUTH
        case int() | float():
            return NUMBER
        case str():
            return TEXT
        case _:
            assert_never(value)


class State(NamedTuple):
    """What every name may hold: for each kind the names, as bits, that may be of it."""

    unkept: int
    null: int
    truth: int
    number: int
    text: int

    def of(self, bit: int) -> Kinds:
        """The kinds of a name."""
        return (
            (UNKEPT if self.unkept & bit else 0)
            | (NULL if self.null & bit else 0)
            | (TRUTH if self.truth & bit else 0)
            | (NUMBER if self.number & bit else 0)
            | (TEXT if self.text & bit else 0)
        )

    def put(self, bits: int, kinds: Kinds) -> State:
        """Where these names hold one of these kinds."""
        keep = ~bits
        return State(
            self.unkept & keep | (bits if kinds & UNKEPT else 0),
            self.null & keep | (bits if kinds & NULL else 0),
            self.truth & keep | (bits if kinds & TRUTH else 0),
            self.number & keep | (bits if kinds & NUMBER else 0),
            self.text & keep | (bits if kinds & TEXT else 0),
        )

    def merged(self, other: State) -> State:
        """Where either may hold."""
        return State(
            self.unkept | other.unkept,
            self.null | other.null,
            self.truth | other.truth,
            self.number | other.number,
            self.text | other.text,
        )

    def kept(self, bits: int) -> State:
        """Where these names have surely been kept."""
        return self._replace(unkept=self.unkept & ~bits)

    def chosen(self, planes: int, call: State) -> State:
        """This state for the names of `planes`, and the other for all others."""
        rest = ~planes
        return State(*(a & planes | b & rest for a, b in zip(self, call, strict=True)))


class Table:
    """The names of a flow as bits, and what else is known of them everywhere."""

    def __init__(self, names: list[str]) -> None:
        self.bits = {name: 1 << index for index, name in enumerate(names)}
        self.all = (1 << len(names)) - 1
        self.fixed: dict[str, Kinds] = {"customer.name": TEXT | NULL, "customer.phone": TEXT | NULL}
        """Names that no step keeps."""
        self.companions: dict[str, int] = {}
        """Name -> the names that have been kept wherever this one has."""

    def kinds(self, name: str, state: State) -> Kinds:
        """What a name may hold; anything where nothing is known of it."""
        bit = self.bits.get(name)
        if bit is not None:
            return state.of(bit)
        if name.startswith("hours."):
            return TRUTH if name.endswith(".open") else TEXT | NULL
        if name.startswith("jobs."):
            return TRUTH
        return self.fixed.get(name, ANYTHING)

    def narrowed(self, name: str, kinds: Kinds, state: State) -> State | None:
        """The state where a name is of one of these kinds; None where it cannot be."""
        bit = self.bits.get(name)
        found = self.kinds(name, state) & kinds
        if not found:
            return None
        if bit is None:
            return state
        state = state.put(bit, found)
        return state if found & NOTHING else state.kept(self.companions.get(name, 0))


# --- expressions --------------------------------------------------------------------------------


def infer(node: Node, table: Table, state: State) -> Kinds:
    """What an expression may come to."""
    match node:
        case Literal(value):
            return kind_of(value)
        case Name(name):
            found = table.kinds(name, state)
            return (found & ~UNKEPT) | NULL if found & UNKEPT else found
        case Not() | Logic() | Compare() | Among():
            return TRUTH
        case Negative(operand):
            return NUMBER | NULL if infer(operand, table, state) & NUMBER else NULL
        case Calculate(operator, left, right):
            both = infer(left, table, state) & infer(right, table, state)
            can = NUMBER | TEXT if operator == "+" else NUMBER
            return both & can | NULL
        case Apply("text" | "today"):
            return TEXT
        case Apply("length", (argument,)):
            return NUMBER | NULL if infer(argument, table, state) & TEXT else NULL
        case Apply("lower", (argument,)):
            return TEXT | NULL if infer(argument, table, state) & TEXT else NULL
        case Apply("number", (argument,)):
            can = infer(argument, table, state) & (TEXT | NUMBER)
            return NUMBER | NULL if can else NULL
        case Apply():
            return ANYTHING
        case _:
            assert_never(node)


def refined(node: Node, truth: bool, table: Table, state: State) -> State | None:
    """The state where an expression came out so; None where it cannot."""
    match node:
        case Literal(value):
            return state if bool(value) is truth else None
        case Name(name):
            return table.narrowed(name, TRUTH | NUMBER | TEXT, state) if truth else state
        case Not(operand):
            return refined(operand, not truth, table, state)
        case Logic(both, left, right) if both is truth:
            first = refined(left, truth, table, state)
            return refined(right, truth, table, first) if first is not None else None
        case Logic(_, left, right):
            first = refined(left, truth, table, state)
            passed = refined(left, not truth, table, state)
            second = refined(right, truth, table, passed) if passed is not None else None
            if first is None or second is None:
                return first or second
            return first.merged(second)
        case Compare(operator, left, right):
            return _compared(operator, left, right, truth, table, state)
        case Among(Name(name), items) if truth:
            kinds = 0
            for item in items:
                kinds |= infer(item, table, state)
            return table.narrowed(name, kinds | (UNKEPT if kinds & NULL else 0), state)
        case Negative() | Calculate() | Among() | Apply():
            return state
        case _:
            assert_never(node)


def _compared(
    operator: str, left: Node, right: Node, truth: bool, table: Table, state: State
) -> State | None:
    if operator in ("==", "!="):
        equal = truth is (operator == "==")
        for one, other in ((left, right), (right, left)):
            kinds = infer(other, table, state)
            if equal:
                narrowed = _held(one, kinds | (UNKEPT if kinds & NULL else 0), table, state)
            elif other == Literal(None):
                narrowed = _held(one, TRUTH | NUMBER | TEXT, table, state)
            else:
                continue
            if narrowed is None:
                return None
            state = narrowed
        return state
    if not truth:
        return state
    common = infer(left, table, state) & infer(right, table, state) & (NUMBER | TEXT)
    for one in (left, right):
        narrowed = _held(one, common, table, state)
        if narrowed is None:
            return None
        state = narrowed
    return state


def _held(node: Node, kinds: Kinds, table: Table, state: State) -> State | None:
    """The state where an expression came to one of these kinds."""
    match node:
        case Name(name):
            return table.narrowed(name, kinds, state)
        case Apply("length" | "lower", (Name(name),)) if not kinds & NULL:
            return table.narrowed(name, TEXT, state) if kinds else None
        case _:
            return state if infer(node, table, state) & kinds else None
