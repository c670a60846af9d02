"""Measure the decisions about labelled questions.

Pure: standard library only. A labelled question is answerable if some FAQ answers it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from assistant.calibration.proportion import Proportion
from assistant.decision.decision import Decision

EXAMPLES = 5
"""Questions shown for a confusion."""


class Result(StrEnum):
    """The result of one labelled question."""

    RIGHT = "right"
    WRONG = "wrong"
    """Answered, but the question has another answer, or none."""
    OFFERED = "offered"
    """Clarified, with a right FAQ among the options."""
    NOT_OFFERED = "asked"
    """Clarified, without one."""
    UNANSWERED = "fell_through"
    """Neither: it goes to the agent or to support. Right for an unanswerable question."""


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
    def first(self) -> str | None:
        """The id of the FAQ ranked first, whether it answered or not."""
        return self.decision.closest.faq_id if self.decision.closest else None

    @property
    def right_first(self) -> bool:
        return self.first in self.expected

    @property
    def ranking_score(self) -> float:
        """What the FAQs were ranked by: the confidence, else the similarity; -1 without a match."""
        closest = self.decision.closest
        if closest is None:
            return -1.0
        return closest.similarity if closest.confidence is None else closest.confidence

    def rank(self) -> int | None:
        """The rank, from 1, of the first right FAQ; None when it is not among the matches."""
        ranks = enumerate(self.decision.ranked, start=1)
        return next((rank for rank, match in ranks if match.faq_id in self.expected), None)

    def as_dict(self) -> dict[str, Any]:
        """What is stored of a run, to compare it with the next; JSON-able."""
        closest = self.decision.closest
        return {
            "question": self.question,
            "expected": sorted(self.expected),
            "result": self.result.value,
            "reason": self.decision.reason.value,
            "faq_id": self.first,
            "similarity": closest.similarity if closest else None,
            "confidence": closest.confidence if closest else None,
        }


@dataclass(frozen=True)
class Evaluation:
    """The numbers of one run."""

    accuracy: Mapping[int, Proportion]
    """By k: answerable questions with a right FAQ among the first k."""
    reciprocal_rank: float | None
    """Mean over the answerable questions of 1 / rank of the first right FAQ, 0 without a match."""
    auroc: float | None
    """The probability that a right first FAQ has a higher confidence (or similarity) than a wrong
    one; 0.5 is chance. None when all are right or all are wrong."""

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


@dataclass(frozen=True)
class Point:
    """The results of answering from ``threshold`` (and with ``margin``)."""

    threshold: float
    margin: float
    coverage: Proportion
    precision: Proportion


@dataclass(frozen=True)
class Confusion:
    """An FAQ that ranks first where another is right.

    ``expected`` is None for questions that no FAQ answers. ``answered``: how many of the ``count``
    questions were answered with the wrong FAQ.
    """

    expected: str | None
    predicted: str
    count: int
    answered: int
    questions: tuple[str, ...]


def evaluate(evaluated: Sequence[EvaluatedQuestion]) -> Evaluation:
    answerable = [question for question in evaluated if question.expected]
    unanswerable = [question for question in evaluated if not question.expected]
    results = Counter(question.result for question in answerable)
    others = Counter(question.result for question in unanswerable)
    ranks = [question.rank() for question in answerable]
    right, wrong = results[Result.RIGHT], results[Result.WRONG] + others[Result.WRONG]
    return Evaluation(
        accuracy={
            k: Proportion(sum(rank is not None and rank <= k for rank in ranks), len(ranks))
            for k in (1, 3, 5)
        },
        reciprocal_rank=sum(1 / rank for rank in ranks if rank) / len(ranks) if ranks else None,
        auroc=auroc([(question.ranking_score, question.right_first) for question in evaluated]),
        coverage=Proportion(right, len(answerable)),
        precision=Proportion(right, right + wrong),
        helped=Proportion(right + results[Result.OFFERED], len(answerable)),
        results={result: Proportion(results[result], len(answerable)) for result in Result},
        unanswerable_results={
            result: Proportion(others[result], len(unanswerable))
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
        flags = [flag for _, flag in tied]
        tied_positives = sum(flags)
        tied_negatives = len(flags) - tied_positives
        above += tied_positives * (negatives + tied_negatives / 2)
        positives += tied_positives
        negatives += tied_negatives
    return above / (positives * negatives) if positives and negatives else None


def curve(evaluated: Sequence[EvaluatedQuestion]) -> list[Point]:
    """Coverage and precision for every confidence (or similarity) as the threshold.

    From the highest to the lowest that occurs. Ignores exact matches and margins.
    """
    answerable = sum(bool(question.expected) for question in evaluated)
    descending = sorted(evaluated, key=lambda question: -question.ranking_score)
    points, answers, right = [], 0, 0
    for score, tied in groupby(descending, key=lambda question: question.ranking_score):
        flags = [question.right_first for question in tied]
        answers += len(flags)
        right += sum(flags)
        points.append(Point(score, 0.0, Proportion(right, answerable), Proportion(right, answers)))
    return points


def sweep(
    evaluated: Sequence[EvaluatedQuestion], *, thresholds: Sequence[float], margins: Sequence[float]
) -> list[Point]:
    """What the cosine policy would do at each threshold and margin."""
    answerable = sum(bool(question.expected) for question in evaluated)
    nearest = [_nearest(question) for question in evaluated if question.decision.ranked]
    points = []
    for threshold in thresholds:
        similar = [(lead, right) for similarity, lead, right in nearest if similarity >= threshold]
        for margin in margins:
            answered = [right for lead, right in similar if lead >= margin]
            right = sum(answered)
            points.append(
                Point(
                    threshold,
                    margin,
                    Proportion(right, answerable),
                    Proportion(right, len(answered)),
                )
            )
    return points


def _nearest(question: EvaluatedQuestion) -> tuple[float, float, bool]:
    """Similarity and lead of the most similar FAQ, and whether it is right."""
    # A policy with votes may rank another FAQ first.
    first, *others = sorted(
        question.decision.ranked, key=lambda match: (-match.similarity, match.faq_id)
    )
    lead = first.similarity - others[0].similarity if others else 1.0
    return max(first.similarity, 0.0), round(lead, 6), first.faq_id in question.expected


def confusions(evaluated: Iterable[EvaluatedQuestion], *, limit: int = 10) -> list[Confusion]:
    """Which FAQ ranks first where another, or none, is right; those with wrong answers first."""
    mistakes = defaultdict(list)
    for question in evaluated:
        answered = question.result is Result.WRONG
        # An unanswerable question has a nearest FAQ too; only to answer with it is a mistake.
        if question.first is None or question.right_first:
            continue
        if not (question.expected or answered):
            continue
        expected = min(question.expected) if question.expected else None
        mistakes[expected, question.first].append(question)
    result = [
        Confusion(
            expected,
            predicted,
            count=len(questions),
            answered=sum(question.result is Result.WRONG for question in questions),
            questions=tuple(q.question for q in _by_score(questions)[:EXAMPLES]),
        )
        for (expected, predicted), questions in mistakes.items()
    ]
    result.sort(key=lambda c: (-c.answered, -c.count, c.expected or "", c.predicted))
    return result[:limit]


def _by_score(evaluated: Iterable[EvaluatedQuestion]) -> list[EvaluatedQuestion]:
    return sorted(evaluated, key=lambda question: (-question.ranking_score, question.question))


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
        f"{name} {proportion} is below {least:.1%}"
        for name, proportion, least in gates
        if (proportion.value or 0.0) < least
    ]
