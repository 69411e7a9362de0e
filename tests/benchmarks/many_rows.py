"""What a turn costs with a million conversations in the file, against a thousand.

What lives here: two daemons on two files, the same customers' messages to each in turns, and what
the daemon's own upkeep does to those who write meanwhile. What must not: how much a turn costs at
all (`conversations`). Conversations sleep after a second, so that each message finds its
conversation in the file, as it would among a million. A message asks for the plan: two turns, a web
request, a reply and its two statuses.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from statistics import median

import trio
from msgspec import Struct

from daemon.clock import wall_ms
from tests.benchmarks.population import Kept, Template, create, customer, load
from tests.benchmarks.report import ms, percentile, table
from tests.benchmarks.rig import Reply, Rig, open_rig, until
from tests.benchmarks.story import Said, play, shipped_surroundings
from tests.endtoend.reading import shipped_source

FEW, MANY = 1_000, 1_000_000
ROUNDS = 4
MESSAGES = 500
"""In a round."""
AT_ONCE = 16
_DAYS = 15
"""Messages and calls were done up to fourteen and a half days ago: a fifteenth of them is to be
forgotten when the daemon starts."""
_DAY_MS = 86_400_000
_SAID: Said = ((0, "hello"),)
_SAID_WITH_JOB: Said = ((0, "hello"), (20, "restart"), (30, "yes"))
_JOB_IN = 20
"""One in so many has had a job, which has ended."""
_LIMITS = "actor_idle_s = 1\nsweep_s = 5\n"
_PRUNED_S = 300.0
_LIGHT_EVERY_S = 0.05
_LOOKS = 5
_SEED = 11


class Burst(Struct, frozen=True):
    """So many customers' messages to one daemon."""

    cpu_s: float
    wall_s: float
    replies: list[Reply]

    @property
    def cpu_ms(self) -> float:
        """The daemon's, for each message."""
        return self.cpu_s * 1000 / len(self.replies)

    @property
    def wall_ms(self) -> float:
        """The time that passed, for each message."""
        return self.wall_s * 1000 / len(self.replies)


class Side(Struct):
    """One of the two files and what was measured on it."""

    count: int
    rig: Rig
    rows: int = 0
    file_bytes: int = 0
    ready_s: float = 0.0
    warm: list[Burst] = []
    cold: list[Burst] = []
    """Right after the system had to forget all pages of the file."""
    upkeep: dict[str, tuple[float, float]] = {}
    """What went on -> how long that took, and the longest acknowledgement meanwhile."""
    numbers: random.Random = random.Random()
    calm_s: float = 1.0
    """How long the light load goes on before and after what is watched."""


async def measure(
    few: int = FEW,
    many: int = MANY,
    *,
    rounds: int = ROUNDS,
    messages: int = MESSAGES,
    sweeps_s: float = 11.0,
    calm_s: float = 1.0,
) -> tuple[Side, Side]:
    """Print the tables. `sweeps_s`: how long to watch the sweep, which comes every 5 s."""
    async with AsyncExitStack() as stack:
        sides: list[Side] = []
        for count in (few, many):
            name = stack.enter_context(tempfile.TemporaryDirectory(prefix="routerbot-bench-"))
            rig = await stack.enter_async_context(open_rig(Path(name), limits=_LIMITS))
            rig.statuses = True
            side = Side(count, rig, numbers=random.Random(_SEED), calm_s=calm_s)
            _populate(side)
            sides.append(side)
        a, b = sides
        for side in sides:
            side.ready_s = await side.rig.start()
            await _light(side, "forgetting what is old", _until_pruned)
        for number in range(rounds):
            # The order changes, so that neither always comes after the other.
            for side in (a, b) if number % 2 else (b, a):
                side.warm.append(await _burst(side, messages))
                _forget_pages(side.rig.database)
                side.cold.append(await _burst(side, messages))
        for side in sides:
            await _light(side, "routerbot status", partial(_asked, "status"))
            await _light(side, "the sweep", partial(_sweeps, sweeps_s))
            await _light(side, "/metrics", _looked)
    _show(a, b)
    return a, b


def _populate(side: Side) -> None:
    around = shipped_surroundings(shipped_source())
    now_ms = wall_ms()
    templates = []
    for number in range(_DAYS * _JOB_IN):
        with_job = number < _DAYS
        story = play(
            customer(number),
            around,
            _SAID_WITH_JOB if with_job else _SAID,
            # Not a day ago: after that, a customer is greeted anew whatever they say.
            begins_ms=now_ms - _DAY_MS // 2,
            until_ms=now_ms,
            job_s=180,
        )
        aged_ms = number % _DAYS * _DAY_MS
        kinds = ("cnv", "job") if with_job else ("cnv",)
        templates.append(Template(story, Kept(2, 2, kinds, timers=False, aged_ms=aged_ms)))
    create(side.rig.database)
    side.rows = load(side.rig.database, templates, side.count)
    side.file_bytes = side.rig.database.stat().st_size


