"""The socket of the operator's commands: garbage, silence, two at once, who asked, its file."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from daemon import operator_socket as module
from daemon.operator_socket import LINE_MAX_BYTES, serve_operator
from daemon.server import BindFailed
from tests.daemon.asking import Asked, Line, Values, raw_letter
from tests.daemon.parts import Shell, shell
from tests.daemon.whole import Whole, make_daemon, running

Patch = pytest.MonkeyPatch


class Door(Line):
    """The same, and what is behind it."""

    def __init__(self, path: Path, parts: Shell) -> None:
        super().__init__(path)
        self.parts = parts

    @property
    def mended(self) -> list[tuple[str, dict[str, Any], str]]:
        lines = self.parts.log.of("operator")
        return [(line["command"], line["arguments"], line["outcome"]) for line in lines]


@asynccontextmanager
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with shell() as parts, trio.open_nursery() as nursery:
        path = tmp_path / "admin.sock"
        await nursery.start(serve_operator, path, Asked(parts).operator, parts.log.logger)
        yield Door(path, parts)
        nursery.cancel_scope.cancel()


def deep(depth: int) -> bytes:
    return b'{"command":"status","arguments":{"a":' + b"[" * depth


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"status\n",
        b"\xff\xfe\n",
        b'{"command":"\xff"}\n',
        b'{"command":"status","arguments":{"\xff":1}}\n',
        b'{"command":"status"}\n{"command":"status"}\n',
        b'{"command":5}\n',
        b'{"command":"status","more":1}\n',
        b'{"command":"status","arguments":{"a":1.5}}\n',
        b'{"command":"status","arguments":{"a":null}}\n',
        b"[]\n",
        deep(5000) + b"\n",
        b"\x00" * 100 + b"\n",
    ],
)
async def test_garbage_is_answered_and_does_no_harm(tmp_path: Path, line: bytes) -> None:
    async with door(tmp_path) as there:
        assert (await there.say(line))["error"].startswith("not a question: ")
        assert there.parts.log.lines == []
        assert "result" in await there.ask("status")


async def test_a_command_that_there_is_not(tmp_path: Path) -> None:
    async with door(tmp_path) as there:
        told = await there.ask("x" * 1000, words="of a customer")
        assert told["error"] == f"there is no command '{'x' * 40}'"
        assert (await there.ask("__init__"))["error"] == "there is no command '__init__'"
        assert there.parts.log.lines == []


async def test_a_line_that_is_too_long_is_not_read_to_its_end(tmp_path: Path) -> None:
    async with door(tmp_path) as there:
        told = await there.say(b'"' + b"x" * (LINE_MAX_BYTES - 1))
        assert told["error"] == f"not a question: longer than {LINE_MAX_BYTES} bytes"
        # More than the kernel takes: the sender meets a closed door, the daemon no harm.
        with pytest.raises((trio.BrokenResourceError, AssertionError)):
            await there.say(b"x" * 50 * LINE_MAX_BYTES)
        assert "result" in await there.ask("status")


async def test_a_question_may_come_in_pieces_and_without_its_end(tmp_path: Path) -> None:
    async with door(tmp_path) as there:
        async with await trio.open_unix_socket(str(there.path)) as stream:
            for letter in b'{"command":"status"}':
                await stream.send_all(bytes([letter]))
            stream.socket.shutdown(socket.SHUT_WR)
            told = b"".join([chunk async for chunk in stream])
        assert b'"result"' in told


async def test_who_says_nothing_is_not_waited_for_and_holds_nobody_up(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(module, "_LINE_S", 0.2)
    async with door(tmp_path) as there:
        silent = await trio.open_unix_socket(str(there.path))
        async with silent:
            assert "result" in await there.ask("status")
            with trio.fail_after(5):
                assert await silent.receive_some(100) == b""
        # One that goes without a word.
        (await trio.open_unix_socket(str(there.path))).socket.close()
        assert "result" in await there.ask("status")


async def test_a_command_that_takes_too_long_is_told_and_logged(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(module, "_ANSWER_S", 0.05)
    async with door(tmp_path) as there:
        there.parts.store.pause = lambda: 3600.0
        assert "no answer in time" in (await there.ask("drop", position=3))["error"]
        assert there.mended == [("drop", {"position": 3}, "cut off")]


async def test_a_bug_in_a_command_ends_nothing(tmp_path: Path) -> None:
    async with door(tmp_path) as there:
        there.parts.store.fail = lambda _method, _unit: KeyError("words")
        async with await trio.open_unix_socket(str(there.path)) as stream:
            await stream.send_all(b'{"command":"dead_letters"}\n')
            assert await stream.receive_some(100) == b""
        there.parts.store.fail = lambda _method, _unit: None
        assert len(there.parts.log.of("operator_failed")) == 1
        assert await there.ask("dead_letters") == {"result": []}


async def test_two_operators_at_once(tmp_path: Path) -> None:
    async with door(tmp_path) as there:
        at = await raw_letter(there.parts, "m1")
        told: list[dict[str, Any]] = []

        async def ask(command: str, **arguments: Values) -> None:
            told.append(await there.ask(command, **arguments))

        async with trio.open_nursery() as both:
            for _ in range(2):
                both.start_soon(lambda: ask("drop", position=at))
        assert sorted(map(list, told)) == [["error"], ["result"]]
        async with trio.open_nursery() as both:
            both.start_soon(lambda: ask("pause", what="starts"))
            both.start_soon(lambda: ask("pause", what="sends"))
        assert (await there.ask("status"))["result"]["paused"] == ["starts", "sends"]


async def test_mending_is_logged_with_who_asked_and_looking_is_not(tmp_path: Path) -> None:
    async with door(tmp_path) as there:
        at = await raw_letter(there.parts, "m1", b"my secret words")
        for command in ("status", "dead_letters", "unknown"):
            await there.ask(command)
        await there.ask("dead_letter", position=at, body=True)
        assert there.parts.log.lines == []
        await there.ask("drop", position=at)
        await there.ask("drop", position=at)
        await there.ask("pause", what="sends")
        await there.ask("release", actor="Ana Flores, +51 999 111 222")
        await there.ask("settle", effect="eff_a", outcome="Ana Flores")
        await there.ask("replay", position="Ana Flores")
        assert there.mended == [
            ("drop", {"position": at}, "done"),
            ("drop", {"position": at}, "refused"),
            ("pause", {"what": "sends"}, "done"),
            ("release", {}, "refused"),
            ("settle", {}, "refused"),
            ("replay", {}, "refused"),
        ]
        for line in there.parts.log.of("operator"):
            assert (line["peer_uid"], line["peer_gid"]) == (os.getuid(), os.getgid())
            assert line["peer_pid"] == os.getpid()
        assert "Ana" not in repr(there.parts.log.lines)
        assert "secret" not in repr(there.parts.log.lines)


# --- the whole daemon ---------------------------------------------------------------------------


def left_by_a_killed_daemon(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))


@pytest.mark.parametrize("before", [lambda path: None, left_by_a_killed_daemon])
async def test_the_socket_is_there_while_the_daemon_is(
    tmp_path: Path, monkeypatch: Patch, before: Callable[[Path], None]
) -> None:
    path = tmp_path / "admin.sock"
    before(path)
    async with running(whole := Whole(), tmp_path, monkeypatch):
        mode = path.stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o660
        status = (await Line(path).ask("status"))["result"]
        assert status["flow_version"] in whole.disk.kept_flows
        assert status["paused"] == []
        assert (await Line(path).ask("pause", what="sends"))["result"]
    assert not path.exists()
    assert json.loads((tmp_path / "routerbot.db.paused").read_bytes()) == ["sends"]
    async with running(Whole(), tmp_path, monkeypatch):
        status = (await Line(path).ask("status"))["result"]
        assert status["paused"] == ["sends"]


async def test_what_is_no_socket_stays_and_the_daemon_does_not_start(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    path = tmp_path / "admin.sock"
    path.write_text("mine")
    whole = Whole()
    whole.wire(monkeypatch)
    with pytest.RaisesGroup(
        pytest.RaisesExc(BindFailed, match=r"admin\.socket"), flatten_subgroups=True
    ):
        await make_daemon(whole, tmp_path).run()
    assert path.read_text() == "mine"
