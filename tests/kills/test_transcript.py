"""The oracle on chats made up for it: what it lets pass, and what not."""

from __future__ import annotations

from msgspec.structs import replace

from actors.calls import Purpose
from actors.ids import ActorId, EffectId
from adapters.sandbox.phone import Phone, ShownChoice, ShownMessage
from tests.kills.evidence import Cut, Sent
from tests.kills.orders import Order, Seam
from tests.kills.reaper import Death
from tests.kills.said import Said
from tests.kills.transcript import Transcript
from tests.kills.verdict import Broken, Counted, Verdict

ANA = "12015550199"
JOB = ActorId("job_a")
RECONCILE_MS = 20_000
DIED_MS = 5_000


def _phone() -> Phone:
    return Phone("+" + ANA, "Ana", "1", lambda: 0, lambda *_: "", lambda *_: None)


class Chat:
    """What was expected, what was decided, what the phone shows; and one kill."""

    def __init__(self) -> None:
        self.expected: list[Said] = []
        self.sent: list[Sent] = []
        self.receipts = False
        self.phone = _phone()
        self.cut: list[Cut] = []

    def says(
        self,
        name: str,
        purpose: Purpose = Purpose.QUESTION,
        *,
        job: ActorId | None = None,
        state: str = "delivered",
        attempts: int = 1,
        error: str | None = None,
        cause: str = "msg_x",
        at_ms: int = 0,
        done_ms: int | None = None,
        expected: bool = True,
    ) -> None:
        """The core decides to say something, and so does the process."""
        said = Said(EffectId(f"eff_{name}"), ANA, purpose, name.rstrip("2"), ("Yes",), job)
        if expected:
            self.expected.append(said)
        self.sent.append(
            Sent(said, ActorId("cnv_a"), cause, state, attempts, error, 0, at_ms, done_ms)
        )

    def shows(self, name: str, attempt: int = 1, at_ms: int = 0) -> None:
        """The phone shows it."""
        self.phone.show(
            ShownMessage(
                f"wamid.{len(self.phone.transcript)}",
                name.rstrip("2"),
                at_ms,
                choices=(ShownChoice("yes", "Yes"),),
                opaque=f"eff_{name}.{attempt}",
            )
        )

    def dies_sending(self, name: str, attempt: int = 1) -> None:
        """The kill comes while this is sent."""
        self.cut.append(Cut(f"eff_{name}", attempt, "Say"))

    def verdict(self) -> Verdict:
        """What the oracle says."""
        verdict = Verdict([Death(Order(Seam.ANSWERED, 1), DIED_MS, tuple(self.cut))])
        Transcript(
            self.phone,
            self.expected,
            self.sent,
            verdict,
            receipts=self.receipts,
            reconcile_ms=RECONCILE_MS,
        ).judge()
        return verdict

    def broken(self) -> set[Broken]:
        """Which promises are broken."""
        return {fault.what for fault in self.verdict().faults}


def test_what_is_as_it_should_be() -> None:
    chat = Chat()
    for name in ("a", "b", "c"):
        chat.says(name)
        chat.shows(name)
    assert chat.broken() == set()
    assert not chat.verdict().counted


def test_a_message_that_never_came() -> None:
    chat = Chat()
    chat.says("a")
    chat.says("b")
    chat.shows("b")
    assert chat.broken() == {Broken.LOST}


def test_a_message_that_was_never_decided() -> None:
    chat = Chat()
    chat.says("a")
    chat.shows("a")
    chat.expected.append(Said(EffectId("eff_b"), ANA, Purpose.QUESTION, "b", (), None))
    assert chat.broken() == {Broken.WRONG}


def test_a_message_beyond_the_core() -> None:
    chat = Chat()
    for name in ("a", "a2"):
        chat.says(name, expected=name == "a")
        chat.shows(name)
    assert chat.broken() == {Broken.WRONG}


def test_a_message_that_passed_another() -> None:
    chat = Chat()
    chat.says("a")
    chat.says("b")
    chat.shows("b")
    chat.shows("a")
    assert chat.broken() == {Broken.OUT_OF_ORDER}


def test_one_whose_first_attempt_was_cut_off_may_be_late() -> None:
    chat = Chat()
    chat.says("a", Purpose.RESULT, attempts=2)
    chat.says("b")
    chat.dies_sending("a")
    chat.shows("b")
    chat.shows("a", 2, DIED_MS + RECONCILE_MS)
    assert chat.broken() == set()


def test_news_and_answers_may_mix_in_any_way() -> None:
    chat = Chat()
    chat.says("a")
    chat.says("done", Purpose.RESULT, job=JOB)
    chat.shows("a")
    chat.shows("done")
    chat.expected.reverse()
    assert chat.broken() == set()


# --- doubles ------------------------------------------------------------------------------------


def doubled(second_ms: int, *, receipts: bool = False, times: int = 2) -> Chat:
    chat = Chat()
    chat.receipts = receipts
    chat.says("a", Purpose.RESULT, attempts=times)
    chat.shows("a")
    for attempt in range(2, times + 1):
        chat.shows("a", attempt, second_ms)
    return chat


