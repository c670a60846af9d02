"""Mend words that are one slip away from a word of the release.

Pure: standard library only. A slip is a letter too many, one missing, a wrong one, or two swapped;
never the first, which people get right and which tells "reactivate" from "deactivate".
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable

SHORTEST = 4
"""Letters; nearly every shorter word is one slip away from another."""

LONGEST = 24

_WORD = re.compile(r"[^\W\d_]+")


class Spelling:
    """Knows the words of a release's texts, and of the language.

    ``known``: words in lower case that are right as they are, release or not; without them every
    strange word would be bent into one of the release's.
    """

    def __init__(self, texts: Iterable[str], *, known: Collection[str]) -> None:
        self._uses = Counter(word for text in texts for word in _WORD.findall(text.lower()))
        self._known = known
        # A word one slip away from another equals it, or what is left of it without one letter,
        # once it has lost a letter itself or none: some twenty look-ups in place of six hundred.
        self._by_rest: dict[str, list[str]] = defaultdict(list)
        for word in self._uses:
            for rest in _rests(word):
                self._by_rest[rest].append(word)

    def correct(self, question: str) -> str:
        """``question`` with each word nobody knows replaced by the commonest one that fits."""
        return _WORD.sub(lambda found: self._corrected(found.group()), question)

    def _corrected(self, word: str) -> str:
        lower = word.lower()
        if not SHORTEST <= len(word) <= LONGEST or lower in self._uses or lower in self._known:
            return word
        near = {other for rest in _rests(lower) for other in self._by_rest.get(rest, ())}
        fitting = [other for other in near if _is_one_slip(lower, other)]
        return min(fitting, key=lambda other: (-self._uses[other], other), default=word)


def _rests(word: str) -> set[str]:
    """The word itself, and what is left of it without any one letter but the first."""
    return {word, *(word[:place] + word[place + 1 :] for place in range(1, len(word)))}


def _is_one_slip(word: str, other: str) -> bool:
    """Whether one letter more, less or different, or two swapped, makes one of the other."""
    if word[0] != other[0]:
        return False
    alike = 0
    while word[alike : alike + 1] == other[alike : alike + 1] != "":
        alike += 1
    here, there = word[alike:], other[alike:]
    swapped = here[1:2] + here[:1] == there[:2] and here[2:] == there[2:]
    return here[1:] == there or here == there[1:] or here[1:] == there[1:] or swapped
