"""Which log lines are shown.

What lives here: what is asked for, whose conversation an actor serves, and what caused what. What
must not: reading or printing (`log_reader`). Memory is bounded: beyond a number of actors and ids
the oldest are forgotten.
"""

from __future__ import annotations

import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct

from daemon.log_lines import LEVELS, Fields, own_ids, short, text_of

TIES_MAX = 100_000  # actors of which it is remembered whose conversation they serve
LINKS_MAX = 500_000  # ids of which it is remembered what caused them, for `--cause`

_DERIVED = re.compile(r"(eff_[a-z2-7]+)\.(?:\d+\.\w+|failed)|(.+)\.replay\.\d+")


class Wanted(Struct, frozen=True, kw_only=True):
    """Which lines are asked for: all that is given must hold. Ids may be beginnings of ids."""

    conversation: str | None = None
    job: str | None = None
    actor: str | None = None
    level: str | None = None
    events: frozenset[str] = frozenset()
    alarms: bool = False
    cause: str | None = None


class Sieve:
    """Chooses lines. It learns from each what later ones need to be understood.

    `found` holds what each given beginning of an id means, `ambiguous` another id that it fits too.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._conversation_of: OrderedDict[str, str] = OrderedDict()
        ids = (wanted.conversation, wanted.job, wanted.actor)
        self.found: dict[str, str | None] = {one: None for one in ids if one is not None}
        self.ambiguous: dict[str, str] = {}

    def learn(self, fields: Fields) -> None:
        """Remember whose conversation an actor serves, and which ids there are."""
        actor, conversation = text_of(fields, "actor"), text_of(fields, "conversation")
        if actor is not None and conversation is not None:
            _remember(self._conversation_of, actor, conversation, TIES_MAX)
        for beginning, ids in self._asked(fields):
            for one in ids:
                if _fits(one, beginning) and (self.found[beginning] or one) != one:
                    self.ambiguous.setdefault(beginning, one)
                elif _fits(one, beginning):
                    self.found[beginning] = one

    def wants(self, fields: Fields) -> bool:
        """Whether a line is asked for, going by what was learnt."""
        wanted = self._wanted
        return (
            (not wanted.events or fields.get("event") in wanted.events)
            and (not wanted.alarms or fields.get("alarm") is True)
            # A level nobody knows is never hidden.
            and fields.get("level") not in LEVELS[: LEVELS.index(wanted.level or "debug")]
            and all(self.found[beginning] in ids for beginning, ids in self._asked(fields))
        )

    def faults(self) -> list[str]:
        """What was asked for and is not clear, in words."""
        if self.ambiguous:
            pairs = self.ambiguous.items()
            return [f"{one} fits several: {self.found[one]}, {other}" for one, other in pairs]
        missing = [one for one, found in self.found.items() if found is None]
        return [f"no line has an id that begins with {one}" for one in missing]

    def _asked(self, fields: Fields) -> Iterator[tuple[str, list[str]]]:
        """Each id that is asked for, and the ids of a line among which it must be."""
        wanted, actor, job = self._wanted, text_of(fields, "actor"), text_of(fields, "job")
        if wanted.actor is not None:
            yield wanted.actor, [actor] if actor else []
        if wanted.job is not None:
            # The flow's name of a job may stand under `job` too; it is no id.
            yield wanted.job, [one for one in (job, actor) if one and one.startswith("job_")]
        if wanted.conversation is not None:
            tied = [self._conversation_of.get(one) for one in (actor, job) if one]
            ids = [text_of(fields, "conversation"), actor, *tied]
            yield wanted.conversation, [one for one in ids if one and one.startswith("cnv_")]


class Chain:
    """What caused what, as far as the lines tell it."""

    def __init__(self) -> None:
        self._cause_of: OrderedDict[str, str | None] = OrderedDict()
        self.forgotten = False

    def learn(self, fields: Fields) -> None:
        """Remember what caused the message or effect that a line is about."""
        for one in own_ids(fields):
            known = text_of(fields, "cause") or self._cause_of.get(one)
            self.forgotten |= _remember(self._cause_of, one, known, LINKS_MAX)

    def around(self, beginning: str) -> frozenset[str]:
        """All that led to an id and all that it led to. LookupError says why there is none."""
        children: defaultdict[str, list[str]] = defaultdict(list)
        for one in [*self._cause_of, *filter(None, self._cause_of.values())]:
            for parent in self._parents(one):
                children[parent].append(one)
        start = self._resolve(beginning, {*self._cause_of, *children})
        return _closure(start, self._parents) | _closure(start, lambda one: children.get(one, ()))

    def _parents(self, one: str) -> list[str]:
        """For what became of a call, that call; and the cause that a line named."""
        derived = _DERIVED.fullmatch(one)
        both = (derived and (derived[1] or derived[2]), self._cause_of.get(one))
        return [parent for parent in both if parent]

    def _resolve(self, beginning: str, known: set[str]) -> str:
        found = {one for one in known if _fits(one, beginning)}
        found = {one for one in found if beginning in (one, short(one))} or found
        # An effect's id begins the ids of its answers: the effect is meant.
        found -= {one for one in found if one.startswith(tuple(found & {*self._parents(one)}))}
        if len(found) == 1:
            return found.pop()
        several = f"{beginning} fits several: {', '.join(sorted(found)[:5])}"
        raise LookupError(several if found else f"no line has an id that begins with {beginning}")


def _fits(one: str, beginning: str) -> bool:
    return one.startswith(beginning) or short(one) == beginning


def _remember(book: OrderedDict[str, Any], key: str, value: object, most: int) -> bool:
    """Whether the oldest had to be forgotten."""
    book[key] = value
    book.move_to_end(key)
    return len(book) > most and bool(book.popitem(last=False))


def _closure(start: str, following: Callable[[str], Iterable[str]]) -> frozenset[str]:
    seen, open_ends = {start}, [start]
    while open_ends:
        news = set(following(open_ends.pop())) - seen
        seen |= news
        open_ends += news
    return frozenset(seen)
