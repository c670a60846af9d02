"""Names that differ between a question and a phrasing: another product, another medicine.

Pure: standard library only. A release's names are the words that it writes with a capital letter
within a sentence. A question's names are the words that are not in the model's vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from assistant.text.clauses import stem
from assistant.text.tokens import GLUE

_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_SENTENCE = re.compile(r"[.!?:\n]\s*")

MIN_LENGTH = 3


@dataclass(frozen=True)
class Names:
    """The names in a release's phrasings, in lower case, each with the words that follow it."""

    followed_by: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, phrasings: Iterable[str]) -> Names:
        capital: dict[str, set[str]] = {}
        plain: set[str] = set()
        for phrasing in phrasings:
            for sentence in _SENTENCE.split(phrasing):
                words = _WORD.findall(sentence)
                for place, word in enumerate(words):
                    if word[0].islower():
                        plain.add(word)
                    elif place and _is_capitalised(word):
                        following = words[place + 1 : place + 2]
                        capital.setdefault(word.lower(), set()).update(map(str.lower, following))
        return cls({name: frozenset(words) for name, words in capital.items() if name not in plain})

    def __contains__(self, word: str) -> bool:
        return word in self.followed_by


def _is_capitalised(word: str) -> bool:
    """Acronyms such as "PIN" and "ATMs" are not names."""
    return (
        len(word) >= MIN_LENGTH
        and word[0].isupper()
        and not word.rstrip("s").isupper()
        and "'" not in word
    )


@dataclass(frozen=True)
class OtherName:
    """The name in the question, and the one in its place in the phrasing."""

    question: str
    phrasing: str

    def as_dict(self) -> dict[str, str]:
        return {"question": self.question, "phrasing": self.phrasing}


def other_name(
    question: str,
    phrasing: str,
    *,
    typed: str,
    faq_texts: Iterable[str],
    names: Names,
    model_words: Collection[str],
) -> OtherName | None:
    """A different name, or a different thing of the same name, in the question; None without one.

    ``typed``: the question before its spelling was corrected, which may have changed a name into a
    word. Such a word counts as a name if it is next to the same word as the phrasing's name.
    ``faq_texts``: the FAQ's phrasings and answer, whose names never count as different.
    ``model_words``: the model's vocabulary, in lower case; if empty, the result is None.
    """
    curated = [word.lower() for word in _WORD.findall(phrasing)]
    theirs = [word for word in curated if word in names]
    if not theirs or not model_words:
        return None
    mine = [word.lower() for word in _WORD.findall(question)]
    as_typed = [word.lower() for word in _WORD.findall(typed)]
    faq_words = {word.lower() for text in faq_texts for word in _WORD.findall(text)}
    absent = [name for name in theirs if not any(_is_short_for(word, name) for word in mine)]
    if absent:
        strange = [
            word
            for word in as_typed
            if _is_strange(word, faq_words, model_words)
            and not any(_is_short_for(word, name) for name in theirs)
            and (word in mine or _beside(as_typed, word) & _beside(curated, absent[0]))
        ]
        return OtherName(strange[0], absent[0]) if strange else None
    return _other_thing(mine, theirs, faq_words, names)


def _beside(words: list[str], word: str) -> set[tuple[str, str]]:
    """The word before and the word after, each with its side."""
    place = words.index(word)
    before = {("before", neighbour) for neighbour in words[:place][-1:]}
    return before | {("after", neighbour) for neighbour in words[place + 1 : place + 2]}


def _is_strange(word: str, faq_words: Collection[str], model_words: Collection[str]) -> bool:
    if len(word) < MIN_LENGTH or word in faq_words or word.isdigit() or "'" in word:
        return False
    return word not in model_words and not all(part in model_words for part in word.split("-"))


def _is_short_for(word: str, name: str) -> bool:
    """ "Mongo" is short for "MongoDB". A name with a further digit is another model."""
    short, long = sorted((word, name), key=len)
    rest = long[len(short) :]
    return long.startswith(short) and (not rest or (len(short) > MIN_LENGTH and rest.isalpha()))


def _other_thing(
    mine: list[str], theirs: list[str], faq_words: Collection[str], names: Names
) -> OtherName | None:
    """Such as "the Velto table", if the release has only the Velto lamp."""
    stems = {stem(word) for word in faq_words}
    for name in theirs:
        if name not in mine:
            continue
        place = mine.index(name)
        following = mine[place + 1] if place + 1 < len(mine) else ""
        things = {word for word in names.followed_by[name] if word not in GLUE}
        if (
            len(things) == 1
            and following
            and following not in GLUE
            and stem(following) not in stems
        ):
            return OtherName(f"{name} {following}", f"{name} {min(things)}")
    return None
