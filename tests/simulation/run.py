"""One seed from the beginning to the end.

What lives here: the world and the process brought together, the calm after the trouble, and the
private switches of trio that make its scheduler repeat itself. What must not: what is checked.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

import trio
import trio.testing
from msgspec import Struct

from actors.conversation.state import Surroundings
from adapters.ports import Sender
from daemon import intake
from state.inline_store import InlineDisk
from tests.daemon import parts
from tests.endtoend.reading import shipped_source
from tests.simulation import plan
from tests.simulation.customers import Person
from tests.simulation.defects import Defect, planted
from tests.simulation.invariants import Scene, check, is_quiet, note_cut_off
from tests.simulation.others import Crm, Desk
from tests.simulation.phone import Platform
from tests.simulation.process import Life
from tests.simulation.telco import Telco
from tests.simulation.world import BEGIN_MS, World

_QUIET_WITHIN_S = 6 * 3600
_LOOK_EVERY_S = 60.0
_TAP_AGE_MAX_S = 600


class Result(Struct, frozen=True):
    """What became of a seed."""

    seed: int
    wrong: list[str]
    """Empty: every promise was kept."""
    digest: str
    lines: list[str]
    counts: dict[str, int]

    def __str__(self) -> str:
        faults = "\n".join(f"  {fault}" for fault in self.wrong)
        trace = "\n".join(self.lines)
        return f"seed {self.seed}:\n{faults}\nthe last that happened:\n{trace}"


def simulate(
    seed: int, *, defect: Defect | None = None, tell: Callable[[str], None] | None = None
) -> Result:
    """Run one seed. Raises nothing for what the simulated program does."""
    results: list[Result] = []

    async def main() -> None:
        results.append(await _simulate(seed, defect, tell))

    with scheduling_by(seed), planted(defect), mock.patch.object(parts, "NOW_MS", BEGIN_MS):
        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    return results[0]


@contextmanager
def scheduling_by(seed: int) -> Iterator[None]:
    """Let trio's scheduler repeat itself. Both names are private to trio; a test watches them."""
    run = trio._core._run
    before = run._r.getstate()
    with mock.patch.object(run, "_ALLOW_DETERMINISTIC_SCHEDULING", True):
        run._r.seed(seed)
        try:
            yield
        finally:
            run._r.setstate(before)


def _around(defect: Defect | None) -> Surroundings:
    source = shipped_source()
    believing = defect is Defect.BELIEVES_OLD_TAPS
    return Surroundings(
        flows={source.version: source.flow},
        flow_version=source.version,
        default_language="es",
        tap_age_max_s=1 << 30 if believing else _TAP_AGE_MAX_S,
    )


async def _simulate(seed: int, defect: Defect | None, tell: Callable[[str], None] | None) -> Result:
    async with trio.open_nursery() as nursery:
        world = World(plan.draw(seed), nursery, tell)
        world.note("plan", str(world.plan))
        platform = Platform(world)
        people = [Person(world, platform, n) for n in range(world.plan.customers)]
        disk = InlineDisk()
        scene = Scene(world, disk, platform, Telco(world), Desk(world), people, _TAP_AGE_MAX_S)
        minted = world.dice("mint")
        fixed = mock.Mock(token_hex=lambda size: f"{minted.getrandbits(8 * size):x}")
        try:
            with mock.patch.object(intake, "secrets", fixed):
                for person in people:
                    world.soon(person.live)
                nursery.start_soon(_lives, scene, _around(defect), defect)
                await _until_quiet(scene)
                check(scene)
        except Exception:  # noqa: BLE001  (reported with the seed, like any other fault)
            world.broken(traceback.format_exc())
        finally:
            disk.close()
            nursery.cancel_scope.cancel()
    return Result(seed, world.wrong, world.journal.digest, list(world.journal.lines), scene.counts)


async def _lives(scene: Scene, around: Surroundings, defect: Defect | None) -> None:
    """One process after another on the same disk."""
    world = scene.world
    senders: dict[str, Sender] = {
        "whatsapp": scene.platform,
        "telco": scene.telco,
        "service": Crm(world),
        "agents": scene.desk,
    }
    for death in (*world.plan.deaths, None):
        life = Life(world, scene.disk, around, senders, death, defect)
        scene.lives.append(life)
        try:
            await life.run()
        except Exception:  # noqa: BLE001  (a bug of the program: the seed fails, with the trace)
            world.broken(traceback.format_exc())
        if death is None:
            return
        note_cut_off(scene)
        await trio.sleep(death.down_s)


async def _until_quiet(scene: Scene) -> None:
    world = scene.world
    await trio.sleep(world.plan.trouble_s)
    world.calm = True
    world.note("plan", "all is well from here on")
    until_s = world.now_s() + _QUIET_WITHIN_S
    quiet = 0
    while quiet < 2 and world.now_s() < until_s and not world.wrong:
        await trio.sleep(_LOOK_EVERY_S)
        quiet = quiet + 1 if world.busy == 0 and world.door is not None and is_quiet(scene) else 0
