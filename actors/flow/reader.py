"""From the bytes of a flow file to a `Flow`, with every fault named by line and column.

What lives here: YAML as its authors meant it (1.2: `yes`, `22:30` and `0123` stay what was
written; a key that comes twice is a fault), the way from a fault to its place, and the JSON
Schema. What must not: files, or what a flow means (`check`).
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator

import msgspec
import yaml

from actors.flow.model import Flow, GlobalWord, Hours, Job, Step, Subflow

FILE_MAX_BYTES = 4 << 20
_NESTING_MAX = 60
_PARTS_MAX = 100_000
"""With aliases, a few lines can stand for billions of parts."""

_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\Z")  # what is longer is an id, not a number
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, bool | None] = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    "null": None,
    "Null": None,
    "NULL": None,
    "~": None,
    "": None,
}


class FlowFault(msgspec.Struct, frozen=True):
    """One fault of a flow file."""

    where: str
    """A path such as `steps.main.options.restart`."""
    what: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = f"{self.line}:{self.column}: " if self.line else ""
        return f"{place}{self.where}: {self.what}" if self.where else f"{place}{self.what}"


class FlowSource(msgspec.Struct, frozen=True):
    """A flow as it was read, with the places of its parts."""

    flow: Flow
    version: str
    """Changes with any change of meaning; comments and layout do not count."""
    places: dict[str, tuple[int, int]]
    """Path -> line and column, both from 1."""

    def fault(self, where: str, what: str) -> FlowFault:
        """A fault at a path, with the nearest known place."""
        return FlowFault(where, what, *nearest(self.places, where))


def nearest(places: dict[str, tuple[int, int]], where: str) -> tuple[int, int]:
    """The place of a path or of the closest part around it."""
    path = where
    while path not in places and "." in path:
        path = path.rpartition(".")[0]
    return places.get(path, (0, 0))


def read_flow(data: bytes) -> FlowSource | list[FlowFault]:
    """Read a flow file; all faults of its form, or the flow."""
    if len(data) > FILE_MAX_BYTES:
        return [FlowFault("", f"the file is larger than {FILE_MAX_BYTES} bytes")]
    reader = _Reader()
    try:
        text = data.decode()
        _refuse_nesting(text)
        # compose() builds nodes only: nothing in the file is executed or constructed.
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        document = reader.value(root, "", 0) if root is not None else None
    except _Refused as refused:
        return [refused.fault]
    except UnicodeDecodeError as error:
        return [FlowFault("", f"not UTF-8 at byte {error.start}")]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        return [FlowFault("", f"not YAML: {error.problem}", line, column)]
    except yaml.YAMLError as error:
        return [FlowFault("", f"not YAML: {error}")]
    if reader.faults:
        return reader.faults
    try:
        flow = msgspec.convert(document, Flow, strict=True)
    except msgspec.ValidationError as error:
        return _form_faults(document, error, reader.places)
    return FlowSource(flow, version_of(flow), reader.places)


def version_of(flow: Flow) -> str:
    """A short name for exactly this flow."""
    return hashlib.blake2s(encode_flow(flow), digest_size=6).hexdigest()


def encode_flow(flow: Flow) -> bytes:
    """The flow as it is kept beside the conversations that are in it."""
    # Never sorted: the order of a menu's options is what a customer sees.
    return msgspec.json.encode(flow)


def decode_flow(data: bytes) -> Flow:
    """A flow that was kept."""
    return msgspec.json.decode(data, type=Flow)


def json_schema() -> dict[str, object]:
    """The JSON Schema of a flow file, for editors: made from the structs that read it."""
    return dict(msgspec.json.schema(Flow))


def _form_faults(
    document: object, error: msgspec.ValidationError, places: dict[str, tuple[int, int]]
) -> list[FlowFault]:
    """All faults of the named parts, each by its name; else the one that was found first."""
    faults: list[FlowFault] = []
    for part, form in _NAMED.items():
        for name, entry in _entries(document, part):
            where = f"{part}.{name}"
            inner = _faults_of(entry, form, places, where)
            if form is Subflow:
                within = [
                    fault
                    for step, value in _entries(entry, "steps")
                    for fault in _faults_of(value, Step, places, f"{where}.steps.{step}")
                ]
                inner = within or inner
            faults += inner
    return faults or [_form_fault(str(error), places, "")]


_NAMED = {"steps": Step, "subflows": Subflow, "words": GlobalWord, "hours": Hours, "jobs": Job}


def _entries(document: object, part: str) -> Iterator[tuple[str, object]]:
    entries = document.get(part) if isinstance(document, dict) else None
    if isinstance(entries, dict):
        yield from entries.items()


def _faults_of(
    entry: object, form: object, places: dict[str, tuple[int, int]], where: str
) -> list[FlowFault]:
    try:
        msgspec.convert(entry, form, strict=True)
    except msgspec.ValidationError as error:
        return [_form_fault(str(error), places, where)]
    return []


def _form_fault(message: str, places: dict[str, tuple[int, int]], within: str) -> FlowFault:
    what, _, where = message.partition(" - at `")
    path = where.rstrip("`").removeprefix("key` in `").removeprefix("$").removeprefix(".")
    path = ".".join(part for part in (within, re.sub(r"\[(\d+)\]", r".\1", path)) if part)
    # msgspec writes [...] where it passed through a mapping: the name of the key is lost there.
    known = path.partition("[...]")[0].rstrip(".")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", what)
    if unknown is not None and known == path:
        known = f"{path}.{unknown[1]}" if path else unknown[1]
    return FlowFault(path or "the file", what, *nearest(places, known))


class _Refused(Exception):
    """The file is of a kind that is not read on."""

    def __init__(self, what: str, line: int, column: int) -> None:
        super().__init__(what)
        self.fault = FlowFault("", what, line, column)


def _refuse_nesting(text: str) -> None:
    """Refuse deep nesting before compose(), which would use up the stack and end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _NESTING_MAX:
                mark = event.start_mark
                place = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
                raise _Refused("nested too deep", *place)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Reader:
    def __init__(self) -> None:
        self.places: dict[str, tuple[int, int]] = {}
        self.faults: list[FlowFault] = []
        self.parts = 0

    def value(self, node: yaml.Node, path: str, depth: int) -> object:
        mark = node.start_mark
        place = (mark.line + 1, mark.column + 1)
        self.places[path] = place
        self.parts += 1
        if depth > _NESTING_MAX:
            # Only through an alias that holds itself.
            raise _Refused("nested too deep", *place)
        if self.parts > _PARTS_MAX:
            raise _Refused(f"more than {_PARTS_MAX} parts, counting what aliases repeat", *place)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [
                self.value(item, f"{path}.{index}" if path else str(index), depth + 1)
                for index, item in enumerate(node.value)
            ]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            mark = key_node.start_mark
            place = (mark.line + 1, mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                self.faults.append(FlowFault(path, "a key must be a plain word", *place))
                continue
            # A key is always text: `no:` is Norwegian here, and `404:` a status.
            key = str(key_node.value)
            inner = f"{path}.{key}" if path else key
            if key in result:
                self.faults.append(FlowFault(inner, "this key comes twice", *place))
            result[key] = self.value(value_node, inner, depth + 1)
            self.places[inner] = place
        return result


def _scalar(node: yaml.Node) -> str | int | float | bool | None:
    text = str(node.value)
    if getattr(node, "style", None):  # quoted, or a block: text, whatever it looks like
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text) and math.isfinite(number := float(text)):
        return number
    return text
