"""The operator's commands on the real daemon, asked for at the real command line."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import trio
from msgspec.structs import replace

from actors.codec import decode_message, encode_message
from actors.ids import ActorId, MessageId
from actors.messages import CustomerWrote, Tapped
from daemon.cli import app
from daemon.sandbox.stage import Stage, open_stage
from daemon.tree import Switchboard
from state.inline_store import InlineDisk, InlineStore
from state.rows import Arrival, ToActor
from tests.endtoend.reading import errors, named

MENU = "How can I help you?"


class Desk:
    """The operator at a terminal."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    async def run(self, *words: str, code: int = 0) -> str:
        """Carry a command out in this process, let everything come to rest; what it printed."""
        config = str(self.stage.folder / "routerbot.toml")
        printed = io.StringIO()

        def command() -> int:
            chosen, bound, _ = app.parse_args([*words, "--config", config])
            with redirect_stdout(printed), redirect_stderr(printed):
                answer: int = chosen(*bound.args, **bound.kwargs)
            return answer

        assert await trio.to_thread.run_sync(command) == code, (words, printed.getvalue())
        await self.stage.settle()
        return printed.getvalue()

    async def ask(self, *words: str) -> Any:
        """What a command answers as JSON."""
        return json.loads(await self.run(*words, "--json"))


async def act(stage: Stage, *doings: str) -> list[str]:
    """The customer taps `[a button]` or writes; what the bot answered."""
    before = len(stage.phone.received)
    for doing in doings:
        if doing.startswith("["):
            stage.phone.tap(doing.strip("[]"))
        else:
            stage.phone.write(doing)
        await stage.settle()
    return [message.text for message in stage.phone.received[before:]]


async def test_replay_of_an_old_tap_starts_nothing(tmp_path: Path) -> None:
    """The same dead letter: replayed at once it starts the job, twenty minutes later nothing."""
    async with open_stage(tmp_path, frozen=True, language="en") as stage:
        desk = Desk(stage)
        await act(stage, "hello", "[Restart my router]")
        await poison_tap(stage, "Yes, restart")
        (letter,) = await desk.ask("dead-letters", "list")
        assert letter["message"] == "CustomerWrote"
        position = str(letter["position"])

        await stage.pass_time(1200)
        before = len(stage.phone.received)
        assert "inbox again" in await desk.run("dead-letters", "replay", position)
        answered = [message.text for message in stage.phone.received[before:]]
        assert any("I started nothing" in text for text in answered), answered
        assert stage.world.telco.starts == []
        (heard,) = [
            turn
            for turn in named(stage.daemon.log, "turn")
            if turn["message_id"].endswith(".replay.1")
        ]
        assert heard["outcome"] == "handled"

        shown = await desk.run("dead-letters", "show", position)
        assert "replayed_at_ms" in shown
        assert "Yes, restart" not in shown
        assert "Yes, restart" in await desk.run("dead-letters", "show", position, "--body")
        await desk.run("dead-letters", "drop", position)
        assert await desk.ask("dead-letters", "list") == []
        told = await desk.run("dead-letters", "drop", position, code=1)
        assert told == f"there is no dead letter {position}\n"
        await stage.settle()
    assert [one["event"] for one in errors(stage.daemon.log)] == ["turn"]
    mended = [(line["command"], line["outcome"]) for line in named(stage.daemon.log, "operator")]
    assert mended == [("replay", "done"), ("drop", "done"), ("drop", "refused")]
    assert "Yes, restart" not in stage.daemon.log.read_text()


async def test_replay_in_time_is_as_if_it_had_just_come(tmp_path: Path) -> None:
    async with open_stage(tmp_path, frozen=True, language="en") as stage:
        desk = Desk(stage)
        await act(stage, "hello", "[Restart my router]")
        await poison_tap(stage, "Yes, restart")
        (letter,) = await desk.ask("dead-letters", "list")
        await desk.run("dead-letters", "replay", str(letter["position"]))
        await stage.pass_time(5)
        assert len(stage.world.telco.starts) == 1
        # By mistake once more: the job that runs is shown, nothing is started twice.
        await desk.run("dead-letters", "replay", str(letter["position"]))
        await stage.pass_time(300)
        assert len(stage.world.telco.starts) == 1


async def poison_tap(stage: Stage, title: str) -> None:
    """Leave a tap that was being handled at each of several crashes, and let the daemon find it."""
    (button,) = [choice.id for choice in stage.phone.received[-1].choices if choice.title == title]
    assert await stage.daemon.stop() == 0
    database = stage.folder / "routerbot.db"
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT actor, body FROM inbox ORDER BY position").fetchall()
    connection.close()
    wrote = [(actor, decode_message(body)) for actor, body in rows]
    actor, last = [(actor, one) for actor, one in wrote if isinstance(one, CustomerWrote)][-1]
    tap = replace(last, input=Tapped(button, title), sent_at_ms=stage.world.clock.now_ms())
    disk = InlineDisk(database)
    try:
        store = InlineStore(disk, Switchboard())
        target = ToActor(ActorId(actor))
        now_ms = stage.world.clock.now_ms()
        await store.accept([Arrival(MessageId("poison"), target, now_ms, encode_message(tap))])
    finally:
        disk.close()
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE inbox SET recoveries = 2 WHERE message_id = 'poison'")
    connection.close()
    await stage.start_daemon()
    await stage.settle()


