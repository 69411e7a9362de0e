"""Lines that commands put on a terminal.

What lives here: a line of an answer, and a complaint. What must not: colours and tables (rich does
those), or the log of the service.
"""

from __future__ import annotations

import sys


def tell(line: str) -> None:
    """Put a line on the output."""
    sys.stdout.write(f"{line}\n")


def complain(line: str) -> None:
    """Put a line on standard error, so that it is seen where the output goes elsewhere."""
    sys.stderr.write(f"{line}\n")
