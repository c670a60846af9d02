"""Every value that pages and commands print has a readable label."""

from __future__ import annotations

import pytest

from assistant.agent.reasons import AgentReason
from assistant.answering.answer import Outcome
from assistant.decision.reasons import Reason
from assistant.evaluation.evaluate import Result
from assistant.readable_labels import AGENT_REASONS, OUTCOMES, REASONS, RESULTS, step_label


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        pytest.param(Outcome, OUTCOMES, id="outcomes"),
        pytest.param(Reason, REASONS, id="reasons"),
        pytest.param(AgentReason, AGENT_REASONS, id="reasons of the agent"),
        pytest.param(Result, RESULTS, id="results of an evaluation"),
    ],
)
def test_every_value_has_a_label_without_internal_words(values, labels):
    assert set(labels) == set(values)
    assert not [label for label in labels.values() if "_" in label.replace("AGENT_MODEL", "")]


def test_a_step_is_labelled_with_its_reason():
    step = {"step": "agent", "reason": "timed_out", "ms": 0.1}

    assert step_label(step) == "Agent: timed out"
