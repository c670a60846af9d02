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

MIN_LENGTH = 4
"""Letters; nearly every shorter word is one error away from another."""

MAX_LENGTH = 24

_CONTRACTIONS = word_set(
    """
    dont doesnt didnt cant cannot couldnt wont wouldnt shouldnt mustnt neednt isnt arent wasnt
    werent hasnt havent hadnt aint youre youve theyre thats whats wheres hows ive
    """
)
"""Contractions without their apostrophe; a correction could remove the negation."""

RARE = 20_000
"""The rank in the model's vocabulary from which a word may be an error for a word of the release:
"alam" for "alarm". About a third of the words are so rare."""

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

    ``language_words``: words of the language in lower case with their rank, the most common first.
    Without them any unknown word might be changed to a word of the release. ``names``: words of the
    release, in lower case, that are never a correction: a different letter is a different product.
    """

    def __init__(
        self,
        texts: Iterable[str],
        *,
        language_words: Mapping[str, int],
        names: Collection[str] = (),
    ) -> None:
        self._uses = Counter(word for text in texts for word in _WORD.findall(text.lower()))
        self._language_words = language_words
        self._names = names

    def correct(self, text: str) -> Correction:
        """Replace each unknown word by a word that is one typing error away.

        Words of the release come before those of the language, frequent errors before others, and
        the most common word first. Words with a capital letter within a sentence are names and do
        not change.
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
            MIN_LENGTH <= len(word) <= MAX_LENGTH
            and word.isascii()
            and lower not in _CONTRACTIONS
            and lower not in self._uses
            and self._language_words.get(lower, RARE) >= RARE
        )

    def _best_correction(self, word: str) -> str:
        """Empty if no word is one error away."""
        frequent, others = _one_error_away(word)
        for near in [frequent] if word in self._language_words else [frequent, others]:
            near.difference_update(self._names)
            if used := near & self._uses.keys():
                return min(used, key=lambda other: (-self._uses[other], other))
        if word in self._language_words:
            return ""
        for near in (frequent, others):
            if candidates := near & self._language_words.keys():
                return min(candidates, key=self._language_words.__getitem__)
        return ""


def _is_name(text: str, match: re.Match[str]) -> bool:
    word = match.group()
    if not word[0].isupper() or word.isupper():
        return False
    before = text[: match.start()].rstrip(" \"'(")
    return bool(before) and before[-1] not in _SENTENCE_END


def _one_error_away(word: str) -> tuple[set[str], set[str]]:
    """All strings one error away, in two groups: by a frequent error, and by any other.

    After Norvig, "How to write a spelling corrector", 2007. Frequent errors are a missing letter, a
    doubled one, and two swapped letters. For the others there are too many candidates for each to
    be likely: Pollock and Zamora 1984, "Automatic spelling correction in scientific and scholarly
    text".
    """
    splits = [(word[:place], word[place:]) for place in range(1, len(word) + 1)]
    frequent = {
        *(left + right[1] + right[0] + right[2:] for left, right in splits if len(right) > 1),
        *(left + right[1:] for left, right in splits if right and right[0] == left[-1]),
        *(left + letter + right for left, right in splits for letter in ascii_lowercase),
    }
    others = {
        *(left + right[1:] for left, right in splits if right),
        *(
            left + letter + right[1:]
            for left, right in splits
            if right
            for letter in ascii_lowercase
        ),
    }
    return frequent - {word}, others - frequent - {word}
