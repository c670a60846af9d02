"""How good the decisions about labelled questions are.

Pure: standard library only. Everything is counted from ``Judged`` questions: what was decided, and
which FAQs would have been right. An answerable question is one that some FAQ answers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from assistant.calibration.proportion import Share
from assistant.decision.decision import Decision

EXAMPLES = 5
"""Questions shown for a confusion."""


class Result(StrEnum):
    """What became of one question."""

    RIGHT = "right"
    WRONG = "wrong"
    """Answered, but the question has another answer, or none."""
    OFFERED = "offered"
    """Asked back, with a right FAQ among the options."""
    ASKED = "asked"
    """Asked back without one."""
    FELL_THROUGH = "fell_through"
    """Neither: it goes to the agent or to support. All that is right for one without an answer."""


@dataclass(frozen=True)
class Judged:
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
            return Result.FELL_THROUGH
        offered = {option.faq_id for option in self.decision.options}
        return Result.OFFERED if offered & self.expected else Result.ASKED

    @property
    def first(self) -> str | None:
        """The FAQ ranked first, answered with or not."""
        return self.decision.closest.faq_id if self.decision.closest else None

    @property
    def right_first(self) -> bool:
        return self.first in self.expected

    @property
    def sureness(self) -> float:
        """What the decision was ordered by: the confidence, or the similarity without one."""
        closest = self.decision.closest
        if closest is None:
            return -1.0
        return closest.similarity if closest.confidence is None else closest.confidence

    def rank(self) -> int | None:
        """The place, from 1, of the first right FAQ; None when it was not found."""
        places = enumerate(self.decision.ranked, start=1)
        return next((place for place, match in places if match.faq_id in self.expected), None)

    def as_dict(self) -> dict[str, Any]:
        """What a run keeps of it, to be compared with the next."""
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
    """The numbers of one run. Each ``Share`` knows its 95 % interval."""

    accuracy: Mapping[int, Share]
    """By k: answerable questions with a right FAQ among the first k."""
    reciprocal_rank: float | None
    """Mean over the answerable questions of 1 / place of the first right FAQ, 0 if not found."""
    auroc: float | None
    """How well the confidence (or similarity) tells a right first FAQ from a wrong one: the chance
    that it is higher; 0.5 is no better than a coin. None when there are only such, or none."""

    coverage: Share
    """Answered right, of the answerable questions."""
    precision: Share
    """Right answers of all answers; an answer to an unanswerable question is wrong."""
    helped: Share
    """Answered right or offered the right FAQ, of the answerable questions."""
    results: Mapping[Result, Share]
    """Of the answerable questions."""
    unanswerable_results: Mapping[Result, Share]
    """Of the questions that must not be answered."""

    def as_dict(self) -> dict[str, Any]:
        def each(shares: Mapping[Any, Share]) -> dict[str, Any]:
            return {str(key): share.as_dict() for key, share in shares.items()}

        return {
            "accuracy": each(self.accuracy),
            "reciprocal_rank": self.reciprocal_rank,
            "auroc": self.auroc,
            "coverage": self.coverage.as_dict(),
            "precision": self.precision.as_dict(),
            "helped": self.helped.as_dict(),
            "answerable": each(self.results),
            "unanswerable": each(self.unanswerable_results),
        }


@dataclass(frozen=True)
class Point:
    """Answering from ``threshold`` on (and with ``margin``) gives this."""

    threshold: float
    margin: float
    coverage: Share
    precision: Share


@dataclass(frozen=True)
class Confusion:
    """``expected`` is None for questions that no FAQ answers. ``answered``: how many were told."""

    expected: str | None
    got: str
    count: int
    answered: int
    questions: tuple[str, ...]


def evaluate(judged: Sequence[Judged]) -> Evaluation:
    answerable = [one for one in judged if one.expected]
    unanswerable = [one for one in judged if not one.expected]
    results = Counter(one.result for one in answerable)
    others = Counter(one.result for one in unanswerable)
    ranks = [one.rank() for one in answerable]
    right, wrong = results[Result.RIGHT], results[Result.WRONG] + others[Result.WRONG]
    return Evaluation(
        accuracy={
            k: Share(sum(rank is not None and rank <= k for rank in ranks), len(ranks))
            for k in (1, 3, 5)
        },
        reciprocal_rank=sum(1 / rank for rank in ranks if rank) / len(ranks) if ranks else None,
        auroc=auroc([(one.sureness, one.right_first) for one in judged]),
        coverage=Share(right, len(answerable)),
        precision=Share(right, right + wrong),
        helped=Share(right + results[Result.OFFERED], len(answerable)),
        results={result: Share(results[result], len(answerable)) for result in Result},
        unanswerable_results={
            result: Share(others[result], len(unanswerable))
            for result in Result
            if result not in (Result.RIGHT, Result.OFFERED)
        },
    )


def auroc(scored: Iterable[tuple[float, bool]]) -> float | None:
    """The chance that a positive scores above a negative, a tie counting half.

    Mann and Whitney's U over the number of pairs; None without both kinds.
    """
    positives = negatives = 0
    above = 0.0
    for _, tied in groupby(sorted(scored), key=lambda pair: pair[0]):
        flags = [flag for _, flag in tied]
        here = sum(flags)
        above += here * (negatives + (len(flags) - here) / 2)
        positives += here
        negatives += len(flags) - here
    return above / (positives * negatives) if positives and negatives else None


def curve(judged: Sequence[Judged]) -> list[Point]:
    """Coverage and precision for every confidence (or similarity) one could answer from.

    From the highest down; one point for each that occurs. Exact matches and margins aside.
    """
    answerable = sum(bool(one.expected) for one in judged)
    falling = sorted(judged, key=lambda one: -one.sureness)
    points, given, right = [], 0, 0
    for sureness, tied in groupby(falling, key=lambda one: one.sureness):
        flags = [one.right_first for one in tied]
        given += len(flags)
        right += sum(flags)
        points.append(Point(sureness, 0.0, Share(right, answerable), Share(right, given)))
    return points


def sweep(
    judged: Sequence[Judged], *, thresholds: Sequence[float], margins: Sequence[float]
) -> list[Point]:
    """What the cosine policy would do at each threshold and margin."""
    answerable = sum(bool(one.expected) for one in judged)
    nearest = [_nearest(one) for one in judged if one.decision.ranked]
    points = []
    for threshold in thresholds:
        similar = [(lead, right) for similarity, lead, right in nearest if similarity >= threshold]
        for margin in margins:
            answered = [right for lead, right in similar if lead >= margin]
            right = sum(answered)
            points.append(
                Point(threshold, margin, Share(right, answerable), Share(right, len(answered)))
            )
    return points


def _nearest(one: Judged) -> tuple[float, float, bool]:
    """Similarity and lead of the most similar FAQ, and whether it is right."""
    # A policy with votes may rank another FAQ first.
    first, *others = sorted(
        one.decision.ranked, key=lambda match: (-match.similarity, match.faq_id)
    )
    lead = first.similarity - others[0].similarity if others else 1.0
    return max(first.similarity, 0.0), round(lead, 6), first.faq_id in one.expected


def confusions(judged: Iterable[Judged], *, limit: int = 10) -> list[Confusion]:
    """Which FAQ comes first where another, or none, is right; those that told somebody first."""
    mistaken = defaultdict(list)
    for one in judged:
        told = one.result is Result.WRONG
        # A question that no FAQ answers has a nearest one too; only telling it is a mistake.
        if one.first is None or one.right_first or not (one.expected or told):
            continue
        expected = min(one.expected) if one.expected else None
        mistaken[expected, one.first].append(one)
    found = [
        Confusion(
            expected,
            got,
            count=len(ones),
            answered=sum(one.result is Result.WRONG for one in ones),
            questions=tuple(one.question for one in _surest(ones)[:EXAMPLES]),
        )
        for (expected, got), ones in mistaken.items()
    ]
    found.sort(key=lambda one: (-one.answered, -one.count, one.expected or "", one.got))
    return found[:limit]


def _surest(judged: Iterable[Judged]) -> list[Judged]:
    return sorted(judged, key=lambda one: (-one.sureness, one.question))


def shortfalls(
    evaluation: Evaluation, *, min_precision: float = 0.0, min_coverage: float = 0.0
) -> list[str]:
    """One sentence for each number below what is asked; a gate passes without any.

    No answer at all is no precision: it fails a ``min_precision`` above 0.
    """
    asked = (
        ("precision", evaluation.precision, min_precision),
        ("coverage", evaluation.coverage, min_coverage),
    )
    return [
        f"{name} {share} is below {least:.1%}"
        for name, share, least in asked
        if (share.value or 0.0) < least
    ]
