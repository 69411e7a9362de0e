"""Bytes and back: versions are lifted, and what is damaged is reported as such, never half read."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from actors import codec, ids, kinds
from actors.calls import QueryJob
from actors.codec import Json, StateCodec, Unreadable
from actors.messages import JobNotFound, LeaveRequested
from tests.actors.given import CONVERSATION_ID, HANDOVER_ID, JOB_ID, Chat, running


class Lamp(Struct, frozen=True):
    """A state that began as `on: bool` (1), got a colour (2), and a level instead of `on` (3)."""

    level: int
    colour: str
    name: str = ""


def _colour(old: Json) -> Json:
    return {**old, "colour": "white"}


def _level(old: Json) -> Json:
    rest = {key: value for key, value in old.items() if key != "on"}
    return {**rest, "level": 100 if old["on"] else 0}


LAMPS = StateCodec(Lamp, 3, {1: _colour, 2: _level})


def test_a_state_comes_back_as_it_was() -> None:
    lamp = Lamp(40, "red", "hall")

    assert LAMPS.decode(LAMPS.encode(lamp)) == lamp


def test_a_state_is_kept_with_its_version() -> None:
    assert LAMPS.encode(Lamp(1, "red")) == (
        b'{"version":3,"state":{"level":1,"colour":"red","name":""}}'
    )


@pytest.mark.parametrize(
    ("data", "lamp"),
    [
        (b'{"version":1,"state":{"on":true}}', Lamp(100, "white")),
        (b'{"version":2,"state":{"on":false,"colour":"red"}}', Lamp(0, "red")),
        (b'{"version":3,"state":{"level":7,"colour":"red"}}', Lamp(7, "red")),
    ],
)
def test_every_version_ever_written_is_lifted(data: bytes, lamp: Lamp) -> None:
    assert LAMPS.decode(data) == lamp


def test_a_state_of_a_newer_program_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="newer program"):
        LAMPS.decode(b'{"version":4,"state":{}}')


def test_an_unknown_field_of_the_same_version_is_left_aside() -> None:
    data = b'{"version":3,"state":{"level":7,"colour":"red","taste":"sweet"}}'

    assert LAMPS.decode(data) == Lamp(7, "red")


DAMAGED = [
    b"",
    b"{}",
    b"null",
    b'{"version":3}',
    b'{"version":3,"state":{"level":"x","colour":"red"}}',
    b'{"version":3,"state":{"level":7,"colour":"red"}',
    b'{"version":3,"state":{"level":7,"colour":"\xff"}}',
    b'{"version":2,"state":{"on":true,"colour":"\xff"}}',
    b'{"version":2,"state":[]}',
    b'{"version":2,"state":{"colour":"red"}}',
    b'{"version":1,"state":{"on":true,"name":7}}',
    b'{"version":0,"state":{"on":true}}',
    b'{"version":-1,"state":{"on":true}}',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"version":2,"state":' + b"[" * 100_000,
    b'{"type":' + b"[" * 100_000,
]


@pytest.mark.parametrize("data", DAMAGED)
def test_damaged_states_are_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        LAMPS.decode(data)


@pytest.mark.parametrize("data", [*DAMAGED, b'{"type":"customer_line","text":"\xff","at_ms":1}'])
def test_damaged_messages_and_calls_are_unreadable(data: bytes) -> None:
    for decode in (codec.decode_message, codec.decode_call):
        with pytest.raises(Unreadable):
            decode(data)


def test_an_unknown_type_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        codec.decode_message(b'{"type":"from_the_future"}')
    with pytest.raises(Unreadable):
        codec.decode_call(b'{"type":"from_the_future"}')


def test_messages_and_calls_carry_their_type() -> None:
    assert codec.encode_message(LeaveRequested()) == b'{"type":"leave_requested"}'
    call = QueryJob(JOB_ID, 1, "main")
    assert codec.decode_call(codec.encode_call(call)) == call


@given(st.integers(-(2**62), 2**62))
def test_numbers_keep_their_value(number: int) -> None:
    assert codec.decode_message(codec.encode_message(JobNotFound(number))) == JobNotFound(number)


def test_an_actor_wakes_up_from_its_bytes() -> None:
    for driver in (running(), Chat()):
        state = driver.state
        living = kinds.wake(driver.actor, b'{"version":1,"state":%b}' % msgspec.json.encode(state))

        assert living.exists
        assert living.conversation == CONVERSATION_ID
        assert living.encoded() == b'{"version":1,"state":%b}' % msgspec.json.encode(state)


def test_a_new_actor_has_nothing_to_be_kept() -> None:
    for actor in (CONVERSATION_ID, JOB_ID, HANDOVER_ID):
        living = kinds.wake(actor, None)

        assert not living.exists
        with pytest.raises(ValueError, match="without a state"):
            living.encoded()


def test_an_id_that_is_none_of_ours_wakes_nobody() -> None:
    with pytest.raises(ValueError, match="not an actor id"):
        kinds.wake(ids.ActorId("cat_1"), None)
