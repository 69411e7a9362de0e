"""One customer's chat against what the core alone says.

What is promised (design: reply, result and agent's line are owed; order is kept in a lane):

* Decided is what the core alone decides, in its order, for the chat and for each job. How news of
  a job and answers in the chat mix depends on when each happens, so nothing is promised of that.
* What was decided is shown, once, as it was decided and in the order in which it was decided.
* Of a call that a kill cut off nobody knows whether it arrived. It is looked for by its receipt.
  Where none comes it is shown late, and then once more if it had arrived: never before the time to
  wait for a receipt is over, never twice more, and never where a receipt did come.
* Such a reply or menu is let go where something newer was shown meanwhile; where it is about a job,
  newer news of that job stand for it.
* Progress may be left out, but never be shown twice, after newer news of its job, or made up. Soon
  after a kill it may say that we have not seen the job for a while.
* News of a job may be replaced by newer news of it as long as they are not sent.

What lives here: these checks. What must not: promises about anything but messages to a customer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from actors.calls import Purpose
from actors.ids import ActorId
from adapters.sandbox.patterns import matches
from adapters.sandbox.phone import Phone, ShownMessage
from tests.kills.evidence import Sent
from tests.kills.reaper import Death
from tests.kills.said import Said
from tests.kills.verdict import Broken, Counted, Verdict

_SAID_ANEW = re.compile(r"(eff_\w+)\.\d+\.unknown")
_UNSEEN = ("*longer than usual*", "*cannot see how*", "*has not confirmed*")
_UNSEEN_MS = 120_000
"""How long what a kill has kept from us can matter: a little more than a job may be silent."""
_RENDERED_ANEW = (Purpose.REPLY, Purpose.QUESTION)


class _Show(Struct, frozen=True):
    """A message on the phone, and which attempt brought it."""

    place: int
    effect: str
    attempt: int
    message: ShownMessage


class Transcript:
    """A customer's chat, ready to be judged."""

    def __init__(
        self,
        phone: Phone,
        expected: Sequence[Said],
        sent: Sequence[Sent],
        verdict: Verdict,
        *,
        receipts: bool,
        reconcile_ms: int,
    ) -> None:
        """`receipts`: whether the platform ever told what became of messages to this phone."""
        self._name = phone.number
        self._expected = [said for said in expected if said.phone == phone.wa_id]
        self._verdict = verdict
        self._receipts = receipts
        self._reconcile_ms = reconcile_ms
        ours = [each for each in sent if each.said.phone == phone.wa_id]
        known = {each.said.effect: each for each in ours}
        self._anew: dict[str, list[Sent]] = {}
        """By the effect that it repeats: what was said once more by a decision of its own."""
        self._decided: list[Sent] = []
        for each in ours:
            found = _SAID_ANEW.fullmatch(each.cause)
            if found is not None and found[1] in known:
                self._anew.setdefault(self._origin(found[1]), []).append(each)
            else:
                self._decided.append(each)
        self._shows: dict[str, list[_Show]] = {}
        for place, message in enumerate(phone.received):
            effect, _, attempt = (message.opaque or "").rpartition(".")
            show = _Show(place, effect, int(attempt), message)
            self._shows.setdefault(self._origin(effect), []).append(show)

    def _origin(self, effect: str) -> str:
        for origin, repeats in self._anew.items():
            if any(each.said.effect == effect for each in repeats):
                return origin
        return effect

    def judge(self) -> None:
        """Note what is broken and what is counted."""
        self._as_decided()
        for each in self._decided:
            self._verdict.checked["messages"] += 1
            if each.said.purpose is Purpose.PROGRESS:
                self._progress(each)
            else:
                self._shown_once(each)
        self._in_order()

    def _broken(self, what: Broken, detail: str, death: Death | None = None) -> None:
        killed = f" (killed: {death.order})" if death is not None else ""
        self._verdict.broken(what, f"{self._name}: {detail}{killed}", death)

    def _count(self, what: Counted, said: Said, death: Death | None = None) -> None:
        self._verdict.count(what, death, f"{self._name}: {said.purpose.value} {said.words}")

    # --- decided --------------------------------------------------------------------------------

    def _as_decided(self) -> None:
        wanted, found = _streams(self._expected), _streams([each.said for each in self._decided])
        if len(wanted) != len(found):
            self._broken(Broken.WRONG, f"{len(found) - 1} jobs, not {len(wanted) - 1}")
        for stream, (ours, theirs) in enumerate(zip(found, wanted, strict=False)):
            self._same(ours, theirs, f"job {stream}" if stream else "chat")

    def _same(self, ours: list[Said], theirs: list[Said], stream: str) -> None:
        left = list(ours)
        for index, each in enumerate(theirs):
            if left and left[0].words == each.words:
                left.pop(0)
            elif each.job is not None and each.purpose is Purpose.REPLY and theirs[index + 1 :]:
                # Replaced within one turn, so that it never came to be a call.
                self._count(Counted.SUPERSEDED, each)
            else:
                instead = f"instead: {left[0].words}" if left else "nothing instead"
                self._broken(Broken.WRONG, f"{stream}: not decided: {each.words}; {instead}")
                return
        for each in left:
            self._broken(Broken.WRONG, f"{stream}: decided beyond the core: {each.words}")

    # --- shown ----------------------------------------------------------------------------------

    def _shown_once(self, sent: Sent) -> None:
        shows = self._shows.get(sent.said.effect, [])
        for show in shows:
            titles = tuple(choice.title for choice in show.message.choices)
            if (show.message.text, titles) != (sent.said.text, sent.said.titles):
                self._broken(Broken.WRONG, f"shown otherwise: {sent.said.words}")
        if not shows:
            self._not_shown(sent)
        elif len(shows) > 1:
            self._shown_again(sent, shows)

    def _not_shown(self, sent: Sent) -> None:
        said = sent.said
        if sent.state == "dropped" and sent.attempts == 0 and self._newer_of_job(sent):
            self._count(Counted.SUPERSEDED, said)
            return
        death = self._cut(sent)
        unknown = sent.state == "rejected" and (sent.error or "").startswith("unknown")
        rendered = said.purpose in _RENDERED_ANEW and sent.said.effect not in self._anew
        if death is not None and unknown and rendered and self._newer_shown(sent):
            # Most often it says that a job was requested, above the menu of the same turn.
            newer = self._newer_of_job(sent, sent.done_ms)
            self._count(Counted.SUPERSEDED if newer else Counted.OVERTAKEN, said, death)
            return
        how = f"{sent.state} {sent.error or ''} after {sent.attempts} attempts".replace("  ", " ")
        self._broken(Broken.LOST, f"{said.words} ({how})", death)

    def _shown_again(self, sent: Sent, shows: list[_Show]) -> None:
        first, second = shows[0], shows[1]
        death = self._verdict.death_of(first.effect, first.attempt)
        said = sent.said.words
        if death is None:
            self._broken(Broken.DOUBLE, f"{said}: no kill cut off its first attempt")
        elif self._receipts:
            self._broken(Broken.DOUBLE, f"{said}: its receipt would have told", death)
        elif len(shows) > 2:
            self._broken(Broken.DOUBLE, f"{said}: shown {len(shows)} times", death)
        elif second.message.at_ms - death.at_ms < self._reconcile_ms:
            self._broken(Broken.DOUBLE, f"{said}: nobody waited for its receipt", death)
        else:
            self._count(Counted.DOUBLE, sent.said, death)

    def _in_order(self) -> None:
        """What was brought by its first attempt has kept its place in the lane."""
        last: tuple[int, str] = (-1, "")
        for each in self._decided:
            shows = self._shows.get(each.said.effect, [])
            in_place = shows and shows[0].effect == each.said.effect and shows[0].attempt == 1
            if each.said.purpose is Purpose.PROGRESS or not in_place:
                continue
            if shows[0].place < last[0]:
                self._broken(Broken.OUT_OF_ORDER, f"{each.said.words} came before {last[1]}")
            last = (shows[0].place, each.said.words)

    def _progress(self, sent: Sent) -> None:
        said, shows = sent.said, self._shows.get(sent.said.effect, [])
        if len(shows) > 1:
            self._broken(Broken.DOUBLE, f"progress: {said.words}")
        known = {each.words for each in self._expected if each.purpose is Purpose.PROGRESS}
        if said.words not in known:
            death = self._verdict.died_within(sent.at_ms - _UNSEEN_MS, sent.at_ms)
            if death is None or not any(matches(each, said.text) for each in _UNSEEN):
                self._broken(Broken.WRONG, f"progress beyond the core: {said.words}")
            else:
                self._count(Counted.MORE_PROGRESS, said)
        for newer in self._later(sent):
            theirs = self._shows.get(newer.said.effect, [])
            news = newer.said.job == said.job and newer.said.purpose is not Purpose.PROGRESS
            if news and shows and theirs and theirs[0].place < shows[0].place:
                self._broken(Broken.OUT_OF_ORDER, f"{said.words} came after {newer.said.words}")

    # --- excuses --------------------------------------------------------------------------------

    def _later(self, sent: Sent) -> list[Sent]:
        return self._decided[self._decided.index(sent) + 1 :]

    def _newer_of_job(self, sent: Sent, until_ms: int | None = None) -> bool:
        """Whether there were newer news of the same job, by a time where one is given."""
        return sent.said.job is not None and any(
            each.said.job == sent.said.job and (until_ms is None or each.at_ms <= until_ms)
            for each in self._later(sent)
        )

    def _newer_shown(self, sent: Sent) -> bool:
        """Whether something newer was said by the time at which this was given up."""
        return sent.done_ms is not None and any(
            each.said.effect in self._shows and each.at_ms <= sent.done_ms
            for each in self._later(sent)
            if each.said.purpose is not Purpose.PROGRESS
        )

    def _cut(self, sent: Sent) -> Death | None:
        return self._verdict.death_of(sent.said.effect, sent.attempts)


def _streams(said: Sequence[Said]) -> list[list[Said]]:
    """What is owed: of the chat first, then of each job in the order of their first words."""
    streams: dict[ActorId | None, list[Said]] = {None: []}
    for each in said:
        if each.purpose is not Purpose.PROGRESS:
            streams.setdefault(each.job, []).append(each)
    return list(streams.values())
