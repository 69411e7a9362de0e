"""What a part of a flow file is, and what it should be, in words for its author.

What lives here: names of forms and kinds. What must not: finding what is wrong (`form`).
"""

from __future__ import annotations

from msgspec import inspect

from actors.flow.model import Flow


def kind_of(value: object) -> str:
    """What was written, in words."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "a mapping"


def is_spoken(form: inspect.Type) -> bool:
    """Whether it is a text by language."""
    if not isinstance(form, inspect.DictType) or form.min_length != 1:
        return False
    return isinstance(form.value_type, inspect.StrType)


def described(form: inspect.Type) -> str:
    """What should have been written, in words."""
    match form:
        case inspect.Metadata(type=inner):
            return described(inner)
        case inspect.UnionType(types=types):
            some = [each for each in types if not isinstance(each, inspect.NoneType)]
            return " or ".join(dict.fromkeys(described(each) for each in some))
        case inspect.StructType(tag_field="do"):
            return "a step"
        case inspect.StructType():
            return named(form)
        case inspect.DictType():
            return "a text by language" if is_spoken(form) else "a mapping"
        case inspect.VarTupleType():
            return "a list"
        case inspect.StrType(pattern=str()):
            return "a name"
        case inspect.StrType():
            return "a text"
        case inspect.IntType():
            return "a whole number"
        case inspect.FloatType():
            return "a number"
        case inspect.BoolType():
            return "true or false"
        case _:
            return "something else"


_NAMED = {
    "Flow": "a flow",
    "Desk": "`handover`",
    "JobMenu": "the menu of a job",
    "JobTexts": "the texts of a job",
    "HandoverTexts": "the texts of `handover`",
    "GlobalWord": "a global word",
    "AnswerChoice": "a choice",
    "Subflow": "a sub-flow",
    "JobPolicy": "a policy",
    "HandoverPolicy": "a policy",
    "Phrases": "`phrases`",
    "Hours": "opening hours",
}


def named(form: inspect.StructType) -> str:
    """What a mapping of this form is called."""
    if form.tag is not None:
        return f"`{form.tag_field}: {form.tag}`"
    name = form.cls.__name__
    article = "an" if name[0] in "AEIO" else "a"
    return _NAMED.get(name, f"{article} {name.lower()}")


def put_right(value: object, wanted: list[inspect.Type]) -> str:
    """What to do about a value of another kind than is wanted."""
    if any(isinstance(form, inspect.StrType) for form in wanted):
        if isinstance(value, bool | int | float):
            written = str(value).lower() if isinstance(value, bool) else str(value)
            return f'Put it into quotes: "{written}"'
        if isinstance(value, dict) and [*value.values()] == [None]:
            # A placeholder that YAML takes for a mapping.
            return f'Put it into quotes: "{{{next(iter(value))}}}"'
        return "Write a text"
    if isinstance(value, str):
        if any(map(is_spoken, wanted)):
            return "Say it by language, such as `{en: Hello}`"
        if any(isinstance(form, inspect.VarTupleType) for form in wanted):
            return f"Put it into brackets: `[{value[:40]}]`"
    if any(isinstance(form, inspect.StructType) and form.cls is Flow for form in wanted):
        return "`routerbot flow example` shows flows to begin with"
    return "`routerbot flow schema` says what can stand here"
