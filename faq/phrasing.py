"""When two phrasings are the same one. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

# Default_Ignorable_Code_Point of Unicode 15.1, DerivedCoreProperties.txt.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_IGNORED = re.compile(f"[{_INVISIBLE}]")
# U+2800 is the braille cell without dots.
_VISIBLE = re.compile(rf"[^\s\u2800{_INVISIBLE}]")
_SURROUNDING = " ?!.,;:¿¡؟۔،؛。、\"'`“”„‟‘’‚‛«»‹›"


# Phones type the curly one inside words, keyboards the straight one.
_APOSTROPHES = str.maketrans("’‘ʼ`´", "'''''")


def normalise(phrasing: str) -> str:
    """Equal for phrasings that differ only in capitals, width, spaces or punctuation around them.

    Unicode's NFKC_Casefold (The Unicode Standard 15, section 3.13), which also leaves out invisible
    characters; spaces collapsed; sentence marks and quotes stripped from both ends. Empty if
    nothing is left. ``normalise(normalise(phrasing)) == normalise(phrasing)``.
    """
    if phrasing.isascii():
        # What all of this comes to, in half the time.
        return " ".join(_IGNORED.sub("", phrasing.replace("`", "'").lower()).split()).strip(
            _SURROUNDING
        )
    folded = unicodedata.normalize("NFKC", phrasing.translate(_APOSTROPHES)).casefold()
    words = unicodedata.normalize("NFKC", _IGNORED.sub("", folded)).split()
    return " ".join(words).strip(_SURROUNDING)


def key_of(phrasing: str) -> bytes:
    """SHA-256, 32 bytes; equal for phrasings that ``normalise`` makes equal."""
    return hashlib.sha256(normalise(phrasing).encode()).digest()


def distinct(question: str, alternates: Iterable[str]) -> tuple[str, ...]:
    """``alternates`` in their order, without those that repeat the question or an earlier one."""
    first = {normalise(question): question}
    for alternate in alternates:
        first.setdefault(normalise(alternate), alternate)
    return tuple(first.values())[1:]


def is_blank(text: str) -> bool:
    """Whether a person would see nothing: no characters, or only spaces and invisible ones."""
    return not _VISIBLE.search(text)
