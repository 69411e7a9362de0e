"""The command `sandbox`: the chat, the scripts, or just running.

What lives here: setting the stage for each mode and what is printed. What must not: the stage, the
player and the chat themselves.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import trio
from rich.console import Console

from actors.flow.formats import spoken
from actors.flow.reader import read_flow
from adapters.sandbox.configuration import TIME_ZONE
from daemon.clock import wall_ms
from daemon.sandbox.chat import Chat
from daemon.sandbox.process import DaemonFailed
from daemon.sandbox.recording import Recording
from daemon.sandbox.stage import Stage, open_stage
from daemon.scripts.format import Script, ScriptFault, read_script
from daemon.scripts.needs import unspoken
from daemon.scripts.player import ChatLine, Failure, Played, Player
from daemon.scripts.showing import show_failure, show_line
from daemon.scripts.stage import NotAtRest
from daemon.service import leaves_of
from daemon.shipped import shipped_flow, shipped_scripts

CHAT_SCALE = 0.12
"""A restart takes some twelve seconds in the chat instead of a hundred."""
_DAYTIME = range(9, 18)
_CHAT_LIMITS = "progress_spacing_s = 1\n"
_USUAL = "en"
EXIT_USAGE = 2


class Refused(Exception):
    """An option cannot be followed; the message says why, and what would do."""


def run_sandbox(
    mode: str,
    scripts: Sequence[Path],
    keep: Path | None,
    language: str | None = None,
    flow: Path | None = None,
    record: Path | None = None,
) -> int:
    """Run a mode (`chat`, `script`, `serve`); the exit code. `record`: for the chat alone.

    Without a `language` it is English, or the flow's first where it does not speak that.
    """
    console = Console(highlight=False, soft_wrap=True)
    # Database, log and clock hold customers' words and keys; the daemon inherits this.
    umask = os.umask(0o077)
    try:
        if record is not None and mode != "chat":
            raise Refused("--record: only a chat is written down; add --chat")
        return _run(mode, scripts, keep, language, flow, console, record)
    except Refused as refusal:
        console.print(str(refusal), style="red", markup=False)
        return EXIT_USAGE
    finally:
        os.umask(umask)


def _run(
    mode: str,
    scripts: Sequence[Path],
    keep: Path | None,
    wanted: str | None,
    flow: Path | None,
    console: Console,
    record: Path | None,
) -> int:
    language = wanted or _usual_language(flow)
    if mode != "script" and (problem := _unspoken(language, flow)):
        raise Refused(f"--language: {problem}")
    if keep is not None:
        _close(keep)
    try:
        match mode:
            case "chat":
                recording = _recording(record, language)
                with _folder(keep) as folder:
                    trio.run(_chat, folder, language, flow, console, recording)
                if record is not None:
                    console.print(f"Written down: {record}", markup=False)
                return 0
            case "script":
                return _play_all(scripts or shipped_scripts(), keep, flow, console)
            case _:
                with _folder(keep) as folder:
                    trio.run(_serve, folder, language, flow, console)
                return 0
    except KeyboardInterrupt:
        return 0
    except BaseExceptionGroup as group:
        return _explain(list(leaves_of(group)), group, console)


def _explain(
    errors: list[BaseException], group: BaseExceptionGroup[BaseException], console: Console
) -> int:
    if all(isinstance(error, KeyboardInterrupt) for error in errors):
        return 0
    for error in errors:
        if not isinstance(error, DaemonFailed | NotAtRest):
            raise group
        console.print(str(error), style="red", markup=False)
    return 1


def _unspoken(language: str, flow: Path | None) -> str | None:
    """What is wrong with a language."""
    languages = _languages(flow)
    return unspoken(language, languages) if languages else None


def _languages(flow: Path | None) -> tuple[str, ...]:
    """What a flow speaks; none of one with faults, which is the daemon's to complain of."""
    try:
        found = read_flow((flow or shipped_flow()).read_bytes())
    except OSError as error:
        raise Refused(f"--flow: {flow}: cannot be read: {error.strerror}") from error
    return () if isinstance(found, list) else found.flow.languages


def _usual_language(flow: Path | None) -> str:
    languages = _languages(flow)
    return languages[0] if languages and spoken(_USUAL, languages) is None else _USUAL


