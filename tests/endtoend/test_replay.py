"""`routerbot replay` asks the running daemon; a bug of a flow becomes a test that shows it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import trio

from daemon.sandbox.stage import open_stage
from daemon.scripts.format import read_steps
from daemon.scripts.player import Player
from daemon.shipped import shipped_flow
from tests.endtoend.reading import conversation_in, named

STORY = """\
customer: hello
bot: Hello*
customer: I want my bill, I am Maria Tortuga
bot: *
customer: [My plan]
bot: *
after 2 days
customer: hello again
bot: Hello*
"""
WRONG_WAY = "        goto: bill\n"
RIGHT_WAY = "        goto: plan\n"


def planted(folder: Path) -> Path:
    """The shipped flow, but "My plan" leads to the bill."""
    text = shipped_flow().read_text(encoding="utf-8")
    assert text.count(RIGHT_WAY) == 1
    path = folder / "planted.yaml"
    path.write_text(text.replace(RIGHT_WAY, WRONG_WAY), encoding="utf-8")
    return path


async def command(*words: str) -> subprocess.CompletedProcess[bytes]:
    return await trio.run_process(
        [sys.executable, "-P", "-m", "daemon", *words],
        capture_stdout=True,
        capture_stderr=True,
        check=False,
        cwd="/",
    )


async def replay(folder: Path, out: Path, more: Sequence[str] = ()) -> tuple[int, str]:
    conversation = conversation_in(folder / "daemon.log")
    config = str(folder / "routerbot.toml")
    done = await command("replay", conversation, "--out", str(out), "--config", config, *more)
    return done.returncode, (done.stdout + done.stderr).decode()


async def test_a_bug_of_a_flow_becomes_a_test_that_fails_until_it_is_mended(tmp_path: Path) -> None:
    folder, out = tmp_path / "stage", tmp_path / "out"
    folder.mkdir(mode=0o700)
    flow_file = planted(tmp_path)
    async with open_stage(folder, frozen=True, language="en", flow_file=flow_file) as stage:
        script = read_steps(STORY, tmp_path / "story.chat")
        assert (await Player(stage, script, lambda _line: None).play()).failure is None
        code, told = await replay(folder, out)
        assert code == 0, told
        assert "It goes as it went." in told
        later = await replay(folder, tmp_path / "later", ["--since", "2026-06-03T13:00"])
        assert later[0] == 0, later[1]
        again = await replay(folder, out)
        assert again[0] == 2
        assert "File exists" in again[1]
    [path] = out.glob("*.chat")
    [kept] = out.glob("*.yaml")
    text = path.read_text(encoding="utf-8")
    assert "customer: [My plan]\nbot: Your bill:" in text
    # Words of the flow are left of what she wrote, and no more.
    assert "customer: I xxxx my bill, I xx Xxxxx Xxxxxxx" in text
    assert "after 2 days\n" in text
    asked = named(folder / "daemon.log", "operator")
    assert {(event["command"], event["outcome"]) for event in asked} == {("conversation", "done")}
    # With the flow that it ran under it goes as it went; with the mended one the bug is seen.
    done = await command("flow", "test", str(kept), str(path))
    assert done.returncode == 0, done.stdout
    done = await command("flow", "test", str(shipped_flow()), str(path))
    assert done.returncode == 1
    lines = done.stdout.decode().splitlines()
    assert [line for line in lines if line.startswith("    expected  Your bill:")]
    # It now asks for the plan, of which nothing is known: nobody asked for it that night.
    assert [line for line in lines if line.startswith("    but came  I cannot")], lines
    [path] = (tmp_path / "later").glob("*.chat")
    text = path.read_text(encoding="utf-8")
    assert "begins: 2026-06-03 12:00:00" in text
    assert "My plan]\nbot: Your bill" not in text


async def test_what_cannot_be_replayed_is_told_by_the_exit_code(tmp_path: Path) -> None:
    done = await command("replay", "cnv_x", "--socket", str(tmp_path / "none.sock"))
    assert done.returncode == 69
    async with open_stage(tmp_path, frozen=True, language="en"):
        socket = str(tmp_path / "admin.sock")
        done = await command("replay", "cnv_x", "--socket", socket)
        assert done.returncode == 1
        assert b"there is no conversation cnv_x" in done.stderr
        done = await command("replay", "cnv_x", "--socket", socket, "--since", "yesterday")
        assert done.returncode == 2
        assert b"not a time: 'yesterday'" in done.stdout
