"""Regular expressions of flow files.

What lives here: the way to RE2 (https://github.com/google/re2). What must not: Python's own engine,
which a pattern such as `(a+)+` and a customer's long answer could keep busy for years.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol, cast

import re2

_PATTERNS_MAX = 5000
_PATTERN_CHARACTERS_MAX = 500


class _Pattern(Protocol):
    def fullmatch(self, text: str) -> object | None: ...


def fits(pattern: str, text: str) -> bool:
    """Whether a whole text fits a pattern; nothing fits what is no pattern."""
    compiled = _compiled(pattern)
    try:
        return not isinstance(compiled, str) and compiled.fullmatch(text) is not None
    except UnicodeEncodeError:  # half a character
        return False


def fault_of(pattern: str) -> str | None:
    """What is wrong with a pattern."""
    compiled = _compiled(pattern)
    return compiled if isinstance(compiled, str) else None


@lru_cache(_PATTERNS_MAX)
def _compiled(pattern: str) -> _Pattern | str:
    if len(pattern) > _PATTERN_CHARACTERS_MAX:
        return f"more than {_PATTERN_CHARACTERS_MAX} characters"
    options = re2.Options()
    options.log_errors = False
    try:
        return cast("_Pattern", re2.compile(pattern, options))
    except UnicodeEncodeError:
        return "holds half a character"
    except re2.error as error:
        said = error.args[0] if error.args else ""
        return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
