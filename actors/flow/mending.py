"""What to do about a file that is no YAML, for somebody who never heard of YAML.

What lives here: a hint for each of the parser's words. What must not: parsing (`reader`).
"""

from __future__ import annotations

_QUOTES = "put a text into quotation marks where it holds a comma, a colon, `#` or a brace"
_BLANKS = "keys that belong together stand below each other, with the same blanks in front"

_HINTS = (
    ("expected ',' or '}'", f"Close the brace, or {_QUOTES}"),
    ("expected ',' or ']'", f"Close the bracket, or {_QUOTES}"),
    ("mapping values are not allowed", f"Look at the blanks in front ({_BLANKS}), or {_QUOTES}"),
    ("expected key", f"Look at the blanks in front of this line and the next: {_BLANKS}"),
    ("block entry", f"Look at the blanks in front of this line: {_BLANKS}"),
    ("alphabetic or numeric", "A text that begins with `*` or `&` needs quotation marks"),
    ("undefined alias", "A text that begins with `*` needs quotation marks"),
    ("cannot start any token", "A text that begins with `@` or `%` needs quotation marks"),
    ("unexpected end of stream", "Close the quotation marks, the brace or the bracket"),
    ("could not find expected ':'", "Write a colon and a blank behind the key"),
)


def hint(problem: str, line: str) -> str:
    """What most likely helps; `line` is the one at which the parser gave up."""
    blanks = line[: len(line) - len(line.lstrip())]
    if "\t" in blanks:
        return "Use blanks in front of this line, no tabs"
    return next((do for words, do in _HINTS if words in problem), f"Perhaps {_QUOTES}")
