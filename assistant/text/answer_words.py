"""Find the FAQ whose answer has the words of a question, if no phrasing is close.

"Is there a lift?" is close to no phrasing, but one answer says "by lift". Each word is weighted by
its inverse document frequency (Spärck Jones 1972, "A statistical interpretation of term specificity
and its application in retrieval").

Pure: numpy only.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from assistant.text.clauses import clauses, stem
from assistant.text.tokens import GLUE
from faq.content import Content

MIN_SHARE = 0.5
"""The answer must have this share of the weight of the question's words. With less, on two sets
with real answers, as many offers are wrong as right."""

MIN_LENGTH = 3

MAX_TIED = 5
"""FAQs with the same words of a question, for which the order of the words is compared."""

_CAPITALISED_PAIR = re.compile(r"\b([A-Z][a-z]{2,20}) ([A-Z][a-z]{2,20})\b")

ROUNDING = 1e-9
"""Of sums of weights: half the words are half of them in any order."""

Pair = tuple[str, str]
K = TypeVar("K", bound=Hashable)
Rows = npt.NDArray[np.int32]

NO_ROWS: Rows = np.empty(0, dtype=np.int32)


@dataclass(frozen=True)
class AnswerWords:
    """``contents``: all FAQs. ``rows``: the places in it of the FAQs that have a word, by its
    stem. ``pairs``: the two-word names in their answers, which people shorten ("Amex"), by their
    first two letters."""

    contents: Sequence[Content] = ()
    rows: Mapping[str, Rows] = field(default_factory=dict)
    pairs: Mapping[str, Mapping[Pair, Rows]] = field(default_factory=dict)

    @classmethod
    def of(cls, contents: Iterable[Content]) -> AnswerWords:
        faqs = list(contents)
        rows: dict[str, list[int]] = defaultdict(list)
        pairs: dict[str, dict[Pair, list[int]]] = defaultdict(lambda: defaultdict(list))
        for row, content in enumerate(faqs):
            for word in _words(" ".join(_texts(content))):
                rows[word].append(row)
            for first, second in set(_CAPITALISED_PAIR.findall(content.answer)):
                pairs[first[:2].lower()][first.lower(), second.lower()].append(row)
        return cls(faqs, _arrays(rows), {start: _arrays(values) for start, values in pairs.items()})

    def find(self, question: str) -> str:
        """The id of the one FAQ that has most of the question's words; empty without any."""
        count = len(self.contents)
        if not count:
            return ""
        having = {word: self._having(word) for word in _words(question)}
        weights = {word: log(1 + count / (len(rows) or 1)) for word, rows in having.items()}
        total = sum(weights.values())
        shares = np.zeros(count)
        # In one order for all FAQs, so that the same words give the same sum.
        for word in sorted(weights, key=lambda word: (-weights[word], word)):
            shares[having[word]] += weights[word] / total
        best = shares.max(initial=0.0)
        if best < MIN_SHARE - ROUNDING:
            return ""
        best_faqs = [self.contents[row] for row in np.flatnonzero(shares == best).tolist()]
        if 1 < len(best_faqs) <= MAX_TIED:
            words = _neighbours(question)
            best_faqs = [content for content in best_faqs if _has_neighbours(content, words)]
        return best_faqs[0].slug if len(best_faqs) == 1 else ""

    def _having(self, word: str) -> Rows:
        cached_rows = self.rows.get(word)
        if cached_rows is not None:
            return cached_rows
        pairs = self.pairs.get(word[:2], {})
        return next((rows for pair, rows in pairs.items() if _is_short_for(word, pair)), NO_ROWS)


def _arrays(rows: Mapping[K, list[int]]) -> dict[K, Rows]:
    return {key: np.array(values, dtype=np.int32) for key, values in rows.items()}


def _is_short_for(word: str, pair: Pair) -> bool:
    """Whether a word is the start of both words, at least two letters each: "Amex"."""
    first, second = pair
    return any(
        first.startswith(word[:cut]) and second.startswith(word[cut:])
        for cut in range(2, len(word) - 1)
    )


def _has_neighbours(content: Content, words: frozenset[Pair]) -> bool:
    """Whether one text of an FAQ has all these words side by side."""
    return bool(words) and any(words <= _neighbours(text) for text in _texts(content))


def _texts(content: Content) -> tuple[str, ...]:
    return (*content.phrasings, content.answer)


def _words(text: str) -> frozenset[str]:
    """The stems of the content words."""
    return frozenset(
        stem(word) for clause in clauses(text) for word in clause.words if _is_content(word)
    )


def _neighbours(text: str) -> frozenset[Pair]:
    """The stems of each two content words side by side."""
    return frozenset(
        (stem(first), stem(second))
        for clause in clauses(text)
        for first, second in pairwise(clause.words)
        if _is_content(first) and _is_content(second)
    )


def _is_content(word: str) -> bool:
    return word not in GLUE and len(word) >= MIN_LENGTH
