"""Whether a document has the form of a flow, with every fault and not only the first.

What lives here: comparing what was read with the structs of `model`, by their own types. What must
not: YAML (`reader`), or what a flow means (`check`). msgspec has the last word on what is a flow,
and names one fault only: this is asked where it refuses a document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from msgspec import inspect

from actors.flow.faults import instead, nearest
from actors.flow.form_words import described, is_spoken, kind_of, named, put_right
from actors.flow.model import Flow
from actors.flow.rules import (
    MISSING_KEY,
    TOO_MANY,
    UNKNOWN_KEY,
    WRONG_KIND,
    WRONG_VALUE,
    Rule,
)
from actors.flow.stock import STOCK, STOCKED, may_lack


class FormFault(NamedTuple):
    """One fault of form."""

    path: str
    rule: Rule
    what: str
    do: str


class Unmended:
    """Stands for what is so far from its form that nobody can say what was meant."""


UNMENDED = Unmended()


def examine(document: object) -> tuple[list[FormFault], object]:
    """All faults of form, and the document as it was most likely meant, or UNMENDED.

    Mended are keys that were mistyped, keys that there are not, and what may be left out.
    """
    walk = _Walk(may_lack(document))
    mended = walk.value(document, _flow_type(), "")
    return walk.faults, mended


@lru_cache(1)
def _flow_type() -> inspect.Type:
    return inspect.type_info(Flow)


class _Walk:
    def __init__(self, may_lack: Mapping[type, frozenset[str]]) -> None:
        self.faults: list[FormFault] = []
        self._may_lack = may_lack

    def fault(self, path: str, rule: Rule, what: str, do: str) -> Unmended:
        self.faults.append(FormFault(path or "the file", rule, what, do))
        return UNMENDED

    def value(self, value: object, form: inspect.Type, path: str) -> object:
        match form:
            case inspect.Metadata(type=inner):
                return self.value(value, inner, path)
            case inspect.StructType():
                return self._struct(value, form, path)
            case inspect.DictType():
                return self._mapping(value, form, path)
            case inspect.VarTupleType():
                return self._list(value, form, path)
            case inspect.UnionType(types=types):
                return self._union(value, types, path)
            case inspect.StrType() if isinstance(value, str):
                return self._text(value, form, path)
            case inspect.IntType() | inspect.FloatType() if _is_number(value, form):
                return self._number(value, form, path)
            case inspect.BoolType() if isinstance(value, bool):
                return value
            case inspect.NoneType() if value is None:
                return value
            case inspect.AnyType() | inspect.CustomType():
                return value
            case _:
                return self._wrong(value, [form], path)

    def _wrong(self, value: object, forms: Iterable[inspect.Type], path: str) -> Unmended:
        wanted = [form for form in forms if not isinstance(form, inspect.NoneType)]
        should = " or ".join(dict.fromkeys(described(form) for form in wanted))
        what = f"this is {kind_of(value)}, and should be {should}"
        return self.fault(path, WRONG_KIND, what, put_right(value, wanted))

    # --- mappings -------------------------------------------------------------------------------

    def _struct(self, value: object, form: inspect.StructType, path: str) -> object:
        if not isinstance(value, dict):
            return self._wrong(value, [form], path)
        fields = {field.encode_name: field for field in form.fields}
        given = {key: held for key, held in value.items() if key != form.tag_field}
        meant = self._keys(given, fields, form, path)
        mended: dict[str, object] = {}
        if form.tag_field is not None:
            mended[form.tag_field] = form.tag
        whole = True
        may_lack = self._may_lack.get(form.cls, ())
        for key, (written, held) in meant.items():
            inner = self.value(held, fields[key].type, _join(path, written))
            if inner is not UNMENDED:
                mended[key] = inner
            elif fields[key].required and key not in may_lack:
                whole = False
        for key, field in fields.items():
            if field.required and key not in meant and key not in may_lack:
                what = f"{named(form)} needs `{key}`"
                do = f"Add it: {described(field.type)}"
                if key in STOCKED.get(form.cls, ()):
                    do = f"{do}. Words are shipped where all languages are of {', '.join(STOCK)}"
                self.fault(path, MISSING_KEY, what, do)
                whole = False
        return mended if whole else UNMENDED

    def _keys(
        self,
        given: Mapping[str, object],
        fields: Mapping[str, inspect.Field],
        form: inspect.StructType,
        path: str,
    ) -> dict[str, tuple[str, object]]:
        """Key -> how it was written, and its value. What was mistyped counts as what it is like."""
        meant = {key: (key, held) for key, held in given.items() if key in fields}
        for key, held in given.items():
            if key in fields:
                continue
            free = [name for name in fields if name not in meant]
            like = nearest(key, free)
            known = ", ".join(f"`{name}`" for name in fields)
            do = f"Did you mean `{like}`?" if like is not None else f"Known are {known}"
            if not fields:
                do = "Leave it out"
            what = f"there is no key `{key}` in {named(form)}"
            self.fault(_join(path, key), UNKNOWN_KEY, what, do)
            if like is not None:
                meant[like] = (key, held)
        return meant

    def _mapping(self, value: object, form: inspect.DictType, path: str) -> object:
        if not isinstance(value, dict):
            return self._wrong(value, [form], path)
        whole = self._fits(len(value), form, path)
        mended: dict[str, object] = {}
        for key, held in value.items():
            if held is None and is_spoken(form) and not _LANGUAGE.fullmatch(key):
                # `{en: Hello, Ana}` is a text in `en` and a key `Ana` without one.
                what = f"a comma ends a text in braces, and {key[:40]!r} is left over"
                self.fault(path, WRONG_KIND, what, 'Put it into quotes: `{en: "Hello, Ana"}`')
                continue
            inner_path = _join(path, key)
            if self.value(key, form.key_type, inner_path) is UNMENDED:
                whole = False
            inner = self.value(held, form.value_type, inner_path)
            if inner is UNMENDED:
                whole = False
            else:
                mended[key] = inner
        return mended if whole else UNMENDED

    def _list(self, value: object, form: inspect.VarTupleType, path: str) -> object:
        if not isinstance(value, list):
            return self._wrong(value, [form], path)
        whole = self._fits(len(value), form, path)
        mended = [
            self.value(held, form.item_type, _join(path, str(index)))
            for index, held in enumerate(value)
        ]
        return mended if whole and UNMENDED not in mended else UNMENDED

    def _fits(self, size: int, form: inspect.DictType | inspect.VarTupleType, path: str) -> bool:
        if form.min_length is not None and size < form.min_length:
            self.fault(path, TOO_MANY, "this is empty", f"Give {form.min_length} at least")
            return False
        if form.max_length is not None and size > form.max_length:
            what = f"{size} are given, {form.max_length} can be shown"
            do = "Put some of them into a menu of their own, behind one called More"
            self.fault(path, TOO_MANY, what, do)
            return False
        return True

    # --- unions ---------------------------------------------------------------------------------

    def _union(self, value: object, types: tuple[inspect.Type, ...], path: str) -> object:
        tagged = {
            form.tag: form
            for form in types
            if isinstance(form, inspect.StructType) and form.tag_field is not None
        }
        if tagged and isinstance(value, dict):
            return self._tagged(value, tagged, path)
        fitting = [form for form in types if _may_be(value, form)]
        if not fitting:
            return self._wrong(value, types, path)
        return self.value(value, fitting[0], path)

    def _tagged(
        self,
        value: dict[str, object],
        forms: Mapping[str | int | None, inspect.StructType],
        path: str,
    ) -> object:
        field = next(iter(forms.values())).tag_field or ""
        names = [str(name) for name in forms]
        if field not in value:
            like = nearest(field, value)
            do = f"Add `{field}:` with one of {', '.join(names)}"
            if like is not None and value[like] in names:
                what, do = f"there is no key `{like}` here", f"Did you mean `{field}`?"
                self.fault(_join(path, like), UNKNOWN_KEY, what, do)
                rest = {key: held for key, held in value.items() if key != like}
                return self._tagged({**rest, field: value[like]}, forms, path)
            return self.fault(path, MISSING_KEY, f"`{field}` is missing: what is this?", do)
        tag = value[field]
        if isinstance(tag, str) and tag in forms:
            return self._struct(value, forms[tag], path)
        word = tag if isinstance(tag, str) else str(tag)
        what = f"there is no `{field}: {word}`"
        do = instead(word, names, "Choose another")
        self.fault(_join(path, field), WRONG_VALUE, what, do)
        meant = nearest(word, names)
        return self._struct(value, forms[meant], path) if meant is not None else UNMENDED

    # --- single values --------------------------------------------------------------------------

    def _text(self, value: str, form: inspect.StrType, path: str) -> object:
        if form.pattern is not None and not re.search(form.pattern, value):
            return self.fault(path, WRONG_VALUE, f"{value!r} cannot be a name here", _NAMES)
        if form.min_length is not None and len(value) < form.min_length:
            return self.fault(
                path, WRONG_VALUE, "this is empty", "Write something, or leave it out"
            )
        if form.max_length is not None and len(value) > form.max_length:
            what = f"{len(value)} characters, {form.max_length} are read"
            return self.fault(path, WRONG_VALUE, what, "Make it shorter")
        return value

    def _number(
        self, value: object, form: inspect.IntType | inspect.FloatType, path: str
    ) -> object:
        assert isinstance(value, int | float)
        if (form.ge is not None and value < form.ge) or (form.le is not None and value > form.le):
            if form.ge == form.le:
                return self.fault(path, WRONG_VALUE, f"{value} is not known", f"Write {form.ge}")
            do = f"Write a number from {form.ge} to {form.le}"
            return self.fault(path, WRONG_VALUE, f"{value} is out of range", do)
        return value


_NAMES = (
    "A small letter comes first, then small letters, digits and `_`, 40 at most; a step of a "
    "sub-flow is named as `flow.step`"
)


_LANGUAGE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]+)*")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _is_number(value: object, form: inspect.Type) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(form, inspect.IntType):
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, int | float)


def _may_be(value: object, form: inspect.Type) -> bool:
    """Whether a value is of the right kind, whatever it holds."""
    match form:
        case inspect.Metadata(type=inner):
            return _may_be(value, inner)
        case inspect.StructType() | inspect.DictType():
            return isinstance(value, dict)
        case inspect.VarTupleType():
            return isinstance(value, list)
        case inspect.StrType():
            return isinstance(value, str)
        case inspect.IntType() | inspect.FloatType():
            return _is_number(value, form)
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.NoneType():
            return value is None
        case _:
            return True