def _close(keep: Path) -> None:
    """Make the folder to keep, private. One that others may enter is not ours to close."""
    try:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"--keep: {keep}: cannot be made: {error.strerror}") from error
    if stat.S_IMODE(keep.stat().st_mode) & 0o077:
        raise Refused(
            f"--keep: {keep} is open to others, and messages and keys would lie in it: "
            "name a new folder, or chmod 700 this one"
        )


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """A private folder, thrown away at the end unless it is to be kept."""
    if keep is not None:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield keep.absolute()
        return
    folder = Path(tempfile.mkdtemp(prefix="routerbot-sandbox-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# --- scripts ------------------------------------------------------------------------------------


def _play_all(paths: Sequence[Path], keep: Path | None, flow: Path | None, console: Console) -> int:
    failed: list[str] = []
    for path in paths:
        try:
            script = read_script(path)
        except ScriptFault as fault:
            console.print(str(fault), style="red", markup=False)
            failed.append(str(path))
            continue
        console.print(f"\n{script.title}  ({script.name})", style="bold", markup=False)
        folder = keep / script.name if keep is not None else None
        problem = _unspoken(script.language, flow)
        failure = Failure(0, problem) if problem is not None else None
        if failure is None:
            failure = play_script(script, folder, partial(show_line, console), flow).failure
        if failure is None:
            console.print("as expected", style="green")
        else:
            show_failure(console, (), failure, str(path))
            failed.append(script.name)
    count = len(paths)
    console.print(f"\n{count - len(failed)} of {count} conversations went as expected.")
    for name in failed:
        console.print(f"  not: {name}", style="red", markup=False)
    return 1 if failed else 0


def play_script(
    script: Script,
    keep: Path | None,
    tell: Callable[[ChatLine], None],
    flow: Path | None = None,
) -> Played:
    """Play one script on a stage of its own."""
    with _folder(keep) as folder:
        try:
            return trio.run(_play, script, folder, tell, flow)
        except BaseExceptionGroup as group:
            for error in leaves_of(group):
                if isinstance(error, DaemonFailed | NotAtRest):
                    return Played((), Failure(0, str(error)))
            raise


async def _play(
    script: Script, folder: Path, tell: Callable[[ChatLine], None], flow: Path | None
) -> Played:
    async with open_stage(
        folder,
        frozen=True,
        language=script.language,
        flow_file=flow,
        begins_ms=script.begins_ms,
    ) as stage:
        return await Player(stage, script, tell).play()


# --- the others ---------------------------------------------------------------------------------


def _recording(path: Path | None, language: str) -> Recording | None:
    if path is None:
        return None
    try:
        return Recording(path, language)
    except OSError as error:
        raise Refused(f"--record: {path}: cannot be begun: {error.strerror}") from error


async def _chat(
    folder: Path,
    language: str,
    flow: Path | None,
    console: Console,
    recording: Recording | None,
) -> None:
    console.print("Starting the daemon and its simulated world ...", style="dim")
    # A recording is played by a clock that stands still, with jobs that take their full time.
    frozen = recording is not None
    async with open_stage(
        folder,
        frozen=frozen,
        language=language,
        scale=1.0 if frozen else CHAT_SCALE,
        limits="" if frozen else _CHAT_LIMITS,
        flow_file=flow,
        ahead_ms=daytime_ms(wall_ms()),
    ) as stage:
        await Chat(stage, console, recording, shipped=flow is None).run()


def daytime_ms(now_ms: int) -> int:
    """How far ahead of real time a sandbox begins: whoever tries it at night finds people at work.

    Its flow's clocks are those of Lima; 0 where it is day there.
    """
    there = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(TIME_ZONE))
    if there.hour in _DAYTIME:
        return 0
    ahead_h = (_DAYTIME.start - there.hour) % 24
    return ahead_h * 3_600_000


async def _serve(folder: Path, language: str, flow: Path | None, console: Console) -> None:
    async with open_stage(
        folder,
        frozen=False,
        language=language,
        scale=CHAT_SCALE,
        limits=_CHAT_LIMITS,
        flow_file=flow,
        ahead_ms=daytime_ms(wall_ms()),
    ) as stage:
        _introduce(stage, console)
        await trio.sleep_forever()


def _introduce(stage: Stage, console: Console) -> None:
    world = stage.world
    console.print("The sandbox runs until it is interrupted (Ctrl-C).")
    console.print(f"  configuration  {stage.folder / 'routerbot.toml'}")
    console.print(f"  log            {stage.daemon.log}")
    for name, server in (
        ("WhatsApp", world.whatsapp.server),
        ("provider", world.telco.server),
        ("CRM", world.services.server),
        ("Genesys", world.genesys.server),
    ):
        console.print(f"  {name:<14} {server.url}")
    console.print("Try `routerbot sandbox --chat` for a conversation in the terminal.")
