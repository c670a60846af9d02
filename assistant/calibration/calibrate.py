"""Calibrate a release's policy on labelled questions, and estimate its results.

Pure: numpy, and scikit-learn for training. Deterministic: the same questions, in any order, give
the same policy.

The policy from ``assistant.calibration.fitting`` is the prior: the more labelled questions there
are, the further the policy moves away from it. It answers from the confidence at which the required
proportion of answers is right. If no confidence reaches that, it takes the one with the best
precision that answers as many questions right as without labels. See ``operating_point``. The
classifier is trained on the labelled questions too, if then more right FAQs rank first. All results
are measured by 5-fold cross-fitting: a policy fitted on four folds decides about the fifth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, sqrt

import numpy as np

from assistant.calibration.expected_results import ExpectedResults, measure
from assistant.calibration.features import Bools, Evidence
from assistant.calibration.fitting import PRIOR, TOP_FAQS, Fitted
from assistant.calibration.operating_point import (
    FULL_WEIGHT,
    Target,
    blend,
    operating_point,
    weight,
)
from assistant.calibration.regression import fit_coefficients
from assistant.calibration.training import MIN_FAQS, NONE, Phrasings, one_thread
from assistant.calibration.training_data import Labelled, TrainingData, folds
from assistant.decision.policy import Coefficients, ConfidencePolicy, ReleasePolicy

__all__ = ["Calibration", "Labelled", "TooLittleData", "calibrate", "needed"]

STRENGTH = 30.0
"""Strength of the prior: 100 labelled questions move the policy a little, 1,000 far. On sets of at
least 700 questions, values from 10 to 300 differ only by noise. On sets of 100, smaller values
overfit and larger ones answer too few questions."""

MARGIN = 0.15
"""The least lead for an answer by similarity alone. With 0.1 a calibrated policy loses up to one
percentage point of precision; with 0.15 it loses nothing."""

REPEATS = 5
"""Repetitions of the cross-fitting with different folds: with few questions the folds matter."""

SAFE = 1.28
"""The standard normal quantile of a one-sided 90 % bound."""

TOLERANCE = 0.005
"""A precision that is lower than required by at most this counts as reached."""

MIN_PRECISION, MAX_PRECISION = 0.5, 0.99
"""The range of the required precision. A policy below the first is rejected."""


class TooLittleData(Exception):
    """There are too few labelled questions; the text says how many more are needed."""

    def __init__(self, *, answerable: int, unanswerable: int) -> None:
        self.answerable = max(answerable, 0)
        self.unanswerable = max(unanswerable, 0)
        missing = [
            f"{count} more {kind}"
            for count, kind in (
                (answerable, "that an FAQ answers"),
                (unanswerable, "that no FAQ answers"),
            )
            if count > 0
        ]
        super().__init__(f"too few labelled questions: {' and '.join(missing)} are needed")


@dataclass(frozen=True, eq=False)
class Calibration:
    """A calibrated policy, its expected results, and whether it improves on the one without labels.

    ``labels``: the number of labelled questions. ``weight``, 0..1: their weight against the policy
    without labels.
    """

    fitted: Fitted
    expected: ExpectedResults
    before: ExpectedResults
    """Results of the policy without labels, on the same questions."""
    precision: float
    """The required precision."""
    labels: int
    weight: float
    classifier_retrained: bool
    """The classifier was trained on the labelled questions too."""
    why: str
    """Why it is not an improvement; empty if it is."""

    @property
    def is_improvement(self) -> bool:
        return not self.why

    @property
    def policy(self) -> ConfidencePolicy:
        return self.fitted.policy

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for the person who may adopt it, a sentence or two each."""
        notes = []
        if (self.expected.precision.value or 0.0) < self.precision - TOLERANCE:
            notes.append(
                f"{self.precision:.0%} is out of reach with these labels. Expect "
                f"{self.expected.precision}. A higher precision would answer fewer questions right "
                "than the policy without labels."
            )
        if self.weight < 1.0:
            notes.append(
                f"{self.labels} labelled questions are few: they count {self.weight:.0%}, the "
                f"policy without labels {1 - self.weight:.0%}. {FULL_WEIGHT} or more count 100%."
            )
        return tuple(notes)


def calibrate(
    fitted: Fitted,
    phrasings: Phrasings,
    labelled: Labelled,
    *,
    answers: Phrasings | None = None,
    precision: float = 0.95,
) -> Calibration:
    """Calibrate ``fitted`` so that ``precision`` (0.5 to 0.99) of the answers are right.

    ``phrasings`` and ``answers`` are those that ``fitted`` was fitted on; without ``answers`` the
    classifier is not retrained. The result is no improvement if it is worse than ``fitted`` by
    cross-fitting.

    Raises ``TooLittleData``; ``LookupError`` when a label names a missing FAQ; ``ValueError`` for a
    precision outside the range.
    """
    if not MIN_PRECISION <= precision <= MAX_PRECISION:
        raise ValueError(f"precision must be between 0.5 and 0.99, not {precision}")
    training_data = TrainingData.of(fitted, phrasings, answers or NONE, labelled.in_order())
    _check_enough(training_data.answerable, precision)

    with one_thread():
        before = measure([(fitted.policy, training_data.evidence(fitted.classifier))])
        evidence, prior, retrained = _best_evidence(
            fitted, training_data, may_retrain=answers is not None
        )
        task = _Task(
            prior=prior,
            votes=retrained or fitted.classifier is not None,
            unlabelled=fitted.policy,
            weight=weight(len(evidence)),
            target=Target(
                _with_error(precision, answers=before.precision.total),
                fitted.policy.threshold,
                MARGIN,
                least_right=before.coverage.count / len(labelled.vectors),
            ),
        )
        expected = _cross_validated(evidence, task)
        policy = task.policy(evidence)
        classifier = training_data.train(fitted.classifier) if retrained else fitted.classifier
    return Calibration(
        replace(fitted, policy=policy, classifier=classifier),
        expected,
        before,
        precision,
        len(labelled.vectors),
        task.weight,
        retrained,
        reason_to_reject(expected, before, precision),
    )


