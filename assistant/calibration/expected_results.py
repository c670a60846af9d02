"""What a policy does with questions whose answer is known, counted.

Pure: numpy only. ``assistant.evaluation.evaluate`` counts the same one decision at a time; a test
holds the two to the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assistant.calibration.features import Evidence
from assistant.calibration.proportion import Share
from assistant.decision.policy import ConfidencePolicy


@dataclass(frozen=True)
class Expectation:
    """What a policy did with labelled questions it was not calibrated on."""

    coverage: Share
    """Right answers of all questions that have one."""
    precision: Share
    """Right answers of all answers given."""
    helped: Share
    """Answered right, or asked back with the right FAQ among the options."""
    answered_wrong: Share
    """Wrong answers to questions that have a right one."""
    unanswerable_answered: Share
    unanswerable_asked_back: Share

    def as_dict(self) -> dict[str, Any]:
        return {name: share.as_dict() for name, share in vars(self).items()}


def measured(
    decided: Sequence[tuple[ConfidencePolicy, Evidence]], *, repeats: int = 1
) -> Expectation:
    """Count what each policy does with its questions, and add up.

    With ``repeats``, every question is there that many times and counts once, so that an interval
    does not look narrower than the questions allow.
    """
    counts = np.array([_counts(policy, evidence) for policy, evidence in decided])
    once = np.round(counts.sum(axis=0) / repeats).astype(int).tolist()
    answerable, right, wrong, helped, unanswerable, answered, asked = once
    return Expectation(
        coverage=Share(right, answerable),
        precision=Share(right, right + wrong + answered),
        helped=Share(helped, answerable),
        answered_wrong=Share(wrong, answerable),
        unanswerable_answered=Share(answered, unanswerable),
        unanswerable_asked_back=Share(asked, unanswerable),
    )


def _counts(policy: ConfidencePolicy, evidence: Evidence) -> list[int]:
    ranked = evidence.ranked(policy.coefficients)
    answered = ranked.at_once(policy.threshold, policy.margin)
    answered |= ranked.confidence >= policy.answer_at
    asked = ranked.similar(policy.threshold) | (ranked.confidence >= policy.ask_at)
    asked &= ~answered
    has_answer = ranked.answerable
    return [
        int(np.count_nonzero(which))
        for which in (
            has_answer,
            answered & ranked.right,
            answered & has_answer & ~ranked.right,
            (answered & ranked.right) | (asked & ranked.offered),
            ~has_answer,
            answered & ~has_answer,
            asked & ~has_answer,
        )
    ]
