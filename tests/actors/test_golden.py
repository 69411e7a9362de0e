"""What was ever written can still be read: one golden file for every stored struct."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import msgspec
import pytest
from msgspec import Struct

from actors.calls import Call
from actors.messages import CustomerWrote, Input, Message
from tests.actors import samples

KIND_OF_STATE = {"conversation", "router_job", "handover"}
NEWEST = {
    name.rpartition(".")[0]: name
    for name in sorted(samples.SAMPLES, key=lambda name: int(name.rpartition(".")[2]))
}


def tags(union: object) -> set[str]:
    """The names of a union's members as they are stored."""
    return {str(member.__struct_config__.tag) for member in get_args(union)}


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_what_was_written_is_read_as_it_was_meant(name: str) -> None:
    data = samples.path(name).read_bytes()

    assert samples.decoder(name)(data) == samples.SAMPLES[name]


@pytest.mark.parametrize("name", NEWEST.values())
def test_what_is_written_today_is_the_newest_golden_file(name: str) -> None:
    golden = samples.path(name).read_text(encoding="utf-8")

    assert samples.text(samples.SAMPLES[name]) == golden


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_what_is_written_today_can_be_read_today(name: str) -> None:
    value = samples.SAMPLES[name]

    assert samples.decoder(name)(samples.encoded(value)) == value


def test_every_stored_type_has_a_golden_file() -> None:
    """A new message, call or state needs a sample: see golden/README.md."""
    expected = {
        *(f"message.{tag}" for tag in tags(Message)),
        *(f"call.{tag}" for tag in tags(Call)),
        *(f"state.{kind}" for kind in KIND_OF_STATE),
    }

    assert {name.rpartition(".")[0] for name in samples.SAMPLES} == expected


def test_every_input_of_a_customer_has_a_golden_file() -> None:
    inputs = {
        str(message.input.__struct_config__.tag)
        for message in samples.MESSAGES.values()
        if isinstance(message, CustomerWrote)
    }

    assert inputs == tags(Input)


def test_every_golden_file_has_its_sample() -> None:
    """Files are never taken away: rows with their like may still lie in somebody's database."""
    assert {path.stem for path in samples.GOLDEN.glob("*.json")} == set(samples.SAMPLES)


@pytest.mark.parametrize("name", NEWEST.values())
def test_the_newest_sample_fills_every_field(name: str) -> None:
    """A field that holds its default would be read right even where it was lost."""
    assert list(defaults_in(samples.SAMPLES[name])) == []


def defaults_in(value: object, where: str = "") -> Iterator[str]:
    """The fields that hold their default, at any depth."""
    if isinstance(value, tuple):
        for each in value:
            yield from defaults_in(each, where)
    if not isinstance(value, Struct):
        return
    for field in msgspec.structs.fields(value):
        here = f"{where}.{field.name}"
        held = getattr(value, field.name)
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        if default is not msgspec.NODEFAULT and held == default:
            yield here
        yield from defaults_in(held, here)
