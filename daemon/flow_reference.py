"""docs/flow-reference.md: every key of a flow file, made from the model and its docstrings.

What lives here: the page's order and form; `make schema` writes it, a test holds it to the code.
What must not: what a key means (`actors.flow.model`). Nothing of it runs in the service.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import msgspec

from actors.flow import limits, model
from actors.flow.stock import STOCK, STOCKED
from actors.flow.stock.words import StockWords
from daemon.flow_docs import FieldDoc, ModelDocs
from daemon.flow_reference_examples import ANSWERS, STEPS

_INTRODUCTION = """\
# Flow files: every key

For looking up; [flow.md](flow.md) explains the language. Editors tell the same by the JSON Schema
(`routerbot flow schema`). Both are made from the program by `make schema`: change its descriptions,
not this page.

**Bold** keys must be there. A default is what holds without the key. A key that is not here is a
fault.

"""

_TYPES = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "int | float": "number",
    "Scalar": "text, number, true, false or null",
    "Json": "JSON",
    "Text": "[by language](#texts)",
    "Words": "[words](#words)",
    "StepName": "[name](#names)",
    "ValueName": "[name](#names)",
    "Target": "[step](#steps-as-targets)",
    "Expression": "[expression](#expressions)",
    "Step": "[step](#steps)",
    "Answer": "[answer](#answers)",
    "Spans": "list of [times](#opening-hours)",
}
"""Types of the model, as the page calls them."""

_PARTS = {
    "GlobalWord": "Global words",
    "Subflow": "Sub-flows",
    "Hours": "Opening hours",
    "Option": "Options",
    "Keyword": "Keywords",
    "AnswerChoice": "Choices",
    "Job": "Jobs",
    "JobTexts": "Texts of a job",
    "JobMenu": "Buttons of a job",
    "JobPolicy": "Policy of a job",
    "Desk": "People",
    "HandoverTexts": "Texts of a hand-over",
    "HandoverPolicy": "Policy of hand-overs",
    "Phrases": "Phrases",
}
"""Structs that have a section, with its heading."""

_MORE = {
    "Texts": "flow.md#texts-and-values",
    "Words": "flow.md#words",
    "Expressions": "flow.md#expressions",
}
"""Where a page that is not made goes on."""

_COLUMNS = "| key | what it is | default | meaning |\n|---|---|---|---|\n"


def page() -> str:
    """The page."""
    return "".join(_page(ModelDocs()))


def _page(docs: ModelDocs) -> Iterator[str]:
    yield _INTRODUCTION
    yield "## The file\n\n"
    yield _table(docs, model.Flow)
    yield from _shared(docs)
    yield "## Steps\n\nUnder `steps`, by name. `do` says what a step is:\n\n"
    yield "| `do` | what it does |\n|---|---|\n"
    for kind in get_args(model.Step):
        first = docs.of_class(kind.__name__).split("\n\n")[0]
        yield f"| [`{_tag(kind)}`](#{_anchor(_step(kind))}) | {first} |\n"
    yield "\n"
    for kind in get_args(model.Step):
        yield _section(docs, kind, _step(kind), 3, _fenced(STEPS[_tag(kind)]))
        if kind is model.Menu:
            yield _part(docs, model.Option, 4)
        if kind is model.Question:
            yield _part(docs, model.Keyword, 4)
    yield "## Answers\n\nWhat a [question](#step-question) asks for: `kind` says what.\n\n"
    for kind in get_args(model.Answer):
        example = _fenced(ANSWERS[_tag(kind)] + "\n")
        yield _section(docs, kind, f"Answer: {_tag(kind)}", 3, example)
    yield _part(docs, model.AnswerChoice, 3)
    for kind in (model.GlobalWord, model.Hours, model.Subflow, model.Job):
        yield _part(docs, kind, 2)
    for name in ("JobTexts", "JobMenu", "JobPolicy"):
        yield _part(docs, name, 3)
    yield _part(docs, model.Desk, 2)
    for name in ("HandoverTexts", "HandoverPolicy"):
        yield _part(docs, name, 3)
    yield _part(docs, model.Phrases, 2)
    yield from _stock()


def _shared(docs: ModelDocs) -> Iterator[str]:
    yield "## What several keys share\n\n"
    for heading, name in (
        ("Names", "StepName"),
        ("Steps as targets", "Target"),
        ("Texts", "Text"),
        ("Words", "Words"),
        ("Expressions", "Expression"),
    ):
        more = f" More: [flow.md]({_MORE[heading]})." if heading in _MORE else ""
        yield f"### {heading}\n\n{docs.of_name(name)}{more}\n\n"
        if heading == "Texts":
            yield _lengths()


def _lengths() -> str:
    buttons = f"menus and choices with up to {limits.BUTTONS_MAX}"
    rows = (
        (
            f"title of a button: {buttons}, jobs, `leave`, `choose`, `person`",
            limits.BUTTON_TITLE_MAX,
        ),
        (f"title of a list row: with more, up to {limits.CHOICES_MAX}", limits.ROW_TITLE_MAX),
        ("description of a list row", limits.ROW_DESCRIPTION_MAX),
        ("text of a menu or of a question with choices; texts of a job", limits.MENU_TEXT_MAX),
        ("others", limits.TEXT_MAX),
    )
    return (
        "How much of a text is shown, in UTF-16 units (an emoji counts as two):\n\n"
        "| text | at most |\n|---|---|\n"
        + "".join(f"| {what} | {most} |\n" for what, most in rows)
        + "\n"
    )


# --- sections -----------------------------------------------------------------------------------


def _part(docs: ModelDocs, form: type[msgspec.Struct] | str, level: int) -> str:
    name = form if isinstance(form, str) else form.__name__
    return _section(docs, name, _PARTS[name], level)


def _section(
    docs: ModelDocs, form: type[msgspec.Struct] | str, heading: str, level: int, example: str = ""
) -> str:
    name = form if isinstance(form, str) else form.__name__
    return f"{'#' * level} {heading}\n\n{docs.of_class(name)}\n\n{_table(docs, form)}{example}"


def _table(docs: ModelDocs, form: type[msgspec.Struct] | str) -> str:
    name = form if isinstance(form, str) else form.__name__
    fields = docs.fields(name)
    if not fields:
        return "It has no keys.\n\n"
    stocked = {each.__name__: keys for each, keys in STOCKED.items()}.get(name, frozenset())
    return _COLUMNS + "".join(_row(field, field.name in stocked) for field in fields) + "\n"


def _row(field: FieldDoc, shipped: bool) -> str:
    must = field.default is None and not shipped
    key = f"**`{field.name}`**" if must else f"`{field.name}`"
    default = "[shipped](#shipped-words)" if shipped else _default(field.default)
    text = field.text.replace("\n\n", " ").replace("|", "\\|")
    return f"| {key} | {_kind(field.form)} | {default} | {text} |\n"


def _default(node: ast.expr | None) -> str:
    match node:
        case ast.Constant(value=None) | None:
            return ""
        case ast.Constant(value=float(value)):
            return f"`{value:g}`"
        case ast.Constant(value=(int() | str()) as value):
            return f"`{value}`"
        case _:
            return ""  # nothing in it, or a policy with defaults of its own


def _kind(node: ast.expr) -> str:
    """A type in words."""
    match node:
        case ast.BinOp(left=left, right=ast.Constant(value=None)):
            return _kind(left)
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, meta])):
            return f"{_kind(inner)}{_bounds(meta, inner)}"
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[key, value])):
            return f"{_kind(key)} -> {_kind(value)}"
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[item, _])):
            return f"list of {_kind(item)}s"
        case ast.Name(id=name) if name in _PARTS:
            return f"[{_PARTS[name].lower()}](#{_anchor(_PARTS[name])})"
        case _:
            return _TYPES[ast.unparse(node)]


def _bounds(meta: ast.expr, inner: ast.expr) -> str:
    assert isinstance(meta, ast.Call)
    found = {each.arg: ast.literal_eval(each.value) for each in meta.keywords}
    match found:
        case {"ge": least, "le": most}:
            return f", {least}" if least == most else f", {least} to {most}"
        case {"min_length": least, "max_length": most}:
            return f", {least} to {most}"
        case {"min_length": least}:
            return f", {least} at least"
        case _:
            raise ValueError(f"{ast.unparse(inner)}: a limit that is not told: {found}")


def _fenced(example: str) -> str:
    return f"```yaml\n{example}```\n\n"


def _tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def _step(kind: type[msgspec.Struct]) -> str:
    return f"Step: {_tag(kind)}"


def _anchor(heading: str) -> str:
    """As GitHub makes it of a heading."""
    return heading.lower().replace(" ", "-").replace(":", "")


# --- the shipped words --------------------------------------------------------------------------


def _stock() -> Iterator[str]:
    yield (
        "## Shipped words\n\nWhat is said where the file leaves a key out, if all of its languages "
        f"are among {', '.join(STOCK)} or forms of them, such as `es-PE`. A text that is "
        "written is taken whole. The shipped `leave_words` come along where `joined` does, which "
        "names one of them.\n\n"
    )
    sets = [_by_part(words) for words in STOCK.values()]
    for part, texts in sets[0].items():
        yield f"### `{part}`\n\n| key |{''.join(f' {name} |' for name in STOCK)}\n"
        yield f"|---|{'---|' * len(STOCK)}\n"
        for key in texts:
            cells = "".join(f" {_cell(each[part][key])} |" for each in sets)
            yield f"| `{key}` |{cells}\n"
        yield "\n"


def _by_part(words: StockWords) -> dict[str, Mapping[str, str]]:
    leave = {"leave_words": ", ".join(words.leave_words)}
    return {
        "phrases": words.phrases,
        "handover": {**words.handover, **leave},
        "handover.texts": words.handover_texts,
        "jobs.<name>.menu": words.job_menu,
        "jobs.<name>.texts": words.job_texts,
    }


def _cell(text: str) -> str:
    # Stars are WhatsApp's, and shown as they are written.
    return text.replace("|", "\\|").replace("*", "\\*").replace("\n", "<br>")


def written() -> str:
    """The page as it stands in the repository."""
    return page().rstrip("\n") + "\n"


if __name__ == "__main__":
    Path("docs/flow-reference.md").write_text(written(), encoding="utf-8")
