"""Questions that lack the word that distinguishes two FAQs.

"What is included in the plan?" is 0.9 similar to "What is included in plan A?". If another FAQ is
about plan B, neither answers it.

Pure: standard library only.
"""

from __future__ import annotations

from functools import lru_cache

from assistant.meaning.identifiers import identifiers
from assistant.meaning.opposites import are_opposite
from assistant.text.clauses import clauses, stem, stems
from assistant.text.tokens import GLUE
from assistant.text.word_lists import word_set

_PARTICLES = word_set("on off up down in out without before after")
"""Function words that distinguish phrasings."""

_VAGUE = stems("problem issue trouble")


def is_underspecified(question: str, phrasing: str, rival: str) -> bool:
    """Whether a question fits the phrasings of two FAQs equally well.

    Either they differ only in a number, letter or opposite that the question lacks, or the question
    names only a problem with something that both are about.
    """
    mine, theirs = _words(phrasing), _words(rival)
    words = _words(question)
    specific = words - _VAGUE
    if not specific or not specific <= mine & theirs:
        return False
    if specific < words and len(specific) == 1:
        return True
    if len(mine - theirs) != 1 or len(theirs - mine) != 1:
        return False
    (one,), (other,) = mine - theirs, theirs - mine
    return are_opposite(one, other) or {one, other} <= _values(phrasing) | _values(rival)


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    """The stems of the content words of a text, and its numbers and letters."""
    words = (word for clause in clauses(text) for word in clause.words)
    return _values(text).union(
        stem(word) for word in words if word not in GLUE or word in _PARTICLES
    )


def _values(text: str) -> frozenset[str]:
    return frozenset(identifier.value for identifier in identifiers(text))
