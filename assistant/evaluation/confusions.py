"""FAQs that rank first where another one is right. Pure: standard library only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from assistant.evaluation.evaluate import EvaluatedQuestion, Result

EXAMPLES = 5
"""Questions of a confusion that are shown."""


@dataclass(frozen=True)
class Confusion:
    """An FAQ that ranks first where another one, or none, is right.

    ``expected`` is None for questions that no FAQ answers. ``answered``: how many of the ``count``
    questions were answered with the wrong FAQ.
    """

    expected: str | None
    predicted: str
    count: int
    answered: int
    questions: tuple[str, ...]


def confusions(questions: Iterable[EvaluatedQuestion], *, limit: int = 10) -> list[Confusion]:
    """The confusions of a run, those with most wrong answers first."""
    mistakes = defaultdict(list)
    for question in questions:
        if question.predicted is None or question.is_prediction_right:
            continue
        # An unanswerable question has a nearest FAQ too. Only an answer with it is a mistake.
        if not question.expected and question.result is not Result.WRONG:
            continue
        expected = min(question.expected) if question.expected else None
        mistakes[expected, question.predicted].append(question)
    result = [
        Confusion(
            expected,
            predicted,
            count=len(group),
            answered=sum(question.result is Result.WRONG for question in group),
            questions=tuple(q.question for q in _by_score(group)[:EXAMPLES]),
        )
        for (expected, predicted), group in mistakes.items()
    ]
    result.sort(key=lambda c: (-c.answered, -c.count, c.expected or "", c.predicted))
    return result[:limit]


def _by_score(questions: Iterable[EvaluatedQuestion]) -> list[EvaluatedQuestion]:
    return sorted(questions, key=lambda question: (-question.ranking_score, question.question))
