"""A chat that is recorded becomes a conversation file that goes as it says, both ways."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

from daemon.sandbox.command import EXIT_USAGE, play_script, run_sandbox
from daemon.scripts.comparing import unlike
from daemon.scripts.format import read_script
from tests.endtoend.reading import rehearsed

TYPED = """\
hello
1
1
4
/wait 20s
/fail
/wait 3m
/tap Restart my router
1
/wait 2m
2
@accept Rita
/wait 10s
@ Hello [Ana]
thank you
/dance
99
@end
/wait 2m
/service crm GET /lines/*/plan -> once 500
/crm down
4
/wait 10s
/quit
"""


def test_what_is_recorded_goes_as_it_says_both_ways(tmp_path: Path) -> None:
    path = tmp_path / "mine.chat"
    done = subprocess.run(
        [sys.executable, "-P", "-m", "daemon", "sandbox", "--chat", "--record", str(path)],
        input=TYPED,
        capture_output=True,
        text=True,
        timeout=50,
        cwd="/",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Written down: {path}" in done.stdout
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["title: Recorded in the sandbox", "language: en"]
    assert "provider: fail reboot 9002" in lines
    assert "after 20s" in lines
    assert "agent: says Hello [Ana]" in lines
    assert "bot: Hello *Ana*" in lines
    assert not [line for line in lines if "dance" in line]
    # A number that the last message does not offer is typed.
    assert "customer: 99" in lines
    assert "service: crm GET /lines/*/plan -> once 500" in lines
    # A recording begins at noon UTC; the flow's clocks, and so the chat's, are those of Lima.
    assert "bot 07:00:00 " in done.stdout
    # It holds what was written in a chat, as the database would.
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    script = read_script(path)
    there = play_script(script, None, lambda _line: None)
    assert unlike(script, there, rehearsed(script).played) is None


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "mine.chat"
    path.write_text("customer: hello\n")
    assert run_sandbox("chat", [], None, "en", None, path) == EXIT_USAGE
    assert path.read_text() == "customer: hello\n"


def test_only_a_chat_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "mine.chat"
    assert run_sandbox("script", [], None, "en", None, path) == EXIT_USAGE
    assert not path.exists()
