"""The operator's command line: what it asks, what it prints, how it exits."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from daemon.cli import app
from daemon.operator import Answer, Question

Capture = pytest.CaptureFixture[str]
WHEN_MS = 1_800_000_000_000
LETTER = {
    "position": 7,
    "message": "CustomerWrote",
    "message_id": "whatsapp:x",
    "actor": None,
    "dead_at_ms": WHEN_MS,
    "error": "ValueError",
}


@contextmanager
def answering(path: Path, *answers: bytes) -> Iterator[list[Question]]:
    """A daemon that says these lines, one a question, and hangs up; what it was asked."""
    asked: list[Question] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(4)
        listener.settimeout(10)

        def serve() -> None:
            for answer in answers:
                stream, _ = listener.accept()
                with stream, stream.makefile("rb") as lines:
                    asked.append(msgspec.json.decode(lines.readline(), type=Question))
                    stream.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield asked
        thread.join(10)


def said(result: Any = None, error: str | None = None) -> bytes:
    return msgspec.json.encode(Answer(result, error)) + b"\n"


def run(path: Path, *words: str) -> int:
    command, bound, _ = app.parse_args([*words, "--socket", str(path)])
    code: int = command(*bound.args, **bound.kwargs)
    return code


COMMANDS: list[tuple[str, str, dict[str, str | int | bool]]] = [
    ("status", "status", {}),
    ("dead-letters list", "dead_letters", {"after": 0, "limit": 50}),
    ("dead-letters list --after 9 --limit 3", "dead_letters", {"after": 9, "limit": 3}),
    ("dead-letters show 7", "dead_letter", {"position": 7, "body": False}),
    ("dead-letters show 7 --body", "dead_letter", {"position": 7, "body": True}),
    ("dead-letters replay 7", "replay", {"position": 7}),
    ("dead-letters drop 7", "drop", {"position": 7}),
    ("unknown list", "unknown", {"after": 0, "limit": 50}),
    ("unknown settle eff_a resend", "settle", {"effect": "eff_a", "outcome": "resend"}),
    ("release cnv_a", "release", {"actor": "cnv_a"}),
    ("pause starts", "pause", {"what": "starts"}),
    ("resume sends", "resume", {"what": "sends"}),
]


@pytest.mark.parametrize(("words", "command", "arguments"), COMMANDS)
def test_each_command_asks_for_itself_and_a_refusal_is_exit_code_1(
    tmp_path: Path,
    capsys: Capture,
    words: str,
    command: str,
    arguments: dict[str, str | int | bool],
) -> None:
    path = tmp_path / "s"
    with answering(path, said(error="no such thing")) as asked:
        assert run(path, *words.split()) == 1
    assert asked == [Question(command, arguments)]
    assert capsys.readouterr() == ("", "no such thing\n")


def test_rows_are_a_line_each_and_times_are_dates(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "s"
    with answering(path, said([LETTER, {**LETTER, "position": 8}]), said([])):
        assert run(path, "dead-letters", "list") == 0
        assert run(path, "dead-letters", "list") == 0
    assert capsys.readouterr().out.splitlines() == [
        "position=7  message=CustomerWrote  message_id=whatsapp:x  "
        "dead_at_ms=2027-01-15T08:00:00Z  error=ValueError",
        "position=8  message=CustomerWrote  message_id=whatsapp:x  "
        "dead_at_ms=2027-01-15T08:00:00Z  error=ValueError",
        "none",
    ]


def test_fields_are_a_line_each(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "s"
    with answering(path, said({"position": 7, "actor": None, "error": "x"})):
        assert run(path, "dead-letters", "show", "7") == 0
    assert capsys.readouterr().out == "position         7\nerror            x\n"


def test_status_in_words(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "s"
    result = {"up_s": 5, "paused": [], "actors": {"active": 2, "finished": 1}, "calls": {}}
    with answering(path, said(result), said({"paused": ["starts", "sends"]})):
        assert run(path, "status") == 0
        assert run(path, "status") == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["up", "5 s"],
        ["paused", "nothing"],
        ["actors", "active 2, finished 1"],
        ["calls", "none"],
        ["paused", "starts, sends"],
    ]


def test_json_is_the_answer_as_it_is(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "s"
    with answering(path, said([LETTER]), said(error="no")):
        assert run(path, "dead-letters", "list", "--json") == 0
        assert run(path, "dead-letters", "list", "--json") == 1
    out, err = capsys.readouterr()
    assert msgspec.json.decode(out) == [LETTER]
    assert err == "no\n"


def test_what_customers_wrote_does_not_command_the_terminal(
    tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "s"
    body = "\x1b[2J \x9b31m \u202e [red]a[/] :smile: ¿qué? 😀\n"
    with answering(path, said({"body": body})):
        assert run(path, "dead-letters", "show", "7", "--body") == 0
    shown = capsys.readouterr().out.removeprefix("body".ljust(17))
    assert shown == "\\x1b[2J \\x9b31m \\u202e [red]a[/] :smile: ¿qué? 😀\\n\n"


def test_one_line_answers_and_long_ones_are_not_wrapped(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "s"
    with answering(path, said("word " * 60)):
        assert run(path, "release", "cnv_a") == 0
    assert capsys.readouterr().out == "word " * 60 + "\n"


# --- nobody there -------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [b"", b"half a", b'{"result": "\xff"}\n', b"[]\n"])
def test_an_answer_that_is_none_is_exit_code_69(
    tmp_path: Path, capsys: Capture, answer: bytes
) -> None:
    path = tmp_path / "s"
    with answering(path, answer):
        assert run(path, "status") == 69
    assert capsys.readouterr().err.startswith(f"no answer from a daemon at {path}: ")


def test_no_daemon_is_exit_code_69(tmp_path: Path, capsys: Capture) -> None:
    assert run(tmp_path / "none", "status") == 69
    with socket.socket(socket.AF_UNIX) as left_by_a_killed_daemon:
        left_by_a_killed_daemon.bind(str(tmp_path / "stale"))
    assert run(tmp_path / "stale", "status") == 69
    assert run(tmp_path, "status") == 69
    assert capsys.readouterr().out == ""


def test_a_daemon_that_hangs_up_before_it_has_heard_is_exit_code_69(
    tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(1)

        def hang_up() -> None:
            stream, _ = listener.accept()
            stream.recv(1)
            stream.close()  # with most of the question unread: the other side meets a reset

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        assert run(path, "release", "x" * 500_000) == 69
        thread.join(10)
    assert "no answer from a daemon" in capsys.readouterr().err


# --- where the socket is ------------------------------------------------------------------------


def test_the_socket_is_taken_from_the_configuration(tmp_path: Path, capsys: Capture) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[admin]\nsocket = "s"\n')
    with answering(tmp_path / "s", said("fine")):
        command, bound, _ = app.parse_args(["release", "cnv_a", "--config", str(config)])
        assert command(*bound.args, **bound.kwargs) == 0
    config.write_text("")
    command, bound, _ = app.parse_args(["status", "--config", str(config)])
    assert command(*bound.args, **bound.kwargs) == 69
    assert "/run/routerbot/admin.sock" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot be read: No such file or directory\n"),
        ("[admin", "is not TOML: "),
        ("admin = 5", "admin.socket must be a path"),
        ("[admin]\nsocket = 5", "admin.socket must be a path"),
        ("[admin]\nsocket = ['a']", "admin.socket must be a path"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_exit_code_78(
    tmp_path: Path, capsys: Capture, text: str | None, told: str
) -> None:
    config = tmp_path / "c.toml"
    if text is not None:
        config.write_text(text)
    command, bound, _ = app.parse_args(["status", "--config", str(config)])
    with pytest.raises(SystemExit) as ended:
        command(*bound.args, **bound.kwargs)
    assert ended.value.code == 78
    assert f"{config}: {told}" in capsys.readouterr().err
