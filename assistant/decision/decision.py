"""Decide whether the closest FAQ answers the question, whether to ask back, or to fall back.

Pure: standard library only, no clock, no I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from assistant.decision.policy import POLICY_ITSELF, Bounds, Policy, bounds_for

MAX_OPTIONS = 3

# Similarities come from float32 products whose last bits depend on the batch: what decides is what
# the reply shows.
DECIMALS = 6


class Reason(StrEnum):
    """Why. The first three answer, the next three ask back, the rest fall back."""

    EXACT = "exact"
    """The question is one of the FAQ's phrasings."""
    CONFIDENT = "confident"
    CHOSEN = "chosen"
    """The person picked it from the options of the reply before."""

    AMBIGUOUS = "ambiguous"
    """Another FAQ is about as close."""
    UNSURE = "unsure"
    """Ahead of the others, but too far away to answer."""
    SEVERAL_QUESTIONS = "several_questions"
    """The message asks more than one thing that FAQs answer."""

    BELOW_THRESHOLD = "below_threshold"
    NO_MATCH = "no_match"
    UNSUPPORTED_LANGUAGE = "unsupported_language"


ANSWERS = frozenset({Reason.EXACT, Reason.CONFIDENT, Reason.CHOSEN})
ASKS_BACK = frozenset({Reason.AMBIGUOUS, Reason.UNSURE, Reason.SEVERAL_QUESTIONS})


@dataclass(frozen=True)
class Match:
    """One phrasing the index found.

    ``similarity`` is a cosine, -1..1. ``exact``: the question is this phrasing, but for capitals,
    spaces and punctuation. ``vote``, 0..1, is the probability that the release's classifier gives
    its FAQ, None without one. ``lead`` and ``confidence`` are filled by ``decide``.
    """

    faq_id: str
    phrasing: str
    similarity: float
    category: str = ""
    exact: bool = False
    vote: float | None = None
    lead: float | None = None
    confidence: float | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "faq_id": self.faq_id,
            "phrasing": self.phrasing,
            "similarity": self.similarity,
            "lead": self.lead,
            "vote": self.vote,
            "exact": self.exact,
            "confidence": self.confidence,
        }


