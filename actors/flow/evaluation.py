"""What an expression comes to.

What lives here: the meaning of operators and functions. What must not: the grammar
(`expression`). Nothing here raises: what makes no sense is null, and null is not true.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import assert_never

from actors.flow.expression import (
    INTEGER_MAX,
    Among,
    Apply,
    Calculate,
    Compare,
    Comparison,
    ExpressionFault,
    Literal,
    Logic,
    Name,
    Negative,
    Node,
    Not,
    Operation,
    parse,
)
from actors.flow.values import VALUE_MAX, Names, show
from actors.values import Scalar

_EXPRESSIONS_MAX = 20_000
_NUMBER = re.compile(r"[-+]?[0-9]{1,40}(\.[0-9]{1,40})?")


def truth(text: str, names: Names, today: str) -> bool:
    """Whether an expression is true."""
    return is_true(value_of(text, names, today))


def value_of(text: str, names: Names, today: str) -> Scalar:
    """What an expression comes to; `today` as `2026-12-25`. Null for what is no expression."""
    node = tree_of(text)
    return evaluate(node, names, today) if node is not None else None


@lru_cache(_EXPRESSIONS_MAX)
def tree_of(text: str) -> Node | None:
    """The tree of an expression; None where it has a fault.

    Parsed once: only what stands in flow files comes here, never a customer's words.
    """
    try:
        return parse(text)
    except ExpressionFault:
        # `check` refuses it; a flow that a newer program kept may hold one.
        return None


def evaluate(node: Node, names: Names, today: str) -> Scalar:
    """What a tree comes to."""
    match node:
        case Literal(value):
            return value
        case Name(name):
            return names.get(name)
        case Not(operand):
            return not is_true(evaluate(operand, names, today))
        case Negative(operand):
            return _calculate("-", 0, evaluate(operand, names, today))
        case Logic(both, left, right):
            if is_true(evaluate(left, names, today)) is not both:
                return not both
            return is_true(evaluate(right, names, today))
        case Compare(operator, left, right):
            return _compare(operator, evaluate(left, names, today), evaluate(right, names, today))
        case Calculate(operator, left, right):
            return _calculate(operator, evaluate(left, names, today), evaluate(right, names, today))
        case Among(left, items):
            value = evaluate(left, names, today)
            return any(same(value, evaluate(item, names, today)) for item in items)
        case Apply(function, arguments):
            return _apply(function, [evaluate(each, names, today) for each in arguments], today)
        case _:
            assert_never(node)


def is_true(value: Scalar) -> bool:
    """Null, false, 0 and the empty text are not true; everything else is."""
    return bool(value)


def same(left: Scalar, right: Scalar) -> bool:
    """Whether two values are equal; those of different kinds are not."""
    return _kind(left) == _kind(right) and left == right


def _kind(value: Scalar) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "truth"
        case int() | float():
            return "number"
        case str():
            return "text"
        case _:
            assert_never(value)


def _compare(operator: Comparison, left: Scalar, right: Scalar) -> bool:
    if operator == "==":
        return same(left, right)
    if operator == "!=":
        return not same(left, right)
    match left, right:
        case bool(), _:
            return False
        case _, bool():
            return False
        case (int() | float()) as a, (int() | float()) as b:
            return _ordered(operator, (a > b) - (a < b)) and a == a and b == b
        case str() as one, str() as other:
            return _ordered(operator, (one > other) - (one < other))
        case _:
            return False


def _ordered(operator: Comparison, order: int) -> bool:
    match operator:
        case "<":
            return order < 0
        case "<=":
            return order <= 0
        case ">":
            return order > 0
        case ">=":
            return order >= 0
        case "==" | "!=":
            return (order == 0) is (operator == "==")
        case _:
            assert_never(operator)


def _calculate(operator: Operation, left: Scalar, right: Scalar) -> Scalar:
    match left, right:
        case str() as one, str() as other if operator == "+":
            return (one + other)[:VALUE_MAX]
        case (bool(), _) | (_, bool()):
            return None
        case (int() | float()) as a, (int() | float()) as b:
            return _number(operator, a, b)
        case _:
            return None


def _number(operator: Operation, a: int | float, b: int | float) -> Scalar:
    try:
        match operator:
            case "+":
                return _tidy(a + b)
            case "-":
                return _tidy(a - b)
            case "*":
                return _tidy(a * b)
            case "/":
                return _tidy(a / b)
            case _:
                assert_never(operator)
    except (ZeroDivisionError, OverflowError):
        return None


def _tidy(number: int | float) -> Scalar:
    """As a person would write it: 0.1 + 0.2 is 0.3, and 6 / 3 is 2. Too large: null."""
    if isinstance(number, float):
        if not math.isfinite(number):
            return None
        number = float(f"{number:.15g}")
        if number.is_integer() and abs(number) <= INTEGER_MAX:
            return int(number)
        return number
    return number if abs(number) <= INTEGER_MAX else None


def _apply(function: str, arguments: list[Scalar], today: str) -> Scalar:
    match function, arguments:
        case "today", []:
            return today
        case "length", [str() as text]:
            return len(text)
        case "lower", [str() as text]:
            return text.lower()[:VALUE_MAX]
        case "text", [None]:
            return ""
        case "text", [value]:
            return show(value)[:VALUE_MAX]
        case "number", [str() as text]:
            return as_number(text.strip())
        case "number", [bool()]:
            return None
        case "number", [(int() | float()) as number]:
            return number
        case _:
            return None


def as_number(text: str) -> Scalar:
    """A number as programs write it: digits, at most one point."""
    if not _NUMBER.fullmatch(text):
        return None
    return _tidy(float(text) if "." in text else int(text))
