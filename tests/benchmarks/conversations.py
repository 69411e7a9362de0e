"""A thousand conversations in one process, each with a running job, and every menu usable.

The daemon is a process of its own, as in service; the customers, the vendors and their servers are
this process. What must not be here: how phones and posts work (`crowd`, `posting`).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import trio

from adapters.sandbox.phone import Phone
from daemon.sandbox.stage import Stage, open_stage
from tests.benchmarks.crowd import ManyHands, WaitingPhone, gather
from tests.benchmarks.daemon_figures import Figures, look
from tests.benchmarks.posting import open_poster
from tests.benchmarks.report import ms, percentile, table
from tests.endtoend.reading import errors

_SCALE = 20.0
"""A restart takes half an hour, so that every job still runs at the end."""
_PHASE_S_MAX = 300.0
_CALM_S = 1.5
"""Longer than a message takes from "sent" to "delivered"."""
CONNECTIONS = 64


@dataclass
class Phase:
    """One thing that every customer does."""

    name: str
    replies_s: list[float] = field(default_factory=list)
    acks_s: list[float] = field(default_factory=list)
    seconds: float = 0.0
    generator_cpu_s: float = 0.0
    daemon: Figures | None = None


class Bench:
    """The stage with a crowd on it."""

    def __init__(
        self,
        stage: Stage,
        courier: ManyHands,
        phones: list[WaitingPhone],
        client: httpx.AsyncClient,
    ) -> None:
        self.stage = stage
        self.courier = courier
        self.phones = phones
        self.phases: list[Phase] = []
        self._client = client

    async def figures(self) -> Figures:
        """The daemon's, now."""
        return await look(self._client, self.stage.daemon._admin)

    async def phase(
        self,
        name: str,
        what: Callable[[Phone], object],
        wanted: str,
        at_once: int,
    ) -> None:
        """Let every phone do something, so many at a time, and wait for all answers."""
        phase = Phase(name)
        room = trio.Semaphore(at_once)
        self.courier.acks_s = phase.acks_s
        before, used, began = await self.figures(), time.process_time(), trio.current_time()

        async def one(phone: WaitingPhone) -> None:
            async with room:
                phase.replies_s.append(await phone.does(what, wanted))

        with trio.move_on_after(_PHASE_S_MAX):
            async with trio.open_nursery() as nursery:
                for phone in self.phones:
                    nursery.start_soon(one, phone)
        phase.seconds = trio.current_time() - began
        phase.generator_cpu_s = time.process_time() - used
        phase.daemon = await self.figures() - before
        self.phases.append(phase)
        print(f"  {name}: {len(phase.replies_s)} of {len(self.phones)} answered", flush=True)

    async def reads(self) -> None:
        """Every phone shows its last message: webhooks that need no answer but "taken"."""
        phase = Phase("read receipts")
        self.courier.acks_s = phase.acks_s
        before, used, began = await self.figures(), time.process_time(), trio.current_time()
        for phone in self.phones:
            phone.read()
        await self.courier.wait_idle()
        phase.seconds = trio.current_time() - began
        phase.generator_cpu_s = time.process_time() - used
        phase.daemon = await self.figures() - before
        self.phases.append(phase)

    async def calm(self) -> None:
        """Wait until nobody was shown anything, and no webhook was on its way, for a while."""
        shown, quiet_since = -1, 0.0
        while trio.current_time() - quiet_since < _CALM_S:
            now = sum(len(phone.transcript) for phone in self.phones)
            if now != shown or not self.courier.idle:
                shown, quiet_since = now, trio.current_time()
            await trio.sleep(0.1)

    def show(self) -> None:
        """Print the table."""
        heads = (
            "what every customer does", "s", "customers/s", "turns/s", "ack p50 ms", "ack p99 ms",
            "reply p50 ms", "reply p99 ms", "daemon CPU", "daemon ms/customer", "generator CPU",
        )  # fmt: skip
        print(table(heads, [_row(phase) for phase in self.phases]))


