"""Coverage and precision at every threshold. Pure: standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from assistant.calibration.proportion import Proportion
from assistant.evaluation.evaluate import EvaluatedQuestion


@dataclass(frozen=True)
class Point:
    """The results of answering every question that reaches ``threshold`` and ``margin``."""

    threshold: float
    margin: float
    coverage: Proportion
    precision: Proportion


def curve(questions: Sequence[EvaluatedQuestion]) -> list[Point]:
    """A point for every confidence (or similarity) that occurs, from the highest to the lowest.

    Ignores exact matches and margins.
    """
    answerable = sum(bool(question.expected) for question in questions)
    descending = sorted(questions, key=lambda question: -question.ranking_score)
    points, answers, right = [], 0, 0
    for score, tied in groupby(descending, key=lambda question: question.ranking_score):
        are_right = [question.is_prediction_right for question in tied]
        answers += len(are_right)
        right += sum(are_right)
        points.append(Point(score, 0.0, Proportion(right, answerable), Proportion(right, answers)))
    return points


def sweep(
    questions: Sequence[EvaluatedQuestion], *, thresholds: Sequence[float], margins: Sequence[float]
) -> list[Point]:
    """The results of the cosine policy at each threshold and margin."""
    answerable = sum(bool(question.expected) for question in questions)
    nearest = [_nearest(question) for question in questions if question.decision.ranked]
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
    # A policy that uses votes may rank another FAQ first.
    first, *others = sorted(
        question.decision.ranked, key=lambda match: (-match.similarity, match.faq_id)
    )
    lead = first.similarity - others[0].similarity if others else 1.0
    return max(first.similarity, 0.0), round(lead, 6), first.faq_id in question.expected
