"""Faults of form: all of them, each with what to do, and none where msgspec finds none."""

from __future__ import annotations

import copy
from importlib.resources import files

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.flow.form import UNMENDED, examine
from actors.flow.model import Flow
from actors.flow.reader import read_leniently
from actors.flow.stock import completed
from tests.actors.small_flow import SMALL_FLOW, changed

SHIPPED = files("daemon").joinpath("shipped/router_care.yaml").read_bytes()


def found(text: str) -> list[tuple[str, str, str]]:
    """Code, path and everything said, of each fault."""
    faults = read_leniently(text.encode()).faults
    assert all(fault.line and fault.column for fault in faults)
    return [(fault.code, fault.where, fault.told) for fault in faults]


@pytest.mark.parametrize(
    ("old", "new", "code", "where", "said"),
    [
        ("name: small\n", "nmae: small\n", "E103", "nmae", "Did you mean `name`?"),
        ("keep: plan\n", "keeps: plan\n", "E103", "steps.ask_plan.keeps", "Did you mean `keep`?"),
        (
            "keep: plan\n",
            "colour: red\n",
            "E104",
            "steps.ask_plan",
            "needs `keep`. Add it: a text.",
        ),
        ("do: job_status", "do: job_state", "E106", "steps.jobs.do", "mean 'job_status'?"),
        ("do: job_status, ", "", "E104", "steps.jobs", "`do` is missing"),
        ("do: job_status", "doo: job_status", "E103", "steps.jobs.doo", "Did you mean `do`?"),
        ("{ do: handover }", "handover", "E105", "steps.person", "is a text, and should be a step"),
        ("keep: plan\n", "keep: 12\n", "E105", "steps.ask_plan.keep", 'into quotes: "12"'),
        ("keep: plan\n", "keep: true\n", "E105", "steps.ask_plan.keep", 'into quotes: "true"'),
        ("{ es: Más cosas, en: More things }", "Hi", "E105", "steps.more.text", "{en: Hello}"),
        ("languages: [es, en]\n", "languages: es\n", "E105", "languages", "brackets: `[es]`"),
        ("languages: [es, en]\n", "languages: []\n", "E107", "languages", "Give 1 at least"),
        ("format: 1\n", "format: 2\n", "E106", "format", "Write 1."),
        ("entry: look_up\n", "entry: Look Up\n", "E106", "entry", "A small letter comes first"),
        ("  more:\n", "  More:\n", "E106", "steps.More", "'More' cannot be a name here"),
        (
            "keep: plan\n",
            "keep: plan\n    tries: 99\n",
            "E106",
            "steps.ask_plan.tries",
            "from 1 to 10",
        ),
        (
            "    device: router\n",
            "    device: router\n    policy: { stall: 1 }\n",
            "E103",
            "jobs.restart.policy.stall",
            "Did you mean `stall_s`?",
        ),
    ],
)
def test_each_fault_of_form(old: str, new: str, code: str, where: str, said: str) -> None:
    faults = found(changed(old, new))
    assert [fault for fault in faults if fault[:2] == (code, where) and said in fault[2]], faults


@pytest.mark.parametrize("text", ["Hello, Ana", "Well, I cannot see it."])
def test_a_comma_that_ends_a_text_is_told_as_one(text: str) -> None:
    [fault] = found(changed("{ es: Volver, en: Back }", f"{{ es: Volver, en: {text} }}"))
    assert fault[:2] == ("E105", "steps.more.options.back.title")
    assert "a comma ends a text" in fault[2]
    assert "quotes" in fault[2]
    reading = read_leniently(changed("en: Back }", f"en: {text} }}").encode())
    assert reading.source is not None


def test_a_value_alone_without_quotes_is_told_as_one() -> None:
    [fault] = found(changed("en: Back }", "en: {plan} }"))
    assert fault[:2] == ("E105", "steps.more.options.back.title.en")
    assert 'Put it into quotes: "{plan}"' in fault[2]


@pytest.mark.parametrize(
    ("old", "new", "do"),
    [
        ("en: Back }", "en: Back: now }", "quotation marks"),
        ("en: Back }", "en: *Back* }", "begins with `*`"),
        ("en: Back }", "en: @back }", "quotation marks"),
        ("en: Back }", "en: Back", "Close the brace"),
        ("    text: { es: Más", "\ttext: { es: Más", "no tabs"),
        ("    text: { es: Más", "     text: { es: Más", "blanks in front"),
        ("    text: { es: Más", "   text: { es: Más", "blanks in front"),
        ("    text: { es: Más", "    text:{ es: Más", "blank"),
    ],
)
def test_what_is_no_yaml_is_told_with_what_to_do(old: str, new: str, do: str) -> None:
    [fault] = read_leniently(changed(old, new).encode()).faults
    assert fault.code == "E101"
    assert fault.line
    assert do in fault.do


