"""The rules and numbers that decide, as values.

Pure: standard library only.

A policy says three things about one match and its lead over the next other FAQ: how similar it must be (threshold),
how far ahead (margin), and, where it can tell, how likely it is the answer (confidence). ``decision.decide`` does the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp
from typing import Any, Protocol

# The published rule's number (FAQ_CONFIDENCE_THRESHOLD).
PUBLISHED_THRESHOLD = 0.7

POLICY_ITSELF = "policy"


@dataclass(frozen=True)
class Override:
    """What a category or one FAQ asks for itself; None leaves it to whatever is wider.

    Both numbers run from 0 to 1. A threshold of 0 always answers where the FAQ is the closest, one of 1 never unless the
    question is exactly one of its phrasings; a margin of 0 asks for no lead, one of 1 never answers unless exact.
    """

    threshold: float | None = None
    margin: float | None = None

    def __post_init__(self) -> None:
        _check_fraction("threshold", self.threshold)
        _check_fraction("margin", self.margin)


@dataclass(frozen=True)
class Overrides:
    """Overrides by FAQ id and by category. A FAQ's own number wins over its category's, each number by itself."""

    faqs: Mapping[str, Override] = field(default_factory=dict)
    categories: Mapping[str, Override] = field(default_factory=dict)


@dataclass(frozen=True)
class Bounds:
    """The threshold and margin that hold for one FAQ, and who set each: "policy", "category" or "faq"."""

    threshold: float
    margin: float
    threshold_from: str = POLICY_ITSELF
    margin_from: str = POLICY_ITSELF


class Policy(Protocol):
    """What ``decide`` needs to know. ``answer_at`` and ``ask_at`` are least confidences, 0..1, or None without one."""

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

    def confidence(self, similarity: float, lead: float | None) -> float | None:
        """Probability, 0..1, that this FAQ answers the question; None if the policy cannot tell."""
        ...

    def numbers(self) -> dict[str, Any]:
        """Everything the rule uses, JSON-able: with the features, enough to recompute a decision by hand."""
        ...


@dataclass(frozen=True)
class CosinePolicy:
    """The published rule: a similarity of at least ``threshold`` answers, anything less falls back.

    With a ``margin`` above 0 a rival FAQ closer than that makes it ask back instead.
    """

    threshold: float = PUBLISHED_THRESHOLD
    margin: float = 0.0
    overrides: Overrides = Overrides()

    name = "cosine"
    answer_at = None
    ask_at = None

    def __post_init__(self) -> None:
        _check_fraction("threshold", self.threshold)
        _check_fraction("margin", self.margin)

    def confidence(self, similarity: float, lead: float | None) -> float | None:
        return None

    def numbers(self) -> dict[str, Any]:
        return {"name": self.name, "threshold": self.threshold, "margin": self.margin}


@dataclass(frozen=True)
class ConfidencePolicy:
    """The shipped default: cosine first, then how likely the closest FAQ is, judged by its similarity and its lead.

    At or above ``threshold`` with a lead of at least ``margin`` it answers at once. Otherwise
    confidence = sigmoid(similarity_weight * similarity + lead_weight * lead + bias); it answers from ``answer_at`` on and
    asks back from ``ask_at`` on. Without any other FAQ there is no lead to judge by, and it counts as 0.
    """

    threshold: float = PUBLISHED_THRESHOLD
    margin: float = 0.1
    answer_at: float = 0.7
    ask_at: float = 0.3
    similarity_weight: float = 3.64
    lead_weight: float = 12.46
    bias: float = -2.95
    overrides: Overrides = Overrides()

    name = "confidence"

    def __post_init__(self) -> None:
        _check_fraction("threshold", self.threshold)
        _check_fraction("margin", self.margin)
        _check_fraction("answer_at", self.answer_at)
        _check_fraction("ask_at", self.ask_at)
        if not self.ask_at <= self.answer_at:
            raise ValueError(f"ask_at {self.ask_at} is above answer_at {self.answer_at}")

    def confidence(self, similarity: float, lead: float | None) -> float | None:
        return sigmoid(
            self.similarity_weight * similarity + self.lead_weight * (lead or 0.0) + self.bias
        )

    def numbers(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "threshold": self.threshold,
            "margin": self.margin,
            "answer_at": self.answer_at,
            "ask_at": self.ask_at,
            "coefficients": {
                "similarity": self.similarity_weight,
                "lead": self.lead_weight,
                "bias": self.bias,
            },
        }


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


def _check_fraction(name: str, value: float | None) -> None:
    # Written so that nan fails too.
    if value is not None and not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} must be between 0 and 1, not {value}")
