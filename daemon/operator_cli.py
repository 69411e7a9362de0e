"""The operator's commands at the terminal: asking the running daemon and printing its answers.

What lives here: `status`, `dead-letters`, `unknown`, `release`, `pause`, `resume`, and asking for
`replay`. What must not: carrying them out (`operator`, `replay`).
"""

from __future__ import annotations

import sys
import tomllib
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import trio
from cyclopts import App, Parameter
from rich.console import Console

from daemon.config_model import Admin
from daemon.log_lines import plain
from daemon.terminal import complain, tell

if TYPE_CHECKING:
    from daemon.operator import Answer, Question

EXIT_REFUSED = 1
EXIT_NO_DAEMON = 69
EXIT_CONFIG = 78
_DEADLINE_S = 35.0

SocketPath = Annotated[
    Path | None, Parameter(name="--socket", help="The daemon's admin socket.", show_default=False)
]
ConfigFile = Annotated[
    Path | None, Parameter(name="--config", help="Take the socket from this configuration.")
]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print the answer as JSON.")]

dead_letters_app = App(name="dead-letters", help="Messages that were set aside.")
unknown_app = App(name="unknown", help="Messages of which nobody knows whether they arrived.")


def register(app: App) -> None:
    """Add the operator's commands to the command line."""
    app.command(status)
    app.command(dead_letters_app)
    app.command(unknown_app)
    app.command(release)
    app.command(pause)
    app.command(resume)
    app.command(replay_conversation, name="replay")


def status(*, socket: SocketPath = None, config: ConfigFile = None, json: AsJson = False) -> int:
    """How the running daemon is."""
    return _ask("status", {}, socket, config, _print_status, json=json)


