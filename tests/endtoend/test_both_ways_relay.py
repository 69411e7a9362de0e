"""Pauses, calls due later and calls of unknown fate: the same in the relay and in tests of flows.

The relay serves lanes with tasks, `flow test` with one loop, which has its own queue of lanes. Here
each conversation is played both ways, by a clock that stands still, and what people and provider
saw must be the same to the millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
import trio
from msgspec import Struct

from adapters.sandbox.world import World
from daemon.flowtest.stage import DirectStage
from daemon.sandbox.stage import open_stage
from daemon.scripts.format import Script, read_steps
from daemon.scripts.player import ChatLine, Played, Player
from daemon.scripts.stage import Stage
from tests.actors.small_flow import extended, source
from tests.daemon.rehearsing import HELLO, KNOWN

Troubles = Mapping[str, Callable[[World], None]]
"""What befalls the world right before a line is done."""

FLOW = extended(
    """\
    test:
      do: menu
      text: { es: ¿Cuál?, en: Which? }
      options:
        two: { title: { es: Dos, en: Two }, goto: second }
        three: { title: { es: Tres, en: Three }, goto: third }
    """,
    "second: { do: set, values: { router: r-2, label: Second }, then: restart }",
    "third: { do: set, values: { router: r-3, label: Third }, then: restart }",
)
START = "customer: [Restart]\nbot: *\ncustomer: [Yes]\nbot: Asked: Box*\nbot: Hello*\n"
START_TWO = "customer: [More]\nbot: *\ncustomer: [Two]\nbot: Asked: Second*\nbot: Hello*\n"
START_THREE = "customer: [More]\nbot: *\ncustomer: [Three]\nbot: Asked: Third*\nbot: Hello*\n"
MENU = "Hello Ana, what now?"


class Seen(Struct, frozen=True):
    """What is known outside of the daemon afterwards; of one instant in no order."""

    chat: list[tuple[int, str]]
    starts: list[tuple[int, str]]
    cancelled: list[str]


async def play(stage: Stage, script: Script, troubles: Troubles) -> tuple[Played, Seen]:
    world = stage.world

    def tell(line: ChatLine) -> None:
        befalls = troubles.get(line.text)
        if befalls is not None:
            befalls(world)

    played = await Player(stage, script, tell).play()
    began_ms = script.begins_ms
    jobs = world.telco.jobs.values()
    return played, Seen(
        sorted((shown.at_ms - began_ms, shown.text) for shown in stage.phone.transcript),
        sorted((start.at_ms - began_ms, start.device) for start in world.telco.starts),
        sorted(job.device for job in jobs if job.state == "cancelled"),
    )


async def in_the_sandbox(folder: Path, script: Script, troubles: Troubles) -> tuple[Played, Seen]:
    flow = folder / "flow.yaml"
    flow.write_text(FLOW, encoding="utf-8")
    async with open_stage(
        folder, frozen=True, language="en", flow_file=flow, begins_ms=script.begins_ms
    ) as stage:
        return await play(stage, script, troubles)


def both(text: str, folder: Path, troubles: Troubles | None = None) -> Seen:
    """Play it both ways; it goes as it says, and alike."""
    script = read_steps(text, folder / "a.chat")
    stage = DirectStage(source(FLOW), "en", script.begins_ms)
    here, seen_here = trio.run(play, stage, script, troubles or {})
    there, seen_there = trio.run(partial(in_the_sandbox, folder, script, troubles or {}))
    assert (str(here.failure), str(there.failure)) == ("None", "None")
    assert stage.bugs == []
    assert seen_here == seen_there
    return seen_here


def test_what_waits_in_a_pause_goes_on_after_it(tmp_path: Path) -> None:
    """Three lanes of one provider: a refused start, another start, a cancel of a third job."""
    seen = both(
        f"""{HELLO}provider: by hand
{START}provider: refuse 429 for 100 seconds
{START_TWO}{START_THREE}customer: [Cancel] of 1
bot: Cancelling
after 99 seconds
bot: ...
provider: starts = 1
after 2 seconds
bot: ...
provider: starts = 3
""",
        tmp_path,
    )
    assert seen.starts == [(0, "r-1"), (100_000, "r-2"), (100_000, "r-3")]
    assert (100_000, "Cancelled") in seen.chat
    assert seen.cancelled == ["r-1"]


def test_a_pause_without_a_time_outlasts_the_wait_of_the_refused_call(tmp_path: Path) -> None:
    seen = both(
        f"""{HELLO}provider: by hand
provider: refuse 429
{START}after 10 seconds
bot: ...
""",
        tmp_path,
    )
    assert seen.starts == [(1000, "r-1")]


def test_a_pause_is_not_remembered_by_the_next_process(tmp_path: Path) -> None:
    """The refused call itself waits for its time all the same: that is on the disk."""
    seen = both(
        f"""{HELLO}provider: by hand
provider: refuse 429 for 100 seconds
{START}{START_TWO}after 10 seconds
bot: ...
daemon: kill
daemon: start
provider: starts = 1
after 2 minutes
bot: ...
""",
        tmp_path,
    )
    assert seen.starts == [(10_000, "r-2"), (100_000, "r-1")]


def test_a_call_that_is_due_later_is_made_then_also_by_the_next_process(tmp_path: Path) -> None:
    seen = both(
        f"""{HELLO}provider: by hand
provider: refuse 503 for 25 seconds
{START}after 20 seconds
bot: ...
daemon: kill
daemon: start
after 10 seconds
bot: ...
""",
        tmp_path,
    )
    assert seen.starts == [(25_000, "r-1")]


def lost(world: World) -> None:
    """The next message does not arrive, and no answer tells."""
    world.whatsapp.on_send.drop(carried_out=False)


def answer_lost(world: World) -> None:
    """The next message arrives, and no answer tells; its receipts do."""
    world.whatsapp.on_send.drop(carried_out=True)


def test_a_menu_of_unknown_fate_is_shown_anew_when_its_time_is_over(tmp_path: Path) -> None:
    text = f"{KNOWN}customer: hi\nbot: says nothing\nafter 2 minutes\nbot: *\n"
    seen = both(text, tmp_path, {"hi": lost})
    assert seen.chat == [(0, "hi"), (90_000, MENU)]


@pytest.mark.parametrize("between", ["", "daemon: kill\ndaemon: start\n"])
def test_a_result_of_unknown_fate_is_sent_once_more(tmp_path: Path, between: str) -> None:
    seen = both(
        f"""{HELLO}provider: by hand
{START}provider: says succeeded
bot: says nothing
{between}after 2 minutes
bot: Done: Box
""",
        tmp_path,
        {"says succeeded": lost},
    )
    assert seen.chat[-1] == (90_000, "Done: Box")


def test_what_a_receipt_settles_is_not_looked_at_again(tmp_path: Path) -> None:
    text = f"{HELLO}provider: by hand\n{START}provider: says succeeded\nbot: Done: Box\n"
    seen = both(
        f"{text}after 3 minutes\nbot: says nothing\n", tmp_path, {"says succeeded": answer_lost}
    )
    assert [text for _, text in seen.chat].count("Done: Box") == 1