async def test_pause_of_starts_holds_them_back_and_nothing_else(tmp_path: Path) -> None:
    async with open_stage(tmp_path, frozen=True, language="en") as stage:
        desk, telco = Desk(stage), stage.world.telco
        await act(stage, "hello", "[Restart my router]", "[Yes, restart]")
        await stage.pass_time(5)
        assert len(telco.starts) == 1

        await desk.run("pause", "starts")
        # A cancel passes, and so does whatever else there is to say.
        assert await act(stage, "[Cancel]") != []
        await stage.pass_time(30)
        (job,) = telco.jobs.values()
        assert job.state == "cancelled"
        await act(stage, "menu", "[Restart my router]")
        assert "requested" in (await act(stage, "[Yes, restart]"))[0]
        await stage.pass_time(10)
        assert "Fibra" in (await act(stage, "[My plan]"))[0]
        assert len(telco.starts) == 1

        await stage.daemon.kill()
        await stage.start_daemon()
        await stage.pass_time(10)
        assert (await desk.ask("status"))["paused"] == ["starts"]
        assert "starts" in await desk.run("status")
        assert len(telco.starts) == 1

        await desk.run("resume", "starts")
        assert len(telco.starts) == 2
        assert (await desk.ask("status"))["paused"] == []
        await stage.pass_time(300)
        assert any("back online" in message.text for message in stage.phone.received[-3:])
        assert len(telco.starts) == 2
    assert errors(stage.daemon.log) == []


async def test_a_start_that_waited_too_long_is_not_made_when_starts_go_on(tmp_path: Path) -> None:
    async with open_stage(tmp_path, frozen=True, language="en") as stage:
        desk = Desk(stage)
        await desk.run("pause", "starts")
        await act(stage, "hello", "[Restart my router]", "[Yes, restart]")
        await stage.pass_time(1200)
        before = len(stage.phone.received)
        await desk.run("resume", "starts")
        await stage.pass_time(60)
        told = [message.text for message in stage.phone.received[before:]]
        assert any("Nothing was changed" in text for text in told), told
        assert stage.world.telco.starts == []
    assert errors(stage.daemon.log) == []


async def test_cancel_of_a_start_that_is_held_back(tmp_path: Path) -> None:
    async with open_stage(tmp_path, frozen=True, language="en") as stage:
        desk = Desk(stage)
        await desk.run("pause", "starts")
        await act(stage, "hello", "[Restart my router]", "[Yes, restart]", "[Cancel]")
        await stage.pass_time(120)
        await desk.run("resume", "starts")
        await stage.pass_time(120)
        assert stage.world.telco.starts == []
    assert errors(stage.daemon.log) == []


async def test_pause_of_sends_keeps_what_is_owed(tmp_path: Path) -> None:
    async with open_stage(tmp_path, frozen=True, language="en") as stage:
        desk = Desk(stage)
        await desk.run("pause", "sends")
        assert await act(stage, "hello") == []
        await stage.daemon.kill()
        await stage.start_daemon()
        await stage.settle()
        assert stage.phone.received == []
        await desk.run("resume", "sends")
        assert [MENU in message.text for message in stage.phone.received] == [True]


async def test_a_message_of_unknown_fate_is_settled_by_the_operators_word(tmp_path: Path) -> None:
    async with open_stage(tmp_path, frozen=True, language="en") as stage:
        desk, whatsapp = Desk(stage), stage.world.whatsapp
        await act(stage, "hello")
        whatsapp.statuses = "off"
        for outcome, more in (("delivered", 0), ("dropped", 0), ("resend", 1)):
            whatsapp.accept_but_drop_answer()
            await act(stage, "menu")
            (call,) = await desk.ask("unknown", "list")
            assert (call["call"], call["attempts"]) == ("Say", 1)
            shown = len(stage.phone.received)
            assert await desk.run("unknown", "settle", call["effect"], outcome)
            assert await desk.ask("unknown", "list") == []
            await stage.pass_time(200)
            assert len(stage.phone.received) == shown + more, outcome
            await desk.run("unknown", "settle", call["effect"], outcome, code=1)
    assert errors(stage.daemon.log) == []


async def test_no_daemon_is_told_by_the_exit_code(tmp_path: Path) -> None:
    async with open_stage(tmp_path, frozen=True, language="en") as stage:
        desk = Desk(stage)
        sock = tmp_path / "admin.sock"
        assert sock.is_socket()
        assert sock.stat().st_mode & 0o777 == 0o660
        await stage.daemon.kill()
        assert sock.is_socket()
        assert "no answer from a daemon" in await desk.run("status", code=69)
        # What the killed one left is replaced; a graceful stop leaves nothing.
        await stage.start_daemon()
        config = str(tmp_path / "routerbot.toml")
        command = [sys.executable, "-P", "-m", "daemon", "status", "--config", config]
        done = await trio.run_process(command, capture_stdout=True, cwd="/")
        assert b"live actors" in done.stdout
        assert await stage.daemon.stop() == 0
        assert not sock.exists()
        assert "no answer from a daemon" in await desk.run("status", code=69)
