"""When a model may choose among the options, and what its choice changes.

Pure: standard library only. The model does not decide alone: its choice counts where it is the FAQ
that retrieval has first, and where the policy was free to answer.
"""

from __future__ import annotations

from dataclasses import replace

from assistant.decision.decision import Decision
from assistant.decision.policy import POLICY_ITSELF
from assistant.decision.reasons import Reason

MIN_SIMILARITY = 0.3
"""Of the first option. The one wrong choice out of scope that a small model made on the demo's
questions was at 0.27, the right ones at 0.33 or more."""

CHOOSABLE = frozenset({Reason.UNSURE, Reason.AMBIGUOUS})
"""Elsewhere the words of the question conflict, or it has several questions."""


def may_choose(decision: Decision) -> bool:
    """Whether a model may choose the first option of a decision that asks back.

    Never where somebody set a threshold or a margin for the FAQ or its category: these are floors.
    And only below the threshold: FAQs that are similar to the question and to each other are what a
    model tells apart worst. Of 62 choices of a model of 1.5 billion parameters on five question
    sets, 40 of 46 were right below it, and 7 of 16 above.
    """
    first, bounds = decision.closest, decision.bounds
    if decision.reason not in CHOOSABLE or first is None or bounds is None:
        return False
    if not (bounds.threshold_from == bounds.margin_from == POLICY_ITSELF):
        return False
    return not first.exact and MIN_SIMILARITY <= first.similarity < bounds.threshold


def chosen_by_agent(decision: Decision) -> Decision:
    """The decision to answer with the first option."""
    return replace(decision, reason=Reason.AGENT_CHOICE)
