"""Each rule of a decision can be switched off by the benchmark of answer quality."""

import pytest

from assistant.decision.message import Message
from benchmarks.answer_quality.ablation import RULES, table

TWO_QUESTIONS = "Where is my order? Do you sell tea?"


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_can_be_switched_off(rule):
    with RULES[rule]():
        pass


def test_a_rule_is_off_only_within_its_patch():
    with RULES["sentences"]():
        assert Message.of(TWO_QUESTIONS).sentences == ()

    assert len(Message.of(TWO_QUESTIONS).sentences) == 2


def test_a_table_has_a_row_for_each_rule():
    rows = table({"shop, 3": ["40.0 94.7", *["+0.0 +0.0"] * len(RULES)]}).splitlines()

    assert rows[0] == "| without | shop, 3 |"
    assert rows[2] == "| (all rules) | 40.0 94.7 |"
    assert len(rows) == 3 + len(RULES)