def test_more_options_than_a_list_holds() -> None:
    many = "".join(
        f"      o{n}: {{ title: {{ es: a{n}, en: a{n} }}, goto: main }}\n" for n in range(9)
    )
    faults = found(changed("      back: { title", f"{many}      back: {{ title"))
    assert [fault[:2] for fault in faults] == [("E107", "steps.more.options")]
    assert "12 are given, 10 can be shown" in faults[0][2]


def test_all_faults_are_found_at_once_and_a_mistyped_key_only_once() -> None:
    text = changed("name: small\n", "nam: small\ncolour: red\n")
    text = changed("keep: plan\n", "keep: [plan]\n", text)
    text = changed("es: Reintentar, en: Retry }", "es: Reintentar, en: 4 }", text)
    text = changed("    device: router\n", "", text)
    assert {(code, where) for code, where, _ in found(text)} == {
        ("E103", "nam"),
        ("E103", "colour"),
        ("E105", "steps.ask_plan.keep"),
        ("E105", "jobs.restart.menu.retry.en"),
        ("E104", "jobs.restart"),
    }


def test_a_file_is_read_past_what_was_plainly_meant() -> None:
    text = changed("keep: plan\n", "kep: plan\n    tries: 0\n    colour: red\n")
    text = changed("do: job_status", "do: jobstatus", text)
    reading = read_leniently(text.encode())
    assert sorted(fault.code for fault in reading.faults) == ["E103", "E103", "E106", "E106"]
    fine = read_leniently(SMALL_FLOW.encode())
    assert reading.source is not None
    assert fine.source is not None
    assert reading.source.flow == fine.source.flow


# --- msgspec has the last word ------------------------------------------------------------------

KEYS = st.sampled_from(
    [
        "do",
        "text",
        "then",
        "goto",
        "title",
        "options",
        "keep",
        "kind",
        "answer",
        "words",
        "404",
        "x",
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2000)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "menu", "main", "Main", "text", "number", "x.y", "es", "es: x"])
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


def document() -> object:
    fine = read_leniently(SMALL_FLOW.encode()).source
    assert fine is not None
    return msgspec.json.decode(msgspec.json.encode(fine.flow))


FINE = document()


@st.composite
def damaged(draw: st.DrawFn) -> object:
    """The small flow as a document with some of its parts replaced, renamed or gone."""
    whole = copy.deepcopy(FINE)
    for _ in range(draw(st.integers(0, 4))):
        here = whole
        while True:
            assert isinstance(here, dict | list)
            if not here:
                break
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            key = draw(st.sampled_from(keys))
            inner = here[key]
            if isinstance(inner, dict | list) and inner and draw(st.booleans()):
                here = inner
                continue
            match draw(st.integers(0, 3)):
                case 0:
                    here[key] = draw(VALUES)
                case 1:
                    del here[key]
                case 2 if isinstance(here, dict):
                    here[draw(KEYS)] = here.pop(key)
                case _ if isinstance(here, dict):
                    here[draw(KEYS)] = draw(VALUES)
                case _:
                    here.append(draw(VALUES))
            break
    return whole


@settings(deadline=None)
@given(damaged() | VALUES)
def test_faults_are_found_exactly_where_msgspec_refuses(whole: object) -> None:
    try:
        flow = msgspec.convert(completed(whole), Flow, strict=True)
    except msgspec.ValidationError:
        faults, mended = examine(whole)
        assert faults
        if mended is not UNMENDED:
            msgspec.convert(completed(mended), Flow, strict=True)
    else:
        faults, mended = examine(whole)
        assert faults == []
        assert msgspec.convert(completed(mended), Flow, strict=True) == flow


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_reading_never_raises(data: st.DataObject) -> None:
    lines = SHIPPED.splitlines(keepends=True)
    start = data.draw(st.integers(0, len(lines) - 1))
    gone = data.draw(st.integers(0, 20))
    noise = data.draw(st.binary(max_size=30))
    reading = read_leniently(b"".join([*lines[:start], noise, *lines[start + gone :]]))
    assert reading.source is not None or reading.faults
    for fault in reading.faults:
        assert str(fault)
