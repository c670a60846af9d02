"""The numbers of a policy, from questions whose answer is known.

Pure: numpy only. A logistic regression of three features, held towards numbers known to be
sensible, and the two confidences from which a policy answers and asks back.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from assistant.decision.policy import Coefficients

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FEATURES = ("similarity", "lead", "log_vote")

LEAST_SIMILARITY_WEIGHT = 1.0
"""Without it a release whose phrasings hardly tell similarity apart learns to ignore it, and then
answers questions about something else altogether."""

NUMBER_DECIMALS = 4
SMOOTHING = 5
"""Questions' worth of the model's own expectation mixed into the precision seen, so that the first
few confident ones, all right or one wrong, do not decide. More makes small sets answer nothing."""

LEAST_ASK_AT = 0.05
"""Below, options are noise."""


def fit_coefficients(
    features: Floats,
    right: Bools,
    *,
    weights: Floats,
    prior: Coefficients,
    strength: float,
    votes: bool,
) -> Coefficients:
    """The most likely coefficients, held towards ``prior``.

    ``features``: (questions, 3) in the order of ``FEATURES``, of the FAQ ranked first for each
    question; ``right``: whether it was the answer; ``weights``: how much each question counts.
    ``strength`` is that of the prior: 1 / variance of a coefficient times its feature's standard
    deviation. The level is held by 1 only, since how many questions have an answer at all differs
    most between sets. Without ``votes`` that feature stays out.

    Maximum a posteriori logistic regression by projected Newton steps (Bertsekas 1982, "Projected
    Newton methods for optimization problems with simple constraints"): no weight may be negative.
    """
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    centred = np.column_stack([features - mean, np.ones(len(features))])
    target = _vector(prior)
    target[3] += target[:3] @ mean
    pull = np.append(strength * spread**2, 1.0)
    least = np.array([LEAST_SIMILARITY_WEIGHT, 0.0, 0.0, -np.inf])
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
    """Rounded: a person reads them, and what decides is what a person reads."""
    similarity, lead, log_vote = (round(float(weight), NUMBER_DECIMALS) for weight in point[:3])
    bias = round(float(point[3] - point[:3] @ mean), NUMBER_DECIMALS)
    return Coefficients(similarity=similarity, lead=lead, log_vote=log_vote, bias=bias)


def answer_at(confidence: Floats, right: Bools, at_once: Bools, *, precision: float) -> float:
    """The least confidence from which on ``precision`` of the answers are right; 1 if none is.

    One row a question; those ``at_once`` are answered whatever their confidence and count as
    well.
    """
    order = np.lexsort((-confidence, ~at_once))
    given = np.arange(1, len(order) + 1)
    expected = np.cumsum(confidence[order])
    seen = np.cumsum(right[order])
    smoothed = (seen + SMOOTHING * expected / given) / (given + SMOOTHING)
    enough = np.flatnonzero((smoothed >= precision) & ~at_once[order])
    if not len(enough):
        return 1.0
    return _between(confidence[order][~at_once[order]], int(enough[-1]) - int(at_once.sum()))


def ask_at(confidence: Floats, similar: Bools, *, allowed: int, most: float) -> float:
    """The least confidence from which on at most ``allowed`` of these questions are asked back.

    One row for each question that has no answer and was given none; ``similar`` ones are asked
    back whatever their confidence. Not more than ``most``, not less than ``LEAST_ASK_AT``.
    """
    others = -np.sort(-confidence[~similar])
    left = allowed - int(similar.sum())
    if left >= len(others):
        return min(LEAST_ASK_AT, most)
    if left <= 0:
        return most
    return min(max(_between(others, left - 1), LEAST_ASK_AT), most)


def _between(falling: Floats, last: int) -> float:
    """A short number that lets ``falling[last]`` in and the next one not."""
    inside = float(falling[last])
    outside = float(falling[last + 1]) if last + 1 < len(falling) else 0.0
    middle = round((inside + outside) / 2, NUMBER_DECIMALS)
    return middle if outside < middle <= inside else inside
