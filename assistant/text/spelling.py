"""Correct words that are one typing error away from a word of the release or of the language.

Pure: standard library only. A typing error is one letter too many, missing, wrong, or two swapped;
never the first, which people get right and which tells "reactivate" from "deactivate". An edit
distance means nothing between names, nor in scripts without spaces: only plain Latin words change.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from string import ascii_lowercase

from assistant.text.word_lists import word_set

SHORTEST = 4
"""Letters; nearly every shorter word is one error away from another."""

LONGEST = 24

_CONTRACTIONS = word_set(
    """
    dont doesnt didnt cant cannot couldnt wont wouldnt shouldnt mustnt neednt isnt arent wasnt
    werent hasnt havent hadnt aint youre youve theyre thats whats wheres hows ive
    """
)
"""Without their apostrophe. Corrected into another word they would lose their negation."""

_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_END = ".?!:\n"


@dataclass(frozen=True)
class Change:
    """One corrected word: as it was typed, and what it was taken for."""

    typed: str
    taken_for: str

    def as_dict(self) -> dict[str, str]:
        return {"from": self.typed, "to": self.taken_for}


@dataclass(frozen=True)
class Correction:
    """A text and what was changed in it; ``changes`` is empty where nothing was."""

    text: str
    changes: tuple[Change, ...] = ()


class Spelling:
    """Knows the words of a release's texts, and of the language.

    ``known``: words of the language in lower case, and the place of each among them, the commonest
    first; without them every strange word would be bent into one of the release's. ``names``:
    words of the release, in lower case, that nothing is corrected into: one letter makes another
    product.
    """

    def __init__(
        self, texts: Iterable[str], *, known: Mapping[str, int], names: Collection[str] = ()
    ) -> None:
        self._uses = Counter(word for text in texts for word in _WORD.findall(text.lower()))
        self._known = known
        self._names = names

    def correct(self, text: str) -> Correction:
        """``text`` with each unknown word replaced by the one that fits.

        A word of the release goes before one of the language, and of each the commonest before
        others. Words written with a capital letter within a sentence are names, and stay.
        """
        changes = []
        pieces, end = [], 0
        for match in _WORD.finditer(text):
            word = match.group()
            if self._is_correctable(word) and not _is_name(text, match):
                taken_for = self._taken_for(word.lower())
                if taken_for:
                    changes.append(Change(word, taken_for))
                    pieces += [text[end : match.start()], taken_for]
                    end = match.end()
        return Correction("".join([*pieces, text[end:]]), tuple(changes))

    def _is_correctable(self, word: str) -> bool:
        lower = word.lower()
        return (
            SHORTEST <= len(word) <= LONGEST
            and word.isascii()
            and lower not in _CONTRACTIONS
            and lower not in self._uses
            and lower not in self._known
        )

    def _taken_for(self, word: str) -> str:
        """Empty if no word fits."""
        near = _one_error_away(word)
        near.difference_update(self._names)
        if used := near & self._uses.keys():
            return min(used, key=lambda other: (-self._uses[other], other))
        known = near & self._known.keys()
        return min(known, key=self._known.__getitem__) if known else ""


def _is_name(text: str, match: re.Match[str]) -> bool:
    word = match.group()
    if not word[0].isupper() or word.isupper():
        return False
    before = text[: match.start()].rstrip(" \"'(")
    return bool(before) and before[-1] not in _SENTENCE_END


def _one_error_away(word: str) -> set[str]:
    """All strings one error away, after Norvig, "How to write a spelling corrector", 2007."""
    splits = [(word[:place], word[place:]) for place in range(1, len(word) + 1)]
    return {
        *(left + right[1:] for left, right in splits if right),
        *(left + right[1] + right[0] + right[2:] for left, right in splits if len(right) > 1),
        *(
            left + letter + right[1:]
            for left, right in splits
            if right
            for letter in ascii_lowercase
        ),
        *(left + letter + right for left, right in splits for letter in ascii_lowercase),
    } - {word}
