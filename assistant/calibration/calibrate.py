"""Calibrate a release's policy on labelled questions, and say what to expect of it.

Pure: numpy, and scikit-learn where ``assistant.calibration.fitting`` trains. Deterministic:
the same questions, in any order, give the same policy.

The policy ``assistant.calibration.fitting`` gave the release is moved towards the labelled
questions, the less the fewer there are. It answers from the confidence at which the required
share of its answers is right. The classifier learns from the labelled questions too, where that
puts more right FAQs first. All of it is measured by cross-fitting: each fifth of the questions is
decided by what was learned from the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, sqrt

import numpy as np

from assistant.calibration.expected_results import Expectation, measured
from assistant.calibration.features import Bools, Evidence, joined
from assistant.calibration.fitting import (
    FEWEST_FAQS,
    NEAREST,
    NONE,
    PRIOR,
    Fitted,
    Phrasings,
    one_thread,
)
from assistant.calibration.regression import answer_at, ask_at, fit_coefficients
from assistant.calibration.training_data import Labelled, Lesson, folds
from assistant.decision.policy import Coefficients, ConfidencePolicy, ReleasePolicy

__all__ = ["Calibration", "Labelled", "TooLittleData", "calibrate", "needed"]

STRENGTH = 30.0
"""Of what the release's phrasings said: a hundred labelled questions move it a little, a thousand
far. From 10 to 300 it makes no difference beyond the noise on sets of 700 questions and more; on
those of 100, less overfits and more answers too little."""

MARGIN = 0.15
"""Answering at once from cosine 0.7 with a lead of 0.1 costs a calibrated policy up to a point of
its precision, with 0.15 nothing."""

ASKED_BACK_AT_MOST = 0.45
"""Of labelled questions without an answer: a policy that asks back on everything helps nobody."""

REPEATS = 5
"""Which fifth is left out matters where questions are few."""

SAFE = 1.28
"""The standard normal quantile of a one-sided 90 % bound."""

SAFETY_MAY_COST = 0.1
"""Of the coverage."""

MOST_RAISED = 0.01
"""A shortfall of more than a point is noise."""

TOLERANCE = 0.005
"""A precision this close below the wanted one counts as reached."""


class TooLittleData(Exception):
    """The text says what is missing, and how much."""

    def __init__(self, *, answerable: int, unanswerable: int) -> None:
        self.answerable = max(answerable, 0)
        self.unanswerable = max(unanswerable, 0)
        missing = [
            f"{count} more {what}"
            for count, what in (
                (answerable, "that a FAQ answers"),
                (unanswerable, "that none answers"),
            )
            if count > 0
        ]
        super().__init__(f"too few labelled questions: {' and '.join(missing)} are needed")


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was calibrated, what to expect of it, and whether it is worth keeping."""

    fitted: Fitted
    expected: Expectation
    before: Expectation
    """What it would replace, on the same questions."""
    taught: bool
    """The classifier learned from the labelled questions."""
    why: str
    """Why not to keep it; empty when it is worth keeping."""

    @property
    def kept(self) -> bool:
        return not self.why

    @property
    def policy(self) -> ConfidencePolicy:
        return self.fitted.policy


def calibrate(
    fitted: Fitted,
    phrasings: Phrasings,
    labelled: Labelled,
    *,
    answers: Phrasings | None = None,
    precision: float = 0.95,
) -> Calibration:
    """Move ``fitted`` so that ``precision`` (0.5 to 0.99) of the answers are right.

    ``phrasings`` and ``answers`` are those ``fitted`` was made of; without ``answers`` the
    classifier stays as it is. It is not to be kept when its own check shows it worse than
    ``fitted``, or when no confidence reaches the precision.

    Raises ``TooLittleData``; ``LookupError`` when a label names no FAQ; ``ValueError``.
    """
    if not 0.5 <= precision <= 0.99:
        raise ValueError(f"precision must be between 0.5 and 0.99, not {precision}")
    lesson = Lesson.of(fitted, phrasings, answers or NONE, labelled.in_order())
    _check_enough(lesson.answerable, precision)

    with one_thread():
        evidence, prior, taught = _best_evidence(fitted, lesson, teach=answers is not None)
        votes = taught or fitted.classifier is not None
        goal = _Goal(prior, fitted.policy.threshold, precision, votes)
        before = measured([(fitted.policy, lesson.evidence(fitted.classifier))])
        goal, expected = _aimed(evidence, goal)

        policy = _calibrated(evidence, goal)
        classifier = lesson.taught(fitted.classifier) if taught else fitted.classifier
    why = reason_to_drop(policy, expected, before, precision)
    return Calibration(
        replace(fitted, policy=policy, classifier=classifier), expected, before, taught, why
    )


