"""The FAQs whose questions have the words that a visitor is typing. Pure; compares no vectors.

A pause in typing must cost little, so it takes words and no model. What is sent takes both.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from math import log
from operator import itemgetter

from faq.content import Content

_WORD = re.compile(r"\w+")

MIN_START = 3
"""Letters of the last word; shorter ones start too many words."""

MIN_SHARE = 0.5
"""Of what the typed words weigh, 0 to 1: a question with less in common is not shown."""


class QuestionIndex:
    """Questions and alternate questions, by word. A rare word weighs more than a frequent one."""

    def __init__(self, contents: Mapping[str, Content]) -> None:
        self.contents = contents
        self._words = {faq_id: _words(*content.phrasings) for faq_id, content in contents.items()}
        self._counts = Counter(word for words in self._words.values() for word in words)

    def find(self, typed: str, *, limit: int) -> list[Content]:
        """The best ``limit`` FAQs, best first. The last word may be the start of one."""
        words = [word.casefold() for word in _WORD.findall(typed)]
        if words and len(words[-1]) < MIN_START:
            del words[-1]
        if not words:
            return []
        starts = {word for word in self._counts if word.startswith(words[-1])}
        meant = [{word} for word in words[:-1]] + [starts or {words[-1]}]
        weighted = [(min(map(self._weight, one_of)), one_of) for one_of in meant]
        least = MIN_SHARE * sum(weight for weight, _ in weighted)
        common = (
            (sum(weight for weight, one_of in weighted if one_of & have), faq_id)
            for faq_id, have in self._words.items()
        )
        near = (pair for pair in common if pair[0] >= least)
        best = sorted(near, key=itemgetter(0), reverse=True)[:limit]
        return [self.contents[faq_id] for _, faq_id in best]

    def _weight(self, word: str) -> float:
        """The square of its inverse document frequency; a word that no question has weighs most.

        Squared, so that one rare word weighs more than several frequent ones.
        """
        return float(log(1 + len(self.contents) / self._counts.get(word, 1)) ** 2)


def _words(*texts: str) -> frozenset[str]:
    return frozenset(word.casefold() for text in texts for word in _WORD.findall(text))
