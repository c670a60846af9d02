"""Find the FAQ whose answer has the words of a question, if no phrasing is close.

"Is there a lift?" is close to no phrasing, but one answer says "by lift". Each word is weighted by
its inverse document frequency (Spärck Jones 1972, "A statistical interpretation of term specificity
and its application in retrieval").

Pure: standard library only.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from math import log
from typing import TypeVar

from assistant.text.clauses import clauses, stem
from assistant.text.tokens import GLUE
from faq.content import Content

LEAST_SHARE = 0.5
"""The answer must have this share of the weight of the question's words. With less, on two sets
with real answers, as many offers are wrong as right."""

SHORTEST = 3

_CAPITALISED_PAIR = re.compile(r"\b([A-Z][a-z]{2,20}) ([A-Z][a-z]{2,20})\b")


ROUNDING = 1e-9
"""Tolerance for sums of weights, so that their order does not matter."""

Pair = tuple[str, str]
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class AnswerWords:
    """``faqs``: the ids of the FAQs that have a word, by its stem. ``pairs``: by their first two
    letters, the two-word names in answers, which people shorten ("Amex")."""

    faqs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    count: int = 0
    pairs: Mapping[str, Mapping[Pair, frozenset[str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, contents: Iterable[Content]) -> AnswerWords:
        faqs: dict[str, set[str]] = defaultdict(set)
        pairs: dict[str, dict[Pair, set[str]]] = defaultdict(lambda: defaultdict(set))
        count = 0
        for content in contents:
            count += 1
            for word in _words(" ".join((*content.phrasings, content.answer))):
                faqs[word].add(content.slug)
            for first, second in _CAPITALISED_PAIR.findall(content.answer):
                pairs[first[:2].lower()][first.lower(), second.lower()].add(content.slug)
        return cls(_frozen(faqs), count, {start: _frozen(each) for start, each in pairs.items()})

    def find(self, question: str) -> str:
        """The id of the one FAQ that has most of the question's words; empty if there is none."""
        faqs_by_word = {word: self._faqs_with(word) for word in _words(question)}
        weights = {
            word: log(1 + self.count / (len(ids) or 1)) for word, ids in faqs_by_word.items()
        }
        total, rest = sum(weights.values()), 1.0
        shares: dict[str, float] = {}
        for word in sorted(weights, key=lambda word: (-weights[word], word)):
            share, faq_ids = weights[word] / total, faqs_by_word[word]
            if rest < LEAST_SHARE - ROUNDING:
                # Rare words come first: FAQs without any of them cannot reach LEAST_SHARE now.
                faq_ids = shares.keys() & faq_ids
            for faq_id in faq_ids:
                shares[faq_id] = shares.get(faq_id, 0.0) + share
            rest -= share
        best = max(shares.values(), default=0.0)
        best_ids = [faq_id for faq_id, share in shares.items() if share == best]
        return best_ids[0] if best >= LEAST_SHARE - ROUNDING and len(best_ids) == 1 else ""

    def _faqs_with(self, word: str) -> Set[str]:
        faq_ids = self.faqs.get(word)
        if faq_ids is not None:
            return faq_ids
        pairs = self.pairs.get(word[:2], {})
        return next((ids for pair, ids in pairs.items() if _is_short_for(word, pair)), frozenset())


def _frozen(sets: Mapping[K, set[str]]) -> dict[K, frozenset[str]]:
    return {key: frozenset(ids) for key, ids in sets.items()}


def _is_short_for(word: str, pair: Pair) -> bool:
    """Whether a word is the start of both words, at least two letters each: "Amex"."""
    first, second = pair
    return any(
        first.startswith(word[:cut]) and second.startswith(word[cut:])
        for cut in range(2, len(word) - 1)
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(
        stem(word)
        for clause in clauses(text)
        for word in clause.words
        if word not in GLUE and len(word) >= SHORTEST
    )
