"""The command `replay`: asks the daemon, writes the file and its flow, and tries it.

What lives here: the two files, what is printed, the exit code (0 it goes as it went, 1 it does not,
2 a wrong option). What must not: what stands in the file (`scripting`).
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import yaml
from rich.console import Console

from actors.flow.model import Flow
from actors.flow.reader import FlowSource, encode_flow, read_flow
from daemon.flowtest.rehearsal import rehearse
from daemon.replay.scripting import script_of
from daemon.replay.story import Ask, NoStory, Story, gather
from daemon.scripts.format import read_script, time_ms
from daemon.scripts.showing import show_failure

EXIT_OTHERWISE = 1
EXIT_USAGE = 2


def run_replay(
    conversation: str, out: Path, since: str | None, ask: Ask, console: Console | None = None
) -> int:
    """Write what happened, and try it; the exit code. Raises what `ask` raises."""
    console = console or Console(highlight=False, soft_wrap=True)
    try:
        since_ms = None if since is None else time_ms(since)
    except ValueError:
        told = f"--since: not a time: {since!r}; write for example 2026-06-01T03:00"
        console.print(told, style="red", markup=False)
        return EXIT_USAGE
    try:
        story = gather(conversation, ask)
        text = "\n".join(script_of(story, since_ms=since_ms)) + "\n"
    except NoStory as nothing:
        console.print(str(nothing), style="red", markup=False)
        return EXIT_OTHERWISE
    script = out / f"{conversation}.chat"
    flow = out / f"{story.flow_version}.yaml"
    try:
        _write(script, text)
        if not flow.exists():
            _write(flow, flow_file(story))
    except OSError as error:
        told = f"--out: {error.filename}: cannot be written: {error.strerror}"
        console.print(told, style="red", markup=False)
        return EXIT_USAGE
    console.print(f"{script}\n{flow}", markup=False)
    return _try(script, flow, console)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)


def flow_file(story: Story) -> str:
    """The version of the flow that the conversation was in, as a flow file."""
    document = msgspec.to_builtins(story.flow)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    if _means(text, story.flow):
        return text
    # YAML knows more kinds of plain words than a flow file; JSON is a flow file too.
    return encode_flow(story.flow).decode()


def _means(text: str, flow: Flow) -> bool:
    found = read_flow(text.encode())
    return isinstance(found, FlowSource) and found.flow == flow


def _try(script: Path, flow: Path, console: Console) -> int:
    source = read_flow(flow.read_bytes())
    if isinstance(source, list):
        console.print(f"{flow}:{source[0]}", style="red", markup=False)
        return EXIT_OTHERWISE
    rehearsal = rehearse(source, read_script(script))
    if rehearsal.failure is None:
        console.print("It goes as it went. Now write what should have come instead:")
        console.print(f"  routerbot flow test {flow} {script}", markup=False)
        return 0
    console.print("It goes otherwise than it went; change it by hand:", style="yellow")
    show_failure(console, rehearsal.lines, rehearsal.failure, str(script))
    return EXIT_OTHERWISE
