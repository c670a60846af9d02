"""Count what a policy does with labelled questions.

Pure: numpy only. ``assistant.evaluation.evaluate`` counts the same, one decision at a time; a test
compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assistant.calibration.features import Evidence
from assistant.calibration.proportion import Proportion
from assistant.decision.policy import ConfidencePolicy


@dataclass(frozen=True)
class ExpectedResults:
    """What a policy did with labelled questions that it was not calibrated on."""

    coverage: Proportion
    """Answered right, of the questions that have an answer."""
    precision: Proportion
    """Right answers, of all answers."""
    helped: Proportion
    """Answered right, or clarified with the right FAQ among the options."""
    answered_wrong: Proportion
    """Answered wrong, of the questions that have an answer."""
    unanswerable_answered: Proportion
    unanswerable_clarified: Proportion

    def as_dict(self) -> dict[str, Any]:
        return {name: proportion.as_dict() for name, proportion in vars(self).items()}


def measure(
    decided: Sequence[tuple[ConfidencePolicy, Evidence]], *, repeats: int = 1
) -> ExpectedResults:
    """Count the outcomes of pairs of a policy and its questions, and add them up.

    With ``repeats``, every question occurs that many times but counts once; otherwise the
    confidence intervals would be too narrow.
    """
    counts = np.array([_counts(policy, evidence) for policy, evidence in decided])
    mean_counts = np.round(counts.sum(axis=0) / repeats).astype(int).tolist()
    answerable, right, wrong, helped, unanswerable, answered, clarified = mean_counts
    return ExpectedResults(
        coverage=Proportion(right, answerable),
        precision=Proportion(right, right + wrong + answered),
        helped=Proportion(helped, answerable),
        answered_wrong=Proportion(wrong, answerable),
        unanswerable_answered=Proportion(answered, unanswerable),
        unanswerable_clarified=Proportion(clarified, unanswerable),
    )


def _counts(policy: ConfidencePolicy, evidence: Evidence) -> list[int]:
    ranked = evidence.ranked(policy.coefficients)
    answered = ranked.answered_by_similarity(policy.threshold, policy.margin)
    answered |= (ranked.confidence >= policy.answer_at) & ~ranked.near_tie()
    clarified = ranked.similar(policy.threshold) | (ranked.confidence >= policy.ask_at)
    clarified &= ~answered
    has_answer = ranked.answerable
    return [
        int(np.count_nonzero(mask))
        for mask in (
            has_answer,
            answered & ranked.right,
            answered & has_answer & ~ranked.right,
            (answered & ranked.right) | (clarified & ranked.offered),
            ~has_answer,
            answered & ~has_answer,
            clarified & ~has_answer,
        )
    ]
