"""Mend words that are one slip away from a word of the release.

Pure: standard library only. A slip is a letter too many, one missing, a wrong one, or two swapped;
never the first, which people get right and which tells "reactivate" from "deactivate".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

SHORTEST = 4
"""Letters; nearly every shorter word is one slip away from another."""

LONGEST = 24

_WORD = re.compile(r"[^\W\d_]+")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Spelling:
    """Knows the words of a release's texts, and of the language.

    ``known``: words in lower case that are right as they are, release or not; without them every
    strange word would be bent into one of the release's.
    """

    def __init__(self, texts: Iterable[str], *, known: Collection[str]) -> None:
        self._uses = Counter(word for text in texts for word in _WORD.findall(text.lower()))
        self._known = known

    def mend(self, question: str) -> str:
        """``question`` with each word nobody knows replaced by the commonest one that fits."""
        return _WORD.sub(lambda found: self._mended(found.group()), question)

    def _mended(self, word: str) -> str:
        lower = word.lower()
        if not SHORTEST <= len(word) <= LONGEST or lower in self._uses or lower in self._known:
            return word
        fitting = [other for other in _one_slip_away(lower) if other in self._uses]
        return min(fitting, key=lambda other: (-self._uses[other], other), default=word)


def _one_slip_away(word: str) -> set[str]:
    splits = [(word[:place], word[place:]) for place in range(1, len(word) + 1)]
    return {
        *(head + tail[1:] for head, tail in splits if tail),
        *(head + tail[1] + tail[0] + tail[2:] for head, tail in splits if len(tail) > 1),
        *(head + letter + tail[1:] for head, tail in splits if tail for letter in _LETTERS),
        *(head + letter + tail for head, tail in splits for letter in _LETTERS),
    }
