"""Split English text into clauses, and each clause into words, for the rules about polarity.

Pure: standard library only. There is no parser: a clause ends at a punctuation mark or before a
conjunction such as "but". A question has a question mark, or starts with certain words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from assistant.text.word_lists import word_set

_BOUNDARY = re.compile(
    r"[.!?;:,\n\u2013\u2014]+(?=\s|$)|[.!?]+(?=[a-z])"
    r"|\s+(?=(?:but|because|although|however|though|so)\b)"
    r"|\s+and\s+(?=(?:i|we|you|it|they|how|what|where|when|why|can|could|please)\b)"
    r"|(?<!how)(?<!what)(?<!where)(?<!when)(?<!why)\s+(?=(?:can|could|may) (?:i|we|you)\b)"
)
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_APOSTROPHES = str.maketrans("\u2019\u2018\u02bc`\u00b4", "'''''")

_CONTRACTION = re.compile(
    r"(do|does|did|is|are|was|were|have|has|had|would|should|could|must|need)n['o]?t"
)
_IRREGULAR_NOT = {
    "cannot": ["can", "not"],
    "can't": ["can", "not"],
    "cant": ["can", "not"],
    "won't": ["will", "not"],
    "wont": ["will", "not"],
    "shan't": ["shall", "not"],
    "ain't": ["is", "not"],
}

QUESTION_WORDS = word_set("how what when where why who whom whose which")
AUXILIARIES = word_set(
    """
    do does did is are am was were have has had can could will would shall should may might must
    need
    """
)
SUBJECTS = word_set(
    """
    i you he she it we they there this that these those my your our the a an anyone someone
    anybody somebody
    """
)
_LEADING = word_set("and but so because also please hi hello then or")


@dataclass(frozen=True)
class Clause:
    """``words`` are in lower case, with contractions such as "don't" split ("do", "not")."""

    words: tuple[str, ...]
    asks: bool

    @property
    def question_word(self) -> str:
        """The first word, if it is a question word such as "how"; otherwise empty."""
        return self.words[0] if self.words and self.words[0] in QUESTION_WORDS else ""


@lru_cache(maxsize=4096)
def clauses(text: str) -> tuple[Clause, ...]:
    """The clauses of a text that have a word, in order."""
    return tuple(_clauses(text.translate(_APOSTROPHES).lower()))


def _clauses(text: str) -> Iterator[Clause]:
    start = 0
    for boundary in [*_BOUNDARY.finditer(text), None]:
        end = boundary.start() if boundary else len(text)
        mark = boundary.group() if boundary else ""
        words = _words(text[start:end])
        if words:
            yield Clause(tuple(words), asks="?" in mark or _asks(words))
        start = boundary.end() if boundary else end


def _words(text: str) -> list[str]:
    words: list[str] = []
    for word in _WORD.findall(text):
        contraction = _CONTRACTION.fullmatch(word) if word.endswith("t") else None
        if word in _IRREGULAR_NOT:
            words += _IRREGULAR_NOT[word]
        elif contraction:
            words += [contraction.group(1), "not"]
        else:
            words.append(word)
    while len(words) > 1 and words[0] in _LEADING:
        del words[0]
    return words


def _asks(words: list[str]) -> bool:
    if words[0] in QUESTION_WORDS:
        return True
    following = words[1] if len(words) > 1 else ""
    if following == "not":
        following = words[2] if len(words) > 2 else ""
    return words[0] in AUXILIARIES and following in SUBJECTS


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """A simple stem: that of "cancelled", "cancelling" and "cancels" is the same as of "cancel"."""
    word = _IRREGULAR.get(word, word)
    for ending in (
        "ations",
        "ation",
        "ments",
        "ment",
        "ings",
        "ing",
        "ied",
        "ies",
        "ed",
        "es",
        "s",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + ("y" if ending in ("ied", "ies") else "")
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sz":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == "e" else word


_FORMS = (
    "get got gotten receive received receives receiving gets getting",
    "arrive came come comes coming arrived arrives arriving",
    "send sent sends sending",
    "pay paid pays paying",
    "forget forgot forgotten forgets",
    "find found finds",
    "buy bought buys purchase purchased",
    "lose lost loses losing",
    "break broke broken breaks",
    "keep kept keeps",
    "choose chose chosen",
    "go went gone goes going",
    "say said says",
    "take took taken takes",
    "give gave given gives",
    "steal stole stolen",
    "delete deletion deleted deletes",
    "cancel cancellation",
    "subscribe subscription subscribed",
    "unsubscribe unsubscription unsubscribed",
)
_IRREGULAR = {word: line.split()[0] for line in _FORMS for word in line.split()}


def stems(words: str) -> frozenset[str]:
    """The stems of the words of a text."""
    return frozenset(map(stem, words.split()))
