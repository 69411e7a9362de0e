"""Killed with ten thousand running jobs: how long until the daemon is ready, until a customer who
writes in that very moment is answered, and until each job has been looked at.

What lives here: the story of one kill and one restart, and its figures. The jobs are made by the
real core (`story`, `population`); a first daemon works on them until SIGKILL, so that calls under
way and messages half handled are what they would be. What must not: other ways to die (tests/
endtoend, tests/faults).
"""

from __future__ import annotations

import math
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import trio
from msgspec import Struct

from daemon.clock import wall_ms
from tests.benchmarks.population import Kept, Template, create, customer, load
from tests.benchmarks.report import percentile, table
from tests.benchmarks.rig import Reply, Rig, open_rig, until
from tests.benchmarks.story import (
    BEGINS_JOB_S,
    CHATS_A_LOT,
    play,
    shipped_surroundings,
)
from tests.benchmarks.vendors import Looks
from tests.endtoend.reading import shipped_source

JOBS = 10_000
CAP = 16
"""How many requests the provider takes at a time: the daemon's limit for that destination."""
LOOK_S = 0.05
"""How long the provider thinks about each."""
_STORIES = 240
_JOB_S = 480.0
_YOUNGEST_S, _OLDEST_S = 160, 400
"""How long ago the jobs were started: long enough for "still working" to be said already. For about
one in six the provider has news when it is looked at."""
_TAP_EVERY_S = 1.0
WRITERS = 300
"""Customers who write right before the kill."""
_LAST_WORDS_S = 0.1


class Left(Struct, frozen=True):
    """What the killed daemon left in its database."""

    messages_open: int
    calls_under_way: int
    calls_waiting: int
    timers_overdue: int


class Restarted(Struct):
    """What was measured."""

    jobs: int
    left: Left
    ready_s: float = 0.0
    writers: int = 0
    answered: int = 0
    """Of those who wrote right before the kill."""
    taps: list[Reply] = []
    """The first one was sent when the daemon was ready, the others a second apart."""
    looks: list[float] = []
    """Each job's first look, in seconds after the daemon was ready; sorted."""
    looks_at_once_max: int = 0
    looks_per_s_max: int = 0
    not_taken: int = 0
    strange_requests: int = 0


async def measure(
    jobs: int = JOBS,
    *,
    work_s: float = 6.0,
    down_s: float = 5.0,
    taps: int = 40,
    watch_s: float = 240.0,
) -> Restarted:
    """Print the figures.

    The first daemon works for `work_s`; for `down_s` there is none. After the first message, so
    many `taps` follow, one a second; not all jobs looked at after `watch_s` is the end as well.
    """
    with tempfile.TemporaryDirectory(prefix="routerbot-bench-") as name:
        # Nobody sleeps meanwhile for the benchmark's sake: the limits are the default ones.
        limits = f'concurrency = {{ default = 16, "telco" = {CAP} }}\n'
        async with open_rig(Path(name), limits=limits, job_s=_JOB_S, look_s=LOOK_S) as rig:
            _populate(rig, jobs)
            await rig.start()
            await trio.sleep(work_s)
            async with trio.open_nursery() as nursery:
                found = await _kill(rig, jobs, nursery)
                await trio.sleep(down_s)
                rig.vendors.looks = Looks()
                found.ready_s = await rig.start()
                await _watch(rig, found, taps, watch_s)
                nursery.cancel_scope.cancel()
    _show(found)
    return found


