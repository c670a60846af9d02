"""Matches of a question, and their ranking by FAQ.

Pure: standard library only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant.decision.policy import Policy

# The last bits of float32 products depend on the batch, so the rounded numbers of the reply decide.
DECIMALS = 6


@dataclass(frozen=True)
class Match:
    """A phrasing that is close to the question.

    ``similarity`` is a cosine, -1..1. ``exact``: the question is this phrasing, except for
    capitals, spaces and punctuation. ``vote``, 0..1, is the probability of its FAQ by the release's
    classifier, None without one. ``rank`` fills in ``lead`` and ``confidence``.
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


def rank(matches: Sequence[Match], policy: Policy) -> list[Match]:
    """Each FAQ with its best phrasing, lead and confidence; exact ones first, then by confidence.

    Ties are ordered by similarity, then by id, so that the order of the input does not matter.
    """
    best: dict[str, Match] = {}
    for match in sorted(matches, key=_order):
        best.setdefault(match.faq_id, _rounded(match))
    similarities = sorted((match.similarity for match in best.values()), reverse=True)
    return sorted((_with_lead(match, similarities, policy) for match in best.values()), key=_order)


def _rounded(match: Match) -> Match:
    vote = None if match.vote is None else round(match.vote, DECIMALS)
    similarity = round(match.similarity, DECIMALS)
    if (similarity, vote) == (match.similarity, match.vote):
        return match
    return replace(match, similarity=similarity, vote=vote)


def _with_lead(match: Match, similarities: Sequence[float], policy: Policy) -> Match:
    """Add lead and confidence; ``similarities`` are those of all FAQs, largest first."""
    lead = None
    if len(similarities) > 1:
        first, second = similarities[:2]
        rival = second if match.similarity == first else first
        lead = round(match.similarity - rival, DECIMALS)
    confidence = policy.confidence(match.similarity, lead, match.vote)
    if confidence is not None:
        confidence = round(confidence, DECIMALS)
    # Not dataclasses.replace, which takes three times as long for each of ten matches.
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
