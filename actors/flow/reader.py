"""From the bytes of a flow file to a `Flow`, with every fault named by line and column.

What lives here: YAML as its authors meant it (1.2: `yes`, `22:30` and `0123` stay what was
written; a key that comes twice is a fault), and the way from a fault to its place. What must not:
files, or what a flow means (`check`).
"""

from __future__ import annotations

import hashlib
import math
import re
from typing import NamedTuple

import msgspec
import yaml

from actors.flow.faults import FlowFault
from actors.flow.form import UNMENDED, examine
from actors.flow.mending import hint
from actors.flow.model import Flow
from actors.flow.rules import DOUBLE_KEY, UNREADABLE, WRONG_KIND, Rule
from actors.flow.stock import completed

FILE_MAX_BYTES = 4 << 20
_NESTING_MAX = 60
_PARTS_MAX = 300_000
"""With aliases, a few lines can stand for billions of parts."""

_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\Z")  # what is longer is an id, not a number
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?\Z")
_QUOTES = ("'", '"')
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


class FlowSource(msgspec.Struct, frozen=True):
    """A flow as it was read, with the places of its parts. What it leaves out has no place."""

    flow: Flow
    version: str
    """Changes with any change of meaning; comments and layout do not count."""
    places: dict[str, tuple[int, int]]
    """Path -> line and column of its key, both from 1."""
    contents: dict[str, tuple[int, int]] = {}
    """Path -> line and column of the first character of a text that stands on one line as it is."""

    def fault(
        self, where: str, what: str, rule: Rule = UNREADABLE, do: str = "", *, character: int = 0
    ) -> FlowFault:
        """A fault at a path, with the nearest known place; at a character of a text, from 1."""
        line, column = place_of(self.places, where)
        if character and where in self.contents:
            line, column = self.contents[where]
            column += character - 1
        return FlowFault(where, what, line, column, rule.code, do)


def place_of(places: dict[str, tuple[int, int]], where: str) -> tuple[int, int]:
    """The place of a path or of the closest part around it."""
    path = where
    while path not in places and "." in path:
        path = path.rpartition(".")[0]
    return places.get(path, (0, 0))


class Reading(NamedTuple):
    """What came of reading a file."""

    source: FlowSource | None
    """The flow as it was most likely meant; None where nobody can tell."""
    faults: list[FlowFault]
    """Everything that is wrong with its form: such a flow is looked at, and never run."""


def read_flow(data: bytes) -> FlowSource | list[FlowFault]:
    """Read a flow file; all faults of its form, or the flow."""
    source, faults = read_leniently(data)
    return source if source is not None and not faults else faults


def read_leniently(data: bytes) -> Reading:
    """Read a flow file, past faults of its form wherever it is plain what was meant."""
    if len(data) > FILE_MAX_BYTES:
        return _unreadable(f"the file is larger than {FILE_MAX_BYTES} bytes")
    reader = _Reader()
    try:
        text = data.decode()
        _refuse_nesting(text)
        # compose() builds nodes only: nothing in the file is executed or constructed.
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        document = reader.value(root, "", 0) if root is not None else None
    except _Refused as refused:
        return _unreadable(refused.what, refused.line, refused.column)
    except UnicodeDecodeError as error:
        return _unreadable(f"not UTF-8 at byte {error.start}", do="Save the file as UTF-8")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        broken = (data.decode().splitlines()[line - 1 : line] or [""])[0]
        do = hint(error.problem or "", broken)
        return _unreadable(f"not YAML: {error.problem}", line, column, do)
    except yaml.YAMLError as error:
        return _unreadable(f"not YAML: {error}")
    return _formed(document, reader)


def _formed(document: object, reader: _Reader) -> Reading:
    faults = list(reader.faults)
    try:
        flow = msgspec.convert(completed(document), Flow, strict=True)
    except msgspec.ValidationError as error:
        found, mended = examine(document)
        faults += [
            FlowFault(path, what, *place_of(reader.places, path), rule.code, do)
            for path, rule, what, do in found
        ]
        if not found:
            faults.append(FlowFault("the file", str(error), code=WRONG_KIND.code))
        if mended is UNMENDED:
            return Reading(None, faults)
        try:
            flow = msgspec.convert(completed(mended), Flow, strict=True)
        except msgspec.ValidationError:
            return Reading(None, faults)
    return Reading(FlowSource(flow, version_of(flow), reader.places, reader.contents), faults)


def _unreadable(what: str, line: int = 0, column: int = 0, do: str = "") -> Reading:
    return Reading(None, [FlowFault("", what, line, column, UNREADABLE.code, do)])


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


class _Refused(Exception):
    """The file is of a kind that is not read on."""

    def __init__(self, what: str, line: int, column: int) -> None:
        super().__init__(what)
        self.what, self.line, self.column = what, line, column


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
        self.contents: dict[str, tuple[int, int]] = {}
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
        if isinstance(node, yaml.ScalarNode):
            self._note_content(node, path)
        return _scalar(node)

    def _note_content(self, node: yaml.ScalarNode, path: str) -> None:
        """Where the first character of a text stands, if what follows stands there as it is."""
        start, end = node.start_mark, node.end_mark
        quote = 1 if node.style in _QUOTES else 0
        if start.line == end.line and end.column - start.column == len(node.value) + 2 * quote:
            self.contents[path] = (start.line + 1, start.column + 1 + quote)

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            mark = key_node.start_mark
            place = (mark.line + 1, mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                what = "a key must be a plain word"
                self.faults.append(FlowFault(path, what, *place, WRONG_KIND.code))
                continue
            # A key is always text: `no:` is Norwegian here, and `404:` a status.
            key = str(key_node.value)
            inner = f"{path}.{key}" if path else key
            if key in result:
                line, _ = self.places[inner]
                do = f"Leave one out, or give one another name; the first is in line {line}"
                fault = FlowFault(inner, "this key comes twice", *place, DOUBLE_KEY.code, do)
                self.faults.append(fault)
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
