"""Measure the decisions about labelled questions. Pure: standard library only.

A labelled question is answerable if some FAQ answers it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from assistant.calibration.proportion import Proportion
from assistant.decision.decision import Decision


class Result(StrEnum):
    """The result of one labelled question."""

    RIGHT = "right"
    WRONG = "wrong"
    """Answered with an FAQ that does not answer the question."""
    OFFERED = "offered"
    """Clarified, with a right FAQ among the options."""
    NOT_OFFERED = "asked"
    """Clarified, without a right FAQ among the options."""
    UNANSWERED = "fell_through"
    """Neither answered nor clarified. The right result for an unanswerable question."""


@dataclass(frozen=True)
class EvaluatedQuestion:
    """One labelled question and its decision. ``expected`` is empty when no FAQ answers it."""

    question: str
    expected: frozenset[str]
    decision: Decision

    @property
    def result(self) -> Result:
        if self.decision.chosen:
            right = self.decision.chosen.faq_id in self.expected
            return Result.RIGHT if right else Result.WRONG
        if not self.decision.options:
            return Result.UNANSWERED
        offered = {option.faq_id for option in self.decision.options}
        return Result.OFFERED if offered & self.expected else Result.NOT_OFFERED

    @property
    def predicted(self) -> str | None:
        """The id of the FAQ ranked first, whether it answered or not; None without a match."""
        return self.decision.closest.faq_id if self.decision.closest else None

    @property
    def is_prediction_right(self) -> bool:
        return self.predicted in self.expected

    @property
    def ranking_score(self) -> float:
        """Confidence of the FAQ ranked first, else its similarity; -1 without a match."""
        closest = self.decision.closest
        if closest is None:
            return -1.0
        return closest.similarity if closest.confidence is None else closest.confidence

    def rank(self) -> int | None:
        """The rank, from 1, of the first right FAQ; None if no match is right."""
        ranks = enumerate(self.decision.ranked, start=1)
        return next((rank for rank, match in ranks if match.faq_id in self.expected), None)

    def as_dict(self) -> dict[str, Any]:
        """The form in which runs store it, to be compared with the next run; JSON-able."""
        closest = self.decision.closest
        return {
            "question": self.question,
            "expected": sorted(self.expected),
            "result": self.result.value,
            "reason": self.decision.reason.value,
            "faq_id": self.predicted,
            "similarity": closest.similarity if closest else None,
            "confidence": closest.confidence if closest else None,
        }


@dataclass(frozen=True)
class Evaluation:
    """The metrics of one run."""

    accuracy: Mapping[int, Proportion]
    """By k: answerable questions with a right FAQ among the first k matches."""
    reciprocal_rank: float | None
    """Mean over the answerable questions of 1 / rank of the first right FAQ, 0 without a match."""
    auroc: float | None
    """The probability that a right FAQ at rank 1 has a higher confidence (or similarity) than a
    wrong one; 0.5 is chance. None when all are right or all are wrong."""

    coverage: Proportion
    """Answered right, of the answerable questions."""
    precision: Proportion
    """Right answers of all answers; an answer to an unanswerable question is wrong."""
    helped: Proportion
    """Answered right or offered the right FAQ, of the answerable questions."""
    results: Mapping[Result, Proportion]
    """Of the answerable questions."""
    unanswerable_results: Mapping[Result, Proportion]
    """Of the questions that must not be answered."""

    def as_dict(self) -> dict[str, Any]:
        def by_key(proportions: Mapping[Any, Proportion]) -> dict[str, Any]:
            return {str(key): proportion.as_dict() for key, proportion in proportions.items()}

        return {
            "accuracy": by_key(self.accuracy),
            "reciprocal_rank": self.reciprocal_rank,
            "auroc": self.auroc,
            "coverage": self.coverage.as_dict(),
            "precision": self.precision.as_dict(),
            "helped": self.helped.as_dict(),
            "answerable": by_key(self.results),
            "unanswerable": by_key(self.unanswerable_results),
        }


def evaluate(questions: Sequence[EvaluatedQuestion]) -> Evaluation:
    """The metrics of a run over ``questions``."""
    answerable = [question for question in questions if question.expected]
    unanswerable = [question for question in questions if not question.expected]
    results = Counter(question.result for question in answerable)
    unanswerable_results = Counter(question.result for question in unanswerable)
    ranks = [question.rank() for question in answerable]
    right, wrong = results[Result.RIGHT], results[Result.WRONG] + unanswerable_results[Result.WRONG]
    return Evaluation(
        accuracy={
            k: Proportion(sum(rank is not None and rank <= k for rank in ranks), len(ranks))
            for k in (1, 3, 5)
        },
        reciprocal_rank=sum(1 / rank for rank in ranks if rank) / len(ranks) if ranks else None,
        auroc=auroc(
            [(question.ranking_score, question.is_prediction_right) for question in questions]
        ),
        coverage=Proportion(right, len(answerable)),
        precision=Proportion(right, right + wrong),
        helped=Proportion(right + results[Result.OFFERED], len(answerable)),
        results={result: Proportion(results[result], len(answerable)) for result in Result},
        unanswerable_results={
            result: Proportion(unanswerable_results[result], len(unanswerable))
            for result in Result
            if result not in (Result.RIGHT, Result.OFFERED)
        },
    )


def auroc(scored: Iterable[tuple[float, bool]]) -> float | None:
    """The area under the ROC curve: the probability that a positive scores above a negative.

    A tie counts half: Mann and Whitney's U over the number of pairs. None without both kinds.
    """
    positives = negatives = 0
    above = 0.0
    for _, tied in groupby(sorted(scored), key=lambda pair: pair[0]):
        labels = [is_positive for _, is_positive in tied]
        tied_positives = sum(labels)
        tied_negatives = len(labels) - tied_positives
        above += tied_positives * (negatives + tied_negatives / 2)
        positives += tied_positives
        negatives += tied_negatives
    return above / (positives * negatives) if positives and negatives else None


def shortfalls(
    evaluation: Evaluation, *, min_precision: float = 0.0, min_coverage: float = 0.0
) -> list[str]:
    """A sentence for each number below its minimum; empty when the gate passes.

    Without any answer the precision counts as 0.
    """
    gates = (
        ("precision", evaluation.precision, min_precision),
        ("coverage", evaluation.coverage, min_coverage),
    )
    return [
        f"{name} {proportion} is below {minimum:.1%}"
        for name, proportion, minimum in gates
        if (proportion.value or 0.0) < minimum
    ]
