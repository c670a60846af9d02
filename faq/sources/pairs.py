"""Questions and answers as a source has them. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace

from faq.phrasing import distinct, normalise

MIN_WORDS = 3
"""Two questions are not the same because both are answered with "Yes."."""


@dataclass(frozen=True)
class Pair:
    """A question, other wordings of it, and its answer in the Markdown of ``faq.markdown``.

    ``key``: the id of the article in its help centre; ``url``: its page. Both may be empty.
    """

    question: str
    answer: str
    alternates: tuple[str, ...] = ()
    key: str = ""
    url: str = ""

    @property
    def phrasings(self) -> tuple[str, ...]:
        return (self.question, *self.alternates)


def merge(pairs: Iterable[Pair]) -> list[Pair]:
    """One pair for each question and each answer, in their order.

    Of pairs with the same question the first is kept. A pair with the answer of an earlier one
    becomes an alternate question of it, unless the answer is shorter than ``MIN_WORDS``.
    """
    merged: dict[str, Pair] = {}
    questions: set[str] = set()
    for pair in pairs:
        question, answer = normalise(pair.question), words_of(pair.answer)
        if not question or not answer or question in questions:
            continue
        questions.add(question)
        earlier = merged.get(answer) if is_shareable(pair.answer) else None
        if earlier:
            alternates = distinct(earlier.question, [*earlier.alternates, pair.question])
            merged[answer] = replace(earlier, alternates=alternates)
        else:
            merged[answer if is_shareable(pair.answer) else question + "\n" + answer] = pair
    return list(merged.values())


def is_shareable(answer: str) -> bool:
    """Whether two questions with this answer are one FAQ."""
    return len(answer.split()) >= MIN_WORDS


def words_of(answer: str) -> str:
    """Equal for answers that differ in spaces only."""
    return " ".join(answer.split())


def hash_of(pairs: Sequence[Pair]) -> str:
    """SHA-256, 64 hex digits, of the pairs in any order.

    Not of the page, which may differ at each request: a token in a form, the time.
    """
    lines = sorted(json.dumps(astuple(pair), ensure_ascii=False) for pair in pairs)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
