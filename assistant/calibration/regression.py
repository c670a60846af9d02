"""Fit the numbers of a policy to labelled questions.

Pure: numpy only. A logistic regression of three features with a Gaussian prior, and the two
confidences from which a policy answers and clarifies.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assistant.decision.policy import Coefficients, sigmoid

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FEATURES = ("similarity", "lead", "log_vote")

MIN_SIMILARITY_WEIGHT = 1.0
"""Without this minimum, a policy of a release whose phrasings have about the same similarity would
ignore similarity, and answer questions about unrelated topics."""

NUMBER_DECIMALS = 4
SMOOTHING = 5
"""Pseudo-counts: this number of questions with the predicted precision is added to the observed
ones, so that the first few confident answers do not decide. With more, small sets answer
nothing."""

EXTREME = 1e-4
"""Confidences are clipped to this distance from 0 and 1, whose log-odds are infinite."""

MIN_ASK_AT = 0.05
"""Below this confidence, options are noise."""


def fit_coefficients(
    features: Floats,
    right: Bools,
    *,
    weights: Floats,
    prior: Coefficients,
    strength: float,
    votes: bool,
) -> Coefficients:
    """The most likely coefficients under a Gaussian ``prior``.

    ``features``: (questions, 3) in the order of ``FEATURES``, of the FAQ ranked first for each
    question; ``right``: True where it answers; ``weights``: how much each question counts.
    ``strength`` of the prior: 1 / variance of a coefficient times its feature's standard
    deviation. For the intercept it is 1, because the proportion of answerable questions differs
    most between sets. Without ``votes`` the coefficient of ``log_vote`` is 0.

    Maximum a posteriori logistic regression by projected Newton steps (Bertsekas 1982, "Projected
    Newton methods for optimization problems with simple constraints"): no weight may be negative.
    """
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    centred = np.column_stack([features - mean, np.ones(len(features))])
    target = _vector(prior)
    target[3] += target[:3] @ mean
    pull = np.append(strength * spread**2, 1.0)
    least = np.array([MIN_SIMILARITY_WEIGHT, 0.0, 0.0, -np.inf])
    fixed = np.array([False, False, not votes, False])
    if not votes:
        target[2] = 0.0

    def loss(point: Floats) -> float:
        logit = centred @ point
        misfit = weights @ np.logaddexp(0.0, np.where(right, -logit, logit))
        return float(misfit + 0.5 * pull @ (point - target) ** 2)

    point = np.maximum(target, least)
    for _ in range(100):
        chance = 1.0 / (1.0 + np.exp(-(centred @ point)))
        slope = centred.T @ (weights * (chance - right)) + pull * (point - target)
        curve = (centred * (weights * chance * (1 - chance))[:, None]).T @ centred + np.diag(pull)
        free = ~fixed & ~((point <= least) & (slope > 0))
        step = np.zeros(4)
        step[free] = -np.linalg.solve(curve[np.ix_(free, free)], slope[free])
        length = 1.0
        while length > 1e-6 and loss(np.maximum(point + length * step, least)) > loss(point):
            length /= 2
        point, before = np.maximum(point + length * step, least), point
        if np.abs(point - before).max() < 1e-9:
            break
    return _coefficients(point, mean)


def _vector(coefficients: Coefficients) -> Floats:
    named = [getattr(coefficients, feature) for feature in FEATURES]
    return np.array([*named, coefficients.bias])


def _coefficients(point: Floats, mean: Floats) -> Coefficients:
    similarity, lead, log_vote = (rounded(float(weight)) for weight in point[:3])
    bias = rounded(float(point[3] - point[:3] @ mean))
    return Coefficients(similarity=similarity, lead=lead, log_vote=log_vote, bias=bias)


def answer_at(
    confidence: Floats, right: Bools, by_similarity: Bools, *, precision: float, least_right: float
) -> float:
    """The least confidence from which ``precision`` of the answers are right.

    If there is none: of the confidences from which at least ``least_right`` questions are answered
    right, the most precise. One row per question. Questions ``by_similarity`` are answered with any
    confidence and count for the precision.
    """
    order = np.lexsort((-confidence, ~by_similarity))
    answers = np.arange(1, len(order) + 1)
    expected = np.cumsum(confidence[order])
    correct = np.cumsum(right[order])
    smoothed = (correct + SMOOTHING * expected / answers) / (answers + SMOOTHING)
    by_confidence = ~by_similarity[order]
    enough = np.flatnonzero((smoothed >= precision) & by_confidence)
    if not len(enough):
        enough = np.flatnonzero((correct >= least_right) & by_confidence)
        enough = enough[smoothed[enough] >= smoothed[enough].max(initial=0.0)]
    if not len(enough):
        return 1.0
    return _between(
        confidence[order][by_confidence], int(enough[-1]) - int(np.count_nonzero(by_similarity))
    )


def ask_at(confidence: Floats, similar: Bools, *, allowed: int, most: float) -> float:
    """The least confidence from which at most ``allowed`` of these questions are clarified.

    One row for each unanswerable question that was not answered; the ``similar`` ones are clarified
    whatever their confidence. The result is between ``MIN_ASK_AT`` and ``most``.
    """
    others = -np.sort(-confidence[~similar])
    remaining = allowed - int(similar.sum())
    if remaining >= len(others):
        return min(MIN_ASK_AT, most)
    if remaining <= 0:
        return most
    return min(max(_between(others, remaining - 1), MIN_ASK_AT), most)


def _between(descending: Floats, last: int) -> float:
    """A short number that includes ``descending[last]`` and excludes the next one."""
    inside = float(descending[last])
    outside = float(descending[last + 1]) if last + 1 < len(descending) else 0.0
    middle = round((inside + outside) / 2, NUMBER_DECIMALS)
    return middle if outside < middle <= inside else inside


def mean_confidence(confidences: Sequence[float]) -> float:
    """The mean of the log-odds as a confidence; confidences are clipped by ``EXTREME``."""
    within = np.clip(confidences, EXTREME, 1 - EXTREME)
    return rounded(sigmoid(float(np.mean(np.log(within / (1 - within))))))


def rounded(number: float) -> float:
    """Round a number of a policy: the rounded number both decides and is shown."""
    return round(number, NUMBER_DECIMALS)
