"""Expressions: from text to a tree, with every fault at its column.

What lives here: the grammar. What must not: what an expression comes to (`evaluation`). A Pratt
parser (https://tdop.github.io/): each operator knows how strongly it binds. Bounded, so that
neither this nor an evaluation can run away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal as OneOf
from typing import NamedTuple, assert_never, cast

from msgspec import Struct

from actors.values import Scalar

PARTS_MAX = 200
LEVELS_MAX = 20
INTEGER_MAX = 1 << 53
"""From here on JSON's readers round."""

Comparison = OneOf["==", "!=", "<", "<=", ">", ">="]
Operation = OneOf["+", "-", "*", "/"]
FUNCTIONS = {"length": 1, "number": 1, "text": 1, "lower": 1, "today": 0}
"""Name -> number of arguments."""


class Literal(Struct, frozen=True):
    """A value as it is written."""

    value: Scalar


class Name(Struct, frozen=True):
    """A value by its name."""

    name: str


class Not(Struct, frozen=True):
    """`not x`."""

    operand: Node


class Negative(Struct, frozen=True):
    """`-x`."""

    operand: Node


class Logic(Struct, frozen=True):
    """`a and b`, `a or b`."""

    both: bool
    left: Node
    right: Node


class Compare(Struct, frozen=True):
    """`a < b` and the like."""

    operator: Comparison
    left: Node
    right: Node


class Calculate(Struct, frozen=True):
    """`a + b` and the like."""

    operator: Operation
    left: Node
    right: Node


class Among(Struct, frozen=True):
    """`a in [b, c]`."""

    left: Node
    items: tuple[Node, ...]


class Apply(Struct, frozen=True):
    """`length(a)` and the like."""

    function: str
    arguments: tuple[Node, ...]


Node = Literal | Name | Not | Negative | Logic | Compare | Calculate | Among | Apply


class ExpressionFault(Exception):
    """What is wrong with an expression, and at which character, counted from 1."""

    def __init__(self, what: str, column: int) -> None:
        super().__init__(f"{what} (character {column})")
        self.what = what
        self.column = column


def parse(text: str) -> Node:
    """The tree of an expression. Raises ExpressionFault."""
    return _Parser(text).whole()


def names_in(node: Node) -> Iterator[str]:
    """The names of the values that an expression asks for."""
    if isinstance(node, Name):
        yield node.name
    for part in parts_of(node):
        yield from names_in(part)


def parts_of(node: Node) -> tuple[Node, ...]:
    """The expressions inside an expression."""
    match node:
        case Literal() | Name():
            return ()
        case Not(operand) | Negative(operand):
            return (operand,)
        case Logic(_, left, right) | Compare(_, left, right) | Calculate(_, left, right):
            return (left, right)
        case Among(left, items):
            return (left, *items)
        case Apply(_, arguments):
            return arguments
        case _:
            assert_never(node)


# --- tokens -------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[0-9]+(?:\.[0-9]+)?(?![A-Za-z0-9_.]))
      | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)
      | (?P<sign>==|!=|<=|>=|[-+*/<>()\[\],])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CONSTANTS: dict[str, Scalar] = {"true": True, "false": False, "null": None}
RESERVED = frozenset({"and", "or", "not", "in", *_CONSTANTS})
"""Words that cannot be names of values in an expression."""


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


_END = "the end"


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            column = at + 1 + len(text[at:]) - len(text[at:].lstrip())
            raise ExpressionFault(_odd(text[column - 1 :]), column)
        kind, column = found.lastgroup, found.start(found.lastgroup) + 1
        if kind == "name" and found[kind] in RESERVED - set(_CONSTANTS):
            kind = "sign"
        yield _Token(kind, found[found.lastgroup], column)
        at = found.end()
    yield _Token(_END, "", len(text) + 1)


def _odd(rest: str) -> str:
    if rest[0] in "'\"":
        return f"the text that begins here has no closing {rest[0]}"
    if rest[0] == "=":
        return "`=` is no comparison; write `==`"
    if rest[0].isdigit():
        return "not a number"
    return f"{rest[0]!r} means nothing here"


