"""The rules and numbers that decide, as values.

Pure: standard library only.

A policy says three things about one match: how similar it must be (threshold), how far ahead of the
next other FAQ (margin), and, where it can tell, how likely it is the answer (confidence).
``decision.decide`` does the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, log
from typing import Any, Protocol

PUBLISHED_THRESHOLD = 0.7
"""The published rule's number (FAQ_CONFIDENCE_THRESHOLD)."""

LEAST_VOTE = 0.000335
"""e^-8: below it a classifier's votes differ by noise, and the logarithm needs a floor."""

LEAST_LEAD = 0.015
"""Of the most similar FAQ over the next, below which a confidence does not answer. Measured on the
validation questions of five public sets, with and without alternates and calibration: of the
answers given by confidence with a lead below it 80 % were right, 10 points fewer than of others."""

POLICY_ITSELF = "policy"


@dataclass(frozen=True)
class Override:
    """What a category or one FAQ asks for itself, each 0 to 1; None leaves it to whatever is wider.

    A threshold of its own, or a margin, is a floor: no confidence answers below it. A threshold of
    0 always answers where the FAQ is the closest (unless a margin was set as well), one of 1 never
    unless the question is exactly one of its phrasings; a margin of 0 asks for no lead, one of 1
    never answers unless exact.
    """

    threshold: float | None = None
    margin: float | None = None

    def __post_init__(self) -> None:
        _check_fractions(threshold=self.threshold, margin=self.margin)


@dataclass(frozen=True)
class Overrides:
    """By FAQ id and by category. A FAQ's own number wins over its category's, each by itself."""

    faqs: Mapping[str, Override] = field(default_factory=dict)
    categories: Mapping[str, Override] = field(default_factory=dict)


NO_OVERRIDES = Overrides()


@dataclass(frozen=True)
class Bounds:
    """The threshold and margin that hold for one FAQ, and who set each: policy, category or faq."""

    threshold: float
    margin: float
    threshold_from: str = POLICY_ITSELF
    margin_from: str = POLICY_ITSELF


class Policy(Protocol):
    """What ``decide`` needs to know.

    ``answer_at`` and ``ask_at`` are the least confidences, 0..1, to answer and to ask back; None
    where the policy computes no confidence.
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
        """Probability, 0..1, that this FAQ answers the question; None if the policy cannot tell.

        ``similarity`` and ``lead`` are cosines and their difference; ``vote`` is what the
        release's classifier gives this FAQ, 0..1, None without one.
        """
        ...

    def numbers(self) -> dict[str, Any]:
        """All the rule uses, JSON-able: with the features, enough to recompute a decision."""
        ...


@dataclass(frozen=True)
class CosinePolicy:
    """The published rule: a similarity of at least ``threshold`` answers, anything less falls back.

    With a ``margin`` above 0 a rival FAQ closer than that makes it ask back instead.
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

    Never negative but for the bias: more of a feature may not make an answer less likely.
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
            logit += self.log_vote * log(max(vote or 0.0, LEAST_VOTE))
        return sigmoid(logit)

    def numbers(self) -> dict[str, float]:
        told = {"similarity": self.similarity, "lead": self.lead, "bias": self.bias}
        return {**told, "log_vote": self.log_vote} if self.log_vote else told


COSINE_COEFFICIENTS = Coefficients(similarity=3.64, lead=12.46, bias=-2.95)
"""Fitted on the validation questions of five public question sets of four domains."""


@dataclass(frozen=True)
class ConfidencePolicy:
    """Cosine first, then how likely the closest FAQ is, judged by its similarity and its lead.

    At or above ``threshold`` with a lead of at least ``margin`` it answers at once. Otherwise it
    answers from a confidence of ``answer_at`` on, and asks back from ``ask_at`` on. Without any
    other FAQ there is no lead to judge by: it counts as 0 in the confidence, and as enough for the
    margin. This is what decides for a release that has too few phrasings for a policy of its own.
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
    """Fitted for one release by ``calibration.fitting``: its classifier's vote counts as well.

    The same rule as the shipped one, with the release's own numbers.
    """

    ask_at: float = 0.2

    name = "release"

    @classmethod
    def from_numbers(
        cls, numbers: Mapping[str, Any], *, overrides: Overrides = NO_OVERRIDES
    ) -> ReleasePolicy:
        """The inverse of ``numbers``. ``KeyError``, ``TypeError`` or ``ValueError`` on others."""
        return cls(
            threshold=numbers["threshold"],
            margin=numbers["margin"],
            answer_at=numbers["answer_at"],
            ask_at=numbers["ask_at"],
            coefficients=Coefficients(**numbers["coefficients"]),
            overrides=overrides,
        )


def bounds_for(policy: Policy, *, faq_id: str, category: str) -> Bounds:
    """The threshold and the margin for one FAQ: its own, else its category's, else the policy's."""
    levels = (
        ("faq", policy.overrides.faqs.get(faq_id)),
        ("category", policy.overrides.categories.get(category)),
        (POLICY_ITSELF, Override(policy.threshold, policy.margin)),
    )
    # 0.0 is a number somebody chose: only None means "not set here".
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
