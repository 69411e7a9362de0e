"""What one message caused, ready to be looked at by a test."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from actors.calls import Call, CancelJob, QueryJob, StartJob
from actors.effects import Do, Effect, Note, Tell, Withdraw
from actors.ids import ActorId, EffectId
from actors.messages import HandoverNews, HandoverReported, JobReported, News

Kind = TypeVar("Kind")


class Heard(msgspec.Struct, frozen=True):
    """What one message caused."""

    effects: tuple[Effect, ...]

    def _of(self, kind: type[Kind]) -> list[Kind]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def _bodies(self, kind: type[Kind]) -> list[Kind]:
        return [tell.message for tell in self._of(Tell) if isinstance(tell.message, kind)]

    @property
    def nothing(self) -> bool:
        """Whether nobody outside the actor notices anything."""
        return not [each for each in self.effects if not isinstance(each, Note)]

    @property
    def calls(self) -> list[Call]:
        """The calls that are made."""
        return [do.call for do in self._of(Do)]

    @property
    def dos(self) -> list[Do]:
        """The same with their times."""
        return self._of(Do)

    @property
    def starts(self) -> list[StartJob]:
        """The starts among the calls."""
        return [call for call in self.calls if isinstance(call, StartJob)]

    @property
    def queries(self) -> list[QueryJob]:
        """The looks among the calls."""
        return [call for call in self.calls if isinstance(call, QueryJob)]

    @property
    def cancels(self) -> list[CancelJob]:
        """The cancels among the calls."""
        return [call for call in self.calls if isinstance(call, CancelJob)]

    @property
    def withdrawn(self) -> list[EffectId]:
        """The calls that are taken back."""
        return [each.effect for each in self._of(Withdraw)]

    @property
    def reports(self) -> list[JobReported]:
        """What a job tells its conversation."""
        return self._bodies(JobReported)

    @property
    def report(self) -> JobReported:
        """The one thing that a job tells its conversation."""
        (report,) = self.reports
        return report

    @property
    def news(self) -> list[News]:
        """Only the news of it."""
        return [report.news for report in self.reports]

    @property
    def handover_news(self) -> list[HandoverNews]:
        """What a hand-over tells its conversation."""
        return [report.news for report in self._bodies(HandoverReported)]

    def told(self, kind: type[Kind]) -> list[Kind]:
        """Messages of one type to other actors."""
        return self._bodies(kind)

    @property
    def notes(self) -> list[str]:
        """The events for the log."""
        return [note.event for note in self._of(Note)]

    @property
    def alarms(self) -> list[str]:
        """The events that an operator should see."""
        return [note.event for note in self._of(Note) if note.alarm]

    @property
    def receivers(self) -> list[ActorId]:
        """Whom anything is told."""
        return [tell.to for tell in self._of(Tell)]

    def has(self, kind: type[Effect]) -> bool:
        """Whether an effect of this type is among them."""
        return bool(self._of(kind))
