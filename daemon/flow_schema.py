"""The JSON Schema of flow files, for editors: made from the structs that read them.

What lives here: the way from types and docstrings to the schema that is shipped
(`daemon/shipped/flow.schema.json`; `make schema` writes it, a test holds it to the code). What must
not: what a keyword means (its docstring, in `actors.flow.model`, read by `flow_docs`). Nothing of
it runs in the service.

Draft 7, because editors know it best: there, what stands beside a `$ref` is not looked at, so
descriptions stand around one.
"""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from actors.flow import model
from actors.flow.check.requests import METHODS
from actors.flow.stock import STOCK, STOCKED
from daemon.flow_docs import ModelDocs
from daemon.shipped import shipped_schema

Schema = dict[str, Any]

PATH = shipped_schema()
_DAYS = "(mon|tue|wed|thu|fri|sat|sun)"
_TIME = "([01][0-9]|2[0-4]):[0-5][0-9]"
_SPANS: Schema = {
    "type": "array",
    "items": {"type": "string", "pattern": rf"{_TIME}\s*-\s*{_TIME}"},
}

_SHIPPED = f"Default: the shipped words, where all languages are of {', '.join(STOCK)}."

_MORE: dict[tuple[str, str], Schema] = {
    ("Flow", "languages"): {"examples": [["es", "en"], ["es-PE", "pt-BR"]]},
    ("Flow", "name"): {"examples": ["router_care"]},
    ("Option", "when"): {"examples": ["balance > 0", "not hours.office.open"]},
    ("If", "test"): {"examples": ["tries < 3 and plan == 'fibre'"]},
    ("Request", "method"): {"enum": list(METHODS)},
    ("Request", "path"): {"pattern": "^/", "examples": ["/customers/{customer_id}/plan"]},
    ("Request", "query"): {"examples": [{"phone": "{customer.phone}"}]},
    ("Request", "keep"): {"examples": [{"customer_id": "0.id", "lines": "0.lines.#"}]},
    ("Request", "on_status"): {"propertyNames": {"pattern": "^([1-5][0-9][0-9]|[345]xx)$"}},
    ("Request", "timeout_s"): {"exclusiveMinimum": 0},
    ("TextAnswer", "pattern"): {"examples": ["[a-z]+"]},
    ("AccountAnswer", "pattern"): {"examples": ["[0-9]{8}"]},
    ("DateAnswer", "earliest"): {"examples": ["today", "today + 3 days", "2026-12-25"]},
    ("DateAnswer", "latest"): {"examples": ["today + 1 month"]},
    ("Hours", "week"): {
        "propertyNames": {"pattern": f"^{_DAYS}(-{_DAYS})?$"},
        "additionalProperties": _SPANS,
        "examples": [{"mon-fri": ["08:00-13:00", "14:00-18:00"], "sat": ["09:00-12:00"]}],
    },
    ("Hours", "holidays"): {
        "propertyNames": {"pattern": "^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$"},
        "additionalProperties": _SPANS,
        "examples": [{"2026-07-28": [], "12-25": []}],
    },
    ("Hours", "time_zone"): {"examples": ["America/Lima"]},
    ("Job", "kind"): {"examples": ["router.restart"]},
    ("SetValues", "compute"): {"examples": [{"tries": "tries + 1"}]},
    ("Desk", "leave_words"): {"examples": [{"en": ["back to the bot"]}]},
}
"""What the types do not say. No flow that is carried out is refused by it."""


def build() -> Schema:
    """The schema."""
    made: Schema = msgspec.json.schema(model.Flow)
    parts: dict[str, Schema] = made["$defs"]
    docs = ModelDocs()
    stocked = {form.__name__: keys for form, keys in STOCKED.items()}
    for name, part in parts.items():
        part["description"] = docs.of_class(name)
        if name in stocked:
            _leave_out(part, stocked[name])
        for key, form in part.get("properties", {}).items():
            if "enum" in form and key in ("do", "kind"):
                form = {"const": form["enum"][0], "description": docs.of_class(name)}
            described = docs.of_field(name, key)
            if key in stocked.get(name, ()):
                described += f" {_SHIPPED}"
            part["properties"][key] = _described(form, described, _MORE.get((name, key), {}))
    parts = {name: _draft_7(part) for name, part in parts.items()}
    for name, kinds, word in (("Step", model.Step, "do"), ("Answer", model.Answer, "kind")):
        parts[name] = _by_word(word, get_args(kinds), docs)
    whole = parts.pop("Flow")
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:routerbot:flow:1",
        **whole,
        "title": "A flow file of routerbot",
        "definitions": dict(sorted(parts.items())),
    }


def _leave_out(part: Schema, keys: frozenset[str]) -> None:
    """Some keys need not be there: the shipped words take their place."""
    required = [key for key in part["required"] if key not in keys]
    if required:
        part["required"] = required
    else:
        del part["required"]


def written() -> str:
    """The schema as the text that is shipped."""
    return msgspec.json.format(msgspec.json.encode(build()), indent=1).decode() + "\n"


def _described(form: Schema, description: str, more: Schema) -> Schema:
    # Beside a default that leaves the key out, "null" is no news to anybody.
    default = form.pop("default", None)
    if set(form) == {"$ref"}:
        form = {"allOf": [form]}
    described = {**form, **more}
    if description:
        described["description"] = description
    if default not in (None, {}, []):
        described["default"] = default
    return described


def _draft_7(form: Any) -> Any:
    """A part in draft 7; where there is a choice by `do` or `kind`, its name."""
    if isinstance(form, list):
        return [_draft_7(each) for each in form]
    if not isinstance(form, dict):
        return form
    if "discriminator" in form:
        word = form["discriminator"]["propertyName"]
        return {"$ref": f"#/definitions/{'Step' if word == 'do' else 'Answer'}"}
    found = {key: _draft_7(value) for key, value in form.items()}
    if isinstance(found.get("$ref"), str):
        found["$ref"] = found["$ref"].replace("#/$defs/", "#/definitions/")
    return found


def _by_word(word: str, kinds: tuple[type[msgspec.Struct], ...], docs: ModelDocs) -> Schema:
    """One of several structs: an editor names the faults of the one that is meant, not of all."""
    names = {str(kind.__struct_config__.tag): kind.__name__ for kind in kinds}
    return {
        "type": "object",
        "required": [word],
        "properties": {
            word: {
                "enum": list(names),
                "markdownEnumDescriptions": [docs.of_class(name) for name in names.values()],
            }
        },
        "allOf": [
            {
                "if": {"properties": {word: {"const": tag}}, "required": [word]},
                "then": {"$ref": f"#/definitions/{name}"},
            }
            for tag, name in names.items()
        ],
    }


if __name__ == "__main__":
    PATH.write_text(written(), encoding="utf-8")
