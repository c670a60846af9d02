"""The bars of the Ask page show what decided, in numbers and in words."""

from __future__ import annotations

from dataclasses import replace

from assistant.decision.decision import decide
from assistant.decision.matches import Match
from assistant.decision.policy import ConfidencePolicy, CosinePolicy, Override, Overrides
from assistant.releases.gauges import gauges

POLICY = ConfidencePolicy()


def bars(*similarities: float, policy=POLICY):
    matches = [Match(f"faq-{n}", f"Question {n}", value) for n, value in enumerate(similarities)]
    decision = decide(matches, policy)
    return gauges(decision.as_dict(), policy.numbers())


def test_similarity_lead_and_confidence_stand_against_their_thresholds():
    similarity, lead, confidence = bars(0.62, 0.5)

    assert similarity.text == "Similarity 0.620: threshold 0.70 not reached"
    assert (similarity.width, similarity.marks[0].at) == (62.0, 70.0)
    assert lead.text == "Lead 0.120: margin 0.10 reached"
    assert (lead.width, lead.marks[0].at) == (24.0, 20.0)
    assert [(mark.value, mark.at) for mark in confidence.marks] == [(0.15, 15.0), (0.7, 70.0)]
    assert [mark.verdict for mark in confidence.marks] == ["reached", "not reached"]


def test_only_the_mark_that_is_not_decisive_is_dashed():
    assert [mark.dashed for mark in bars(0.62, 0.5)[2].marks] == [True, False]


def test_a_threshold_of_the_faq_is_named_and_is_a_floor():
    policy = replace(POLICY, overrides=Overrides(faqs={"faq-0": Override(threshold=0.9)}))

    similarity, _, confidence = bars(0.8, 0.3, policy=policy)

    assert similarity.text == "Similarity 0.800: threshold of the FAQ 0.90 not reached"
    assert "a confidence never answers below it" in confidence.note


def test_two_faqs_that_are_too_close_are_explained():
    assert "Two FAQs are too close" in bars(0.6, 0.595)[2].note


def test_without_another_faq_there_is_no_lead_and_without_a_policy_no_confidence():
    assert [bar.name for bar in bars(0.6)] == ["Similarity", "Confidence"]
    assert [bar.name for bar in bars(0.6, 0.5, policy=CosinePolicy())] == ["Similarity", "Lead"]


def test_without_any_faq_there_are_no_bars():
    assert bars() == []
