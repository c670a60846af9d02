"""Where a model may choose among the options of a decision that asks back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.decision.agent_choice import chosen_by_agent, may_choose
from assistant.decision.decision import Decision, decide
from assistant.decision.matches import Match
from assistant.decision.policy import ConfidencePolicy, Override, Overrides
from assistant.decision.reasons import Reason

POLICY = ConfidencePolicy()
MATCHES = [Match("a", "A?", 0.55), Match("b", "B?", 0.5)]


def test_the_first_of_uncertain_options_may_be_chosen():
    decision = decide(MATCHES, POLICY)

    assert decision.options
    assert may_choose(decision)
    assert chosen_by_agent(decision).chosen == decision.closest


@pytest.mark.parametrize(
    "decision",
    [
        pytest.param(decide([], POLICY), id="nothing matched"),
        pytest.param(decide([Match("a", "A?", 0.1)], POLICY), id="nothing near"),
        pytest.param(decide([Match("a", "A?", 0.9)], POLICY), id="answered"),
        pytest.param(
            decide([Match("a", "A?", 0.75), Match("b", "B?", 0.74)], POLICY), id="two similar ones"
        ),
        pytest.param(
            decide([Match("a", "A?", 1.0, exact=True), Match("b", "A?", 1.0, exact=True)], POLICY),
            id="one text of two FAQs",
        ),
        pytest.param(
            decide(
                MATCHES, replace(POLICY, overrides=Overrides(faqs={"a": Override(threshold=0.6)}))
            ),
            id="a threshold that somebody set",
        ),
        pytest.param(
            replace(decide(MATCHES, POLICY), reason=Reason.OPPOSITE), id="the opposite meaning"
        ),
    ],
)
def test_nothing_else_may(decision: Decision):
    assert not may_choose(decision)
