"""Calibrate a release's policy on labelled questions, and estimate its results.

Pure: numpy, and scikit-learn where ``assistant.calibration.fitting`` trains. Deterministic:
the same questions, in any order, give the same policy.

The policy from ``assistant.calibration.fitting`` is the prior: the more labelled questions there
are, the further the policy moves towards them. It answers from the confidence at which the required
proportion of its answers is right. The classifier learns from the labelled questions too, if then
more right FAQs rank first. Everything is measured by 5-fold cross-fitting: a policy trained on four
folds decides about the questions of the fifth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, sqrt

import numpy as np

from assistant.calibration.expected_results import ExpectedResults, measure
from assistant.calibration.features import Bools, Evidence
from assistant.calibration.fitting import (
    FEWEST_FAQS,
    NONE,
    PRIOR,
    TOP_FAQS,
    Fitted,
    Phrasings,
    one_thread,
)
from assistant.calibration.regression import answer_at, ask_at, fit_coefficients
from assistant.calibration.training_data import Labelled, TrainingData, folds
from assistant.decision.policy import Coefficients, ConfidencePolicy, ReleasePolicy

__all__ = ["Calibration", "Labelled", "TooLittleData", "calibrate", "needed"]

STRENGTH = 30.0
"""Strength of the prior: a hundred labelled questions move the policy a little, a thousand far.
From 10 to 300 it makes no difference beyond the noise on sets of 700 questions and more; on sets
of 100, less overfits and more answers too few questions."""

MARGIN = 0.15
"""With a lead of 0.1, answering by similarity alone costs a calibrated policy up to one percentage
point of precision; with 0.15 it costs nothing."""

MOST_CLARIFIED = 0.45
"""Proportion of unanswerable questions: a policy that always clarifies helps nobody."""

REPEATS = 5
"""Of the cross-fitting, with other folds each time: with few questions the folds matter."""

SAFE = 1.28
"""The standard normal quantile of a one-sided 90 % bound."""

MOST_COVERAGE_LOST = 0.1
"""Proportion of the coverage that a higher target precision may cost."""

MOST_RAISED = 0.01
"""Percentage points / 100: a larger shortfall is noise."""

TOLERANCE = 0.005
"""A precision this little below the required one counts as reached."""


class TooLittleData(Exception):
    """The text says which labelled questions are missing, and how many."""

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
    """A calibrated policy, its expected results, and whether it improves on the previous policy."""

    fitted: Fitted
    expected: ExpectedResults
    before: ExpectedResults
    """Results of the policy it would replace, on the same questions."""
    classifier_retrained: bool
    """The classifier learned from the labelled questions."""
    why: str
    """Why it is not an improvement; empty when it is."""

    @property
    def is_improvement(self) -> bool:
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
    """Calibrate ``fitted`` so that ``precision`` (0.5 to 0.99) of the answers are right.

    ``phrasings`` and ``answers`` are those that ``fitted`` was fitted on; without ``answers`` the
    classifier stays as it is. The result is no improvement when cross-fitting shows it worse than
    ``fitted``, or when no confidence reaches the precision.

    Raises ``TooLittleData``; ``LookupError`` when a label names a missing FAQ; ``ValueError`` for a
    precision outside the range.
    """
    if not 0.5 <= precision <= 0.99:
        raise ValueError(f"precision must be between 0.5 and 0.99, not {precision}")
    training_data = TrainingData.of(fitted, phrasings, answers or NONE, labelled.in_order())
    _check_enough(training_data.answerable, precision)

    with one_thread():
        evidence, prior, retrained = _best_evidence(
            fitted, training_data, may_retrain=answers is not None
        )
        votes = retrained or fitted.classifier is not None
        target = _Target(prior, fitted.policy.threshold, precision, votes)
        before = measure([(fitted.policy, training_data.evidence(fitted.classifier))])
        target, expected = _adjust_target(evidence, target)

        policy = _calibrate_policy(evidence, target)
        classifier = training_data.train(fitted.classifier) if retrained else fitted.classifier
    why = reason_to_reject(policy, expected, before, precision)
    return Calibration(
        replace(fitted, policy=policy, classifier=classifier), expected, before, retrained, why
    )


def needed(precision: float) -> tuple[int, int]:
    """The least numbers of answerable and of unanswerable labelled questions for ``calibrate``.

    With fewer, a single wrong answer would decide about the policy.
    """
    one_wrong = 1 / (1 - precision)
    return ceil(round(2.5 * one_wrong, 6)), ceil(round(0.5 * one_wrong, 6))


@dataclass(frozen=True)
class _Target:
    """The parameters of a calibration."""

    prior: Coefficients
    threshold: float
    precision: float
    votes: bool


def _best_evidence(
    fitted: Fitted, training_data: TrainingData, *, may_retrain: bool
) -> tuple[Evidence, Coefficients, bool]:
    """The evidence, the coefficients to start from, and whether to retrain the classifier.

    Retraining on the labelled questions is worth it if then more right FAQs rank first.
    """
    prior = fitted.policy.coefficients
    as_fitted = training_data.evidence(fitted.classifier).top_k(prior, count=TOP_FAQS)
    if not may_retrain or len(training_data.faq_ids) < FEWEST_FAQS:
        return as_fitted, prior, False
    with_votes = prior if fitted.classifier else PRIOR
    parts = list(training_data.cross_validated(fitted.classifier))
    rows = np.logical_or.reduce([fold for fold, _ in parts])
    retrained = Evidence.concatenate([part.top_k(with_votes, count=TOP_FAQS) for _, part in parts])
    if _right_first(retrained, with_votes) > _right_first(as_fitted.rows(rows), prior):
        return retrained, with_votes, True
    return as_fitted, prior, False


def _adjust_target(evidence: Evidence, target: _Target) -> tuple[_Target, ExpectedResults]:
    """Raise the target precision so that new questions reach the required one.

    A confidence chosen on some questions is slightly too low for others. Raising the target by the
    uncertainty of the precision reaches it in nine cases of ten. On about a hundred questions that
    would leave hardly an answer; there the target is raised by the shortfall that cross-fitting
    measured, if that helps. Returns the target and its expected results.
    """
    plain = _cross_validated(evidence, target)
    precision = plain.precision.value or 0.0
    spread = sqrt(target.precision * (1 - target.precision) / max(plain.precision.total, 1))
    safer = replace(target, precision=min(target.precision + SAFE * spread, 0.999))
    expected = _cross_validated(evidence, safer)
    if expected.coverage.count >= (1 - MOST_COVERAGE_LOST) * plain.coverage.count:
        return safer, expected

    shortfall = min(max(target.precision - precision, 0.0), MOST_RAISED)
    higher = replace(target, precision=target.precision + shortfall)
    expected = _cross_validated(evidence, higher)
    if (expected.precision.value or 0.0) > precision:
        return higher, expected
    return target, plain


def _right_first(evidence: Evidence, coefficients: Coefficients) -> int:
    return int(np.count_nonzero(evidence.ranked(coefficients).right))


def _cross_validated(evidence: Evidence, target: _Target) -> ExpectedResults:
    decided = [
        (_calibrate_policy(evidence.rows(~fold), target), evidence.rows(fold))
        for fold in folds(evidence.answerable, repeats=REPEATS)
    ]
    return measure(decided, repeats=REPEATS)


def _calibrate_policy(evidence: Evidence, target: _Target) -> ReleasePolicy:
    ranked = evidence.ranked(target.prior)
    coefficients = fit_coefficients(
        ranked.features,
        ranked.right,
        weights=np.ones(len(evidence)),
        prior=target.prior,
        strength=STRENGTH,
        votes=target.votes,
    )
    ranked = evidence.ranked(coefficients)
    by_similarity = ranked.answered_by_similarity(target.threshold, MARGIN)
    clear = ~ranked.near_tie()
    answer = answer_at(
        ranked.confidence[clear],
        ranked.right[clear],
        by_similarity[clear],
        precision=target.precision,
    )

    unanswerable = ~ranked.answerable
    not_answered = unanswerable & ~by_similarity & ((ranked.confidence < answer) | ~clear)
    ask = ask_at(
        ranked.confidence[not_answered],
        ranked.similar(target.threshold)[not_answered],
        allowed=int(MOST_CLARIFIED * np.count_nonzero(unanswerable)),
        most=answer,
    )
    return ReleasePolicy(target.threshold, MARGIN, answer, ask, coefficients)


def reason_to_reject(
    policy: ReleasePolicy, expected: ExpectedResults, before: ExpectedResults, precision: float
) -> str:
    """Why ``policy`` does not improve on the one before; empty when it does."""
    if policy.answer_at == 1.0:
        return f"no confidence gives {precision:.0%} right answers"
    now, previous = (results.precision.value or 0.0 for results in (expected, before))
    if now < previous and now < precision - TOLERANCE:
        return f"{now:.1%} of its answers are right, {previous:.1%} with the current policy"
    if now <= previous and expected.coverage.count <= before.coverage.count:
        return "it answers no more questions than the current policy, and no more precisely"
    return ""


def _check_enough(answerable: Bools, precision: float) -> None:
    with_answer, without = needed(precision)
    missing = with_answer - int(np.count_nonzero(answerable))
    missing_without = without - int(np.count_nonzero(~answerable))
    if missing > 0 or missing_without > 0:
        raise TooLittleData(answerable=missing, unanswerable=missing_without)