async def _kill(rig: Rig, jobs: int, nursery: trio.Nursery) -> Restarted:
    """SIGKILL, a moment after many have written; `nursery` is where they wait for their answers."""
    found = Restarted(jobs, Left(0, 0, 0, 0), writers=min(WRITERS, jobs // 4))

    async def write(number: int) -> None:
        await rig.says(number, "status", within_s=math.inf)
        found.answered += 1

    for number in range(jobs - found.writers, jobs):
        nursery.start_soon(write, number)
    await trio.sleep(_LAST_WORDS_S)
    await rig.daemon.kill()
    found.left = _left(rig)
    return found


def _populate(rig: Rig, jobs: int) -> None:
    around = shipped_surroundings(shipped_source())
    now_ms = wall_ms()
    templates = []
    for number in range(min(_STORIES, jobs)):
        # Evenly spread, so that their looks are due at any time of the next half minute.
        age_s = BEGINS_JOB_S + _YOUNGEST_S + (_OLDEST_S - _YOUNGEST_S) * number / _STORIES
        begins_ms = now_ms - round(age_s * 1000)
        story = play(
            customer(number),
            around,
            CHATS_A_LOT,
            begins_ms=begins_ms,
            until_ms=now_ms,
            job_s=_JOB_S,
        )
        templates.append(Template(story, Kept(messages=10, calls=10)))
    create(rig.database)
    load(rig.database, templates, jobs)


def _left(rig: Rig) -> Left:
    """Look at a copy: opening the database itself would already be a recovery."""
    with tempfile.TemporaryDirectory(prefix="routerbot-bench-") as name:
        copy = Path(name) / rig.database.name
        for suffix in ("", "-wal"):
            source = rig.database.with_name(rig.database.name + suffix)
            copy.with_name(copy.name + suffix).write_bytes(source.read_bytes())
        with closing(sqlite3.connect(copy)) as database:

            def count(what: str) -> int:
                [(number,)] = database.execute(f"SELECT count(*) FROM {what}").fetchall()
                return int(number)

            return Left(
                count("inbox WHERE done_ms IS NULL"),
                count("outbox WHERE state = 'sending'"),
                count("outbox WHERE state = 'pending'"),
                count(f"timers WHERE due_ms <= {wall_ms()}"),
            )


async def _watch(rig: Rig, found: Restarted, taps: int, watch_s: float) -> None:
    """Type, and count looks, until all jobs were looked at (or for too long)."""
    ready, not_taken = trio.current_time(), rig.not_taken
    looks = rig.vendors.looks
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_type, rig, found, taps)
        await until(lambda: len(looks.first_s) >= found.jobs, within_s=watch_s)
    found.looks = sorted(at - ready for at in looks.first_s.values())
    found.looks_at_once_max = looks.at_once_max
    found.looks_per_s_max = max(looks.by_second.values(), default=0)
    found.not_taken = rig.not_taken - not_taken
    found.strange_requests = len(rig.vendors.others)


async def _type(rig: Rig, found: Restarted, taps: int) -> None:
    """Different customers, one a second; each asks how the job stands."""

    async def one(number: int) -> None:
        reply = await rig.says(number, "status", apart=True)
        found.taps.append(reply)

    async with trio.open_nursery() as nursery:
        await one(found.jobs // 2)
        for number in range(min(taps, found.jobs // 4)):
            nursery.start_soon(one, number)
            await trio.sleep(_TAP_EVERY_S)


def _show(found: Restarted) -> None:
    left = found.left
    print(
        f"{found.jobs} running jobs; killed in the middle: {left.messages_open} messages not "
        f"handled, {left.calls_under_way} calls under way, {left.calls_waiting} calls waiting, "
        f"{left.timers_overdue} timers overdue\n"
    )
    later = [tap.reply_s for tap in found.taps[1:]]
    rows = [
        ("ready after (start of the process to READY)", f"{found.ready_s:.2f} s", "5 s"),
        ("message sent at READY: acknowledged", f"{found.taps[0].ack_s:.2f} s", ""),
        ("message sent at READY: answered", f"{found.taps[0].reply_s:.2f} s", "1 s"),
        (
            f"{len(later)} more, one a second: answered, p50 / worst",
            f"{percentile(later, 0.5):.2f} / {max(later, default=0.0):.2f} s",
            "",
        ),
        (
            "answered of those who wrote right before the kill",
            f"{found.answered} of {found.writers}",
            "all",
        ),
        ("jobs looked at", f"{len(found.looks)} of {found.jobs}", "all"),
        (
            "first looks after READY, p50 / last",
            f"{percentile(found.looks, 0.5):.1f} / {max(found.looks, default=0.0):.1f} s",
            "60 s",
        ),
        ("looks at the provider at once, at most", found.looks_at_once_max, CAP),
        ("looks in one second, at most", found.looks_per_s_max, ""),
        ("webhooks not taken at the first try", found.not_taken, ""),
        ("requests that nobody understood", found.strange_requests, 0),
    ]
    print(table(("after the restart", "measured", "wanted, at most"), rows))
