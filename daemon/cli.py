"""The command line.

What lives here: commands, their help, exit codes. What must not: what they do. Exit codes:
0 fine, 1 an expectation failed, 2 a wrong option, 69 an address or the database cannot be used,
70 a bug, 74 the disk failed, 78 the configuration is at fault.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from daemon import flow_cli
from daemon.operator_cli import register

app = App(
    name="routerbot",
    help="Restart and update routers by WhatsApp, with a person at hand.",
    version=lambda: version("routerbot"),
    version_flags=["--version"],
    # No flags that nobody asked for, such as --no-chat or --empty-scripts.
    default_parameter=Parameter(negative=()),
)
app.command(flow_cli.app)
register(app)

ConfigPath = Annotated[Path, Parameter(name="--config", help="The configuration, a TOML file.")]


@app.command
def run(*, config: ConfigPath) -> int:
    """Run the service until SIGTERM."""
    from daemon.service import run_service

    return run_service(config)


@app.command
def check(*, config: ConfigPath) -> int:
    """Check configuration, secrets and flow: exit 78 and one line a fault."""
    from daemon.service import check_service

    return check_service(config)


@app.command
def sandbox(
    scripts: Annotated[
        list[Path] | None,
        Parameter(help="With --script: the conversation files; none: the shipped ones."),
    ] = None,
    /,
    *,
    chat: Annotated[bool, Parameter(help="A chat in the terminal.")] = False,
    script: Annotated[bool, Parameter(help="Play conversation files and check them.")] = False,
    keep: Annotated[
        Path | None,
        Parameter(help="Keep database, configuration and logs in this folder, closed to others."),
    ] = None,
    language: Annotated[
        str | None,
        Parameter(
            help="The bot's language; none: en, or the flow's first. Conversation files name "
            "theirs."
        ),
    ] = None,
    flow: Annotated[
        Path | None, Parameter(help="A flow file of your own instead of the shipped one.")
    ] = None,
    record: Annotated[
        Path | None, Parameter(help="With --chat: write it down as a conversation file.")
    ] = None,
) -> int:
    """Run the real daemon against a simulated WhatsApp, provider, CRM and Genesys.

    On a terminal it opens the chat; elsewhere it runs until it is interrupted. Conversation files
    are those of `routerbot flow test`. Exit 1 where one did not go as expected.
    """
    from daemon.sandbox.command import run_sandbox

    if script or scripts:
        mode = "script"
    elif chat or record is not None or sys.stdin.isatty():
        mode = "chat"
    else:
        mode = "serve"
    return run_sandbox(mode, scripts or [], keep, language, flow, record)


@app.command
def logs(
    file: Annotated[Path | None, Parameter(help="A file of log lines; none: the input.")] = None,
    *,
    conversation: Annotated[str | None, Parameter(help="Only this, and who worked for it.")] = None,
    job: Annotated[str | None, Parameter(help="Only this job.")] = None,
    actor: Annotated[str | None, Parameter(help="Only this actor.")] = None,
    level: Annotated[
        Literal["info", "warning", "error", "critical"] | None, Parameter(help="This and above.")
    ] = None,
    event: Annotated[
        list[str] | None, Parameter(help="Only this event; repeatable.", negative="")
    ] = None,
    alarms: Annotated[bool, Parameter(help="Only alarms.", negative="")] = False,
    cause: Annotated[
        str | None, Parameter(help="All that led to a message or effect, and all it led to.")
    ] = None,
    as_json: Annotated[bool, Parameter("--json", help="Lines unchanged.", negative="")] = False,
    no_colour: Annotated[bool, Parameter(help="No colours.", negative="")] = False,
) -> int:
    """Show JSON log lines to people: `journalctl -u routerbot -o cat -f | routerbot logs`.

    An id may be given by its beginning. Exit 1 where the file cannot be read or an id is not clear.
    """
    from daemon.log_reader import run_logs
    from daemon.log_sieve import Wanted

    wanted = Wanted(
        conversation=conversation,
        job=job,
        actor=actor,
        level=level,
        events=frozenset(event or ()),
        alarms=alarms,
        cause=cause,
    )
    return run_logs(file, wanted, as_json=as_json, colour=not no_colour)


def main() -> None:
    """The entry point of the command `routerbot`."""
    sys.exit(app())
