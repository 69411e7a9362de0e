"""What the daemon wrote down, in its log and its database; and the shipped flow, read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import trio

from actors.flow.reader import FlowSource, read_flow
from daemon.flowtest.rehearsal import Rehearsal, rehearse
from daemon.histories import Histories
from daemon.replay.command import run_replay
from daemon.scripts.format import Script
from daemon.shipped import shipped_flow
from state.sqlite_store import open_sqlite_store
from tests.state.benches import Bell


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


@cache
def shipped_source() -> FlowSource:
    """The shipped flow, read."""
    source = read_flow(shipped_flow().read_bytes())
    assert isinstance(source, FlowSource)
    return source


def rehearsed(script: Script) -> Rehearsal:
    """A script as it goes with the shipped flow on the pure core."""
    return rehearse(shipped_source(), script)


def conversation_in(log: Path) -> str:
    """The conversation that a daemon's log speaks of first."""
    return next(str(event["conversation"]) for event in events(log) if event.get("conversation"))


def replayed(folder: Path, out: Path, language: str = "en") -> int:
    """Write the replay of the conversation in a folder that a daemon left; the exit code."""
    conversation = conversation_in(folder / "daemon.log")
    now_ms = json.loads((folder / "clock.json").read_text())["now_ms"]

    async def asked(command: str, arguments: dict[str, Any]) -> Any:
        async with open_sqlite_store(folder / "routerbot.db", Bell()) as store:
            histories = Histories(store, language)
            if command == "conversation":
                return await histories.conversation(arguments["conversation"], now_ms)
            page = histories.heard if command == "heard" else histories.called
            return await page(arguments["actors"].split(","), arguments["after"])

    def ask(command: str, arguments: dict[str, str | int | bool]) -> Any:
        return trio.run(asked, command, arguments)

    return run_replay(conversation, out, None, ask)