def _row(phase: Phase) -> tuple[object, ...]:
    assert phase.daemon is not None
    done = len(phase.replies_s) or len(phase.acks_s)
    replied = bool(phase.replies_s)
    return (
        phase.name,
        f"{phase.seconds:.1f}",
        f"{done / phase.seconds:.0f}",
        f"{phase.daemon.turns / phase.seconds:.0f}",
        ms(percentile(phase.acks_s, 0.5)),
        ms(percentile(phase.acks_s, 0.99)),
        ms(percentile(phase.replies_s, 0.5)) if replied else "",
        ms(percentile(phase.replies_s, 0.99)) if replied else "",
        f"{phase.daemon.cpu_s / phase.seconds:.0%}",
        f"{phase.daemon.cpu_s * 1000 / done:.1f}",
        f"{phase.generator_cpu_s / phase.seconds:.0%}",
    )


async def measure(count: int, at_once: int, keep: Path | None) -> None:
    """Print the tables. `keep`: a folder for the daemon's log and database."""
    with tempfile.TemporaryDirectory(prefix="routerbot-bench-") as name:
        folder = keep or Path(name)
        async with (
            open_stage(folder, frozen=False, language="en", scale=_SCALE) as stage,
            open_poster(stage.world.daemon_url or "", CONNECTIONS) as poster,
            httpx.AsyncClient(trust_env=False, timeout=30) as client,
            trio.open_nursery() as nursery,
        ):
            whatsapp = stage.world.whatsapp
            courier = ManyHands(stage.world, nursery, poster, whatsapp._headers)
            courier.base_url = stage.world.daemon_url
            whatsapp.courier = courier
            bench = Bench(stage, courier, gather(stage.world, count), client)
            await _play(bench, at_once)
            courier.stopped = True
            nursery.cancel_scope.cancel()


async def _play(bench: Bench, at_once: int) -> None:
    count = len(bench.phones)
    before = await bench.figures()

    def tap(title: str) -> Callable[[Phone], object]:
        return lambda phone: phone.tap(title)

    await bench.phase("says hello", lambda phone: phone.write("hello"), "How can I", at_once)
    await bench.phase("asks for a restart", tap("Restart my router"), "Restart", at_once)
    await bench.phase("confirms: a job", tap("Yes, restart"), "I have requested", at_once)
    await bench.calm()
    running = await bench.figures()
    await bench.phase("asks for the plan", tap("My plan"), "Your plan is", at_once)
    await bench.calm()
    await bench.phase("the same, all at once", tap("My plan"), "Your plan is", count)
    await bench.calm()
    await bench.reads()
    after = await bench.figures()
    bench.show()
    _conclude(bench, count, before, running, after)


def _conclude(bench: Bench, count: int, before: Figures, running: Figures, after: Figures) -> None:
    telco = bench.stage.world.telco
    still = sum(1 for job in telco.jobs.values() if not job.final)
    size = (bench.stage.folder / "routerbot.db").stat().st_size
    grown = after.rss_bytes - before.rss_bytes
    print(
        f"\njobs started {len(telco.starts)}, still running at the end {still}; "
        f"actors awake {after.live_actors:.0f}\n"
        f"memory (RSS): {before.rss_bytes / 1e6:.0f} MB at the start, "
        f"{running.rss_bytes / 1e6:.0f} MB with {count} jobs, {after.rss_bytes / 1e6:.0f} MB at "
        f"the end: {grown / count / 1000:.0f} kB a conversation with its job\n"
        f"database: {size / 1e6:.1f} MB; webhooks not taken at the first try: "
        f"{bench.courier.not_taken}; errors in the log: {len(errors(bench.stage.daemon.log))}; "
        f"messages that WhatsApp refused: {len(bench.stage.world.whatsapp.rejected)}"
    )