def needed(precision: float) -> tuple[int, int]:
    """The least numbers of answerable and of unanswerable labelled questions for ``calibrate``.

    With fewer, a single wrong answer would decide about the policy.
    """
    one_wrong = 1 / (1 - precision)
    return ceil(round(2.5 * one_wrong, 6)), ceil(round(0.5 * one_wrong, 6))


@dataclass(frozen=True)
class _Task:
    """The input of a calibration besides the evidence; ``votes``: with a classifier's votes."""

    prior: Coefficients
    votes: bool
    unlabelled: ConfidencePolicy
    weight: float
    target: Target

    def policy(self, evidence: Evidence) -> ReleasePolicy:
        ranked = evidence.ranked(self.prior)
        coefficients = fit_coefficients(
            ranked.features,
            ranked.right,
            weights=np.ones(len(evidence)),
            prior=self.prior,
            strength=STRENGTH,
            votes=self.votes,
        )
        answer, ask = operating_point(evidence.ranked(coefficients), self.target)
        policy = ReleasePolicy(self.target.threshold, self.target.margin, answer, ask, coefficients)
        return blend(policy, self.unlabelled, self.weight)


def _best_evidence(
    fitted: Fitted, training_data: TrainingData, *, may_retrain: bool
) -> tuple[Evidence, Coefficients, bool]:
    """The evidence, the coefficients to start from, and whether to retrain the classifier.

    Retraining on the labelled questions is worth it if then more right FAQs rank first.
    """
    prior = fitted.policy.coefficients
    as_fitted = training_data.evidence(fitted.classifier).top_k(prior, count=TOP_FAQS)
    if not may_retrain or len(training_data.faq_ids) < MIN_FAQS:
        return as_fitted, prior, False
    with_votes = prior if fitted.classifier else PRIOR
    parts = list(training_data.cross_validated(fitted.classifier))
    rows = np.logical_or.reduce([fold for fold, _ in parts])
    retrained = Evidence.concatenate([part.top_k(with_votes, count=TOP_FAQS) for _, part in parts])
    if _right_first(retrained, with_votes) > _right_first(as_fitted.rows(rows), prior):
        return retrained, with_votes, True
    return as_fitted, prior, False


def _with_error(precision: float, *, answers: int) -> float:
    """The precision to fit for, so that new questions reach the required one nine times in ten.

    A bound that is fitted on some questions is a little too low for others, so the standard error
    sqrt(p (1 - p) / n) of the precision is added, times ``SAFE``.
    """
    error = sqrt(precision * (1 - precision) / max(answers, 1))
    return min(precision + SAFE * error, 0.999)


def _right_first(evidence: Evidence, coefficients: Coefficients) -> int:
    return int(np.count_nonzero(evidence.ranked(coefficients).right))


def _cross_validated(evidence: Evidence, task: _Task) -> ExpectedResults:
    decided = [
        (task.policy(evidence.rows(~fold)), evidence.rows(fold))
        for fold in folds(evidence.answerable, repeats=REPEATS)
    ]
    return measure(decided, repeats=REPEATS)


def reason_to_reject(expected: ExpectedResults, before: ExpectedResults, precision: float) -> str:
    """Why a policy is significantly worse than the one without labels; empty if it is not.

    Significant: the value without labels is outside the 95 % interval of the new one.
    """
    now, previous = (results.precision.value or 0.0 for results in (expected, before))
    coverage, previous_coverage = (results.coverage.value or 0.0 for results in (expected, before))
    if now < MIN_PRECISION:
        return f"only {now:.1%} of the answers are right; do the labels fit the FAQs?"
    if now < precision - TOLERANCE and expected.precision.interval[1] < previous:
        return f"{now:.1%} of the answers are right, {previous:.1%} without labels"
    if now <= previous and expected.coverage.interval[1] < previous_coverage:
        return (
            f"{coverage:.1%} of the questions are answered right, {previous_coverage:.1%} without "
            "labels"
        )
    return ""


def _check_enough(answerable: Bools, precision: float) -> None:
    with_answer, without = needed(precision)
    missing = with_answer - int(np.count_nonzero(answerable))
    missing_without = without - int(np.count_nonzero(~answerable))
    if missing > 0 or missing_without > 0:
        raise TooLittleData(answerable=missing, unanswerable=missing_without)
