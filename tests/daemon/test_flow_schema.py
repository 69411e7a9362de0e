"""The published JSON Schema is the current one, and agrees with the reader."""

from __future__ import annotations

import copy
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import fastjsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from actors.flow import model
from actors.flow.model import Flow
from actors.flow.reader import FlowSource, encode_flow, read_flow
from actors.flow.stock import completed
from daemon.flow_schema import PATH, build, written
from tests.actors.large_flow import large_flow
from tests.actors.random_flows import flows
from tests.actors.small_flow import SMALL, extended, source
from tests.actors.test_flow_form import damaged

SCHEMA = build()
DEFINITIONS = SCHEMA["definitions"]
GOLDEN = Path(__file__).parent.parent / "actors" / "golden" / "flows"
refuses: Any = fastjsonschema.compile(copy.deepcopy(SCHEMA))


def accepts(document: object) -> bool:
    try:
        refuses(copy.deepcopy(document))
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


def document(flow: Flow) -> Any:
    return msgspec.json.decode(encode_flow(flow))


def test_the_shipped_schema_is_current() -> None:
    assert PATH.read_text(encoding="utf-8") == written(), "run `make schema`"


def test_it_names_itself() -> None:
    assert SCHEMA["$id"] == "urn:routerbot:flow:1"
    assert SCHEMA["$schema"].endswith("draft-07/schema#")


def test_every_key_of_every_part_is_described() -> None:
    undescribed = [
        f"{name}.{key}"
        for name, part in {**DEFINITIONS, "Flow": SCHEMA}.items()
        if name not in ("Step", "Answer")
        for key, form in part.get("properties", {}).items()
        if not form.get("description")
    ]
    assert undescribed == []


@pytest.mark.parametrize(
    ("part", "word", "kinds"), [("Step", "do", model.Step), ("Answer", "kind", model.Answer)]
)
def test_every_kind_can_be_completed(part: str, word: str, kinds: object) -> None:
    tags = [str(kind.__struct_config__.tag) for kind in get_args(kinds)]
    choice = DEFINITIONS[part]["properties"][word]
    assert choice["enum"] == tags
    assert all(choice["markdownEnumDescriptions"])
    for rule, tag in zip(DEFINITIONS[part]["allOf"], tags, strict=True):
        name = rule["then"]["$ref"].rpartition("/")[2]
        assert DEFINITIONS[name]["properties"][word]["const"] == tag


# --- it accepts what is accepted, and refuses what is refused -----------------------------------


def test_it_accepts_the_flows_that_we_ship_and_test_with() -> None:
    shipped = read_flow(files("daemon").joinpath("shipped/router_care.yaml").read_bytes())
    assert isinstance(shipped, FlowSource)
    assert accepts(document(shipped.flow))
    assert accepts(document(SMALL))
    assert accepts(large_flow(100))
    for path in GOLDEN.glob("*.json"):
        assert accepts(msgspec.json.decode(path.read_bytes())), path.name


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(flows())
def test_it_accepts_every_flow_that_the_check_accepts(made: FlowSource) -> None:
    assert accepts(document(made.flow))


@settings(deadline=None)
@given(damaged())
def test_it_refuses_every_form_that_the_reader_refuses(whole: object) -> None:
    if accepts(whole):
        msgspec.convert(completed(whole), Flow, strict=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("do: if, test: x, then: main", "do: if, test: x, then: Main"),
        ("do: if, test: x, then: main", "do: iff, test: x, then: main"),
        ("do: if, test: x, then: main", "do: if, test: x, then: main, colour: red"),
        ("otherwise: main", "otherwise: [main]"),
    ],
)
def test_faults_that_an_editor_marks(old: str, new: str) -> None:
    step = "{ do: if, test: x, then: main, otherwise: main }"
    fine = document(source(extended(f"test: {step}")).flow)
    assert accepts(fine)
    fine["steps"]["test"] = msgspec.yaml.decode(step.replace(old, new).encode())
    assert not accepts(fine)


@pytest.mark.parametrize(
    "step",
    [
        {"do": "request", "service": "crm", "path": "x", "then": "main", "on_error": "main"},
        {
            "do": "request",
            "service": "crm",
            "path": "/x",
            "then": "main",
            "on_error": "main",
            "method": "BREW",
        },
    ],
)
def test_values_that_only_the_check_would_refuse(step: dict[str, str]) -> None:
    fine = document(SMALL)
    fine["steps"]["test"] = step
    msgspec.convert(fine, Flow, strict=True)
    assert not accepts(fine)