def _forget_pages(path: Path) -> None:
    """Let the system forget the file: the first who read it wait for the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


# --- load ---------------------------------------------------------------------------------------


async def _burst(side: Side, messages: int) -> Burst:
    """Messages of different customers, some at a time."""
    rig, replies = side.rig, list[Reply]()
    waiting = iter(side.numbers.sample(range(side.count), min(messages, side.count)))
    before, began = await rig.figures(), trio.current_time()
    async with trio.open_nursery() as nursery:
        for _ in range(AT_ONCE):
            nursery.start_soon(_one_after_another, rig, waiting, replies)
    wall_s = trio.current_time() - began
    await rig.settled()
    after = await rig.figures()
    return Burst(after.cpu_s - before.cpu_s, wall_s, replies)


async def _one_after_another(rig: Rig, numbers: Iterable[int], replies: list[Reply]) -> None:
    for number in numbers:
        replies.append(await rig.says(number, "plan"))


async def _light(side: Side, name: str, what: Callable[[Rig], Awaitable[object]]) -> None:
    """Let something go on beside a light load, and note how long it took and who waited longest."""
    replies: list[Reply] = []

    async def one(number: int) -> None:
        replies.append(await side.rig.says(number, "plan"))

    async def load() -> None:
        async with trio.open_nursery() as nursery:
            while True:
                nursery.start_soon(one, side.numbers.randrange(side.count))
                await trio.sleep(_LIGHT_EVERY_S)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(load)
        await trio.sleep(side.calm_s)
        began = trio.current_time()
        await what(side.rig)
        took_s = trio.current_time() - began
        await trio.sleep(side.calm_s)
        nursery.cancel_scope.cancel()
    side.upkeep[name] = (took_s, max((reply.ack_s for reply in replies), default=0.0))


async def _until_pruned(rig: Rig) -> None:
    def pruned() -> bool:
        return '"pruned"' in rig.daemon.log.read_text(errors="replace")

    await until(pruned, within_s=_PRUNED_S, every_s=0.2)


async def _asked(command: str, rig: Rig) -> None:
    """Ask the operator's socket, as the command line does."""
    for _ in range(_LOOKS):
        stream = await trio.open_unix_socket(rig.folder / "admin.sock")
        async with stream:
            await stream.send_all(json.dumps({"command": command}).encode() + b"\n")
            while await stream.receive_some(65536):
                pass


async def _sweeps(seconds: float, _rig: Rig) -> None:
    await trio.sleep(seconds)


async def _looked(rig: Rig) -> None:
    for _ in range(_LOOKS):
        await rig.figures()


# --- the tables ---------------------------------------------------------------------------------


def _show(a: Side, b: Side) -> None:
    heads = ("", f"{a.count:,} conversations", f"{b.count:,} conversations", "ratio")
    print(table(heads, [*_sizes(a, b), *_costs(a, b)]))
    print()
    meanwhile = ("meanwhile, 20 customers a second write", "takes s", "worst ack ms")
    rows = [
        (f"{name}, {side.count:,}", f"{took_s:.2f}", ms(ack_s))
        for name in a.upkeep
        for side in (a, b)
        for took_s, ack_s in (side.upkeep[name],)
    ]
    print(table(meanwhile, rows))


def _sizes(a: Side, b: Side) -> list[tuple[object, ...]]:
    return [
        ("rows in all tables", f"{a.rows:,}", f"{b.rows:,}", ""),
        ("file, MB", f"{a.file_bytes / 1e6:.0f}", f"{b.file_bytes / 1e6:.0f}", ""),
        ("ready after, s", f"{a.ready_s:.2f}", f"{b.ready_s:.2f}", ""),
    ]


def _costs(a: Side, b: Side) -> list[tuple[object, ...]]:
    def reply(share: float) -> Callable[[Burst], float]:
        return lambda burst: percentile([one.reply_s for one in burst.replies], share) * 1000

    what: list[tuple[str, Callable[[Burst], float]]] = [
        ("daemon's CPU a message, ms", lambda burst: burst.cpu_ms),
        ("time a message, ms", lambda burst: burst.wall_ms),
        ("reply p50, ms", reply(0.5)),
        ("reply p99, ms", reply(0.99)),
    ]
    return [
        _compared(f"{name}{where}", list(map(of, few)), list(map(of, many)))
        for where, few, many in (("", a.warm, b.warm), (", file not in memory", a.cold, b.cold))
        for name, of in what
    ]


def _compared(name: str, few: list[float], many: list[float]) -> tuple[object, ...]:
    """The medians of all rounds; the ratio is that of the median round, not of the medians."""
    ratio = median(two / one for one, two in zip(few, many, strict=True))
    return name, f"{median(few):.2f}", f"{median(many):.2f}", f"{ratio:.2f}"
