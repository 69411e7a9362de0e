"""Whatever customers, jobs, agents and services do, in whatever order: what always holds."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.buttons import ID_MAX, decode
from actors.calls import Say
from actors.conversation.state import AGENT_LINES_MAX, JOBS_MAX, TRANSCRIPT_MAX, Conversation
from actors.effects import Decision, Do, Effect, Tell
from actors.flow.limits import VALUES_MAX
from actors.ids import ROUTER_JOB, is_actor_id
from actors.messages import (
    AgentSaid,
    CustomerLine,
    CustomerWrote,
    Envelope,
    HandoverNews,
    HandoverReported,
    JobRequested,
    LineReturned,
    News,
    Other,
    Tapped,
    Typed,
)
from tests.actors.chatting import CODEC, KNOWN, LOOK_UP, Chat, some_handover, some_job
from tests.actors.small_flow import VERSION, around, changed, source

Act = Callable[[Chat], object]

NEXT = source(changed("goto: more }\n", "goto: other }\n", changed("  more:\n", "  other:\n")))
WORDS = [
    *("hola", "1", "2", "3", "4", "5", "0", "00012345", "menu", "persona", "salir", "dale", "sí"),
    *("Reiniciar", "Reintentar", "cancelar", "Dejarlo así", "", " ", "{router}", "../..", "👍"),
]
TAP_AGE_S = 600
AGES = st.sampled_from([-60, 0, 0, 0, 0, 5, TAP_AGE_S, TAP_AGE_S + 1, 100_000])


def types(text: str, age_s: int) -> Act:
    return lambda chat: chat.does(Typed(text), age_s)


def taps(index: int, age_s: int) -> Act:
    """Something that was shown, counted from the newest back."""

    def act(chat: Chat) -> None:
        shown = chat.all_choices()
        if shown:
            choice = shown[-1 - index % len(shown)]
            chat.does(Tapped(choice.id, choice.title), age_s)

    return act


def taps_garbage(button: str, title: str) -> Act:
    return lambda chat: chat.does(Tapped(button, title))


def taps_damaged(index: int, cut: int) -> Act:
    def act(chat: Chat) -> None:
        shown = chat.all_choices()
        if shown:
            choice = shown[index % len(shown)]
            chat.does(Tapped(choice.id[: cut % (1 + len(choice.id))], choice.title))

    return act


def sends(what: str) -> Act:
    return lambda chat: chat.does(Other(what))


def answers(status: int, body: bytes) -> Act:
    return lambda chat: chat.answer(status, body) if chat.requests else None


def fails(unknown: bool) -> Act:
    return lambda chat: chat.request_fails(unknown=unknown) if chat.requests else None


def reports(index: int, news: News, attempt: int, retry: bool, again: bool) -> Act:
    def act(chat: Chat) -> None:
        jobs = [job for job, _ in chat.jobs] or [some_job()]
        step = ["rebooting", "unheard_of", None][index % 3]
        chat.news(
            news,
            jobs[index % len(jobs)],
            attempt=attempt,
            step=step,
            can_retry=retry,
            can_cancel=retry,
            again=again,
        )

    return act


def of_the_desk(news: HandoverNews | str, ours: bool) -> Act:
    def act(chat: Chat) -> None:
        current = chat.state.handover if chat.data is not None else None
        handover = current.id if ours and current is not None else some_handover()
        match news:
            case HandoverNews():
                chat.hear(HandoverReported(handover, news, "Luz"))
            case "line":
                chat.hear(AgentSaid(handover, "L1", "buenas"))
            case _:
                chat.hear(LineReturned(handover, "sí", chat.now_ms))

    return act


def fate(index: int, how: str) -> Act:
    return lambda chat: getattr(chat, how)(-1 - index % len(chat.said)) if chat.said else None


def waits(seconds: int) -> Act:
    return lambda chat: chat.wait(seconds)


def new_flow() -> Act:
    def act(chat: Chat) -> None:
        chat.around = around(
            flows={VERSION: source().flow, NEXT.version: NEXT.flow}, flow_version=NEXT.version
        )

    return act


def lost_flow() -> Act:
    def act(chat: Chat) -> None:
        chat.around = around(flows={NEXT.version: NEXT.flow}, flow_version=NEXT.version)

    return act


SMALL = st.integers(0, 9)
BODIES = st.sampled_from([KNOWN[LOOK_UP][1], b"{}", b'{"state":"up"}', b'{"premium":true}', b"[1]"])
IN_ONE_FLOW: st.SearchStrategy[Act] = st.one_of(
    st.builds(types, st.sampled_from(WORDS), AGES),
    st.builds(types, st.text(max_size=8), AGES),
    st.builds(taps, SMALL, AGES),
    st.builds(taps, SMALL, AGES),
    st.builds(taps, SMALL, st.just(0)),
    st.builds(taps_garbage, st.text(max_size=20), st.sampled_from(WORDS)),
    st.builds(taps_damaged, SMALL, st.integers(0, 60)),
    st.builds(sends, st.sampled_from(["sticker", "image"])),
    st.builds(answers, st.sampled_from([200, 201, 404, 500]), BODIES),
    st.builds(fails, st.booleans()),
    st.builds(
        reports, SMALL, st.sampled_from(News), st.integers(1, 3), st.booleans(), st.booleans()
    ),
    st.builds(of_the_desk, st.sampled_from([*HandoverNews, "line", "returned"]), st.booleans()),
    st.builds(fate, SMALL, st.sampled_from(["fate_unknown", "not_sent", "not_delivered"])),
    st.builds(waits, st.sampled_from([1, 20, 700, 90_000])),
)
ACTS = st.one_of(*[IN_ONE_FLOW] * 6, st.builds(new_flow), st.builds(lost_flow))


class Watched(Chat):
    """A chat that checks, at every message, what must hold always."""

    def decide(
        self, state: Conversation | None, envelope: Envelope
    ) -> Decision[Conversation] | None:
        decision = super().decide(state, envelope)
        if decision is not None:
            check_bounds(decision.state)
            for effect in decision.effects:
                match effect:
                    case Do(call=Say() as say):
                        check_say(self, say)
                    case Tell(message=JobRequested() as asked):
                        check_start(state, envelope, self.now_ms, asked)
                    case Tell(message=CustomerLine(text=text)):
                        assert text.strip()
                    case _:
                        pass
            check_answered(state, envelope, decision.effects)
        return decision


def check_bounds(state: Conversation) -> None:
    assert len(state.transcript) <= TRANSCRIPT_MAX
    assert len(state.jobs) <= JOBS_MAX
    assert len(state.values) <= VALUES_MAX
    assert len(state.agent_lines) <= AGENT_LINES_MAX
    assert len(state.choices) <= 10
    assert len(CODEC.encode(state)) < 100_000


def check_say(chat: Chat, say: Say) -> None:
    assert say.text.strip()
    assert len(say.choices) <= 10
    assert bool(say.list_title) == (len(say.choices) > 3)
    assert len({choice.id for choice in say.choices}) == len(say.choices)
    for choice in say.choices:
        assert len(choice.id) <= ID_MAX
        assert choice.title
        assert decode(chat.actor, choice.id) is not None


def check_start(
    state: Conversation | None, envelope: Envelope, now_ms: int, asked: JobRequested
) -> None:
    """Nothing starts from what is too old, nor beside a job that runs on the same router."""
    assert state is not None
    match envelope.body:
        case CustomerWrote(sent_at_ms=sent_at_ms):
            since_ms = sent_at_ms
        case LineReturned(at_ms=at_ms):
            since_ms = at_ms
        case _:
            assert state.waiting is not None
            assert not state.waiting.old_tap
            since_ms = state.waiting.sent_at_ms
    assert now_ms - since_ms <= TAP_AGE_S * 1000
    assert not any(view.running and view.device == asked.device.id for view in state.jobs)


def check_answered(
    state: Conversation | None, envelope: Envelope, effects: tuple[Effect, ...]
) -> None:
    """No silence: a word or a tap leads to something said, asked or passed on."""
    match envelope.body:
        case CustomerWrote(input=Typed() | Tapped()):
            busy = state is not None and state.waiting is not None
            assert busy or any(isinstance(effect, Do | Tell) for effect in effects)
        case _:
            pass


@settings(max_examples=300, deadline=None)
@given(st.lists(ACTS, max_size=40))
def test_whatever_comes(acts: list[Act]) -> None:
    chat = Watched(answers={})
    for act in acts:
        act(chat)


@settings(max_examples=300, deadline=None)
@given(st.lists(ACTS, max_size=30))
def test_whatever_comes_while_services_answer_at_once(acts: list[Act]) -> None:
    chat = Watched()
    chat.types("hola")
    chat.starts_restart()
    for act in acts:
        act(chat)
    assert all(is_actor_id(job, ROUTER_JOB) for job, _ in chat.jobs)
    assert len({job for job, _ in chat.jobs}) == len(chat.jobs)


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTS, max_size=15), st.lists(ACTS, max_size=15), st.booleans())
def test_whatever_comes_to_the_fallback(
    before: list[Act], after: list[Act], quarantined: bool
) -> None:
    """Nothing raises, nobody meets silence, and nothing starts."""
    chat = Watched()
    for act in before:
        act(chat)
    started = len(chat.jobs)
    chat.quarantined = quarantined
    for act in after:
        act(chat)
    assert len(chat.jobs) == started
