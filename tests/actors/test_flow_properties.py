"""Whatever flow an administrator writes, and whatever customers do in it: what always holds.

Nothing raises, the state can always be kept, what a turn causes is bounded, nobody meets silence,
and from everywhere two inputs at most lead to the main menu or to a person.
"""

from __future__ import annotations

import copy
from typing import get_args

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.codec import encode_call, encode_message
from actors.conversation.state import Conversation
from actors.effects import Decision, Do, Tell
from actors.flow.addresses import places_of, scope_of
from actors.flow.limits import SUBFLOWS_DEEP_MAX
from actors.flow.model import Menu, Step
from actors.flow.reader import FlowSource, decode_flow, encode_flow
from actors.messages import Envelope
from tests.actors.random_flows import flows
from tests.actors.small_flow import around
from tests.actors.test_conversation_properties import (
    AGES,
    IN_ONE_FLOW,
    Act,
    Watched,
    answers,
    taps,
    types,
)

EFFECTS_MAX = 120
TYPED = [
    *("hola", "menu", "persona", "salir", "1", "2", "9", "no lo tengo", "no lo tengoo"),
    *("12", "S/ 20,50", "1.250", "-3", "12/11", "20/11", "mañana", "viernes", "00012345"),
    *("otra cosa", "otra csoa", "reinicair", "dalee", "x" * 70, "{v0}", "", "👍", "a"),
]
BODIES = [b"{}", b'{"a":1,"b":["x"],"c":[1,2]}', b'{"a":"2023-11-20"}', b"null", b"[1]"]
MORE: st.SearchStrategy[Act] = st.one_of(
    st.builds(types, st.sampled_from(TYPED), st.just(0)),
    st.builds(types, st.sampled_from(TYPED), AGES),
    *[st.builds(taps, st.integers(0, 4), st.just(0)) for _ in range(3)],
    st.builds(taps, st.integers(0, 4), AGES),
    st.builds(answers, st.sampled_from([200, 200, 404, 500]), st.sampled_from(BODIES)),
    IN_ONE_FLOW,
)
SOME_ACTS = st.lists(MORE, min_size=3, max_size=10)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


class InFlow(Watched):
    """A chat in a random flow that checks besides what holds of every turn."""

    def decide(
        self, state: Conversation | None, envelope: Envelope
    ) -> Decision[Conversation] | None:
        decision = super().decide(state, envelope)
        if decision is not None:
            assert len(decision.effects) <= EFFECTS_MAX
            assert len(decision.state.stack) <= SUBFLOWS_DEEP_MAX
            for effect in decision.effects:
                match effect:
                    case Do(call=call):
                        encode_call(call)
                    case Tell(message=message):
                        encode_message(message)
                    case _:
                        pass
            check_place(decision.state)
        return decision


def check_place(state: Conversation) -> None:
    """A conversation stands where it can go on, and holds no call that nobody returns from."""
    if state.stack:
        where = state.waiting.step if state.waiting is not None else state.step or ""
        assert scope_of(where) == state.stack[-1].flow


def forked(chat: InFlow) -> InFlow:
    """The same conversation, whose going on does not touch the other."""
    other = copy.copy(chat)
    for name in ("said", "requests", "tells", "notes", "effects"):
        setattr(other, name, list(getattr(chat, name)))
    return other


def is_home(chat: InFlow) -> bool:
    """Whether the main menu was shown last, or a person is asked for or here."""
    state = chat.state
    if state.handover is not None:
        return True
    root = chat.around.flows[state.flow_version].root
    return state.step == root and state.waiting is None


def check_way_home(chat: InFlow) -> None:
    """By the words that lead there from anywhere, at most two of them."""
    if chat.data is None:
        return
    for path in (["menu"], ["persona"], ["menu", "menu"]):
        other = forked(chat)
        for word in path:
            other.types(word)
        if is_home(other):
            return
    raise AssertionError(f"no way home from {chat.state.step}")


def chat_in(source: FlowSource, zone: str) -> InFlow:
    known = around(flows={source.version: source.flow}, flow_version=source.version, time_zone=zone)
    return InFlow(known, answers={})


BUGS = {"step_gone", "flow_goes_round", "subflow_not_entered", "message_not_for_this_kind"}
"""What cannot come where the check had nothing against the only flow."""
ZONES = st.sampled_from(["UTC", "America/Lima", "Pacific/Kiritimati"])


@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
@given(flows(), ZONES, st.lists(MORE, min_size=5, max_size=20))
def test_whatever_flow_and_whatever_customers(
    source: FlowSource, zone: str, acts: list[Act]
) -> None:
    chat = chat_in(source, zone)
    chat.types("hola")
    check_way_home(chat)
    for act in acts:
        act(chat)
        check_way_home(chat)
    assert not BUGS.intersection(chat.noted())


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(flows(), flows(), SOME_ACTS, SOME_ACTS, st.booleans())
def test_whatever_flow_comes_after_another(
    before: FlowSource, after: FlowSource, first: list[Act], then: list[Act], lost: bool
) -> None:
    """The one before is kept while it is used, or was lost with a restored backup."""
    chat = chat_in(before, "UTC")
    for act in first:
        act(chat)
    flows_known = {} if lost else {before.version: before.flow}
    chat.around = around(
        flows={**flows_known, after.version: after.flow}, flow_version=after.version
    )
    for act in then:
        act(chat)
        check_way_home(chat)


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(flows())
def test_a_random_flow_can_be_kept(source: FlowSource) -> None:
    kept = decode_flow(encode_flow(source.flow))
    assert kept == source.flow
    assert encode_flow(kept) == encode_flow(source.flow)
    root = kept.steps[kept.root]
    assert isinstance(root, Menu)
    assert list(root.options) == [f"o{n}" for n in range(len(root.options))]
    assert msgspec.json.decode(encode_flow(kept))["format"] == 1


def test_random_flows_are_made_of_every_kind_of_step() -> None:
    """What the strategy cannot make is not tried."""
    met: set[str] = set()

    @settings(max_examples=100, derandomize=True, database=None, suppress_health_check=SLOW)
    @given(flows())
    def look(source: FlowSource) -> None:
        met.update(type(place.step).__name__ for place in places_of(source.flow))

    look()
    assert met == {kind.__name__ for kind in get_args(Step)}
