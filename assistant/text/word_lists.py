"""Lists of English words, written as text. Pure: standard library only."""

from __future__ import annotations


def word_set(words: str) -> frozenset[str]:
    """The words of a text that separates them by spaces."""
    return frozenset(words.split())
