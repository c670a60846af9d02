"""Compare phrasings. Pure."""

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

# Arabic, Persian and Urdu keyboards type different characters for the same letters and digits.
_ARABIC = str.maketrans(
    "\u064a\u0649\u0643\u0647"
    "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669"
    "\u06f0\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7\u06f8\u06f9",
    "\u06cc\u06cc\u06a9\u06c101234567890123456789",
)
# Tatweel and vowel signs.
_ARABIC_MARKS = re.compile("[\u0640\u064b-\u065f\u0670]")
_CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_CJK_SPACE = re.compile(rf"(?<=[{_CJK}]) (?=[{_CJK}])")

# Phones type curly apostrophes, keyboards straight ones.
_APOSTROPHES = str.maketrans("’‘ʼ`´", "'''''")


def normalise(phrasing: str) -> str:
    """A canonical form, equal for phrasings that differ only in case, width, spaces,
    keyboard or outer punctuation.

    Unicode's NFKC_Casefold (The Unicode Standard 15, section 3.13), which also removes invisible
    characters; spaces collapsed, and removed between Chinese or Japanese characters; Arabic
    letters and digits in one form, without tatweel and vowel signs; sentence marks and quotes
    stripped from both ends. Empty if nothing is left.
    ``normalise(normalise(phrasing)) == normalise(phrasing)``.
    """
    if phrasing.isascii():
        # The same result in half the time.
        return " ".join(_IGNORED.sub("", phrasing.replace("`", "'").lower()).split()).strip(
            _SURROUNDING
        )
    folded = unicodedata.normalize("NFKC", phrasing.translate(_APOSTROPHES)).casefold()
    visible = _ARABIC_MARKS.sub("", unicodedata.normalize("NFKC", _IGNORED.sub("", folded)))
    words = unicodedata.normalize("NFKC", visible.translate(_ARABIC)).split()
    return _CJK_SPACE.sub("", " ".join(words)).strip(_SURROUNDING)


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
    """True if the text has no visible characters."""
    return not _VISIBLE.search(text)
