"""Recognise texts that no model can read. Pure: standard library only."""

from __future__ import annotations

import unicodedata


def is_readable(text: str, *, english_only: bool) -> bool:
    """Whether a text has a letter or digit of the model's vocabulary.

    All texts of emoji, marks and spaces get the same vector. ``english_only``: so do all texts
    without Latin letters and digits.
    """
    folded = unicodedata.normalize("NFKD", text)
    if not english_only:
        return any(character.isalnum() for character in folded)
    return any(character.isascii() and character.isalnum() for character in folded)