def test_a_double_that_a_kill_explains_is_counted() -> None:
    chat = doubled(DIED_MS + RECONCILE_MS)
    chat.dies_sending("a")
    assert chat.broken() == set()
    assert chat.verdict().total(Counted.DOUBLE) == 1


def test_a_double_that_no_kill_explains() -> None:
    assert doubled(DIED_MS + RECONCILE_MS).broken() == {Broken.DOUBLE}


def test_a_double_without_waiting_for_a_receipt() -> None:
    chat = doubled(DIED_MS + RECONCILE_MS - 1)
    chat.dies_sending("a")
    assert chat.broken() == {Broken.DOUBLE}


def test_a_double_in_spite_of_a_receipt() -> None:
    chat = doubled(DIED_MS + RECONCILE_MS, receipts=True)
    chat.dies_sending("a")
    assert chat.broken() == {Broken.DOUBLE}


def test_a_third_time() -> None:
    chat = doubled(DIED_MS + RECONCILE_MS, times=3)
    chat.dies_sending("a")
    assert chat.broken() == {Broken.DOUBLE}


def test_what_is_said_anew_is_a_double_of_what_it_repeats() -> None:
    chat = Chat()
    chat.says("a", state="rejected", error="unknown: timeout")
    chat.says("a2", cause="eff_a.1.unknown", expected=False)
    chat.dies_sending("a")
    chat.shows("a2", at_ms=DIED_MS + RECONCILE_MS)
    assert chat.broken() == set()
    assert not chat.verdict().counted
    chat.phone = _phone()
    chat.shows("a")
    chat.shows("a2", at_ms=DIED_MS + RECONCILE_MS)
    assert chat.broken() == set()
    assert chat.verdict().total(Counted.DOUBLE) == 1


# --- left out -----------------------------------------------------------------------------------


def overtaken(newer_ms: int) -> Chat:
    chat = Chat()
    chat.says("a", state="rejected", error="unknown: timeout", done_ms=DIED_MS + RECONCILE_MS)
    chat.says("b", at_ms=newer_ms)
    chat.shows("b")
    return chat


def test_a_reply_that_was_overtaken_is_counted() -> None:
    chat = overtaken(DIED_MS)
    chat.dies_sending("a")
    assert chat.broken() == set()
    assert chat.verdict().total(Counted.OVERTAKEN) == 1


def test_a_reply_given_up_before_anything_newer_was_said() -> None:
    chat = overtaken(DIED_MS + RECONCILE_MS + 1)
    chat.dies_sending("a")
    assert chat.broken() == {Broken.LOST}


def test_a_reply_given_up_though_no_kill_had_cut_it_off() -> None:
    assert overtaken(DIED_MS).broken() == {Broken.LOST}


def test_what_was_overtaken_is_superseded_where_newer_news_of_its_job_had_come() -> None:
    chat = overtaken(DIED_MS)
    chat.dies_sending("a")
    first = replace(chat.sent[0].said, job=JOB, purpose=Purpose.REPLY)
    chat.sent[0] = replace(chat.sent[0], said=first)
    chat.expected[0] = first
    assert chat.verdict().total(Counted.OVERTAKEN) == 1
    chat.says("step", Purpose.PROGRESS, job=JOB, at_ms=DIED_MS + RECONCILE_MS)
    chat.shows("step")
    assert chat.broken() == set()
    assert chat.verdict().total(Counted.OVERTAKEN) == 0
    assert chat.verdict().total(Counted.SUPERSEDED) == 1


def test_news_that_newer_news_replaced() -> None:
    chat = Chat()
    chat.says("asked", Purpose.REPLY, job=JOB, state="dropped", attempts=0)
    chat.says("done", Purpose.RESULT, job=JOB)
    chat.shows("done")
    assert chat.broken() == set()
    assert chat.verdict().total(Counted.SUPERSEDED) == 1
    chat.sent.pop()
    chat.expected.pop()
    assert chat.broken() == {Broken.LOST}


def test_progress_may_be_left_out_but_not_be_late_doubled_or_made_up() -> None:
    chat = Chat()
    chat.says("step", Purpose.PROGRESS, job=JOB)
    chat.says("done", Purpose.RESULT, job=JOB)
    chat.shows("done")
    assert chat.broken() == set()
    chat.shows("step")
    assert chat.broken() == {Broken.OUT_OF_ORDER}
    chat.phone = _phone()
    for name in ("step", "step", "done"):
        chat.shows(name)
    assert chat.broken() == {Broken.DOUBLE}
    chat.expected.pop(0)
    assert Broken.WRONG in chat.broken()


def test_progress_may_say_that_a_kill_kept_us_from_seeing() -> None:
    chat = Chat()
    chat.says("it takes longer than usual", Purpose.PROGRESS, job=JOB, expected=False)
    assert chat.broken() == {Broken.WRONG}
    late = [replace(each, at_ms=DIED_MS + 90_000) for each in chat.sent]
    chat.sent[:] = late
    assert chat.broken() == set()
    assert chat.verdict().total(Counted.MORE_PROGRESS) == 1
