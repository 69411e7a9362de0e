"""The shipped flow, as its files go through it: nothing is left out, nobody is lost."""

from __future__ import annotations

from functools import cache

from msgspec import Struct

from actors.codec import decode_message, encode_message
from actors.conversation import Conversation
from actors.conversation.state import Surroundings
from actors.flow import model
from actors.flow.addresses import scope_of
from actors.flow.graph import AT_ONCE, FlowGraph, Way, graph_of
from actors.ids import CONVERSATION, MessageId, kind_of
from actors.kinds import wake
from actors.messages import CustomerWrote, Typed
from daemon.flowtest.coverage import Coverage
from daemon.flowtest.rehearsal import rehearse
from daemon.scripts.format import read_script
from daemon.shipped import shipped_scripts
from daemon.turn import HANDLED, TurnResult, run_turn
from state.rows import ActorRow, InboxRow
from tests.endtoend.reading import shipped_source

ACTS_MAX = 2
OF_CUSTOMER = frozenset({Way.OPTION, Way.ANSWER, Way.KEYWORD, Way.FAILURE, Way.ENDED})
"""Ways that are gone when a person has done something."""
CLOSED = "people_closed"
"""Where one hears when people are back."""
WORDS = {"menu": "main", "asesor": CLOSED, "agent": CLOSED, "atendente": CLOSED}
"""What is typed anywhere, and where it leads if not to a person."""


class Stand(Struct, frozen=True):
    """A conversation at rest after one of its turns."""

    row: ActorRow
    wrote: CustomerWrote
    at_ms: int
    state: Conversation


class Journey(Struct):
    """All that the files went through."""

    coverage: Coverage
    stands: dict[tuple[str | None, str, bool], Stand]
    """By step, language, and whether an answer of a service is awaited: one of each is enough."""


@cache
def journey() -> Journey:
    """Every shipped file, played once for all tests."""
    source = shipped_source()
    found = Journey(Coverage(source), {})
    last: dict[str, CustomerWrote] = {}

    def saw(row: InboxRow, result: TurnResult) -> None:
        found.coverage.saw(row, result)
        if kind_of(row.actor) != CONVERSATION:
            return
        message = decode_message(row.body)
        if isinstance(message, CustomerWrote):
            last[row.actor] = message
        state = wake(row.actor, result.commit.state).state
        assert isinstance(state, Conversation)
        commit = result.commit
        at_rest = ActorRow(
            row.actor,
            commit.expected_version + 1,
            commit.status,
            commit.state,
            commit.failures,
            commit.flow_version,
        )
        if state.handover is None:
            key = (state.step, state.language, state.waiting is not None)
            stand = Stand(at_rest, last[row.actor], row.at_ms, state)
            found.stands.setdefault(key, stand)

    for path in shipped_scripts():
        found.coverage.begin()
        rehearsal = rehearse(source, read_script(path), saw)
        assert rehearsal.failure is None, f"{path.name}: {rehearsal.failure}"
    return found


def test_the_files_go_through_every_step_way_and_text() -> None:
    left = [f"{part.path} -> {part.target}" for part in journey().coverage.untouched()]
    assert left == []


def test_the_files_speak_every_language() -> None:
    languages = shipped_source().flow.languages
    spoken = {stand.state.language for stand in journey().stands.values()}
    assert {language.partition("-")[0] for language in languages} <= {
        language.partition("-")[0] for language in spoken
    }


# --- ways home --------------------------------------------------------------------------------


def test_a_word_leads_home_or_to_a_person_from_wherever_the_files_stood() -> None:
    """Also inside of questions, and while a service is asked."""
    source = shipped_source()
    around = Surroundings(
        {source.version: source.flow}, source.version, "en", time_zone="America/Lima"
    )
    stands = journey().stands
    waited = {step for step, _, waiting in stands if waiting}
    asked = {step for step, _, _ in stands if isinstance(step_of(step), model.Question)}
    assert waited, "no file writes while a service is asked"
    assert {"identify.ask_account", "visit_day", "visit_part", "leave_note"} <= asked
    for key, stand in stands.items():
        for number, (word, goal) in enumerate(WORDS.items()):
            wrote = CustomerWrote(stand.wrote.customer, Typed(word), stand.at_ms + 1)
            row = InboxRow(
                10_000 + number,
                MessageId(f"test:{number}"),
                stand.row.actor,
                stand.at_ms + 1,
                encode_message(wrote),
            )
            living = wake(stand.row.actor, stand.row.state)
            result = run_turn(living, stand.row, [row], stand.at_ms + 1, around)
            assert result.heard[0].outcome == HANDLED, (key, word)
            after = living.state
            assert isinstance(after, Conversation)
            came = after.step == goal or after.handover is not None
            assert came, f"{key}: {word!r} leads to {after.step}"


def step_of(address: str | None) -> model.Step | None:
    """The step at an address of the shipped flow."""
    place = graph().places.get(address or "")
    return place.step if place is not None else None


@cache
def graph() -> FlowGraph:
    """The shipped flow's."""
    return graph_of(shipped_source().flow)


def test_two_acts_lead_home_or_to_a_person_whatever_services_answer() -> None:
    """By taps and answers alone, without knowing any word, from every step at which one waits."""
    home = {
        address
        for address, place in graph().places.items()
        if address == shipped_source().flow.root or isinstance(place.step, model.Handover)
    }
    waits = {
        address
        for address, place in graph().places.items()
        if isinstance(place.step, model.Menu | model.Question)
    }
    for _ in range(ACTS_MAX):
        home |= {address for address in waits if one_act_leads(address, frozenset(home))}
    assert waits - home == set()


def one_act_leads(address: str, home: frozenset[str]) -> bool:
    """Whether the customer can do something after which they come home in any case."""
    acts = [edge.target for edge in graph().ways_out[address] if edge.way in OF_CUSTOMER]
    return any(comes_to(target, home, frozenset()) for target in acts)


def comes_to(address: str, home: frozenset[str], seen: frozenset[str]) -> bool:
    """Whether every way from here comes home before the customer is asked again."""
    if address in home:
        return True
    step = step_of(address)
    if address in seen or isinstance(step, model.Menu | model.Question):
        return False
    further = seen | {address}
    return all(comes_to(target, home, further) for target in onward(address))


def onward(address: str) -> list[str]:
    """Where a step leads by itself or by a service's answer; a return: to all who may call."""
    step = step_of(address)
    if isinstance(step, model.Return):
        return [
            edge.target
            for edge in graph().edges
            if edge.way is Way.RETURN
            and isinstance(call := step_of(edge.source), model.CallSubflow)
            and call.flow == scope_of(address)
        ]
    into = [edge for edge in graph().ways_out[address] if edge.way is Way.CALL]
    ways = into or [
        edge
        for edge in graph().ways_out[address]
        if edge.way in AT_ONCE or edge.way is Way.RESPONSE
    ]
    return [edge.target for edge in ways]
