"""Whatever a file holds: the check ends, says where and what to do; what it accepts works."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.resources import files
from types import FrameType
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.flow.check import World, check, errors
from actors.flow.model import Flow
from actors.flow.reader import FlowSource, read_flow, read_leniently, version_of
from actors.flow.rules import RULES, Severity
from tests.actors.flow_examples import WORLD
from tests.actors.large_flow import large_flow, written
from tests.actors.random_flows import flows
from tests.actors.small_flow import SMALL, around
from tests.actors.test_flow_form import damaged
from tests.actors.test_flow_properties import MORE, SLOW, InFlow

SHIPPED_BYTES = files("daemon").joinpath("shipped/router_care.yaml").read_bytes()


def shipped() -> FlowSource:
    found = read_flow(SHIPPED_BYTES)
    assert isinstance(found, FlowSource)
    return found


def test_the_shipped_flow_is_free_of_errors_and_warnings() -> None:
    faults = check(shipped(), WORLD)
    assert [fault for fault in faults if fault.severity is not Severity.NOTE] == []


# --- it never raises ----------------------------------------------------------------------------


def look_at(data: bytes) -> None:
    source, faults = read_leniently(data)
    if source is not None:
        faults = [*faults, *check(source, WORLD)]
    for fault in faults:
        assert fault.code in RULES
        assert fault.do or fault.code == "E101"
        assert "\n" not in str(fault)


@settings(deadline=None, suppress_health_check=SLOW)
@given(damaged())
def test_whatever_document(whole: object) -> None:
    look_at(written(whole).encode())


NAMES = ["main", "more", "gone", "ask.one", "router", "customer.phone", "restart", "es", "en", "a"]
TEXTS = [
    *("{router}", "{gone, plural, one {x} other {#}}", "{router, select, a {} other {}}", "{ X }"),
    *("", " ", "router == 'x' and not gone", "1 +", "hours.a.open", "x" * 2000, "today() > 1"),
    *("/a/{router}", "a b", "POST", "{{router}}", "08:00-18:00", "mon-fri", "2020-01-01"),
]


@st.composite
def misled(draw: Callable[..., Any]) -> object:
    """A random flow in which some texts and names say something else."""
    source: FlowSource = draw(flows())
    document: Any = msgspec.json.decode(msgspec.json.encode(source.flow))
    for _ in range(draw(st.integers(1, 5))):
        here, key = document, draw(st.sampled_from(["steps", "subflows", "hours", "words", "jobs"]))
        while isinstance(here.get(key) if isinstance(here, dict) else here[key], dict | list):
            here = here[key]
            if not here:
                break
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            key = draw(st.sampled_from(keys))
        if here and not (isinstance(here, dict) and key in ("do", "kind")):
            here[key] = draw(st.sampled_from([*NAMES, *TEXTS, 0, None]))
    return document


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(misled())
def test_whatever_names_and_texts(document: object) -> None:
    look_at(written(document).encode())


# --- what it accepts can be walked --------------------------------------------------------------


class Mutant:
    """The shipped flow with some of its ways, cases and texts changed."""

    def __init__(self) -> None:
        self.document: Any = msgspec.json.decode(msgspec.json.encode(shipped().flow))
        self.changes: list[str] = []

    def __repr__(self) -> str:
        return f"<{'; '.join(self.changes)}>"

    def set(self, path: str, value: object) -> None:
        *before, last = path.split(".")
        here = self.document
        for part in before:
            here = here[part]
        here[last] = value
        self.changes.append(f"{path} = {value}")

    def source(self) -> FlowSource | None:
        """None where it is refused."""
        flow = msgspec.convert(self.document, Flow)
        source = FlowSource(flow, version_of(flow), {})
        return source if not errors(check(source, WORLD)) else None


@st.composite
def mutants(draw: Callable[..., Any]) -> Mutant:
    mutant = Mutant()
    steps = mutant.document["steps"]
    names = st.sampled_from(sorted(steps))
    said = {"do": "message", "text": dict.fromkeys(("es", "en", "pt"), "Un momento.")}
    for _ in range(draw(st.integers(1, 6))):
        name, to = draw(names), draw(names)
        step, where = steps[name], f"steps.{name}"
        option = draw(st.sampled_from(sorted(step.get("options", ["-"]))))
        match draw(st.integers(0, 4)):
            case 0 if "then" in step:
                mutant.set(f"{where}.then", to)
            case 1 if "options" in step:
                mutant.set(f"{where}.options.{option}.goto", to)
            case 2 if "options" in step:
                when = draw(st.sampled_from(["router", "not line_2", "customer_id > 3"]))
                mutant.set(f"{where}.options.{option}.when", when)
            case 3 if "cases" in step:
                mutant.set(f"{where}.cases.{draw(st.sampled_from(['null', 'true', '3']))}", to)
            case 4:
                mutant.set(where, {**said, "then": to})
            case _:
                mutant.set("entry", to)
    return mutant


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutants(), st.lists(MORE, min_size=3, max_size=8))
def test_a_flow_without_errors_never_raises_when_it_is_walked(
    mutant: Mutant, acts: list[Callable[[InFlow], None]]
) -> None:
    source = mutant.source()
    if source is None:
        return
    known = around(flows={source.version: source.flow}, flow_version=source.version)
    chat = InFlow(known, answers={})
    chat.types("hola")
    for act in acts:
        act(chat)


# --- how much it works --------------------------------------------------------------------------


def calls_of(work: Callable[[], object]) -> int:
    """How many functions are called, in Python and in C: the same on every machine."""
    count = 0

    def profile(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_its_work_grows_with_the_flow_and_no_faster() -> None:
    """`flow check` reads and checks 2,000 steps in a second or so; tests/benchmarks measures it."""

    def work(steps: int) -> tuple[int, int]:
        document = large_flow(steps)
        text = written(document).encode()
        source = read_leniently(text).source
        assert source is not None
        assert errors(check(source, WORLD)) == []
        return (
            calls_of(lambda: read_leniently(text)) // steps,
            calls_of(lambda: check(source, WORLD)) // steps,
        )

    (read_few, check_few), (read_many, check_many) = work(200), work(800)
    assert read_few < 450
    assert read_many < 1.2 * read_few
    assert check_few < 2000
    assert check_many < 1.3 * check_few


@pytest.mark.parametrize("steps", [100])
def test_the_large_flow_has_no_error_and_few_warnings(steps: int) -> None:
    source = read_leniently(written(large_flow(steps)).encode()).source
    assert source is not None
    codes = {fault.code for fault in check(source, World(WORLD.today)) if fault.code[0] != "N"}
    assert codes <= {"W412", "W507"}


def test_the_small_flow_is_warned_of_what_it_risks() -> None:
    source = FlowSource(SMALL, version_of(SMALL), {})
    codes = {fault.code for fault in check(source, WORLD) if fault.code[0] != "N"}
    assert codes == {"W412"}
