"""Decide whether the closest FAQ answers the question, whether to ask back, or to fall back.

Pure: standard library only, no clock, no I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant.decision.policy import LEAST_LEAD, POLICY_ITSELF, Bounds, Policy, bounds_for
from assistant.decision.reasons import ANSWERS, ASKS_BACK, Reason
from assistant.meaning.wording import Conflict
from assistant.text.intents import Intent
from assistant.text.spelling import Change

MAX_OPTIONS = 3

LEAST_OF_BEST = 0.05
"""Of the first option's confidence, for another one to be offered. Of the options below it 2 % were
right on the validation questions of five public sets."""

# Similarities come from float32 products whose last bits depend on the batch: what decides is what
# the reply shows.
DECIMALS = 6


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
    the margin that held for the first of them. ``parts``: the sentences of a message that were
    decided about by themselves, see ``multiple_questions``; ``part``: the one of them that this
    answers. ``mention``: the FAQ whose answer has the words of the question. ``conflict``: why the
    closest FAQ does not answer although it is close. ``intent``: of small talk. ``corrected``: the
    words that were corrected before they were compared.
    """

    reason: Reason
    policy: Policy
    ranked: tuple[Match, ...] = ()
    bounds: Bounds | None = None
    part: str = ""
    parts: tuple[Part, ...] = ()
    mention: Match | None = None
    conflict: Conflict | None = None
    intent: Intent | None = None
    corrected: tuple[Change, ...] = ()

    @property
    def answers(self) -> tuple[Part, ...]:
        """The questions that are answered, in their order, where there are several; else empty."""
        if self.reason is not Reason.EACH_QUESTION:
            return ()
        return tuple(part for part in self.parts if part.asks and part.decision.chosen)

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
        """What to offer when asking back: up to three FAQs; empty otherwise.

        Those much less likely than the first are left out.
        """
        if self.reason not in ASKS_BACK:
            return ()
        if self.reason is Reason.IN_ANSWER and self.mention:
            return (self.mention,)
        return self._with_mention(tuple(filter(self._is_likely, self.ranked[:MAX_OPTIONS])))

    @property
    def nearest(self) -> tuple[Match, ...]:
        """The FAQs to name when nothing is answered or offered: the closest, at most three."""
        return self._with_mention(self.ranked[:MAX_OPTIONS])

    def _is_likely(self, match: Match) -> bool:
        best = (self.closest and self.closest.confidence) or 0.0
        return match.confidence is None or match.confidence >= LEAST_OF_BEST * best

    def _with_mention(self, matches: tuple[Match, ...]) -> tuple[Match, ...]:
        if self.mention is None or any(m.faq_id == self.mention.faq_id for m in matches):
            return matches
        return (*matches[: MAX_OPTIONS - 1], self.mention)

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
            "least_lead": LEAST_LEAD,
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
            "mention": self.mention.faq_id if self.mention else None,
            "conflict": self.conflict.as_dict() if self.conflict else None,
            "intent": self.intent.value if self.intent else None,
            "corrected": [change.as_dict() for change in self.corrected],
        }


PART_FIELDS = (
    *("reason", "threshold", "threshold_from", "margin", "margin_from", "lead"),
    *("confidence", "features", "closest", "conflict"),
)


@dataclass(frozen=True)
class Part:
    """One sentence of a message of several, and what was decided about it alone.

    ``asks``: it is a question; else a statement.
    """

    question: str
    decision: Decision
    asks: bool = True

    def as_dict(self) -> dict[str, Any]:
        payload = self.decision.as_dict()
        fields = {name: payload[name] for name in PART_FIELDS}
        return {"question": self.question, "asks": self.asks, **fields}


def decide(matches: Sequence[Match], policy: Policy) -> Decision:
    """Decide about ``matches``, in any order, several phrasings of one FAQ among them or not."""
    ranked = _rank(matches, policy)
    if not ranked:
        return Decision(Reason.NO_MATCH, policy)

    bounds = _bounds(ranked[0], policy)
    return Decision(_reason(ranked, bounds, policy), policy, tuple(ranked), bounds)