@dataclass(frozen=True)
class Decision:
    """The outcome of ``decide``, with everything that led to it.

    ``ranked``: each FAQ by its best phrasing, the most likely first. ``bounds``: the threshold and
    the margin that held for the first of them. ``parts``: the questions of a message that asks
    several, see ``multiple_questions``; ``part``: the one of them that this answers.
    """

    reason: Reason
    policy: Policy
    ranked: tuple[Match, ...] = ()
    bounds: Bounds | None = None
    part: str = ""
    parts: tuple[Part, ...] = ()

    @property
    def closest(self) -> Match | None:
        """The most likely FAQ: the most confident one, or the most similar without confidence."""
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
    def lead(self) -> float | None:
        """Similarity of the closest minus that of the best other FAQ; None without another."""
        return self.closest.lead if self.closest else None

    @property
    def confidence(self) -> float | None:
        """Probability, 0..1, that the closest FAQ answers; None where the policy has none."""
        return self.closest.confidence if self.closest else None

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, and enough for a person to recompute the outcome."""
        closest = self.closest
        bounds = self.bounds or Bounds(self.policy.threshold, self.policy.margin)
        return {
            "reason": self.reason.value,
            "policy": self.policy.numbers(),
            "threshold": bounds.threshold,
            "threshold_from": bounds.threshold_from,
            "margin": bounds.margin,
            "margin_from": bounds.margin_from,
            "lead": self.lead,
            "confidence": self.confidence,
            "features": {
                "similarity": closest.similarity if closest else None,
                "lead": self.lead,
                "vote": closest.vote if closest else None,
                "exact": closest.exact if closest else False,
            },
            "closest": closest.as_dict() if closest else None,
            "options": [option.as_dict() for option in self.options],
            "part": self.part,
            "parts": [part.as_dict() for part in self.parts],
        }


@dataclass(frozen=True)
class Part:
    """One question of a message that asks several, and what was decided about it alone."""

    question: str
    decision: Decision

    def as_dict(self) -> dict[str, Any]:
        told = self.decision.as_dict()
        kept = ("reason", "threshold", "margin", "lead", "confidence", "features", "closest")
        return {"question": self.question, **{name: told[name] for name in kept}}


def decide(matches: Sequence[Match], policy: Policy) -> Decision:
    """Decide about ``matches``, in any order, several phrasings of one FAQ among them or not."""
    ranked = _rank(matches, policy)
    if not ranked:
        return Decision(Reason.NO_MATCH, policy)

    bounds = _bounds(ranked[0], policy)
    return Decision(_reason(ranked, bounds, policy), policy, tuple(ranked), bounds)


def choose(matches: Sequence[Match], policy: Policy, *, faq_id: str) -> Decision:
    """The person picked ``faq_id``. ``LookupError`` if it is not among the matches."""
    ranked = _rank(matches, policy)
    picked = [match for match in ranked if match.faq_id == faq_id]
    if not picked:
        raise LookupError(f"{faq_id!r} is not among the matches")

    others = [match for match in ranked if match.faq_id != faq_id]
    return Decision(Reason.CHOSEN, policy, (*picked, *others), _bounds(picked[0], policy))


def refuse_language(matches: Sequence[Match], policy: Policy) -> Decision:
    """Nothing is answered or offered in a language the model was not trained for.

    Only the very words of a phrasing answer: whoever wrote that phrasing knew the language.
    """
    decision = decide(matches, policy)
    if decision.reason in {Reason.EXACT, Reason.NO_MATCH}:
        return decision
    return replace(decision, reason=Reason.UNSUPPORTED_LANGUAGE)


def _bounds(match: Match, policy: Policy) -> Bounds:
    return bounds_for(policy, faq_id=match.faq_id, category=match.category)


def _reason(ranked: Sequence[Match], bounds: Bounds, policy: Policy) -> Reason:
    closest = ranked[0]
    if closest.exact:
        # The same text under two FAQs: nobody can tell which one is meant.
        twins = len(ranked) > 1 and ranked[1].exact
        return Reason.AMBIGUOUS if twins else Reason.EXACT

    similar = max(closest.similarity, 0.0) >= bounds.threshold
    ahead = closest.lead is None or closest.lead >= _needed_lead(bounds)
    if similar and ahead:
        return Reason.CONFIDENT
    if _may_trust_confidence(bounds, ahead) and _reaches(closest.confidence, policy.answer_at):
        return Reason.CONFIDENT
    if similar or _reaches(closest.confidence, policy.ask_at):
        return Reason.UNSURE if ahead else Reason.AMBIGUOUS
    return Reason.BELOW_THRESHOLD


def _needed_lead(bounds: Bounds) -> float:
    # A threshold of 0 says "always": the policy's general margin must not take that back, a margin
    # somebody set may. A vote can put a FAQ first whose lead is negative.
    waived = bounds.threshold == 0.0 and bounds.margin_from == POLICY_ITSELF
    return -2.0 if waived or bounds.margin == 0.0 else bounds.margin


def _may_trust_confidence(bounds: Bounds, ahead: bool) -> bool:
    """A threshold or margin somebody set is a floor; 1 says "never unless exact" at any level."""
    if bounds.threshold_from != POLICY_ITSELF or bounds.threshold == 1.0 or bounds.margin == 1.0:
        return False
    return ahead or bounds.margin_from == POLICY_ITSELF


def _reaches(confidence: float | None, least: float | None) -> bool:
    return confidence is not None and least is not None and confidence >= least


def _rank(matches: Sequence[Match], policy: Policy) -> list[Match]:
    """Each FAQ by its best phrasing, exact ones first, then the most likely ones.

    Ties go by similarity and then by id, so that no order depends on that of the input.
    """
    best: dict[str, Match] = {}
    for match in sorted(matches, key=_order):
        best.setdefault(match.faq_id, _rounded(match))
    similarities = sorted((match.similarity for match in best.values()), reverse=True)
    return sorted((_judged(match, similarities, policy) for match in best.values()), key=_order)


def _rounded(match: Match) -> Match:
    vote = None if match.vote is None else round(match.vote, DECIMALS)
    similarity = round(match.similarity, DECIMALS)
    if (similarity, vote) == (match.similarity, match.vote):
        return match
    return replace(match, similarity=similarity, vote=vote)


def _judged(match: Match, similarities: Sequence[float], policy: Policy) -> Match:
    """With its lead and its confidence; ``similarities`` are those of all FAQs, largest first."""
    lead = None
    if len(similarities) > 1:
        first, second = similarities[:2]
        rival = second if match.similarity == first else first
        lead = round(match.similarity - rival, DECIMALS)
    confidence = policy.confidence(match.similarity, lead, match.vote)
    # Not by dataclasses.replace, which takes three times as long; there are ten of them.
    return Match(
        *(match.faq_id, match.phrasing, match.similarity, match.category),
        *(match.exact, match.vote, lead, confidence),
    )


def _order(match: Match) -> tuple[bool, float, float, str, str]:
    return (
        not match.exact,
        -(match.confidence or 0.0),
        -match.similarity,
        match.faq_id,
        match.phrasing,
    )
