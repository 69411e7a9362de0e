"""One run from beginning to end: a load, deaths, and the verdict.

What lives here: waves of customers until everybody who is to die has died, and the same customers
with the core alone. What must not: what is checked (`oracle`, `transcript`).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import trio
from msgspec import Struct

from adapters.sandbox.world import World
from daemon import wiring
from daemon.sandbox.stage import Stage, open_stage
from daemon.service import load_all
from tests.kills import evidence, oracle
from tests.kills.bent import bent
from tests.kills.core import LANGUAGE, Core
from tests.kills.defects import Defect
from tests.kills.people import Customer, Step, pass_time, play
from tests.kills.reaper import Assignment, Death, Reaper
from tests.kills.said import Said
from tests.kills.transcript import Transcript
from tests.kills.verdict import Broken, Verdict

RECONCILE_S = 5
_PEACE_S = RECONCILE_S + 2
_LIMITS = f"""\
reconcile_after_s = {RECONCILE_S}
# A call may be cut off more often than a vendor would fail.
request_attempts_max = 10
# A busy machine is no slow vendor.
unknown_after_s = 60
"""
_HANDS = 4
"""Webhooks of the messaging platform that are under way at a time."""
_WITHOUT_RECEIPTS = 3
"""One phone in so many never tells what became of a message."""
_AFTERWARDS_S = 240
WAVES_MAX = 12


class Settings(Struct, frozen=True, kw_only=True):
    """What is to happen."""

    seed: int
    plan: Sequence[Assignment]
    customers: int
    script: Callable[[random.Random], list[Step]]
    """Draws what one customer does."""
    keys_honoured: bool = True
    """Whether the provider takes a start that is repeated for the same."""
    defect: Defect | None = None


class Outcome(Struct, frozen=True):
    """What came of it."""

    settings: Settings
    verdict: Verdict
    deaths: list[Death]
    restarts: int
    customers: int


class _Expected(Struct):
    """What the core alone makes of the same scripts."""

    said: list[Said] = []
    customers: list[Customer] = []
    worlds: list[World] = []


async def run(settings: Settings, folder: Path) -> Outcome:
    """Run it; `folder` is private and empty, and holds the database and the log afterwards."""
    orders = folder / "order.json"
    interpreter = bent(orders, settings.defect)
    async with (
        trio.open_nursery() as nursery,
        open_stage(
            folder, frozen=True, language=LANGUAGE, limits=_LIMITS, interpreter=interpreter
        ) as stage,
    ):
        if not settings.keys_honoured:
            await _without_keys(stage)
        for courier in stage.world.couriers:
            courier.log = deque()  # all of it
            if courier is stage.world.whatsapp.courier:
                for _ in range(_HANDS - 1):
                    await nursery.start(courier.run)
        reaper = Reaper(stage, orders, settings.plan, peace_ms=_PEACE_S * 1000)
        expected, customers = _Expected(), list[Customer]()
        for wave in range(WAVES_MAX):
            customers += await _wave(settings, wave, reaper, expected)
            if not reaper.left:
                break
        left = reaper.left
        reaper.disarm()
        await pass_time(reaper, _AFTERWARDS_S)
        nursery.cancel_scope.cancel()
    verdict = Verdict(reaper.deaths)
    for what in reaper.wrong:
        verdict.broken(Broken.ERROR, what)
    if left:
        verdict.broken(Broken.NOT_AT_REST, f"{left} kills were not reached in {WAVES_MAX} waves")
    await _judge(stage, customers, expected, verdict)
    return Outcome(settings, verdict, reaper.deaths, reaper.restarts, len(customers))


async def _without_keys(stage: Stage) -> None:
    """Let the provider ignore our keys, and the daemon know it."""
    stage.world.telco.honours_keys = False
    config = stage.folder / "routerbot.toml"
    table = "[telco.main]\n"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace(table, f"{table}honours_idempotency_keys = false\n"))
    await stage.daemon.kill()
    await stage.start_daemon()


async def _wave(
    settings: Settings, wave: int, reaper: Reaper, expected: _Expected
) -> list[Customer]:
    """So many customers, all at once: with the process, and then with the core alone."""
    chance = random.Random(f"customers {settings.seed} {wave}")
    first = wave * settings.customers
    scripts = {
        number: settings.script(chance) for number in range(first, first + settings.customers)
    }
    begins_ms = reaper.world.clock.now_ms()
    customers = _gather(reaper.world, scripts)
    for number, customer in zip(scripts, customers, strict=True):
        if number % _WITHOUT_RECEIPTS == 0:
            reaper.world.whatsapp.without_statuses.add(customer.phone.wa_id)
    await play(reaper, customers)
    core = Core(begins_ms)
    theirs = _gather(core.world, scripts)
    await play(core, theirs)
    await pass_time(core, _AFTERWARDS_S)
    expected.said += core.said
    expected.customers += theirs
    expected.worlds.append(core.world)
    return customers


def _gather(world: World, scripts: dict[int, list[Step]]) -> list[Customer]:
    return [Customer(world, number, steps) for number, steps in scripts.items()]


async def _judge(
    stage: Stage, customers: list[Customer], expected: _Expected, verdict: Verdict
) -> None:
    found = evidence.read(stage.folder / "routerbot.db")
    without = stage.world.whatsapp.without_statuses
    for customer in customers:
        Transcript(
            customer.phone,
            expected.said,
            found.sent,
            verdict,
            receipts=customer.phone.wa_id not in without,
            reconcile_ms=RECONCILE_S * 1000,
        ).judge()
        verdict.checked["impatient"] += len(customer.impatient)
    loaded = load_all(stage.folder / "routerbot.toml", {})
    assert isinstance(loaded, tuple), loaded
    async with wiring.open_vendors(loaded[0]) as vendors:
        oracle.webhooks(stage.world, vendors, found, verdict)
    oracle.starts(stage.world, expected.worlds, verdict)
    oracle.desk(customers, expected.customers, verdict)
    oracle.process(stage.daemon.log, found, stage.world, verdict)
