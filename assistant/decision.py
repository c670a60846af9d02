"""Decide whether the closest FAQ answers the question, whether to ask back, or whether to fall back.

Pure: standard library only, no clock, no I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from assistant.policy import POLICY_ITSELF, Bounds, Policy, bounds_for

MAX_OPTIONS = 3

# Similarities come from float32 products whose last bits depend on the batch; what decides is what the reply shows.
DECIMALS = 6


class Reason(StrEnum):
    """Why. The first three answer, the next two ask back, the rest fall back to the agent or to support."""

    EXACT = "exact"
    CONFIDENT = "confident"
    CHOSEN = "chosen"
    AMBIGUOUS = "ambiguous"
    UNSURE = "unsure"
    BELOW_THRESHOLD = "below_threshold"
    NO_MATCH = "no_match"
    UNSUPPORTED_LANGUAGE = "unsupported_language"


ANSWERS = frozenset({Reason.EXACT, Reason.CONFIDENT, Reason.CHOSEN})
ASKS_BACK = frozenset({Reason.AMBIGUOUS, Reason.UNSURE})


@dataclass(frozen=True)
class Match:
    """One phrasing the index found. ``similarity`` is a cosine, -1..1; ``confidence``, 0..1, is filled by ``decide``.

    ``exact``: the question is this phrasing, but for capitals, spaces and punctuation.
    """

    faq_id: str
    phrasing: str
    similarity: float
    category: str = ""
    exact: bool = False
    confidence: float | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "faq_id": self.faq_id,
            "phrasing": self.phrasing,
            "similarity": self.similarity,
            "confidence": self.confidence,
        }


@dataclass(frozen=True)
class Decision:
    """The outcome of ``decide``, with everything that led to it.

    ``ranked``: the best phrasing of each FAQ, most likely first. ``lead``: similarity of the closest minus that of the
    best other FAQ, None without another.
    """

    reason: Reason
    policy: Policy
    ranked: tuple[Match, ...] = ()
    lead: float | None = None
    bounds: Bounds | None = None

    @property
    def closest(self) -> Match | None:
        return self.ranked[0] if self.ranked else None

    @property
    def chosen(self) -> Match | None:
        """The match to answer with, or None."""
        return self.closest if self.reason in ANSWERS else None

    @property
    def options(self) -> tuple[Match, ...]:
        """What to offer when asking back: up to three FAQs; empty otherwise."""
        return self.ranked[:MAX_OPTIONS] if self.reason in ASKS_BACK else ()

    @property
    def confidence(self) -> float | None:
        """Probability, 0..1, that the closest FAQ answers; None where the policy computes none."""
        return self.closest.confidence if self.closest else None

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, and enough for a person to recompute the outcome."""
        bounds = self.bounds
        return {
            "reason": self.reason.value,
            "policy": self.policy.numbers(),
            "threshold": bounds.threshold if bounds else self.policy.threshold,
            "threshold_from": bounds.threshold_from if bounds else POLICY_ITSELF,
            "margin": bounds.margin if bounds else self.policy.margin,
            "margin_from": bounds.margin_from if bounds else POLICY_ITSELF,
            "lead": self.lead,
            "confidence": self.confidence,
            "features": {
                "similarity": self.closest.similarity if self.closest else None,
                "lead": self.lead,
                "exact": self.closest.exact if self.closest else False,
            },
            "closest": self.closest.as_dict() if self.closest else None,
            "options": [option.as_dict() for option in self.options],
        }


def decide(matches: Sequence[Match], policy: Policy) -> Decision:
    """Decide about ``matches``, which may come in any order and hold several phrasings of one FAQ."""
    ranked = _rank(matches, policy)
    if not ranked:
        return Decision(Reason.NO_MATCH, policy)

    closest = ranked[0]
    lead = _lead(ranked, 0)
    bounds = bounds_for(policy, faq_id=closest.faq_id, category=closest.category)
    reason = _reason(ranked, lead, bounds, policy)
    return Decision(reason, policy, tuple(ranked), lead, bounds)


def choose(matches: Sequence[Match], policy: Policy, *, faq_id: str) -> Decision:
    """The person picked ``faq_id`` from the options of the last reply. ``LookupError`` if it is not among the matches."""
    ranked = _rank(matches, policy)
    picked = [match for match in ranked if match.faq_id == faq_id]
    if not picked:
        raise LookupError(f"{faq_id!r} is not among the matches")

    others = [match for match in ranked if match.faq_id != faq_id]
    bounds = bounds_for(policy, faq_id=faq_id, category=picked[0].category)
    ranked = picked + others
    return Decision(Reason.CHOSEN, policy, tuple(ranked), _lead(ranked, 0), bounds)


def _reason(ranked: Sequence[Match], lead: float | None, bounds: Bounds, policy: Policy) -> Reason:
    closest = ranked[0]
    if closest.exact:
        # The same text under two FAQs: nobody can tell which one is meant.
        twins = len(ranked) > 1 and ranked[1].exact
        return Reason.AMBIGUOUS if twins else Reason.EXACT

    similar = max(closest.similarity, 0.0) >= bounds.threshold
    ahead = lead is None or lead >= _needed_lead(bounds)
    if similar and ahead:
        return Reason.CONFIDENT
    if _may_trust_confidence(bounds, ahead) and _reaches(closest.confidence, policy.answer_at):
        return Reason.CONFIDENT
    if similar:
        return Reason.AMBIGUOUS
    if _reaches(closest.confidence, policy.ask_at):
        return Reason.UNSURE if ahead else Reason.AMBIGUOUS
    return Reason.BELOW_THRESHOLD


def _needed_lead(bounds: Bounds) -> float:
    # A threshold of 0 says "always": the policy's general margin must not take that back, a margin somebody set may.
    waived = bounds.threshold == 0.0 and bounds.margin_from == POLICY_ITSELF
    return 0.0 if waived else bounds.margin


def _may_trust_confidence(bounds: Bounds, ahead: bool) -> bool:
    """A threshold somebody set for this FAQ is a floor, so is a margin; and 1 means "never unless exact" at any level."""
    if bounds.threshold_from != POLICY_ITSELF or bounds.threshold == 1.0 or bounds.margin == 1.0:
        return False
    return ahead or bounds.margin_from == POLICY_ITSELF


def _reaches(confidence: float | None, least: float | None) -> bool:
    return confidence is not None and least is not None and confidence >= least


def _rank(matches: Sequence[Match], policy: Policy) -> list[Match]:
    """The best phrasing of each FAQ, exact ones first, then by similarity; ties by id, so that order never depends on input."""
    best: dict[str, Match] = {}
    for match in sorted(matches, key=_order):
        best.setdefault(match.faq_id, match)
    ranked = [replace(m, similarity=round(m.similarity, DECIMALS)) for m in best.values()]
    ranked.sort(key=_order)
    return [
        replace(match, confidence=policy.confidence(match.similarity, _lead(ranked, place)))
        for place, match in enumerate(ranked)
    ]


def _order(match: Match) -> tuple[bool, float, str, str]:
    return (not match.exact, -match.similarity, match.faq_id, match.phrasing)


def _lead(ranked: Sequence[Match], place: int) -> float | None:
    """Similarity of the FAQ in that place minus that of the best other one; None without another."""
    others = [match.similarity for at, match in enumerate(ranked) if at != place]
    if not others:
        return None
    return round(ranked[place].similarity - max(others), DECIMALS)
