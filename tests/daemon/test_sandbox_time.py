"""What time it is in a sandbox."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from daemon.sandbox.command import daytime_ms

LIMA = ZoneInfo("America/Lima")


@pytest.mark.parametrize(("hour", "ahead_h"), [(9, 0), (17, 0), (18, 15), (23, 10), (0, 9), (8, 1)])
def test_whoever_tries_it_at_night_finds_people_at_work(hour: int, ahead_h: int) -> None:
    now = datetime(2026, 6, 1, hour, 30, tzinfo=LIMA)
    assert daytime_ms(round(now.timestamp() * 1000)) == ahead_h * 3_600_000
