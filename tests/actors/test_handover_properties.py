"""What holds of a hand-over whatever it hears: it never raises and never waits for nothing."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from actors import handover
from actors.calls import CloseDesk, OpenDesk, QueryDesk
from actors.handover import Phase
from actors.ids import MessageId
from actors.messages import (
    AgentSaid,
    CustomerLine,
    DeskClosed,
    DeskObserved,
    DeskOpened,
    DeskRefusedLine,
    DeskWrote,
    Envelope,
    HandoverNews,
    JobLine,
    LeaveRequested,
    LineReturned,
    LineUndelivered,
    Message,
    RetryRequested,
    TimerFired,
)
from actors.policies import HandoverPolicy
from actors.values import DeskState
from tests.actors.given import CONVERSATION_ID, NOW_MS, Chat
from tests.actors.heard import Heard

POLICIES = st.builds(
    HandoverPolicy,
    patience_s=st.sampled_from([0, 60, 600]),
    close_tries=st.integers(0, 3),
    idle_max_s=st.sampled_from([30, 7200]),
)
REFS = st.sampled_from([None, "c1", "c2"])
OBSERVED = st.builds(
    DeskObserved, state=st.sampled_from(DeskState), agent=st.sampled_from([None, "Rita"])
)
MESSAGES = st.one_of(
    st.builds(DeskOpened, desk_ref=REFS),
    st.builds(
        DeskWrote,
        line_id=st.just("l1"),
        text=st.just("hi"),
        human=st.sampled_from([True, False, None]),
        desk_ref=REFS,
    ),
    OBSERVED,
    st.just(DeskClosed()),
    st.builds(CustomerLine, text=st.just("hello"), at_ms=st.just(NOW_MS)),
    st.builds(JobLine, text=st.just("done"), at_ms=st.just(NOW_MS)),
    st.just(LeaveRequested()),
    st.just(LineUndelivered("l1", "expired")),
    st.just(DeskRefusedLine("l1", "expired")),
    st.just(RetryRequested(1)),
    st.builds(
        TimerFired,
        name=st.sampled_from(["poll", "patience", "idle", "tea"]),
        generation=st.integers(0, 5),
        due_ms=st.just(NOW_MS),
    ),
)

Step = Callable[[Chat], Heard | None]


def _answer_call(number: int, refuse: bool, seen: DeskObserved, ref: str | None) -> Step:
    def step(chat: Chat) -> Heard | None:
        if not chat.under_way:
            return None
        calls = list(chat.under_way.items())
        effect, call = calls[number % len(calls)]
        if refuse:
            return chat.reject(type(call))
        match call:
            case OpenDesk():
                return chat.answered(OpenDesk, DeskOpened(ref))
            case QueryDesk():
                return chat.answered(QueryDesk, seen)
            case CloseDesk():
                return chat.answered(CloseDesk, DeskClosed())
            case _:
                del chat.under_way[effect]
                return None

    return step


def _fire(number: int) -> Step:
    def step(chat: Chat) -> Heard | None:
        names = sorted(chat.due)
        return chat.fire(names[number % len(names)]) if names else None

    return step


def _hear(message: Message) -> Step:
    return lambda chat: chat.hear(message)


STEPS = st.one_of(
    st.builds(_answer_call, st.integers(0, 5), st.booleans(), OBSERVED, REFS),
    st.builds(_fire, st.integers(0, 3)),
    st.builds(_hear, MESSAGES),
)
LIVES = st.lists(STEPS, max_size=30)
OVER = {
    HandoverNews.ENDED,
    HandoverNews.LEFT,
    HandoverNews.NOBODY,
    HandoverNews.UNAVAILABLE,
}


@settings(max_examples=300, deadline=None)
@given(policy=POLICIES, life=LIVES)
def test_whatever_it_hears_a_hand_over_keeps_its_promises(
    policy: HandoverPolicy, life: list[Step]
) -> None:
    chat = Chat(policy)
    news = []
    for step in life:
        heard = step(chat)
        assert chat.phase is Phase.ENDED or chat.state.timers or chat.under_way
        assert set(chat.due) == set(chat.state.timers)
        if heard is not None:
            news += heard.handover_news
            assert set(heard.receivers) <= {CONVERSATION_ID}

    assert news.count(HandoverNews.QUEUED) <= 1
    assert news.count(HandoverNews.JOINED) <= 1
    assert len([each for each in news if each in OVER]) <= 1
    assert not [each for each in news[:-1] if each in OVER]


@settings(max_examples=150, deadline=None)
@given(policy=POLICIES, life=LIVES)
def test_when_the_desk_falls_silent_and_the_customer_leaves_a_hand_over_ends(
    policy: HandoverPolicy, life: list[Step]
) -> None:
    chat = Chat(policy)
    for step in life:
        step(chat)
    chat.hear(LeaveRequested())

    for _ in range(500):
        if chat.phase is Phase.ENDED:
            break
        if chat.under_way:
            chat.reject_newest()
        else:
            chat.fire_next()

    assert chat.phase is Phase.ENDED


@settings(max_examples=100, deadline=None)
@given(life=LIVES)
def test_no_line_vanishes_without_a_trace(life: list[Step]) -> None:
    chat = Chat(words=None)
    for step in life:
        step(chat)

    from_customer = chat.hear(CustomerLine("hello", NOW_MS))
    from_person = chat.hear(DeskWrote("l7", "hi", human=True))

    kept = [line.text for line in chat.state.waiting]
    sent = [getattr(call, "text", "") for call in [*from_customer.calls, *from_person.calls]]
    returned = [line.text for line in from_customer.told(LineReturned)]
    assert "hello" in [*kept, *sent, *returned]
    assert len(from_person.told(AgentSaid)) == 1


@settings(max_examples=100, deadline=None)
@given(life=LIVES, message=MESSAGES)
def test_the_same_message_in_the_same_state_gives_the_same_decision(
    life: list[Step], message: Message
) -> None:
    chat = Chat()
    for step in life:
        step(chat)
    envelope = Envelope(MessageId("again"), chat.now_ms, message)

    first = handover.decide(chat.actor, chat.state, envelope, chat.now_ms)
    second = handover.decide(chat.actor, chat.state, envelope, chat.now_ms)

    assert first == second
