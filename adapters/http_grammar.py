"""What may stand in a header, whoever writes it.

What lives here: that grammar (RFC 9110, 5.5 and 5.6.2). What must not: parsing, the meaning of any
header. A line break in a value would be a header of somebody else's.
"""

from __future__ import annotations

import re

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""A method, or the name of a header."""
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


def header_line(name: bytes, value: bytes) -> bytes:
    """The line of a header, with its end. Raises ValueError where it would not be one."""
    if not TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
        raise ValueError("a header that cannot be sent")
    return b"%b: %b\r\n" % (name, value)


def request_line(method: bytes, target: bytes) -> bytes:
    """The first line of a request, with its end. Raises ValueError where it would not be one."""
    if not TOKEN.fullmatch(method) or b" " in target or not _VALUE.fullmatch(target):
        raise ValueError("a method or an address that cannot be sent")
    return b"%b %b HTTP/1.1\r\n" % (method, target)
