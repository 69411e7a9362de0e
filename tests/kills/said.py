"""One message that was decided to be said, as both sides of the comparison write it down.

What lives here: the record. What must not: who decided it, or whether it arrived.
"""

from __future__ import annotations

from msgspec import Struct

from actors.calls import Purpose, Say
from actors.ids import ActorId, EffectId


class Said(Struct, frozen=True):
    """A decision of the core to say something."""

    effect: EffectId
    phone: str
    """Whose: the digits."""
    purpose: Purpose
    text: str
    titles: tuple[str, ...]
    job: ActorId | None
    """The job that it is about, where it may be replaced by newer news of it."""

    @property
    def words(self) -> str:
        """What the customer reads, in one line."""
        choices = "".join(f" [{title}]" for title in self.titles)
        return f"{' '.join(self.text.split())}{choices}"


def said(effect: EffectId, say: Say, topic: str | None) -> Said:
    """The record of a `Say`; its topic names the job, if there is one."""
    job = ActorId(topic.split(":")[1]) if topic is not None and topic.startswith("job:") else None
    titles = tuple(choice.title for choice in say.choices)
    return Said(effect, say.to.identifier.lstrip("+"), say.purpose, say.text.strip(), titles, job)
