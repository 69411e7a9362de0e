"""What a live actor costs in memory, and what is left of it when it sleeps again.

What lives here: waking wave after wave of one kind in one process, and looking at its resident
memory. Each actor has the state of a customer who has chatted for two minutes: twenty lines of
transcript, twenty values, a job. What must not: conversations over HTTP (`conversations` has the
memory of those).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import trio
from msgspec import Struct

from actors.codec import encode_message
from actors.messages import TimerFired
from daemon.clock import wall_ms
from tests.benchmarks.population import Kept, Template, create, customer, load, run
from tests.benchmarks.report import table
from tests.benchmarks.rig import Rig, open_rig
from tests.benchmarks.story import WITH_A_PERSON, play, shipped_surroundings
from tests.endtoend.reading import shipped_source

KINDS = {"cnv": "conversation", "job": "router job", "hnd": "hand-over"}
ACTORS = 3000
WAVES = 4
_HOUR_MS = 3_600_000
_STORIES = 8
_WAIT_S = 120.0
_LOOK_S = 0.1
IDLE_S = 8.0
CALM_S = 2.0
"""For the last ones that were woken to be done with their message; well below `IDLE_S`."""

# A timer that nobody expects: the actor is woken, reads its state, hears, commits, and waits.
_WAKE = """
INSERT INTO timers (actor, name, generation, due_ms, body)
SELECT actor, 'wake', 0, ?3, ?4
FROM (SELECT actor, row_number() OVER () AS number FROM actors WHERE actor LIKE ?5 || '_%')
WHERE number % ?2 = ?1
"""


class Wave(Struct, frozen=True):
    """The daemon's resident memory while a wave of actors lives, and when all sleep again."""

    awake_bytes: int
    asleep_bytes: int


class Found(Struct, frozen=True):
    """What was found of one kind."""

    kind: str
    state_bytes: int
    """The mean size of a state as it is stored."""
    before_bytes: int
    waves: tuple[Wave, ...]

    def live_bytes(self, actors: int) -> float:
        """What one live actor costs, by the first wave: later ones find memory that is free."""
        return (self.waves[0].awake_bytes - self.before_bytes) / actors

    def left_bytes(self, actors: int) -> list[float]:
        """After each wave: what is left, for each actor that ever lived."""
        return [
            (wave.asleep_bytes - self.before_bytes) / (actors * number)
            for number, wave in enumerate(self.waves, 1)
        ]

    def growth_bytes(self, actors: int) -> float:
        """What each actor of the later waves has added for good."""
        later = self.waves[-1].asleep_bytes - self.waves[0].asleep_bytes
        return later / (actors * (len(self.waves) - 1))


async def measure(
    actors: int = ACTORS,
    waves: int = WAVES,
    kinds: Sequence[str] = tuple(KINDS),
    *,
    idle_s: float = IDLE_S,
    calm_s: float = CALM_S,
) -> list[Found]:
    """Print the table: waves of so many actors of each kind, which sleep after `idle_s`."""
    found = []
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="routerbot-bench-") as folder:
            found.append(await _one_kind(Path(folder), kind, actors, waves, idle_s, calm_s))
    print(f"{waves} waves of {actors} actors each, never the same; RSS of the daemon\n")
    heads = (
        "kind", "state kB", "before MB", "first awake MB", "kB a live actor",
        "asleep MB, wave by wave", "kB left for each that ever lived", "kB more for a later one",
    )  # fmt: skip
    print(table(heads, [_row(one, actors) for one in found]))
    return found


def _row(one: Found, actors: int) -> tuple[object, ...]:
    return (
        KINDS[one.kind],
        f"{one.state_bytes / 1e3:.1f}",
        f"{one.before_bytes / 1e6:.1f}",
        f"{one.waves[0].awake_bytes / 1e6:.1f}",
        f"{one.live_bytes(actors) / 1e3:.1f}",
        " ".join(f"{wave.asleep_bytes / 1e6:.1f}" for wave in one.waves),
        " ".join(f"{left / 1e3:.1f}" for left in one.left_bytes(actors)),
        f"{one.growth_bytes(actors) / 1e3:.2f}",
    )


async def _one_kind(
    folder: Path, kind: str, actors: int, waves: int, idle_s: float, calm_s: float
) -> Found:
    limits = (
        f"live_actors_max = {actors + 100}\nactor_idle_s = {idle_s}\n"
        "timers_per_second_max = 5000\n"  # all must be awake before the first sleeps again
    )
    async with open_rig(folder, limits=limits, clock_can_be_turned=True) as rig:
        begins_ms = wall_ms()
        state_bytes = _populate(rig, kind, actors, waves, begins_ms)
        await rig.start()
        await rig.figures()
        await trio.sleep(calm_s)
        before = rig.memory_bytes()
        found = []
        for number in range(1, waves + 1):
            await rig.turn_clock(begins_ms + number * _HOUR_MS)
            await _until_live(rig, actors)
            await trio.sleep(calm_s)
            awake = rig.memory_bytes()
            await _until_live(rig, 0)
            await trio.sleep(calm_s)
            found.append(Wave(awake, rig.memory_bytes()))
        return Found(kind, state_bytes, before, tuple(found))


def _populate(rig: Rig, kind: str, actors: int, waves: int, now_ms: int) -> int:
    """Fill the database; the mean size of a state of this kind."""
    around = shipped_surroundings(shipped_source())
    stories = [
        play(
            customer(number),
            around,
            WITH_A_PERSON,
            begins_ms=now_ms - 400_000 - number * 7_000,
            until_ms=now_ms,
        )
        for number in range(_STORIES)
    ]
    kept = Kept(messages=2, calls=2, timers=False)
    create(rig.database)
    load(rig.database, [Template(story, kept) for story in stories], actors * waves)
    for number in range(1, waves + 1):
        due_ms = now_ms + number * _HOUR_MS
        body = encode_message(TimerFired("wake", 0, due_ms))
        run(rig.database, _WAKE, [(number % waves, waves, due_ms, body, kind)])
    sizes = [
        len(actor.state)
        for story in stories
        for actor in story.actors.values()
        if actor.actor.startswith(kind)
    ]
    return sum(sizes) // len(sizes)


async def _until_live(rig: Rig, count: int) -> None:
    """Wait until so many actors live. Raises TooSlowError."""
    with trio.fail_after(_WAIT_S):
        while True:
            if (await rig.figures()).live_actors == count:
                return
            await trio.sleep(_LOOK_S)
