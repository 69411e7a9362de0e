"""Nobody reads the log any more."""

from __future__ import annotations

from pathlib import Path

import trio

from daemon.sandbox.stage import open_stage
from tests.faults.bent import bent
from tests.faults.machine import counted, crowd, looks_alive

QUEUE_LINES = 50


async def test_log_that_nobody_reads(tmp_path: Path) -> None:
    interpreter = bent(f"unread={QUEUE_LINES}")
    async with open_stage(tmp_path, frozen=True, language="en", interpreter=interpreter) as stage:
        phones = crowd(stage, 24)
        for _ in range(2):
            for phone in phones:
                phone.write("hello")
            await stage.settle()
        assert [len(phone.received) for phone in phones] == [2] * len(phones)
        assert await looks_alive(stage)
        turns = await counted(stage, "routerbot_turns_total")
        assert turns >= 2 * len(phones)
        # Each turn is one line at least; few found a place.
        assert await counted(stage, "routerbot_log_lines_dropped_total") > turns
        # Nor does a stop wait for the reader.
        with trio.fail_after(10):
            assert await stage.daemon.stop() == 0