def needed(precision: float) -> tuple[int, int]:
    """How many labelled questions with and without an answer ``calibrate`` wants at least.

    With fewer, one wrong answer more or less would decide about the policy.
    """
    one_wrong = 1 / (1 - precision)
    return ceil(round(2.5 * one_wrong, 6)), ceil(round(0.5 * one_wrong, 6))


@dataclass(frozen=True)
class _Goal:
    """What calibrating needs to know besides the questions."""

    prior: Coefficients
    threshold: float
    precision: float
    votes: bool


def _best_evidence(
    fitted: Fitted, lesson: Lesson, *, teach: bool
) -> tuple[Evidence, Coefficients, bool]:
    """What the release says about the questions, the numbers to start from, and whether the
    classifier should learn from the questions too."""
    prior = fitted.policy.coefficients
    known = lesson.evidence(fitted.classifier).nearest(prior, count=NEAREST)
    if not teach or len(lesson.faq_ids) < FEWEST_FAQS:
        return known, prior, False
    with_votes = prior if fitted.classifier else PRIOR
    parts = list(lesson.crossed(fitted.classifier))
    held = np.logical_or.reduce([rows for rows, _ in parts])
    learned = joined([part.nearest(with_votes, count=NEAREST) for _, part in parts])
    if _right_first(learned, with_votes) > _right_first(known.rows(held), prior):
        return learned, with_votes, True
    return known, prior, False


def _aimed(evidence: Evidence, goal: _Goal) -> tuple[_Goal, Expectation]:
    """How high to aim so that what is wanted is what one gets, and what to expect then.

    A confidence chosen on questions is a bit too low for others. Aiming higher by the uncertainty
    of the precision makes it hold nine times in ten; on some hundred questions that would leave
    hardly an answer, so there it aims higher by what cross-fitting found it short, if that helps.
    """
    plain = _crossed(evidence, goal)
    found = plain.precision.value or 0.0
    spread = sqrt(goal.precision * (1 - goal.precision) / max(plain.precision.total, 1))
    safer = replace(goal, precision=min(goal.precision + SAFE * spread, 0.999))
    then = _crossed(evidence, safer)
    if then.coverage.count >= (1 - SAFETY_MAY_COST) * plain.coverage.count:
        return safer, then

    short = min(max(goal.precision - found, 0.0), MOST_RAISED)
    higher = replace(goal, precision=goal.precision + short)
    then = _crossed(evidence, higher)
    if (then.precision.value or 0.0) > found:
        return higher, then
    return goal, plain


def _right_first(evidence: Evidence, coefficients: Coefficients) -> int:
    return int(np.count_nonzero(evidence.ranked(coefficients).right))


def _crossed(evidence: Evidence, goal: _Goal) -> Expectation:
    decided = [
        (_calibrated(evidence.rows(~held), goal), evidence.rows(held))
        for held in folds(evidence.answerable, repeats=REPEATS)
    ]
    return measured(decided, repeats=REPEATS)


def _calibrated(evidence: Evidence, goal: _Goal) -> ReleasePolicy:
    ranked = evidence.ranked(goal.prior)
    coefficients = fit_coefficients(
        ranked.features,
        ranked.right,
        weights=np.ones(len(evidence)),
        prior=goal.prior,
        strength=STRENGTH,
        votes=goal.votes,
    )
    ranked = evidence.ranked(coefficients)
    at_once = ranked.at_once(goal.threshold, MARGIN)
    answer = answer_at(ranked.confidence, ranked.right, at_once, precision=goal.precision)

    unanswerable = ~ranked.answerable
    left = unanswerable & ~at_once & (ranked.confidence < answer)
    ask = ask_at(
        ranked.confidence[left],
        ranked.similar(goal.threshold)[left],
        allowed=int(ASKED_BACK_AT_MOST * np.count_nonzero(unanswerable)),
        most=answer,
    )
    return ReleasePolicy(goal.threshold, MARGIN, answer, ask, coefficients)


def reason_to_drop(
    policy: ReleasePolicy, expected: Expectation, before: Expectation, precision: float
) -> str:
    """Why ``policy`` is not worth keeping, from what cross-fitting found; empty when it is."""
    if policy.answer_at == 1.0:
        return f"no confidence gives {precision:.0%} right answers"
    now, then = (found.precision.value or 0.0 for found in (expected, before))
    if now < then and now < precision - TOLERANCE:
        return f"{now:.1%} of its answers are right, {then:.1%} without it"
    if now <= then and expected.coverage.count <= before.coverage.count:
        return "it answers no more questions than without it, and no more precisely"
    return ""


def _check_enough(answerable: Bools, precision: float) -> None:
    with_answer, without = needed(precision)
    missing = with_answer - int(np.count_nonzero(answerable))
    missing_without = without - int(np.count_nonzero(~answerable))
    if missing > 0 or missing_without > 0:
        raise TooLittleData(answerable=missing, unanswerable=missing_without)
