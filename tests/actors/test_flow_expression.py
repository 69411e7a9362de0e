"""Expressions: what they come to, what is wrong with them and where, and that nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.flow.evaluation import is_true, truth, value_of
from actors.flow.expression import (
    FUNCTIONS,
    LEVELS_MAX,
    PARTS_MAX,
    ExpressionFault,
    names_in,
    parse,
)
from actors.flow.values import VALUE_MAX
from actors.values import Scalar

TODAY = "2026-06-01"
VALUES: dict[str, Scalar] = {
    "n": 3,
    "f": 0.5,
    "zero": 0,
    "t": "Fibra",
    "empty": "",
    "yes": True,
    "no": False,
    "none": None,
    "customer.name": "Ana",
    "due": "2026-05-31",
    "long": "x" * VALUE_MAX,
}


def value(text: str) -> Scalar:
    return value_of(text, VALUES, TODAY)


def fault_of(text: str) -> ExpressionFault | None:
    try:
        list(names_in(parse(text)))
    except ExpressionFault as fault:
        return fault
    return None


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1", 1),
        ("1.5", 1.5),
        ("'a'", "a"),
        ('"a"', "a"),
        (r"'it\'s'", "it's"),
        (r"'\\'", "\\"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("n", 3),
        ("customer.name", "Ana"),
        ("unheard_of", None),
        ("(n)", 3),
        # and, or, not
        ("yes and n", True),
        ("yes and no", False),
        ("no or t", True),
        ("no or empty", False),
        ("not none", True),
        ("not not n", True),
        ("no and no or yes", True),
        ("no and (no or yes)", False),
        ("not no and no", False),
        ("not n == 3", False),
        ("yes == not no", True),
        # comparing
        ("n == 3", True),
        ("n == 3.0", True),
        ("n == '3'", False),
        ("n != '3'", True),
        ("yes == 1", False),
        ("zero == false", False),
        ("none == null", True),
        ("none == false", False),
        ("none == 0", False),
        ("t == 'Fibra'", True),
        ("t == 'fibra'", False),
        ("n < 4", True),
        ("n <= 3", True),
        ("n > 3", False),
        ("n >= 3", True),
        ("'a' < 'b'", True),
        ("due < today()", True),
        ("n < '4'", False),
        ("n > '4'", False),
        ("none < 4", False),
        ("none >= none", False),
        ("yes > no", False),
        ("(n < 4) == yes", True),
        ("(n) == 3", True),
        ("n in [1, 2, 3]", True),
        ("n in ['3']", False),
        ("t in ['x', t]", True),
        ("none in [null]", True),
        ("n in []", False),
        ("not n in [1]", True),
        # counting
        ("n + 1", 4),
        ("n - 4", -1),
        ("n * f", 1.5),
        ("n / 2", 1.5),
        ("6 / 3", 2),
        ("0.1 + 0.2", 0.3),
        ("f + f", 1),
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("8 / 4 / 2", 1),
        ("-n + 1", -2),
        ("--n", 3),
        ("-2 * 3", -6),
        ("2 - -1", 3),
        ("n / zero", None),
        ("n + none", None),
        ("n + '1'", None),
        ("n + yes", None),
        ("-yes", None),
        ("-t", None),
        ("t + ' 300'", "Fibra 300"),
        ("t + n", None),
        ("t - t", None),
        ("9007199254740992 + 1", None),
        ("9007199254740992 * 9007199254740992", None),
        # functions
        ("length(t)", 5),
        ("length(empty)", 0),
        ("length(none)", None),
        ("length(n)", None),
        ("number('12')", 12),
        ("number(' -12.50 ')", -12.5),
        ("number('1,5')", None),
        ("number('x')", None),
        ("number('1e999')", None),
        ("number(n)", 3),
        ("number(yes)", None),
        ("number(none)", None),
        ("text(n)", "3"),
        ("text(f)", "0.5"),
        ("text(yes)", "true"),
        ("text(none)", ""),
        ("'n' + text(n)", "n3"),
        ("lower(t)", "fibra"),
        ("lower(n)", None),
        ("today()", TODAY),
        ("length(lower(t) + text(n)) == 6", True),
    ],
)
def test_what_an_expression_comes_to(text: str, result: Scalar) -> None:
    found = value(text)
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize("text", ["none", "no", "zero", "empty", "n / zero", "n < 'x'", "1 +", ""])
def test_what_makes_no_sense_is_not_true(text: str) -> None:
    assert truth(text, VALUES, TODAY) is False


@pytest.mark.parametrize(
    ("text", "what", "column"),
    [
        ("", "a value is missing at the end", 1),
        ("   ", "a value is missing at the end", 4),
        ("n ==", "a value is missing at the end", 5),
        ("n = 3", "write `==`", 3),
        ("n == 'x", "no closing '", 6),
        ('n == "x', 'no closing "', 6),
        ("n == 3)", "an operator is missing before ')'", 7),
        ("n 3", "an operator is missing before '3'", 3),
        ("(n", "')' is missing before the end", 3),
        ("n in 3", "'[' is missing before '3'", 6),
        ("n in [1, 2", "']' is missing before the end", 11),
        ("n in [1,]", "a value is missing before ']'", 9),
        ("and n", "a value is missing before 'and'", 1),
        ("size(n)", "there is no function 'size'; known are length", 1),
        ("n + length()", "length() takes one value", 5),
        ("length(n, t)", "length() takes one value", 1),
        ("today(n)", "today() takes nothing", 1),
        ("1 < n < 5", "join them with `and`", 7),
        ("n == 3 == true", "join them with `and`", 8),
        ("n in [1] in [2]", "join them with `and`", 10),
        ("n ; t", "';' means nothing here", 3),
        ("n & t", "'&' means nothing here", 3),
        ("n == 12abc", "not a number", 6),
        ("1.2.3", "not a number", 1),
        ("99999999999999999", "write it in quotes", 1),
        ("(" * (LEVELS_MAX + 1) + "n" + ")" * (LEVELS_MAX + 1), "nested too deep", LEVELS_MAX + 1),
        ("-" * 30 + "n", "nested too deep", LEVELS_MAX + 1),
        ("n" + " + n" * PARTS_MAX, f"more than {PARTS_MAX} parts", 401),
    ],
)
def test_a_fault_is_named_with_its_column(text: str, what: str, column: int) -> None:
    with pytest.raises(ExpressionFault) as raised:
        parse(text)
    assert what in raised.value.what
    assert raised.value.column == column
    assert str(raised.value).endswith(f"(character {column})")


def test_the_names_that_it_asks_for() -> None:
    node = parse("a.b + length(c) > -d and not e in [f, 'g', 1] or (h)")
    assert list(names_in(node)) == ["a.b", "c", "d", "e", "f", "h"]


def test_as_many_parts_and_levels_as_are_allowed_are_carried_out() -> None:
    assert value("1" + " + 1" * (PARTS_MAX // 2 - 1)) == PARTS_MAX // 2
    deep = LEVELS_MAX - 1
    assert value("(" * deep + "n" + ")" * deep) == 3


def test_texts_stay_bounded() -> None:
    assert value("long + long") == VALUES["long"]


def test_what_one_part_decides_needs_no_other() -> None:
    class Refusing:
        def get(self, name: str) -> Scalar:
            assert name != "never", "was asked for"
            return VALUES.get(name)

    assert value_of("no and never", Refusing(), TODAY) is False
    assert value_of("yes or never", Refusing(), TODAY) is True


SCALARS: st.SearchStrategy[Scalar] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**60), 2**60),
    st.floats(),
    st.text(max_size=20),
    st.just(10**300),
)
ATOMS = st.sampled_from([*VALUES, "1", "0", "2.5", "'x'", "''", "true", "null", "today()", "big"])


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = ["+", "-", "*", "/", "==", "!=", "<", "<=", ">", ">=", "and", "or"]
    one = [name for name, count in FUNCTIONS.items() if count]
    return st.one_of(
        st.builds("({}) {} ({})".format, inner, st.sampled_from(operators), inner),
        st.builds("not ({})".format, inner),
        st.builds("-({})".format, inner),
        st.builds("{}({})".format, st.sampled_from(one), inner),
        st.builds("({}) in [{}, {}]".format, inner, inner, inner),
    )


EXPRESSIONS = st.recursive(ATOMS, grown, max_leaves=12)


@given(EXPRESSIONS, st.dictionaries(st.sampled_from([*VALUES, "big"]), SCALARS))
def test_no_values_make_it_raise(text: str, values: dict[str, Scalar]) -> None:
    fault = fault_of(text)
    assert fault is None or fault.what == "nested too deep"
    found = value_of(text, values, TODAY)
    assert isinstance(found, str | int | float | bool | None)
    if isinstance(found, str):
        assert len(found) <= VALUE_MAX
    assert truth(text, values, TODAY) is is_true(found)


@given(st.text(max_size=60))
def test_no_text_whatever_raises_more_than_a_fault(text: str) -> None:
    fault = fault_of(text)
    assert fault is None or 1 <= fault.column <= len(text) + 1
    value(text)


SIGNS = ["(", ")", "[", "]", ",", "and", "or", "not", "in", "==", "<", "-", "+", "/", "n", "1", "'"]


@given(st.lists(st.sampled_from(SIGNS), max_size=25).map(" ".join))
def test_no_row_of_signs_raises_more_than_a_fault(text: str) -> None:
    fault = fault_of(text)
    assert fault is None or 1 <= fault.column <= len(text) + 1
    value(text)
