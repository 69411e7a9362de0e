"""What was typed, compared with what can be meant.

What lives here: comparing words, forgivingly. What must not: what a word leads to.

Case, accents, punctuation and blanks never matter, and digits count in any dress. Beyond that a
typing error is forgiven in a word of 5 letters or more, two in one of 9 or more; never in numbers.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA

from actors.flow.model import Words

FORGIVEN_LETTERS = 5
"""Shorter words have to be typed as they are."""
_TWO_ERRORS_LETTERS = 9
_DIGITS = {"\N{KEYCAP TEN}": "10"}


def plain(text: str) -> str:
    """What was typed, without case, accents, punctuation and spare blanks."""
    # Decomposed first: ornamental letters become plain ones only then.
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    if decomposed.isascii():
        kept = [c if c.isalnum() else " " for c in decomposed]
    else:
        kept = [_plain(c) for c in decomposed if not unicodedata.combining(c)]
    return " ".join("".join(kept).split())


@lru_cache(20_000)
def plain_title(title: str) -> str:
    """The same of what the flow shows; never of a customer's words, which nobody should keep."""
    return plain(title)


def _plain(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return character if character.isalnum() else _DIGITS.get(character, " ")


def says(text: str, words: Iterable[str]) -> bool:
    """Whether what was typed is one of the words."""
    typed = plain(text)
    return bool(typed) and any(typed == plain(word) for word in words)


def all_of(words: Words) -> list[str]:
    """The words in all languages: each is understood in each."""
    return [word for spoken in words.values() for word in spoken]


def is_near(typed: str, known: str) -> bool:
    """Whether what was typed may be a phrase with typing errors; both plain."""
    return _are_near(typed.split(), known.split())


def _are_near(typed: Sequence[str], known: Sequence[str]) -> bool:
    return len(typed) == len(known) and all(map(_is_near_word, typed, known))


def _is_near_word(typed: str, known: str) -> bool:
    if typed == known:
        return True
    length = len(known)
    errors = (length >= FORGIVEN_LETTERS) + (length >= _TWO_ERRORS_LETTERS)
    if not errors or abs(len(typed) - length) > errors:
        return False
    if not (typed.isalpha() and known.isalpha()):
        return False
    return OSA.distance(typed, known, score_cutoff=errors) <= errors


class Lexicon:
    """Phrases, and what each means; one may mean several things."""

    def __init__(self, phrases: Mapping[str, Iterable[str]]) -> None:
        """Meaning -> what is typed for it."""
        self._meanings: dict[str, tuple[str, ...]] = {}
        for meaning, typed in phrases.items():
            for phrase in typed:
                known = self._meanings.get(key := plain(phrase), ())
                if key and meaning not in known:
                    self._meanings[key] = (*known, meaning)
        self._split = [(key.split(), meanings) for key, meanings in self._meanings.items()]

    def says(self, typed: str) -> tuple[str, ...]:
        """What a plain phrase means exactly."""
        return self._meanings.get(typed, ())

    def near(self, typed: str) -> set[str]:
        """What a plain phrase may mean, typing errors forgiven."""
        words = typed.split()
        return {
            meaning
            for phrase, meanings in self._split
            if _are_near(words, phrase)
            for meaning in meanings
        }

    def words(self, meaning: str) -> list[str]:
        """The single words of a meaning."""
        return [
            phrase[0]
            for phrase, meanings in self._split
            if meaning in meanings and len(phrase) == 1
        ]
