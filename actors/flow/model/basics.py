"""The words of the language that all of its parts share.

What lives here: names, texts, words, expressions, as types. What must not: keywords.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

_NAME = "[a-z][a-z0-9_]{0,39}"

Text = Annotated[dict[str, str], Meta(min_length=1)]
"""What is said, by language: `{es: Hola, en: Hello}`. Every language of the file has its
text. `{name}` puts a value in, `{price, currency, PEN}` as its readers write it."""

Words = dict[str, tuple[str, ...]]
"""What a customer may type instead of tapping, by language: `{es: [si, dale], en: [yes]}`. Each
word is understood in all languages; case, accents and punctuation do not matter. The whole message
must be the word."""

StepName = Annotated[str, Meta(pattern=f"^{_NAME}$")]
"""A name of a step, an option, a choice: a small letter, then small letters, digits and `_`, at
most 40 in all."""

Target = Annotated[str, Meta(pattern=f"^{_NAME}(\\.{_NAME})?$")]
"""Where to go on: the name of a step. Inside a sub-flow its own steps come first, then those of
the file; `flow.step` names a step of any sub-flow, whose `return` leads to the root menu then."""

ValueName = Annotated[str, Meta(pattern=f"^{_NAME}$")]
"""The name of a value that the flow keeps."""

Expression = Annotated[str, Meta(min_length=1, max_length=2000)]
"""A calculation with values, such as `amount > 0 and status in ['open', 'late']`: 2000 characters
at most. What makes no sense is null, and null is not true."""

Json = Annotated[object, Meta(extra_json_schema={"description": "Any JSON value."})]
"""Whatever JSON can say: text, numbers, true, false, null, lists and objects of them."""
