"""The commands `flow ...`: what can be done with a flow file without a daemon.

What lives here: their options and help. What must not: what they do (`flow_check`, `flow_example`,
`flow_schema`, `flow_show`, `flowtest`).
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

app = App(name="flow", help="The flow file: menus, texts, policies.")


@app.command
def check(
    file: Annotated[Path, Parameter(help="The flow file.")],
    /,
    *,
    config: Annotated[
        Path | None, Parameter(help="Look whether its services and providers are in this one.")
    ] = None,
    strict: Annotated[bool, Parameter(help="Warnings count as errors.", negative="")] = False,
    notes: Annotated[
        bool, Parameter(help="Tell what is worth knowing as well.", negative="")
    ] = False,
    as_json: Annotated[bool, Parameter("--json", help="For programs.", negative="")] = False,
) -> int:
    """Find every fault of a flow file, with its place and what to do: exit 78 for errors.

    The code of a fault, such as E201, is explained on the page flow-check.md of routerbot's docs.
    """
    from daemon.flow_check import Options, run_check

    # What is made from here on lives to the end: looking for what does not costs a tenth.
    gc.disable()
    return run_check(Options(file, config, strict, notes, as_json), sys.stdout)


@app.command
def schema() -> int:
    """Print the JSON Schema of the flow file, for editors."""
    from daemon.shipped import shipped_schema

    sys.stdout.write(shipped_schema().read_text(encoding="utf-8"))
    return 0


@app.command
def example(
    name: Annotated[
        str | None, Parameter(help="Which one; none: list them.", show_default=False)
    ] = None,
    /,
    *,
    out: Annotated[
        Path | None,
        Parameter(help="Lay it into this folder, with conversations that try it and the schema."),
    ] = None,
) -> int:
    """Print a flow to begin with.

    `routerbot flow example first --out DIR` lays the smallest into a folder, and
    `routerbot sandbox --chat --flow DIR/flow.yaml` talks to it. The page tutorial-flow.md of
    routerbot's docs goes on from there.
    """
    from daemon.flow_example import run_example

    return run_example(name, out, sys.stdout)


@app.command(name="test")
def run_conversations(
    flow: Annotated[
        Path | None, Parameter(help="The flow file; none: the shipped one.", show_default=False)
    ] = None,
    scripts: Annotated[
        list[Path] | None,
        Parameter(help="Conversation files; none: all *.chat beside the flow and in scripts/."),
    ] = None,
    /,
    *,
    coverage: Annotated[bool, Parameter(help="Show what no conversation went through.")] = False,
) -> int:
    """Play conversation files against a flow, on the pure core: milliseconds for each.

    `routerbot flow example first --out DIR` lays some into a folder to learn from,
    `routerbot sandbox --chat --record FILE` writes one of what you do, and the page
    conversations.md of routerbot's docs has every line. Exit 1 where one did not go as expected.
    """
    from daemon.flowtest.command import run_flow_test

    return run_flow_test(flow, scripts or [], coverage=coverage)


@app.command
def show(
    file: Annotated[Path, Parameter(help="The flow file.")],
    /,
    *,
    format: Annotated[
        Literal["svg", "mermaid"],
        Parameter(help="A picture for people, or a flowchart for documents."),
    ] = "svg",
    out: Annotated[Path | None, Parameter(help="Write it here; none: the output.")] = None,
    language: Annotated[
        str | None, Parameter(help="The language of the texts; none: the flow's first.")
    ] = None,
    subflow: Annotated[str | None, Parameter(help="Only this sub-flow.")] = None,
    around: Annotated[str | None, Parameter(help="Only this step and what is near it.")] = None,
    depth: Annotated[int, Parameter(help="With --around: how many ways far.")] = 2,
) -> int:
    """Draw a flow file: every step with its text, and where each of its ways leads.

    A flow with faults is drawn with its faults marked, as far as it can be made out: exit 78.
    """
    from daemon.flow_show.command import run_show
    from daemon.flow_show.picture import Wanted

    return run_show(file, out, Wanted(format, language, subflow, around, depth))
