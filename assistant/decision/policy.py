"""Policies: the numbers that decisions use.

Pure: standard library only.

A policy says how similar a match must be (threshold), how far ahead of the next other FAQ (margin),
and how likely it is the answer (confidence), if it computes that. ``decision.decide`` applies it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, log
from typing import Any, Protocol

PUBLISHED_THRESHOLD = 0.7
"""The default of FAQ_CONFIDENCE_THRESHOLD."""

MIN_VOTE = 0.000335
"""e^-8, a floor for the logarithm: differences between smaller votes are noise."""

MIN_LEAD = 0.015
"""A confidence does not answer if the lead is smaller. Measured on the validation questions of five
public sets, with and without alternates and calibration: 80 % of the answers by confidence with a
smaller lead were right, 10 points fewer than of all others."""

POLICY_ITSELF = "policy"


@dataclass(frozen=True)
class Override:
    """The threshold and margin of a category or FAQ, each 0 to 1; None: those of the next level.

    The levels are FAQ, category, policy. A threshold or margin here is a floor: no confidence
    answers below it. Threshold 0: the FAQ always answers if it is the closest (unless a margin is
    set too). Threshold 1 or margin 1: it answers only exact phrasings. Margin 0: it needs no lead.
    """

    threshold: float | None = None
    margin: float | None = None

    def __post_init__(self) -> None:
        _check_fractions(threshold=self.threshold, margin=self.margin)


@dataclass(frozen=True)
class Overrides:
    """By FAQ id and by category. Each number of an FAQ has priority over its category's."""

    faqs: Mapping[str, Override] = field(default_factory=dict)
    categories: Mapping[str, Override] = field(default_factory=dict)


NO_OVERRIDES = Overrides()


@dataclass(frozen=True)
class Bounds:
    """The threshold and margin for one FAQ, with the level of each: policy, category or faq."""

    threshold: float
    margin: float
    threshold_from: str = POLICY_ITSELF
    margin_from: str = POLICY_ITSELF


class Policy(Protocol):
    """The input of ``decide`` besides the matches.

    ``answer_at`` and ``ask_at`` are the least confidences, 0..1, to answer and to ask back; None
    if the policy computes no confidence.
    """

    @property
    def name(self) -> str: ...
    @property
    def threshold(self) -> float: ...
    @property
    def margin(self) -> float: ...
    @property
    def overrides(self) -> Overrides: ...
    @property
    def answer_at(self) -> float | None: ...
    @property
    def ask_at(self) -> float | None: ...

    def confidence(self, similarity: float, lead: float | None, vote: float | None) -> float | None:
        """Probability, 0..1, that this FAQ answers the question; None if the policy has none.

        ``similarity`` is a cosine, ``lead`` a difference of cosines; ``vote`` is the probability of
        this FAQ by the release's classifier, 0..1, None without one.
        """
        ...

    def numbers(self) -> dict[str, Any]:
        """All numbers of the rule, JSON-able: with the features, enough to recompute a decision."""
        ...


@dataclass(frozen=True)
class CosinePolicy:
    """Threshold and margin only: a similarity of at least ``threshold`` answers.

    With a ``margin`` above 0 it asks back if the lead is smaller.
    """

    threshold: float = PUBLISHED_THRESHOLD
    margin: float = 0.0
    overrides: Overrides = NO_OVERRIDES

    name = "cosine"
    answer_at = None
    ask_at = None

    def __post_init__(self) -> None:
        _check_fractions(threshold=self.threshold, margin=self.margin)

    def confidence(self, similarity: float, lead: float | None, vote: float | None) -> float | None:
        return None

    def numbers(self) -> dict[str, Any]:
        return {"name": self.name, "threshold": self.threshold, "margin": self.margin}


