"""One turn: many messages, one unit of work, and what a bug in an actor leads to."""

from __future__ import annotations

from typing import Any

from actors import kinds
from actors.calls import Purpose, QueryDesk, Say, SendToDesk
from actors.codec import decode_call, decode_message
from actors.effects import Note
from actors.ids import ActorId, EffectId, effect_id, told_id
from actors.messages import (
    CallRejected,
    CustomerLine,
    CustomerWrote,
    JobLine,
    TimerFired,
    Typed,
)
from actors.turn import Turn
from daemon.turn import FAILURES_MAX, TurnResult, run_turn
from state.rows import ActorRow, ActorStatus, DeadLetter, InboxRow
from tests.daemon.parts import (
    ANN,
    AROUND,
    BOB,
    CUSTOMER,
    NOTEBOOK,
    NOW_MS,
    SORRY,
    Core,
    Notebook,
    breaks,
    row,
)

SECRET = "my password is hunter2"


def turn(core: Core, *rows: InboxRow, at_rest: ActorRow | None = None, **more: Any) -> TurnResult:
    living = core.wake(ANN, (at_rest.state or None) if at_rest is not None else None)
    return run_turn(living, at_rest, rows, NOW_MS, AROUND, **more)


def resting(**more: Any) -> ActorRow:
    plain = {"status": ActorStatus.ACTIVE, "state": NOTEBOOK.encode(Notebook())}
    return ActorRow(ANN, **{"version": 7, **plain, **more})


def say(text: str) -> Say:
    return Say(CUSTOMER, Purpose.PROGRESS, text)


def heard(result: TurnResult) -> tuple[str, ...]:
    return NOTEBOOK.decode(result.commit.state).heard


def said(result: TurnResult) -> list[str]:
    calls = [decode_call(effect.body) for effect in result.commit.effects]
    return [call.text for call in calls if isinstance(call, Say)]


def test_a_batch_becomes_one_unit_of_work() -> None:
    def rest(turn: Turn[Notebook]) -> None:
        turn.alias("name")
        turn.drop("gone")
        turn.note("seen", x=1)

    core = Core()
    core.script = {
        "call": lambda turn: turn.do(say("a"), not_before_ms=5, not_after_ms=9, topic="t"),
        "tell": lambda turn: turn.tell(BOB, JobLine("news", 3)),
        "rest": rest,
    }
    rows = [row(word, at) for at, word in enumerate(("call", "tell", "rest", "plain"), 4)]
    result = turn(core, *rows, at_rest=resting())
    unit = result.commit
    assert heard(result) == ("call", "tell", "rest", "plain")
    assert (unit.actor, unit.expected_version, unit.at_ms) == (ANN, 7, NOW_MS)
    assert unit.handled == (4, 5, 6, 7)
    assert unit.dead == ()
    [effect] = unit.effects
    assert (effect.lane, effect.destination) == (f"{ANN}/message", "whatsapp:106")
    assert (effect.not_before_ms, effect.not_after_ms, effect.topic) == (5, 9, "t")
    assert effect.cause == rows[0].message_id
    [message] = unit.messages
    assert (message.actor, decode_message(message.body)) == (BOB, JobLine("news", 3))
    assert (message.message_id, message.cause) == (told_id(ANN, rows[1].message_id, 0), "m5")
    assert (unit.aliases, unit.topics_dropped) == (("name",), ("gone",))
    assert [one.outcome for one in result.heard] == ["handled"] * 4
    assert [one.message for one in result.heard] == ["CustomerLine"] * 4
    assert result.heard[2].notes == (Note("seen", False, {"x": 1}),)


def test_effects_have_the_ids_that_the_core_was_told() -> None:
    told: list[EffectId] = []

    def act(turn: Turn[Notebook]) -> None:
        turn.note("first")
        told.append(turn.do(say("one")))
        turn.set_timer("t", 1)
        told.append(turn.do(say("two")))

    core = Core()
    core.script = {"go": act}
    result = turn(core, row("go", 1), row("go", 2))
    assert [effect.effect for effect in result.commit.effects] == told
    assert len(set(told)) == 4


def test_deciding_twice_yields_the_same_unit() -> None:
    def act(turn: Turn[Notebook]) -> None:
        turn.do(say("a"))
        turn.tell(BOB, JobLine("b", 1))

    core = Core()
    core.script = {"go": act}
    assert turn(core, row("go")) == turn(core, row("go"))


def test_a_topic_is_replaced_within_a_batch() -> None:
    core = Core()
    core.script = {
        "old": lambda turn: (turn.do(say("old"), topic="t"), turn.do(say("other"), topic="u")),
        "new": lambda turn: turn.do(say("new"), topic="t"),
        "drop": lambda turn: turn.drop("u"),
    }
    assert said(turn(core, row("old", 1), row("new", 2))) == ["other", "new"]
    result = turn(core, row("old", 1), row("new", 2), row("drop", 3))
    assert said(result) == ["new"]
    assert result.commit.topics_dropped == ("u",)
    assert said(turn(core, row("drop", 1), row("old", 2))) == ["old", "other"]


