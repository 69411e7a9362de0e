"""From bytes to a flow: YAML as it was meant, and every fault with its place."""

from __future__ import annotations

import re
import time

import pytest

from actors.flow import model
from actors.flow.faults import FlowFault
from actors.flow.reader import (
    FILE_MAX_BYTES,
    FlowSource,
    decode_flow,
    encode_flow,
    read_flow,
)
from tests.actors.small_flow import SMALL, SMALL_FLOW, VERSION, changed, extended, source


def faults(text: str | bytes) -> list[FlowFault]:
    found = read_flow(text.encode() if isinstance(text, str) else text)
    assert isinstance(found, list), "read without a fault"
    assert found
    return found


def body(value: str) -> object:
    """What a value in a request's body is read as."""
    step = source(changed("sure: true", f"sure: {value}")).flow.steps["look_at_plan"]
    assert isinstance(step, model.Request)
    assert step.body is not None
    return step.body["sure"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("22:30", "22:30"),
        ("0123", "0123"),
        ("0o17", "0o17"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        ("2026-01-01", "2026-01-01"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1.0.0", "1.0.0"),
        ("+51999", 51999),
        ("0", 0),
        ("-7", -7),
        ("12", 12),
        ("1.5", 1.5),
        ("1.5e3", 1500.0),
        ("1.0e999", "1.0e999"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ('"12"', "12"),
        ("'true'", "true"),
        ('""', ""),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_scalars_are_those_of_yaml_1_2(written: str, read: object) -> None:
    value = body(written)
    assert value == read
    assert type(value) is type(read)


def test_keys_are_always_text() -> None:
    text = changed('"404": who_are_you', "404: who_are_you, 0500: crm_down")
    step = source(text).flow.steps["look_up"]
    assert isinstance(step, model.Request)
    assert step.on_status == {"404": "who_are_you", "0500": "crm_down"}
    text = changed("languages: [es, en]", "languages: [es, en, no]")
    assert source(text).flow.languages == ("es", "en", "no")


def test_a_byte_order_mark_and_windows_lines_are_fine() -> None:
    assert source("\ufeff" + SMALL_FLOW).version == VERSION
    assert source(SMALL_FLOW.replace("\n", "\r\n")).version == VERSION


def test_the_version_follows_meaning_not_layout() -> None:
    assert source("# a comment\n\n" + SMALL_FLOW).version == VERSION
    assert source(changed("es: Gracias", "es: Muchas gracias")).version != VERSION


def test_the_order_of_options_is_meaning_and_survives_being_kept() -> None:
    first = "      status: { title: { es: Mis trabajos, en: My jobs }, goto: jobs }\n"
    second = "      plan: { title: { es: Mi plan, en: My plan }, goto: ask_plan }\n"
    swapped = source(changed(first + second, second + first))
    assert swapped.version != VERSION
    for flow in (SMALL, swapped.flow):
        main, kept = flow.steps["main"], decode_flow(encode_flow(flow)).steps["main"]
        assert isinstance(main, model.Menu)
        assert isinstance(kept, model.Menu)
        assert list(kept.options) == list(main.options)


def test_a_kept_flow_is_the_same_flow() -> None:
    assert decode_flow(encode_flow(SMALL)) == SMALL
    assert encode_flow(decode_flow(encode_flow(SMALL))) == encode_flow(SMALL)


# --- faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "this is empty, and should be a flow. `routerbot flow example` shows flows"),
        (b"# nothing\n", "this is empty, and should be a flow. `routerbot flow example` shows"),
        (b"[]", "this is a list"),
        (b"text", "this is a text"),
        (b"format: 1\n\xff\n", "not UTF-8 at byte 10"),
        (b"a: [1, 2\nb: 3\n", "not YAML"),
        (b"a: \tb: c", "not YAML"),
        (b"a: *nowhere", "not YAML"),
        (b"a: 1\n---\nb: 2\n", "not YAML"),
        (b"a: \x00", "not YAML"),
        (b'a: "\\ud83d"', "not YAML"),
        (b"? [a, b]\n: 1\n", "a key must be a plain word"),
        (b" " * (FILE_MAX_BYTES + 1), "larger than"),
    ],
)
def test_what_is_no_flow_at_all(data: bytes, what: str) -> None:
    assert what in str(faults(data)[0])


def test_a_key_that_comes_twice_is_named_with_its_place() -> None:
    text = changed("  thanks: {", "  three: { do: handover }\n  thanks: {")
    (fault,) = faults(text)
    assert fault.where == "steps.three"
    assert fault.what == "this key comes twice"
    first, second = [
        1 + text[: found.start()].count("\n") for found in re.finditer("  three:", text)
    ]
    assert (fault.line, fault.column) == (second, 3)
    assert str(fault) == (
        f"{second}:3: error: steps.three: this key comes twice. Leave one out, or give one "
        f"another name; the first is in line {first}. [E102]"
    )


def test_all_double_keys_are_named_at_once() -> None:
    double = [fault for fault in faults("a: 1\na: 2\nb: 1\nb: 2\nb: 3\n") if fault.code == "E102"]
    assert [(fault.where, fault.line) for fault in double] == [("a", 2), ("b", 4), ("b", 5)]


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("name: small\n", "name: small\ncolour: red\n", "colour"),
        (
            "  more:\n    do: menu\n",
            "  more:\n    do: menu\n    colour: red\n",
            "steps.more.colour",
        ),
        (
            "    kind: router.restart\n",
            "    kind: router.restart\n    colour: red\n",
            "jobs.restart.colour",
        ),
        ("  leave_words:", "  colour: red\n  leave_words:", "handover.colour"),
        ("phrases:\n", "phrases:\n  colour: red\n", "phrases.colour"),
    ],
)
def test_an_unknown_key_is_named_with_its_place(old: str, new: str, where: str) -> None:
    text = changed(old, new)
    (fault,) = faults(text)
    assert fault.where == where
    assert "`colour`" in fault.what
    before = text[: text.index("colour")]
    assert fault.line == 1 + before.count("\n")
    assert fault.column == 1 + len(before.rpartition("\n")[2])


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("do: job_status", "do: job_state", "steps.jobs.do"),
        ("{ do: handover }", "{ dont: handover }", "steps.person"),
        ("keep: plan\n", "keep: [plan]\n", "steps.ask_plan.keep"),
        ("format: 1\n", "format: 2\n", "format"),
        ("languages: [es, en]\n", "languages: []\n", "languages"),
        ("entry: look_up\n", "entry: Look Up\n", "entry"),
        ("text: { es: Idioma, en: Language }", "text: {}", "steps.which_language.text"),
        (
            "    device: router\n",
            "    device: router\n    policy: { retry: 3 }\n",
            "jobs.restart.policy.retry",
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_place(old: str, new: str, where: str) -> None:
    fault = faults(changed(old, new))[0]
    assert fault.where == where
    assert fault.line
    assert fault.column


def test_faults_of_several_steps_come_together() -> None:
    text = changed("do: job_status", "do: job_state", changed("keep: plan\n", "keep: [plan]\n"))
    assert {fault.where for fault in faults(text)} == {"steps.jobs.do", "steps.ask_plan.keep"}


def test_faults_inside_of_named_parts_are_told_by_their_names() -> None:
    top = """
        subflows:
          sub:
            entry: a
            steps:
              a: { do: message, text: { es: a, en: a }, then: b, colour: red }
              b: { do: returns }
          other: { entrance: a, steps: { a: { do: return } } }
        hours:
          office: { week: { mon-fri: 8 } }
    """
    text = extended("test: { do: set, values: { Price: 1 }, then: main }", top=top)
    found = {fault.where: fault for fault in faults(text)}
    assert set(found) == {
        *("subflows.sub.steps.a.colour", "subflows.sub.steps.b.do", "subflows.other.entrance"),
        *("subflows.other", "hours.office.week.mon-fri", "steps.test.values.Price"),
    }
    assert "Did you mean 'return'?" in found["subflows.sub.steps.b.do"].do
    fault = found["subflows.sub.steps.a.colour"]
    line = text.splitlines()[fault.line - 1]
    assert line[fault.column - 1 :].startswith("colour")


# --- hostile files --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["[" * 1_000_000, "[" * 200_000 + "]" * 200_000, "{a: " * 100_000])
def test_deep_nesting_is_a_fault_and_not_the_end_of_the_process(text: str) -> None:
    assert faults(text)[0].what == "nested too deep"


def test_nesting_that_no_flow_needs_is_bounded_for_lists_by_lines_too() -> None:
    text = "\n".join("  " * depth + f"k{depth}:" for depth in range(200))
    assert faults(text)[0].what == "nested too deep"


def test_aliases_stand_for_what_they_name() -> None:
    text = changed("{ es: Premium, en: Premium }", "&same { es: Premium, en: Premium }")
    text = changed("{ es: Gracias, en: Thanks }", "*same", text)
    step = source(text).flow.steps["thanks"]
    assert isinstance(step, model.Message)
    assert step.text["es"] == "Premium"


def test_a_billion_laughs_end_soon() -> None:
    text = "a0: &a0 [lol]\n"
    for level in range(1, 30):
        text += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"
    before = time.perf_counter()
    assert "parts" in faults(text)[0].what
    assert time.perf_counter() - before < 10


@pytest.mark.parametrize("text", ["a: &x [*x]", "a: &x [*x, *x]", "&x {a: *x, b: *x}"])
def test_an_alias_that_holds_itself_ends_soon(text: str) -> None:
    assert faults(text)[0].what == "nested too deep"


def test_merge_keys_are_unknown_keys() -> None:
    assert "`<<`" in faults(changed("name: small\n", "name: small\n<<: {a: b}\n"))[0].what


def test_nothing_in_a_file_is_carried_out() -> None:
    found = read_flow(
        changed("name: small", 'name: !!python/object/apply:os.getcwd ["x"]').encode()
    )
    assert isinstance(found, list)


# --- places -----------------------------------------------------------------------------------


def test_a_source_knows_the_nearest_place() -> None:
    found = source()
    assert isinstance(found, FlowSource)
    exact = found.fault("steps.main", "x")
    assert (exact.line, exact.column) == found.places["steps.main"]
    near = found.fault("steps.main.nothing.here", "x")
    assert (near.line, near.column) == found.places["steps.main"]
    assert found.fault("nowhere", "x").line == 0


@pytest.mark.parametrize("written", ["label > 1", "'label > 1'", '"label > 1"'])
def test_a_character_of_a_text_has_a_place_of_its_own(written: str) -> None:
    text = extended(f"test: {{ do: if, test: {written}, then: main, otherwise: main }}")
    fault = source(text).fault("steps.test.test", "x", character=7)
    assert text.splitlines()[fault.line - 1][fault.column - 1 :].startswith("> 1")


def test_where_characters_are_escaped_the_key_is_named() -> None:
    text = extended(r'test: { do: if, test: "label \x3e 1", then: main, otherwise: main }')
    fault = source(text).fault("steps.test.test", "x", character=7)
    assert text.splitlines()[fault.line - 1][fault.column - 1 :].startswith("test: ")