@dataclass(frozen=True)
class Coefficients:
    """confidence = sigmoid(similarity * s + lead * l + log_vote * ln(vote) + bias).

    Only the bias may be negative: a larger feature must not make an answer less likely.
    """

    similarity: float
    lead: float
    bias: float
    log_vote: float = 0.0

    def __post_init__(self) -> None:
        # Written so that nan fails too.
        if not min(self.similarity, self.lead, self.log_vote) >= 0:
            raise ValueError(f"a weight is negative: {self}")

    def confidence(self, similarity: float, lead: float, vote: float | None) -> float:
        logit = self.similarity * similarity + self.lead * lead + self.bias
        if self.log_vote:
            logit += self.log_vote * log(max(vote or 0.0, MIN_VOTE))
        return sigmoid(logit)

    def numbers(self) -> dict[str, float]:
        weights = {"similarity": self.similarity, "lead": self.lead, "bias": self.bias}
        return {**weights, "log_vote": self.log_vote} if self.log_vote else weights


COSINE_COEFFICIENTS = Coefficients(similarity=3.64, lead=12.46, bias=-2.95)
"""Fitted on the validation questions of five public question sets of four domains."""


@dataclass(frozen=True)
class ConfidencePolicy:
    """Threshold and margin first, then a confidence from similarity and lead.

    At or above ``threshold`` with a lead of at least ``margin`` it answers at once. Otherwise it
    answers from a confidence of ``answer_at`` on, and asks back from ``ask_at`` on. If there is
    only one FAQ, its lead is 0 for the confidence and sufficient for the margin. This is the policy
    of releases with too few phrasings to fit one.
    """

    threshold: float = PUBLISHED_THRESHOLD
    margin: float = 0.1
    answer_at: float = 0.7
    ask_at: float = 0.15
    coefficients: Coefficients = COSINE_COEFFICIENTS
    overrides: Overrides = NO_OVERRIDES

    name = "confidence"

    def __post_init__(self) -> None:
        _check_fractions(
            threshold=self.threshold,
            margin=self.margin,
            answer_at=self.answer_at,
            ask_at=self.ask_at,
        )
        if self.ask_at > self.answer_at:
            raise ValueError(f"ask_at {self.ask_at} is above answer_at {self.answer_at}")

    def confidence(self, similarity: float, lead: float | None, vote: float | None) -> float:
        return self.coefficients.confidence(similarity, lead or 0.0, vote)

    def numbers(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "threshold": self.threshold,
            "margin": self.margin,
            "answer_at": self.answer_at,
            "ask_at": self.ask_at,
            "coefficients": self.coefficients.numbers(),
        }


@dataclass(frozen=True)
class ReleasePolicy(ConfidencePolicy):
    """Fitted for one release by ``calibration.fitting``; uses the vote of its classifier too."""

    ask_at: float = 0.2

    name = "release"

    @classmethod
    def from_numbers(
        cls, numbers: Mapping[str, Any], *, overrides: Overrides = NO_OVERRIDES
    ) -> ReleasePolicy:
        """The inverse of ``numbers``. Raises ``KeyError``, ``TypeError`` or ``ValueError``."""
        return cls(
            threshold=numbers["threshold"],
            margin=numbers["margin"],
            answer_at=numbers["answer_at"],
            ask_at=numbers["ask_at"],
            coefficients=Coefficients(**numbers["coefficients"]),
            overrides=overrides,
        )


def bounds_for(policy: Policy, *, faq_id: str, category: str) -> Bounds:
    """The threshold and margin for one FAQ: those of the FAQ, its category, or the policy."""
    levels = (
        ("faq", policy.overrides.faqs.get(faq_id)),
        ("category", policy.overrides.categories.get(category)),
        (POLICY_ITSELF, Override(policy.threshold, policy.margin)),
    )
    # 0.0 is a valid number: only None means "not set here".
    threshold, threshold_from = next(
        (level.threshold, name)
        for name, level in levels
        if level is not None and level.threshold is not None
    )
    margin, margin_from = next(
        (level.margin, name)
        for name, level in levels
        if level is not None and level.margin is not None
    )
    return Bounds(threshold, margin, threshold_from, margin_from)


def sigmoid(logit: float) -> float:
    """1 / (1 + e^-logit), for a logit of any size."""
    if logit < 0:
        return exp(logit) / (1.0 + exp(logit))
    return 1.0 / (1.0 + exp(-logit))


def _check_fractions(**numbers: float | None) -> None:
    for name, value in numbers.items():
        # Written so that nan fails too.
        if value is not None and not 0.0 <= value <= 1.0:
            raise ValueError(f"{name} must be between 0 and 1, not {value}")