def judged(matches: Sequence[Match], policy: Policy) -> tuple[Match, ...]:
    """Each FAQ by its best phrasing with its lead and confidence, the most likely first."""
    return tuple(_rank(matches, policy))


def put_first(decision: Decision, matches: Sequence[Match], reason: Reason) -> Decision:
    """Ask back, or answer, with these FAQs before all others."""
    first: dict[str, Match] = {}
    for match in matches:
        first.setdefault(match.faq_id, match)
    others = [match for match in decision.ranked if match.faq_id not in first]
    ranked = (*first.values(), *others)
    return replace(decision, reason=reason, ranked=ranked, bounds=None, conflict=None)


def choose(matches: Sequence[Match], policy: Policy, *, faq_id: str) -> Decision:
    """The person picked ``faq_id``. ``LookupError`` if it is not among the matches."""
    ranked = _rank(matches, policy)
    picked = [match for match in ranked if match.faq_id == faq_id]
    if not picked:
        raise LookupError(f"{faq_id!r} is not among the matches")

    others = [match for match in ranked if match.faq_id != faq_id]
    return Decision(Reason.CHOSEN, policy, (*picked, *others), _bounds(picked[0], policy))


def reject_options(matches: Sequence[Match], policy: Policy) -> Decision:
    """The person rejected the options of the last reply: nothing is answered or offered."""
    return replace(decide(matches, policy), reason=Reason.NONE_OF_THESE)


def only_exact(matches: Sequence[Match], policy: Policy, *, otherwise: Reason) -> Decision:
    """No likeness answers or is offered: only the very words of a phrasing do.

    ``otherwise``: why. Of a language the model does not know, of a text it cannot read and of small
    talk, likeness says nothing; whoever wrote such a phrasing knew what it is for.
    """
    decision = decide(matches, policy)
    if decision.reason is Reason.EXACT:
        return decision
    return replace(decision, reason=otherwise)


def _bounds(match: Match, policy: Policy) -> Bounds:
    return bounds_for(policy, faq_id=match.faq_id, category=match.category)


def _reason(ranked: Sequence[Match], bounds: Bounds, policy: Policy) -> Reason:
    closest = ranked[0]
    if closest.exact:
        # The same text under two FAQs: nobody can tell which one is meant.
        twins = len(ranked) > 1 and ranked[1].exact
        return Reason.AMBIGUOUS if twins else Reason.EXACT

    # A threshold of 1 says "never unless exact".
    similar = bounds.threshold < 1.0 and max(closest.similarity, 0.0) >= bounds.threshold
    ahead = closest.lead is None or closest.lead >= _needed_lead(bounds)
    if similar and ahead:
        return Reason.CONFIDENT
    if _may_trust_confidence(bounds, closest.lead, ahead) and _reaches(
        closest.confidence, policy.answer_at
    ):
        return Reason.CONFIDENT
    if similar or _reaches(closest.confidence, policy.ask_at):
        return Reason.UNSURE if ahead else Reason.AMBIGUOUS
    return Reason.BELOW_THRESHOLD


def _needed_lead(bounds: Bounds) -> float:
    # A threshold of 0 says "always": the policy's general margin must not take that back, a margin
    # somebody set may. A vote can put a FAQ first whose lead is negative.
    waived = bounds.threshold == 0.0 and bounds.margin_from == POLICY_ITSELF
    return -2.0 if waived or bounds.margin == 0.0 else bounds.margin


def _may_trust_confidence(bounds: Bounds, lead: float | None, ahead: bool) -> bool:
    """A threshold or margin somebody set is a floor; 1 says "never unless exact" at any level."""
    if bounds.threshold_from != POLICY_ITSELF or bounds.threshold == 1.0 or bounds.margin == 1.0:
        return False
    if bounds.margin_from == POLICY_ITSELF:
        return not is_near_tie(lead)
    return ahead


def is_near_tie(lead: float | None) -> bool:
    """Whether another FAQ is so close behind that no confidence can tell the two apart.

    An FAQ that a classifier put before a more similar one has a lead below 0, and has stood this
    comparison already.
    """
    return lead is not None and 0.0 <= lead < LEAST_LEAD


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
