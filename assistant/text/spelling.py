"""Correct words that are one typing error away from a word of the release or of the language.

Pure: standard library only. A typing error is one additional, missing or wrong letter, or two
swapped letters. The first letter never changes: people rarely mistype it, and it distinguishes
"reactivate" from "deactivate". Names, and words in other than plain Latin letters, never change.
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
"""Contractions without their apostrophe; a correction could remove the negation."""

_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_END = ".?!:\n"


@dataclass(frozen=True)
class Change:
    """One corrected word."""

    typed: str
    corrected: str

    def as_dict(self) -> dict[str, str]:
        return {"from": self.typed, "to": self.corrected}


@dataclass(frozen=True)
class Correction:
    """A corrected text with its changes, if any."""

    text: str
    changes: tuple[Change, ...] = ()


class Spelling:
    """Corrects words with the words of a release and of the language.

    ``known``: words of the language in lower case with their rank, the most common first. Without
    them any unknown word might be changed to a word of the release. ``names``: words of the
    release, in lower case, that are never a correction: a different letter is a different product.
    """

    def __init__(
        self, texts: Iterable[str], *, known: Mapping[str, int], names: Collection[str] = ()
    ) -> None:
        self._uses = Counter(word for text in texts for word in _WORD.findall(text.lower()))
        self._known = known
        self._names = names

    def correct(self, text: str) -> Correction:
        """Replace each unknown word by the most common word of the release that is one error away.

        If the release has none, by the most common one of the language. Words with a capital letter
        within a sentence are names and do not change.
        """
        changes = []
        pieces, end = [], 0
        for match in _WORD.finditer(text):
            word = match.group()
            if self._is_correctable(word) and not _is_name(text, match):
                corrected = self._best_correction(word.lower())
                if corrected:
                    changes.append(Change(word, corrected))
                    pieces += [text[end : match.start()], corrected]
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

    def _best_correction(self, word: str) -> str:
        """Empty if no known word is one error away."""
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
