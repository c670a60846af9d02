"""The words in a model's vocabulary. Pure: standard library only."""

from __future__ import annotations

from collections.abc import Mapping


def whole_words(vocabulary: Mapping[str, int]) -> dict[str, int]:
    """The tokens that are words, in lower case, with their positions.

    WordPiece vocabularies list common words first (Devlin et al. 2019, "BERT"): a word with a
    smaller position is more common.
    """
    words: dict[str, int] = {}
    for token, place in vocabulary.items():
        if token.isalpha():
            word = token.lower()
            words[word] = min(place, words.get(word, place))
    return words
