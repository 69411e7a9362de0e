"""What a set of shipped words holds, in one language.

What lives here: the form of it, and which keys of a flow file it speaks for. What must not: the
words (a module for each language), or putting them into a file (`stock`).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from actors.flow import model


class StockWords(msgspec.Struct, frozen=True):
    """Words for what every flow says; key -> text."""

    phrases: Mapping[str, str]
    handover: Mapping[str, str]
    """`summary` and `job_line`."""
    handover_texts: Mapping[str, str]
    leave_words: tuple[str, ...]
    job_texts: Mapping[str, str]
    """True of any kind of job: they name it by `{job}` and `{device}`."""
    job_menu: Mapping[str, str]


def _keys(form: type[msgspec.Struct], *without: str) -> frozenset[str]:
    return frozenset(form.__struct_fields__) - set(without)


STOCKED: Mapping[type, frozenset[str]] = {
    model.Flow: frozenset({"phrases", "handover"}),
    model.Phrases: _keys(model.Phrases),
    model.Desk: frozenset({"texts", "summary", "job_line"}),
    model.HandoverTexts: _keys(model.HandoverTexts),
    model.Job: frozenset({"texts", "menu"}),
    model.JobTexts: _keys(model.JobTexts, "steps"),
    model.JobMenu: _keys(model.JobMenu),
}
"""Struct of the model -> its keys that may be left out where the words are shipped."""
