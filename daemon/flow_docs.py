"""What the model of flow files says of itself: docstrings, types and defaults, as written.

What lives here: reading the sources of the model. What must not: what becomes of it (`flow_schema`,
`flow_reference`). Nothing of it runs in the service.
"""

from __future__ import annotations

import ast
import inspect
import re
from types import ModuleType
from typing import NamedTuple

from actors import policies
from actors.flow.model import answers, basics, file, hours, jobs, people, steps

_MODULES = (basics, answers, file, hours, jobs, people, steps, policies)


class FieldDoc(NamedTuple):
    """A key."""

    name: str
    form: ast.expr
    """Its type, as written."""
    default: ast.expr | None
    """None: the key must be there."""
    text: str


class ModelDocs:
    """The docstrings of structs, of their fields, and of the names of types."""

    def __init__(self) -> None:
        self._classes: dict[str, str] = {}
        self._fields: dict[str, dict[str, FieldDoc]] = {}
        self._names: dict[str, str] = {}
        for module in _MODULES:
            self._read(module)

    def of_class(self, name: str) -> str:
        """What a struct is for."""
        return self._classes.get(name, "")

    def of_field(self, name: str, key: str) -> str:
        """What a key means."""
        field = self._fields.get(name, {}).get(key)
        return field.text if field is not None else ""

    def of_name(self, name: str) -> str:
        """What a type such as `Text` is."""
        return self._names[name]

    def fields(self, name: str) -> list[FieldDoc]:
        """The keys of a struct."""
        return [*self._fields[name].values()]

    def _read(self, module: ModuleType) -> None:
        body = ast.parse(inspect.getsource(module)).body
        for node, after in zip(body, [*body[1:], None], strict=True):
            if isinstance(node, ast.ClassDef):
                self._classes[node.name] = _paragraphs(ast.get_docstring(node) or "")
                self._fields[node.name] = {field.name: field for field in _fields(node)}
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self._names[node.targets[0].id] = _text(after)


def _fields(node: ast.ClassDef) -> list[FieldDoc]:
    found = []
    for field, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            form, default = field.annotation, field.value
            found.append(FieldDoc(field.target.id, form, default, _text(after)))
    return found


def _text(node: ast.stmt | None) -> str:
    match node:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return _paragraphs(inspect.cleandoc(text))
        case _:
            return ""


def _paragraphs(text: str) -> str:
    """Paragraphs stay; lines inside of them do not."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
