"""Can the model read a text at all? Pure: standard library only."""

from __future__ import annotations

import unicodedata


def is_readable(text: str, *, english_only: bool) -> bool:
    """Whether a text has a letter or a digit that a model's vocabulary has.

    Emoji, marks and blank cells have no meaning to any tokenizer used here: all of them get one and
    the same vector. ``english_only``: nor have letters that are not Latin.
    """
    folded = unicodedata.normalize("NFKD", text)
    if not english_only:
        return any(character.isalnum() for character in folded)
    return any(character.isascii() and character.isalnum() for character in folded)
