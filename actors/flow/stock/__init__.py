"""Words for what every flow says, in some languages, so that a file states only what it wants
otherwise.

What lives here: putting them into a document where the file leaves them out. What must not: reading
files (`reader`), or the words themselves (`en`, `es`, `pt`). A flow is whole once it is read:
nothing behind the reader knows where a text came from, and a conversation keeps the words that it
began with. docs/decisions/0016 has the reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from actors.flow.formats import tags_of
from actors.flow.stock import en, es, pt
from actors.flow.stock.words import STOCKED, StockWords

__all__ = ["STOCK", "STOCKED", "completed", "may_lack"]

STOCK: Mapping[str, StockWords] = {"en": en.WORDS, "es": es.WORDS, "pt": pt.WORDS}
"""Language -> its words."""

Texts = dict[str, dict[str, str]]


def may_lack(document: object) -> Mapping[type, frozenset[str]]:
    """Struct of the model -> its keys that a file may leave out; none in other languages."""
    # Where the languages themselves are at fault, that is told, and not what else would be.
    return STOCKED if _words_for(document) or not _languages_of(document) else {}


def completed(document: object) -> object:
    """A document with everything in it that it leaves out and that is shipped.

    What has another form than it should is left as it is, for its fault to be told.
    """
    words = _words_for(document)
    if not isinstance(document, dict) or not words:
        return document
    whole = {**document}
    whole["phrases"] = _filled(document.get("phrases", {}), _texts(words, lambda w: w.phrases))
    whole["handover"] = _handover(document.get("handover", {}), words)
    if isinstance(jobs := document.get("jobs"), dict):
        whole["jobs"] = {name: _job(job, words) for name, job in jobs.items()}
    return whole


def _words_for(document: object) -> Mapping[str, StockWords]:
    """Language of the file -> the words for it; none unless there are words for all of them.

    A text in some of them only would be one that the check asks to be written anew anyway.
    """
    found: dict[str, StockWords] = {}
    for language in _languages_of(document):
        words = next((STOCK[tag] for tag in tags_of(language) if tag in STOCK), None)
        if words is None:
            return {}
        found[language] = words
    return found


def _languages_of(document: object) -> list[str]:
    languages = document.get("languages") if isinstance(document, dict) else None
    if not isinstance(languages, list):
        return []
    return [language for language in languages if isinstance(language, str)]


def _texts(
    words: Mapping[str, StockWords], part: Callable[[StockWords], Mapping[str, str]]
) -> Texts:
    first = next(iter(words.values()))
    return {
        key: {language: part(one)[key] for language, one in words.items()} for key in part(first)
    }


def _filled(held: object, texts: Mapping[str, object]) -> object:
    return {**texts, **held} if isinstance(held, dict) else held


def _handover(held: object, words: Mapping[str, StockWords]) -> object:
    if not isinstance(held, dict):
        return held
    own = held.get("texts", {})
    texts = _filled(own, _texts(words, lambda each: each.handover_texts))
    whole = {**_texts(words, lambda each: each.handover), **held, "texts": texts}
    if isinstance(own, dict) and "joined" not in own:
        # The shipped `joined` names the word that leads back; a file of its own says its own.
        whole.setdefault("leave_words", {name: [*one.leave_words] for name, one in words.items()})
    return whole


def _job(held: object, words: Mapping[str, StockWords]) -> object:
    if not isinstance(held, dict):
        return held
    texts = _filled(held.get("texts", {}), _texts(words, lambda each: each.job_texts))
    menu = _filled(held.get("menu", {}), _texts(words, lambda each: each.job_menu))
    return {**held, "texts": texts, "menu": menu}
