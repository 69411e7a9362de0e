"""Reads the configuration: a whole `Config`, or every fault of the file at once.

What lives here: the walk along the model's types. What must not: fields and defaults
(daemon.config_model), rules for one value (daemon.config_rules) or for a table
(daemon.config_checks).
"""

from __future__ import annotations

import difflib
import re
import tomllib
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, cast, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Struct

from adapters.secret import Secret
from daemon.config_checks import CHECKS, FAULTY, Faulty, destination_faults
from daemon.config_model import Config
from daemon.config_rules import NAME_PATTERN, Rule
from daemon.secrets import HOW, Unresolved, resolve

__all__ = ["Config", "ConfigFault", "load"]

_KINDS: dict[type, str] = {
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    Path: "a path in quotes",
    str: "text in quotes",
}
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_SECRET_HEADER = re.compile(r"auth|cookie|token|key|secret|pass|sign", re.IGNORECASE)


class ConfigFault(Struct, frozen=True):
    """One thing that is wrong, and what to do about it. `str()` is the line to show."""

    file: str
    key: str
    """Such as `whatsapp.numbers[0].access_token`; empty where the whole file is meant."""
    problem: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.key, self.problem) if part)


def load(path: Path, environ: Mapping[str, str]) -> Config | list[ConfigFault]:
    """Read, check and resolve everything; never half a configuration. Blocks (reads files).

    Relative paths in the file start at the file's own folder.
    """
    try:
        table = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        return [ConfigFault(str(path), "", f"cannot be read: {error.strerror}")]
    except UnicodeDecodeError:
        return [ConfigFault(str(path), "", "is not UTF-8 text")]
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return [ConfigFault(str(path), "", f"is not TOML: {error}")]
    reader = _Reader(str(path), path.absolute().parent, environ)
    config = reader.table(Config, table, "")
    for name, problem in destination_faults(table):
        reader.fault(_join("limits.concurrency", name), problem)
    if isinstance(config, Config) and not reader.faults:
        return config
    return reader.faults


class _Reader:
    """Walks tables along the model's types; gathers faults and goes on."""

    def __init__(self, file: str, folder: Path, environ: Mapping[str, str]) -> None:
        self.faults: list[ConfigFault] = []
        self._file = file
        self._folder = folder
        self._environ = environ

    def fault(self, key: str, problem: str) -> Faulty:
        """Note what is wrong."""
        self.faults.append(ConfigFault(self._file, key, problem))
        return FAULTY

    def table(self, model: type[Struct], value: object, key: str) -> Any:
        """A table with the fields of `model`."""
        if not isinstance(value, dict):
            return self.fault(key, "must be a table")
        hints = typing.get_type_hints(model, include_extras=True)
        given: dict[str, Any] = {}
        for field in msgspec.structs.fields(model):
            at = _join(key, field.name)
            if field.name in value:
                given[field.name] = self._value(hints[field.name], value[field.name], at)
            elif field.default_factory is not NODEFAULT:
                given[field.name] = cast(Callable[[], Any], field.default_factory)()
            elif field.default is not NODEFAULT:
                given[field.name] = field.default
            else:
                given[field.name] = self._missing(hints[field.name], at)
        for name in value:
            if name not in hints:
                self.fault(_join(key, name), _unknown(name, list(hints)))
        check = CHECKS.get(model)
        for name, problem in check(given) if check else ():
            self.fault(f"{key}.{name}" if key else name, problem)
        return FAULTY if FAULTY in given.values() else model(**given)

    def _missing(self, hint: Any, key: str) -> Faulty:
        plain = _plain(hint)
        if plain is Secret:
            return self.fault(key, f"is missing: refer to the secret by {HOW}")
        if isinstance(plain, type) and issubclass(plain, Struct):
            # Walk on with nothing, so that each key that must be there is named.
            before = len(self.faults)
            self.table(plain, {}, key)
            if len(self.faults) > before:
                return FAULTY
        return self.fault(key, "is missing")

    def _value(self, hint: Any, value: object, key: str) -> Any:
        if get_origin(hint) in (types.UnionType, typing.Union):
            hint = get_args(hint)[0]  # the only unions are with None, which TOML cannot say
        plain = _plain(hint)
        origin = get_origin(plain)
        if plain is Secret:
            return self._secret(value, key)
        if origin is tuple:
            return self._list(get_args(plain)[0], value, key)
        if origin is dict:
            return self._named(get_args(plain)[1], value, key)
        if issubclass(plain, Struct):
            return self.table(plain, value, key)
        return self._leaf(plain, _rule(hint), value, key)

    def _leaf(self, kind: type, rule: Rule | None, value: object, key: str) -> Any:
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not (str if kind is Path else kind):
            return self.fault(key, f"must be {_KINDS[kind]}")
        if kind is Path:
            text = str(value)
            if not text or not text.isprintable():
                return self.fault(key, "must be a path that is not empty")
            return self._folder / text
        try:
            return value if rule is None else rule.check(value)
        except ValueError as error:
            return self.fault(key, str(error))

    def _secret(self, value: object, key: str) -> Any:
        found = resolve(value, self._environ, self._folder)
        return self.fault(key, found.problem) if isinstance(found, Unresolved) else found

    def _list(self, hint: Any, value: object, key: str) -> Any:
        if not isinstance(value, list):
            return self.fault(key, "must be a list")
        if not value:
            return self.fault(key, "must have at least one entry")
        found = [self._value(hint, item, f"{key}[{index}]") for index, item in enumerate(value)]
        return FAULTY if FAULTY in found else tuple(found)

    def _named(self, hint: Any, value: object, key: str) -> Any:
        """A table whose keys the operator chooses."""
        if not isinstance(value, dict):
            return self.fault(key, "must be a table")
        found = {name: self._entry(hint, name, item, key) for name, item in value.items()}
        return FAULTY if FAULTY in found.values() else found

    def _entry(self, hint: Any, name: str, value: object, table: str) -> Any:
        key = _join(table, name)
        if _plain(hint) is Secret:
            return self._header(name, value, key)
        # The names of destinations depend on the whole file: see `destination_faults`.
        if table != "limits.concurrency" and not NAME_PATTERN.fullmatch(name):
            return self.fault(
                key, "the name must be a small letter, then at most 31 of a-z, 0-9, - and _"
            )
        return self._value(hint, value, key)

    def _header(self, name: str, value: object, key: str) -> Any:
        """A header that cannot be a secret by its name may stand in the file as it is."""
        if not _HEADER_NAME.fullmatch(name):
            return self.fault(key, "is not the name of an HTTP header")
        if isinstance(value, str) and not _SECRET_HEADER.search(name):
            if not value.isprintable():
                return self.fault(key, "must be one line of text")
            return Secret(value)
        return self._secret(value, key)


def _plain(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _rule(hint: Any) -> Rule | None:
    extras = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((extra for extra in extras if isinstance(extra, Rule)), None)


def _join(table: str, name: str) -> str:
    shown = name if _PLAIN_KEY.fullmatch(name) else msgspec.json.encode(name).decode()
    return f"{table}.{shown}" if table else shown


def _unknown(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f'is not a key here; did you mean "{close[0]}"?'
    return f"is not a key here; known are {', '.join(known)}"
