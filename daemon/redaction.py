"""The last net under the log: takes out what should never have been logged.

What lives here: which keys are dropped, which values are masked, and how an exception is told
without the data that its message may quote. What must not: any reliance on it. Code names
no customer and logs no text in the first place.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from pathlib import PurePath
from typing import Any

_PRIVATE_KEYS = (
    "address alias answer_text api_key authorization body caption content customer_name "
    "display_name email first_name from headers last_name msisdn name number params password "
    "payload phone phone_number profile_name query_string raw recipient secret sender "
    "signature summary text title to token url user_name wa_id words"
)
DROPPED_KEYS = frozenset(_PRIVATE_KEYS.split())
"""Keys that carry personal data or secrets wherever they occur, at any depth."""

_SECRET_KEY = re.compile(r"(^|_)(token|secret|password|authorization|api_key)s?$")
_TELLING_KEYS = frozenset({"detail", "error", "problem", "reason"})
"""Keys whose text vendors or libraries wrote, so that a phone number may stand in it."""
_NUMBER = re.compile(r"(?<!\w)\+?\d(?:[ ().-]{0,2}\d){7,14}(?![\w-])")
_TEXT_MAX = 4000
_ITEMS_MAX = 50
_DEPTH_MAX = 5
_FRAMES_MAX = 25
_CHAIN_MAX = 5

# Messages of these speak of types, names and files; others may quote what a customer wrote.
_CODE_ERRORS = (
    AttributeError,
    ImportError,
    MemoryError,
    NameError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    TypeError,
)
_CODE_PACKAGES = frozenset({"daemon", "sqlite3", "state", "trio"})
"""Packages whose own exceptions do so too."""


def redact(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that may be shown, their values made harmless; names what was dropped."""
    shown: dict[str, Any] = {}
    dropped: list[str] = []
    for key, value in fields.items():
        if _is_private(key):
            dropped.append(key)
        elif key in _TELLING_KEYS and isinstance(value, str):
            shown[key] = mask_numbers(value)
        elif value is None or (
            type(value) is str and len(value) <= _TEXT_MAX and value.isascii()
        ):  # by far the most
            shown[key] = value
        else:
            shown[key] = _harmless(value, 1)
    if dropped:
        shown["redacted"] = dropped
    return shown


def mask_numbers(text: str) -> str:
    """The text without whatever looks like a phone number, and not endless."""
    return _NUMBER.sub("[number]", _bounded(text))


def describe_exception(exc_info: object) -> str | None:
    """Where it happened and what kind it is; the message only where it cannot quote data."""
    error = _exception_of(exc_info)
    if error is None:
        return None
    return "\n".join(_describe(error, 0))


def _describe(error: BaseException, depth: int) -> list[str]:
    lines = [_headline(error)]
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_MAX:]
    lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    if depth >= _CHAIN_MAX:
        return lines
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions[:_CHAIN_MAX]:
            lines += ["  holding:", *("  " + line for line in _describe(inner, depth + 1))]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        lines += ["caused by:", *_describe(cause, depth + 1)]
    return lines


def _headline(error: BaseException) -> str:
    kind = type(error)
    package = kind.__module__.partition(".")[0]
    name = (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    if package in _CODE_PACKAGES or isinstance(error, _CODE_ERRORS):
        return f"{name}: {mask_numbers(str(error))}"
    return name


def _exception_of(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if len(exc_info) == 3 else None
    if exc_info:
        return sys.exc_info()[1]
    return None


@lru_cache(maxsize=1024)
def _is_private(key: str) -> bool:
    lowered = key.lower()
    return lowered in DROPPED_KEYS or _SECRET_KEY.search(lowered) is not None


def _bounded(text: str) -> str:
    return text if len(text) <= _TEXT_MAX else text[:_TEXT_MAX] + "…"


def _harmless(value: object, depth: int) -> Any:
    """Plain values as they are; of anything else only what kind of thing it is."""
    match value:
        case None | bool() | float():
            return value
        case int():
            # JSON readers lose digits beyond 64 bits, and the encoder refuses them.
            return value if abs(value) < 1 << 63 else "<a long number>"
        case str():
            # A lone surrogate cannot be written as UTF-8.
            return _bounded(value.encode("utf-8", "replace").decode())
        case Enum():
            return _harmless(value.value, depth)
        case PurePath():
            return str(value)
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case _:
            return _harmless_group(value, depth)


def _harmless_group(value: object, depth: int) -> Any:
    if depth >= _DEPTH_MAX:
        return "<deep>"
    if isinstance(value, Mapping):
        inner = {str(key): item for key, item in list(value.items())[:_ITEMS_MAX]}
        return {
            key: _harmless(item, depth + 1) for key, item in inner.items() if not _is_private(key)
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_harmless(item, depth + 1) for item in list(value)[:_ITEMS_MAX]]
    return f"<{type(value).__name__}>"