@dead_letters_app.command(name="list")
def list_dead_letters(
    *,
    after: int = 0,
    limit: int = 50,
    socket: SocketPath = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> int:
    """The dead letters beyond a position, oldest first."""
    arguments: dict[str, str | int | bool] = {"after": after, "limit": limit}
    return _ask("dead_letters", arguments, socket, config, _print_rows, json=json)


@dead_letters_app.command
def show(
    position: int,
    /,
    *,
    body: Annotated[bool, Parameter(negative="", help="Its content too: personal data.")] = False,
    socket: SocketPath = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> int:
    """One dead letter."""
    arguments: dict[str, str | int | bool] = {"position": position, "body": body}
    return _ask("dead_letter", arguments, socket, config, _print_fields, json=json)


@dead_letters_app.command
def replay(position: int, /, *, socket: SocketPath = None, config: ConfigFile = None) -> int:
    """Let its actor hear it again; a tap that is old by now starts nothing."""
    return _ask("replay", {"position": position}, socket, config, _print_line)


@dead_letters_app.command
def drop(position: int, /, *, socket: SocketPath = None, config: ConfigFile = None) -> int:
    """Forget it for good."""
    return _ask("drop", {"position": position}, socket, config, _print_line)


@unknown_app.command(name="list")
def list_unknown(
    *,
    after: int = 0,
    limit: int = 50,
    socket: SocketPath = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> int:
    """Calls of unknown fate, oldest first."""
    arguments: dict[str, str | int | bool] = {"after": after, "limit": limit}
    return _ask("unknown", arguments, socket, config, _print_rows, json=json)


@unknown_app.command
def settle(
    effect: str,
    outcome: Literal["delivered", "dropped", "resend"],
    /,
    *,
    socket: SocketPath = None,
    config: ConfigFile = None,
) -> int:
    """Say what became of a call, or have it sent once more."""
    arguments: dict[str, str | int | bool] = {"effect": effect, "outcome": outcome}
    return _ask("settle", arguments, socket, config, _print_line)


def release(actor: str, /, *, socket: SocketPath = None, config: ConfigFile = None) -> int:
    """Let a quarantined actor decide for itself again."""
    return _ask("release", {"actor": actor}, socket, config, _print_line)


def pause(
    what: Literal["starts", "sends"], /, *, socket: SocketPath = None, config: ConfigFile = None
) -> int:
    """Hold back starts of jobs, or messages to customers; until `resume`, also over restarts."""
    return _ask("pause", {"what": what}, socket, config, _print_line)


def resume(
    what: Literal["starts", "sends"], /, *, socket: SocketPath = None, config: ConfigFile = None
) -> int:
    """Let go on what was paused."""
    return _ask("resume", {"what": what}, socket, config, _print_line)


def replay_conversation(
    conversation: str,
    /,
    *,
    out: Annotated[Path, Parameter(help="The folder for the two files.")] = Path(),
    since: Annotated[
        str | None,
        Parameter(help="Begin where it last began anew before this time (UTC)."),
    ] = None,
    socket: SocketPath = None,
    config: ConfigFile = None,
) -> int:
    """Write what happened in a conversation as a conversation file, with its flow beside it.

    Numbers, names and free texts are left out. Then: `routerbot flow test FLOW FILE`.
    """
    from daemon.replay.command import run_replay

    path = socket or _socket_of(config)
    try:
        return run_replay(conversation, out, since, partial(_asked, path))
    except _Failed as failed:
        complain(str(failed))
        return failed.code


# --- asking -------------------------------------------------------------------------------------


class _Failed(Exception):
    """There is no result; the message says why, `code` is how the command exits."""

    def __init__(self, why: str, code: int) -> None:
        super().__init__(why)
        self.code = code


def _asked(path: Path, command: str, arguments: dict[str, str | int | bool]) -> Any:
    """What the daemon at a socket answers. Raises _Failed."""
    # Only now: with it comes the daemon, which no other command should wait for.
    from daemon.operator import Question

    try:
        answer = trio.run(_converse, path, Question(command, arguments))
    except (OSError, trio.BrokenResourceError, trio.TooSlowError, ValueError) as error:
        why = f"no answer from a daemon at {path}: {str(error) or type(error).__name__}"
        raise _Failed(why, EXIT_NO_DAEMON) from error
    if answer.error is not None:
        raise _Failed(answer.error, EXIT_REFUSED)
    return answer.result


def _ask(
    command: str,
    arguments: dict[str, str | int | bool],
    socket: Path | None,
    config: Path | None,
    show_result: Any,
    *,
    json: bool = False,
) -> int:
    try:
        result = _asked(socket or _socket_of(config), command, arguments)
    except _Failed as failed:
        complain(str(failed))
        return failed.code
    if json:
        tell(msgspec.json.encode(result).decode())
    else:
        show_result(result, Console(highlight=False, soft_wrap=True, markup=False, emoji=False))
    return 0


def _socket_of(config: Path | None) -> Path:
    if config is None:
        return Admin().socket
    try:
        admin = tomllib.loads(config.read_text(encoding="utf-8")).get("admin", {})
        named = admin.get("socket", str(Admin().socket))
        return config.parent / Path(named)
    except OSError as error:
        complain(f"{config}: cannot be read: {error.strerror}")
    except ValueError as error:
        complain(f"{config}: is not TOML: {error}")
    except (AttributeError, TypeError):
        complain(f"{config}: admin.socket must be a path")
    sys.exit(EXIT_CONFIG)


async def _converse(path: Path, question: Question) -> Answer:
    from daemon.operator import Answer

    with trio.fail_after(_DEADLINE_S):
        stream = await trio.open_unix_socket(str(path))
        async with stream:
            await stream.send_all(msgspec.json.encode(question) + b"\n")
            data = b""
            async for chunk in stream:
                data += chunk
    return msgspec.json.decode(data, type=Answer)


# --- printing -----------------------------------------------------------------------------------


def _print_line(result: Any, console: Console) -> None:
    console.print(plain(str(result)))


def _print_fields(result: dict[str, Any], console: Console) -> None:
    for name, value in result.items():
        if value is not None:
            console.print(f"{name:<16} {_value(name, value)}")


def _print_status(result: dict[str, Any], console: Console) -> None:
    for name, value in result.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {count}" for key, count in value.items()) or "none"
        elif isinstance(value, list):
            value = ", ".join(value) or "nothing"
        if name.endswith("_s"):
            name, value = name.removesuffix("_s"), f"{value} s"
        console.print(f"{name.replace('_', ' '):<24} {value}")


def _print_rows(result: list[dict[str, Any]], console: Console) -> None:
    if not result:
        console.print("none")
    for row in result:
        told = [f"{name}={_value(name, value)}" for name, value in row.items() if value is not None]
        console.print("  ".join(told))


def _value(name: str, value: Any) -> str:
    if name.endswith("_ms") and isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    # Customers' words may be among it.
    return plain(str(value))