def test_the_last_word_on_a_timer_counts() -> None:
    core = Core()
    core.script = {
        "set": lambda turn: turn.set_timer("t", 2.5),
        "clear": lambda turn: turn.clear_timers("t"),
    }
    unit = turn(core, row("set", 1), row("clear", 2)).commit
    assert (unit.timers_set, unit.timers_cleared) == ((), ("t",))
    unit = turn(core, row("set", 1), row("clear", 2), row("set", 3)).commit
    [timer] = unit.timers_set
    assert (timer.generation, timer.due_ms, unit.timers_cleared) == (2, NOW_MS + 2500, ())
    assert decode_message(timer.body) == TimerFired("t", 2, NOW_MS + 2500)


def test_withdrawing_what_is_stored_is_left_to_the_store() -> None:
    core = Core()
    core.script = {"back": lambda turn: turn.withdraw(EffectId("eff_old"), say("old"))}
    unit = turn(core, row("back")).commit
    [withdrawal] = unit.withdrawals
    assert withdrawal.effect == "eff_old"
    told = decode_message(withdrawal.tell.body)
    assert isinstance(told, CallRejected)
    assert (told.call, told.fault.code) == (say("old"), "withdrawn")
    assert unit.messages == ()


def test_withdrawing_what_the_same_batch_decided_unmakes_it_and_tells_the_actor() -> None:
    core = Core()
    effect = effect_id(ANN, row("do", 1).message_id, 0)
    core.script = {
        "do": lambda turn: turn.do(say("x")),
        "back": lambda turn: turn.withdraw(effect, say("x")),
    }
    unit = turn(core, row("do", 1), row("back", 2)).commit
    assert (unit.effects, unit.withdrawals) == ((), ())
    [message] = unit.messages
    told = decode_message(message.body)
    assert message.actor == ANN
    assert isinstance(told, CallRejected)
    assert (told.effect, told.fault.code) == (effect, "withdrawn")


def test_a_new_actor_begins_at_version_0() -> None:
    unit = turn(Core(), row("hello")).commit
    assert (unit.expected_version, unit.status) == (0, ActorStatus.ACTIVE)


def test_a_message_that_begins_nobody_is_handled_and_leaves_no_state() -> None:
    result = turn(Core(), row("late"))
    assert (result.commit.state, result.commit.handled) == (b"", (1,))
    assert result.heard[0].outcome == "nobody"


# --- bugs ---------------------------------------------------------------------------------------


def test_a_message_on_which_decide_raises_is_set_aside_and_answered() -> None:
    core = Core()
    core.script = {"bad": breaks()}
    result = turn(core, row("good", 1), row("bad", 2), row("more", 3), at_rest=resting())
    unit = result.commit
    assert heard(result) == ("good", "more")
    assert unit.handled == (1, 3)
    assert [letter.position for letter in unit.dead] == [2]
    assert said(result) == ["sorry"]
    assert unit.effects[0].effect == effect_id(ANN, row("bad", 2).message_id, 0)
    assert [one.outcome for one in result.heard] == ["handled", "raised", "handled"]
    assert (unit.failures, unit.status) == (0, ActorStatus.ACTIVE)


def test_no_word_of_a_customer_gets_into_the_error() -> None:
    core = Core()
    for words in (SECRET, f"first\n{SECRET}", f'first\nFile "x", {SECRET}: y', f"{SECRET}: "):
        core.script = {"bad": breaks(words)}
        result = turn(core, row("bad"))
        [letter] = result.commit.dead
        assert "hunter2" not in letter.error
        assert letter.error.startswith("ValueError at ")
        assert "parts.py" in letter.error
        assert result.heard[0].error is not None
        assert "hunter2" not in result.heard[0].error
        assert "parts.py" in result.heard[0].error


def test_no_word_of_a_customer_gets_out_of_a_chained_error() -> None:
    def act(turn: Turn[Notebook]) -> None:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ValueError(SECRET) from error

    def fallback(turn: Turn[Notebook]) -> None:
        raise LookupError(SECRET)

    core = Core()
    core.script = {"bad": act}
    core.fallback = fallback
    result = turn(core, row("bad"))
    assert "hunter2" not in repr(result)
    assert "KeyError" in (result.heard[0].error or "")
    assert "LookupError" in (result.heard[0].error or "")


def test_three_in_a_row_quarantine_the_actor() -> None:
    core = Core()
    core.script = {"bad": breaks()}
    two = turn(core, row("bad", 1), row("bad", 2), at_rest=resting()).commit
    assert (two.failures, two.status) == (2, ActorStatus.ACTIVE)
    at_rest = resting(failures=2)
    three = turn(core, row("bad", 3), row("good", 4), at_rest=at_rest)
    assert three.commit.failures == FAILURES_MAX
    assert three.commit.status is ActorStatus.QUARANTINED
    assert [one.outcome for one in three.heard] == ["raised", "quarantined"]
    assert heard(three) == ()


