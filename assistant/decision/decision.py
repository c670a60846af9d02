"""Decide about one text: answer with the closest FAQ, ask back with options, or neither.

Pure: standard library only, no clock, no I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant.decision.matches import Match, rank
from assistant.decision.policy import MIN_LEAD, POLICY_ITSELF, Bounds, Policy, bounds_for
from assistant.decision.reasons import ANSWERS, ASKS_BACK, Reason
from assistant.meaning.wording import Conflict
from assistant.text.intents import Intent
from assistant.text.spelling import Change

MAX_OPTIONS = 3

MIN_OF_BEST = 0.05
"""Options with less than this fraction of the first option's confidence are not offered. Of these
2 % were right on the validation questions of five public sets."""


@dataclass(frozen=True)
class Decision:
    """The outcome of ``decide``, with everything that led to it.

    ``ranked``: each FAQ with its best phrasing, the most likely first. ``bounds``: the threshold
    and the margin of the first. ``parts``: the sentences of the message with their own decisions,
    see ``multiple_questions``; ``part``: the sentence that this answers, if only one. ``mention``:
    the FAQ whose answer has the words of the question. ``conflict``: why the closest FAQ does not
    answer although it is similar enough. ``intent``: of small talk. ``corrected``: the words whose
    spelling was corrected.
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
        """The answered questions, in order, if several are answered; otherwise empty."""
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
        """The FAQs to offer when asking back, at most three; otherwise empty.

        FAQs much less likely than the first are omitted.
        """
        if self.reason not in ASKS_BACK:
            return ()
        if self.reason is Reason.IN_ANSWER and self.mention:
            return (self.mention,)
        return self._with_mention(tuple(filter(self._is_likely, self.ranked[:MAX_OPTIONS])))

    @property
    def nearest(self) -> tuple[Match, ...]:
        """The closest FAQs, at most three, for a reply without an answer or options."""
        return self._with_mention(self.ranked[:MAX_OPTIONS])

    def _is_likely(self, match: Match) -> bool:
        best = (self.closest and self.closest.confidence) or 0.0
        return match.confidence is None or match.confidence >= MIN_OF_BEST * best

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
        """Probability, 0..1, that the closest FAQ answers; None if the policy computes none."""
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
            "least_lead": MIN_LEAD,
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
    """One of several sentences of a message, with its own decision.

    ``asks``: it is a question, not a statement.
    """

    question: str
    decision: Decision
    asks: bool = True

    def as_dict(self) -> dict[str, Any]:
        payload = self.decision.as_dict()
        fields = {name: payload[name] for name in PART_FIELDS}
        return {"question": self.question, "asks": self.asks, **fields}


def decide(matches: Sequence[Match], policy: Policy) -> Decision:
    """Decide from ``matches``, in any order; several may be phrasings of one FAQ."""
    ranked = rank(matches, policy)
    if not ranked:
        return Decision(Reason.NO_MATCH, policy)

    bounds = _bounds(ranked[0], policy)
    return Decision(_reason(ranked, bounds, policy), policy, tuple(ranked), bounds)


def put_first(decision: Decision, matches: Sequence[Match], reason: Reason) -> Decision:
    """The decision with ``reason``, and with the FAQs of ``matches`` before all others."""
    first: dict[str, Match] = {}
    for match in matches:
        first.setdefault(match.faq_id, match)
    others = [match for match in decision.ranked if match.faq_id not in first]
    ranked = (*first.values(), *others)
    return replace(decision, reason=reason, ranked=ranked, bounds=None, conflict=None)


def choose(matches: Sequence[Match], policy: Policy, *, faq_id: str) -> Decision:
    """The person picked ``faq_id``. ``LookupError`` if it is not among the matches."""
    ranked = rank(matches, policy)
    picked = [match for match in ranked if match.faq_id == faq_id]
    if not picked:
        raise LookupError(f"{faq_id!r} is not among the matches")

    others = [match for match in ranked if match.faq_id != faq_id]
    return Decision(Reason.CHOSEN, policy, (*picked, *others), _bounds(picked[0], policy))


def reject_options(matches: Sequence[Match], policy: Policy) -> Decision:
    """The person rejected the options of the last reply: nothing is answered or offered."""
    return replace(decide(matches, policy), reason=Reason.NONE_OF_THESE)


def only_exact(matches: Sequence[Match], policy: Policy, *, otherwise: Reason) -> Decision:
    """Only an exact phrasing answers; for anything else the reason is ``otherwise``.

    For small talk, and for texts and languages that the model cannot read, similarity means
    nothing. A phrasing of that kind was written on purpose.
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
        # Two FAQs have this phrasing, so it cannot tell which one is meant.
        twins = len(ranked) > 1 and ranked[1].exact
        return Reason.AMBIGUOUS if twins else Reason.EXACT

    # A threshold of 1 means "only if exact".
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
    # A threshold of 0 means "always": the policy's own margin does not apply then, a margin of a
    # category or an FAQ does. -2: a vote can rank an FAQ first whose lead is negative.
    waived = bounds.threshold == 0.0 and bounds.margin_from == POLICY_ITSELF
    return -2.0 if waived or bounds.margin == 0.0 else bounds.margin


def _may_trust_confidence(bounds: Bounds, lead: float | None, ahead: bool) -> bool:
    """A threshold or margin of an FAQ or category is a floor; 1 means "only if exact" anywhere."""
    if bounds.threshold_from != POLICY_ITSELF or bounds.threshold == 1.0 or bounds.margin == 1.0:
        return False
    if bounds.margin_from == POLICY_ITSELF:
        return not is_near_tie(lead)
    return ahead


def is_near_tie(lead: float | None) -> bool:
    """True if the next FAQ is so close that no confidence can tell the two apart.

    A lead below 0 is no near tie: the classifier's vote ranked the FAQ before a more similar one.
    """
    return lead is not None and 0.0 <= lead < MIN_LEAD


def _reaches(confidence: float | None, least: float | None) -> bool:
    return confidence is not None and least is not None and confidence >= least
