"""The command `flow example`: a flow to begin with, printed or laid into a folder.

What lives here: which files are written, and that none is written over. What must not: the examples
(`daemon.shipped`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from daemon.shipped import Example, examples, shipped_schema
from daemon.terminal import complain

EXIT_USAGE = 2


def run_example(name: str | None, folder: Path | None, out: TextIO) -> int:
    """The command; the exit code. Blocks on files."""
    if name is None:
        width = max(len(each.name) for each in examples())
        out.writelines(f"{each.name:<{width}}  {each.what}\n" for each in examples())
        return 0
    example = next((each for each in examples() if each.name == name), None)
    if example is None:
        known = ", ".join(each.name for each in examples())
        return _refused(f"there is no example {name!r}; there are {known}")
    if folder is None:
        out.write(example.flow.read_text(encoding="utf-8"))
        return 0
    return _lay(example, folder, out)


def _lay(example: Example, folder: Path, out: TextIO) -> int:
    files = {
        folder / "flow.yaml": example.flow,
        folder / "flow.schema.json": shipped_schema(),
        **{folder / script.name: script for script in example.scripts},
    }
    there = [path for path in files if path.exists()]
    if there:
        return _refused(f"{there[0]} is there already, and nothing was written")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, source in files.items():
            with path.open("x", encoding="utf-8") as file:
                file.write(source.read_text(encoding="utf-8"))
    except OSError as error:
        return _refused(f"{error.filename}: cannot be written: {error.strerror}")
    out.writelines(f"{path}\n" for path in files)
    return 0


def _refused(what: str) -> int:
    complain(what)
    return EXIT_USAGE
