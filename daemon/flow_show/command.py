"""The command `flow show`: from a file to a picture, and to an exit code.

What lives here: reading, writing, complaints. What must not: drawing (`picture`). A flow with
faults is drawn as far as it can be made out, with its faults marked.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from actors.flow.check import World, errors
from actors.flow.faults import FlowFault
from daemon.flow_check import EXIT_CONFIG, EXIT_USAGE, line_of, look, today
from daemon.flow_show.picture import Wanted, draw
from daemon.terminal import complain


def run_show(file: Path, out: Path | None, wanted: Wanted) -> int:
    """Draw a flow file. Exit 2 where something is asked for that is not there, 78 for a flow at
    fault, which is drawn all the same if it can be made out. Blocks on the files."""
    try:
        data = file.read_bytes()
    except OSError as error:
        return _refused(f"{file}: cannot be read: {error.strerror}")
    source, faults = look(data, World(today()))
    wrong = errors(faults)
    if source is None:
        return _tell(file, wrong)
    picture = draw(source.flow, wanted, wrong)
    if isinstance(picture, str):
        return _refused(picture)
    if picture.warning is not None:
        complain(f"{file}: {picture.warning}")
    try:
        if out is not None:
            out.write_bytes(picture.text.encode())
        else:
            sys.stdout.buffer.write(picture.text.encode())
            sys.stdout.buffer.flush()
    except OSError as error:
        return _refused(f"{out or 'the output'}: cannot be written: {error.strerror}")
    return _tell(file, wrong)


def _tell(file: Path, wrong: Sequence[FlowFault]) -> int:
    for fault in wrong:
        complain(line_of(file, fault))
    return EXIT_CONFIG if wrong else 0


def _refused(what: str) -> int:
    complain(what)
    return EXIT_USAGE