# --- the parser ---------------------------------------------------------------------------------

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN = range(1, 8)
_BINDS = {
    "or": _OR,
    "and": _AND,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), _COMPARE),
    "+": _SUM,
    "-": _SUM,
    "*": _PRODUCT,
    "/": _PRODUCT,
}


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._parts = 0
        self._levels = 0
        self._grouped: Node | None = None
        """What stood between brackets last: `(a < b) == c` is no chain."""

    def whole(self) -> Node:
        node = self._expression(0)
        token = self._next()
        if token.kind != _END:
            raise ExpressionFault(f"an operator is missing before {token.text!r}", token.column)
        return node

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, sign: str) -> bool:
        token = self._peek()
        if (token.kind, token.text) != ("sign", sign):
            return False
        self._next()
        return True

    def _expect(self, sign: str) -> None:
        token = self._peek()
        if not self._take(sign):
            found = repr(token.text) if token.kind != _END else _END
            raise ExpressionFault(f"{sign!r} is missing before {found}", token.column)

    def _expression(self, above: int) -> Node:
        """An expression of operators that bind more strongly than `above`."""
        self._levels += 1
        if self._levels > LEVELS_MAX:
            raise ExpressionFault("nested too deep", self._peek().column)
        left = self._begins()
        while True:
            token = self._peek()
            binds = _BINDS.get(token.text, 0) if token.kind == "sign" else 0
            if binds <= above:
                break
            self._next()
            left = self._goes_on(left, token, binds)
        self._levels -= 1
        return left

    def _begins(self) -> Node:
        token = self._next()
        self._count(token)
        match token.kind, token.text:
            case "number", digits:
                return Literal(_number(digits, token.column))
            case "text", quoted:
                return Literal(_ESCAPED.sub(r"\1", quoted[1:-1]))
            case "name", word:
                return self._word(word, token.column)
            case "sign", "not":
                return Not(self._expression(_NOT - 1))
            case "sign", "-":
                return Negative(self._expression(_SIGN))
            case "sign", "(":
                inner = self._expression(0)
                self._expect(")")
                self._grouped = inner
                return inner
            case _:
                found = f"before {token.text!r}" if token.text else "at the end"
                raise ExpressionFault(f"a value is missing {found}", token.column)

    def _word(self, word: str, column: int) -> Node:
        if word in _CONSTANTS:
            return Literal(_CONSTANTS[word])
        if not self._take("("):
            return Name(word)
        if word not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            raise ExpressionFault(f"there is no function {word!r}; known are {known}", column)
        arguments = self._items(")")
        if len(arguments) != FUNCTIONS[word]:
            wanted = "one value" if FUNCTIONS[word] else "nothing"
            raise ExpressionFault(f"{word}() takes {wanted} between its brackets", column)
        return Apply(word, arguments)

    def _items(self, closing: str) -> tuple[Node, ...]:
        items: list[Node] = []
        if self._take(closing):
            return ()
        while True:
            items.append(self._expression(0))
            if not self._take(","):
                break
        self._expect(closing)
        return tuple(items)

    def _goes_on(self, left: Node, token: _Token, binds: int) -> Node:
        self._count(token)
        chained = isinstance(left, Compare | Among) and left is not self._grouped
        if binds == _COMPARE and chained:
            raise ExpressionFault("comparisons in a row: join them with `and`", token.column)
        if token.text == "in":
            self._expect("[")
            return Among(left, self._items("]"))
        right = self._expression(binds)
        if binds in (_OR, _AND):
            return Logic(binds == _AND, left, right)
        if binds == _COMPARE:
            return Compare(cast("Comparison", token.text), left, right)
        return Calculate(cast("Operation", token.text), left, right)

    def _count(self, token: _Token) -> None:
        self._parts += 1
        if self._parts > PARTS_MAX:
            raise ExpressionFault(f"more than {PARTS_MAX} parts", token.column)


def _number(digits: str, column: int) -> int | float:
    number: int | float = float(digits) if "." in digits else int(digits[:30])
    if len(digits) > 30 or abs(number) > INTEGER_MAX:
        raise ExpressionFault("a number this large is an id: write it in quotes", column)
    return number
