"""What the daemon wrote down: its log as events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from actors.flow.reader import FlowSource, read_flow
from daemon.flowtest.rehearsal import Rehearsal, rehearse
from daemon.scripts.format import Script
from daemon.shipped import shipped_flow


def events(log: Path) -> list[dict[str, Any]]:
    """The lines of a daemon's log; whatever is not JSON becomes an event `not json`."""
    found = []
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            event = {"event": "not json", "level": "critical", "line": line}
        found.append(event)
    return found


def named(log: Path, *names: str) -> list[dict[str, Any]]:
    """The events with one of these names."""
    return [event for event in events(log) if event["event"] in names]


def errors(log: Path) -> list[dict[str, Any]]:
    """What should not have happened at all, whatever the vendors did."""
    return [event for event in events(log) if event["level"] in ("error", "critical")]


def shipped_source() -> FlowSource:
    """The shipped flow, read."""
    source = read_flow(shipped_flow().read_bytes())
    assert isinstance(source, FlowSource)
    return source


def rehearsed(script: Script) -> Rehearsal:
    """A script as it goes with the shipped flow on the pure core."""
    return rehearse(shipped_source(), script)