def test_a_success_between_failures_resets_the_count() -> None:
    core = Core()
    core.script = {"bad": breaks()}
    rows = [row(word, at) for at, word in enumerate(("bad", "bad", "good", "bad", "bad"), 1)]
    unit = turn(core, *rows, at_rest=resting(failures=0)).commit
    assert (unit.failures, unit.status) == (2, ActorStatus.ACTIVE)


def test_a_quarantined_actor_is_answered_by_the_fallback_and_its_messages_are_not_dead() -> None:
    core = Core()
    at_rest = resting(status=ActorStatus.QUARANTINED, failures=3)
    result = turn(core, row("good"), at_rest=at_rest)
    assert said(result) == [SORRY.text]
    assert result.commit.dead == ()
    assert result.commit.status is ActorStatus.QUARANTINED
    assert result.commit.state == at_rest.state


def test_a_fallback_that_raises_too_sets_aside_once() -> None:
    core = Core()
    core.script = {"bad": breaks()}
    core.fallback = breaks()
    result = turn(core, row("bad"), at_rest=resting())
    assert [letter.position for letter in result.commit.dead] == [1]
    quarantined = resting(status=ActorStatus.QUARANTINED)
    assert len(turn(core, row("good"), at_rest=quarantined).commit.dead) == 1


def test_a_body_that_cannot_be_read_is_set_aside_without_harm() -> None:
    damaged = InboxRow(2, row("x", 2).message_id, ANN, NOW_MS, b'{"type":"from_tomorrow"}')
    result = turn(Core(), row("a", 1), damaged, row("b", 3), at_rest=resting())
    assert heard(result) == ("a", "b")
    assert result.commit.dead == (DeadLetter(2, "unreadable: Unreadable"),)
    assert result.commit.handled == (1, 3)
    assert result.commit.failures == 0


def test_poison_is_set_aside_without_a_look_and_answered() -> None:
    core = Core()
    result = turn(core, row("good"), at_rest=resting(), poison="it kills")
    assert heard(result) == ()
    assert result.commit.dead == (DeadLetter(1, "it kills"),)
    assert said(result) == ["sorry"]
    assert result.heard[0].outcome == "poison"


# --- finished actors ----------------------------------------------------------------------------


def test_finishing_and_hearing_late_messages() -> None:
    core = Core()
    core.script = {
        "end": lambda turn: turn.finish(),
        "again": lambda turn: turn.do(QueryDesk(ANN, "x")),
        "timer": lambda turn: turn.set_timer("t", 1),
        "answer": lambda turn: turn.tell(BOB, CustomerLine("over", 1)),
    }
    assert turn(core, row("end")).commit.status is ActorStatus.FINISHED
    finished = resting(status=ActorStatus.FINISHED)
    for word, status in {
        "plain": ActorStatus.FINISHED,
        "answer": ActorStatus.FINISHED,
        "end": ActorStatus.FINISHED,
        "again": ActorStatus.ACTIVE,
        "timer": ActorStatus.ACTIVE,
    }.items():
        result = turn(core, row(word), at_rest=finished)
        assert result.commit.status is status, word
        assert heard(result) == (word,)


# --- with the real kinds ------------------------------------------------------------------------


def test_a_conversation_that_breaks_apologises_with_a_way_to_a_person() -> None:
    actor = ActorId("cnv_" + "a" * 24)
    wrote = CustomerWrote(CUSTOMER, Typed("hola"), NOW_MS)
    living = kinds.wake(actor, None)
    at_rest = ActorRow(actor, 1, ActorStatus.QUARANTINED, b"", 3)
    result = run_turn(living, at_rest, [row(wrote, actor=actor)], NOW_MS, AROUND)
    [effect] = result.commit.effects
    call = decode_call(effect.body)
    assert isinstance(call, Say)
    assert call.text == "Perdón"
    assert [choice.title for choice in call.choices] == ["Con una persona"]
    assert result.commit.flow_version == AROUND.flow_version
    tapped = kinds.wake(actor, result.commit.state)
    assert tapped.exists
    assert tapped.conversation == actor
    assert not isinstance(call, SendToDesk)


def test_what_cannot_be_written_is_set_aside_and_the_state_is_as_before() -> None:
    def half_a_character(turn: Turn[Notebook]) -> None:
        turn.do(say("\ud83d"))

    core = Core()
    core.script = {"half": half_a_character}
    result = turn(core, row("plain", 1), row("half", 2), row("after", 3), at_rest=resting())
    assert [one.outcome for one in result.heard] == ["handled", "raised", "handled"]
    assert [letter.position for letter in result.commit.dead] == [2]
    assert heard(result)[0] == "plain"
    assert "half" not in heard(result)
