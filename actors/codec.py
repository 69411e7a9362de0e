"""Persisted values to bytes and back: states with their versions, messages, calls.

What lives here: the JSON forms and the chains that lift old states. What must not: meaning.
Additive changes need nothing (a new field has a default). A change of shape bumps the kind's
version and adds a function that lifts the JSON of the version before; golden files hold every
version ever written (tests/actors/golden).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from actors.calls import Call
from actors.messages import Message

State = TypeVar("State")
Json = dict[str, object]

_message_encoder = msgspec.json.Encoder()
_message_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_call_decoder: msgspec.json.Decoder[Call] = msgspec.json.Decoder(Call)


class Unreadable(Exception):
    """Stored bytes are damaged, or newer than this program."""


# msgspec speaks of broken UTF-8 and of nesting without end in Python's own words.
_DAMAGE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _Stored(msgspec.Struct, frozen=True):
    version: int
    state: msgspec.Raw


_stored_decoder = msgspec.json.Decoder(_Stored)


class StateCodec(Generic[State]):
    """The bytes of one kind's state."""

    def __init__(
        self, state_type: type[State], version: int, lifts: dict[int, Callable[[Json], Json]]
    ) -> None:
        self._type = state_type
        self._version = version
        self._lifts = lifts
        self._decoder = msgspec.json.Decoder(state_type)

    def encode(self, state: State) -> bytes:
        """The state with its version."""
        return b'{"version":%d,"state":%b}' % (self._version, _message_encoder.encode(state))

    def decode(self, data: bytes) -> State:
        """The state, lifted from the version that wrote it. Raises Unreadable."""
        try:
            stored = _stored_decoder.decode(data)
            if stored.version == self._version:
                return self._decoder.decode(stored.state)
            return self._lift(stored)
        except _DAMAGE as error:
            raise Unreadable(str(error)) from error

    def _lift(self, stored: _Stored) -> State:
        if stored.version > self._version:
            raise Unreadable(f"written by a newer program (version {stored.version})")
        value = msgspec.json.decode(stored.state, type=dict[str, object])
        for version in range(stored.version, self._version):
            if version not in self._lifts:
                raise Unreadable(f"no way to read version {stored.version}")
            try:
                value = self._lifts[version](value)
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                raise Unreadable(f"version {version} cannot be lifted: {error!r}") from error
        return msgspec.convert(value, self._type)


def encode_message(message: Message) -> bytes:
    """A message as it is kept in an inbox."""
    return _message_encoder.encode(message)


def decode_message(data: bytes) -> Message:
    """A message from an inbox. Raises Unreadable."""
    try:
        return _message_decoder.decode(data)
    except _DAMAGE as error:
        raise Unreadable(str(error)) from error


def encode_call(call: Call) -> bytes:
    """A call as it is kept in the outbox."""
    return _message_encoder.encode(call)


def decode_call(data: bytes) -> Call:
    """A call from the outbox. Raises Unreadable."""
    try:
        return _call_decoder.decode(data)
    except _DAMAGE as error:
        raise Unreadable(str(error)) from error
