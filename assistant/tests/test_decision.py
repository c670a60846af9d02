"""When the closest FAQ answers, when it asks back, and when it falls back."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from assistant.decision.decision import choose, decide, only_exact
from assistant.decision.matches import Match
from assistant.decision.policy import (
    Coefficients,
    ConfidencePolicy,
    CosinePolicy,
    Override,
    Overrides,
    ReleasePolicy,
)
from assistant.decision.reasons import Reason

FITTED = ReleasePolicy(
    answer_at=0.8,
    ask_at=0.1,
    coefficients=Coefficients(similarity=1.0, lead=4.0, log_vote=2.0, bias=1.8),
)


def match(faq_id: str, similarity: float, **more: Any) -> Match:
    return Match(faq_id, f"{faq_id}?", similarity, **more)


@pytest.mark.parametrize(
    ("matches", "reason", "chosen"),
    [
        pytest.param([], Reason.NO_MATCH, None, id="empty index"),
        pytest.param([match("a", 0.699)], Reason.BELOW_THRESHOLD, None, id="just below"),
        pytest.param([match("a", 0.7)], Reason.CONFIDENT, "a", id="exactly on the threshold"),
        pytest.param([match("a", 0.7), match("b", 0.7)], Reason.CONFIDENT, "a", id="no margin"),
        pytest.param([match("a", -0.2)], Reason.BELOW_THRESHOLD, None, id="opposite"),
        pytest.param([match("a", 0.7 - 1e-8)], Reason.CONFIDENT, "a", id="float32 noise"),
        pytest.param(
            [match("a", 0.2, exact=True)], Reason.EXACT, "a", id="the same words always answer"
        ),
        pytest.param(
            [match("a", 0.9), match("b", 0.8, exact=True)],
            Reason.EXACT,
            "b",
            id="the same words win over anything closer",
        ),
        pytest.param(
            [match("a", 1, exact=True), match("b", 1, exact=True)],
            Reason.AMBIGUOUS,
            None,
            id="the same words under two FAQs ask back",
        ),
    ],
)
def test_the_published_rule(matches, reason, chosen):
    decision = decide(matches, CosinePolicy())

    assert decision.reason is reason
    assert (decision.chosen and decision.chosen.faq_id) == chosen


@pytest.mark.parametrize(
    ("matches", "reason"),
    [
        pytest.param([match("a", 0.8), match("b", 0.76)], Reason.AMBIGUOUS, id="too close"),
        pytest.param([match("a", 0.8), match("b", 0.75)], Reason.CONFIDENT, id="on the margin"),
        pytest.param(
            [match("a", 0.8), match("a", 0.79), match("b", 0.6)],
            Reason.CONFIDENT,
            id="phrasings of one FAQ are never rivals",
        ),
    ],
)
def test_a_margin_asks_back_between_rivals(matches, reason):
    assert decide(matches, CosinePolicy(margin=0.05)).reason is reason


@pytest.mark.parametrize(
    ("matches", "reason"),
    [
        pytest.param([match("a", 0.7), match("b", 0.6)], Reason.CONFIDENT, id="cosine first"),
        pytest.param([match("a", 0.5), match("b", 0.3)], Reason.CONFIDENT, id="a wide lead"),
        pytest.param([match("a", 0.5), match("b", 0.45)], Reason.AMBIGUOUS, id="a narrow lead"),
        pytest.param([match("a", 0.4), match("b", 0.28)], Reason.UNSURE, id="alone but far"),
        pytest.param([match("a", 0.2), match("b", 0.18)], Reason.BELOW_THRESHOLD, id="far"),
        pytest.param([match("a", 0.71)], Reason.CONFIDENT, id="no rival at all"),
    ],
)
def test_the_default_answers_asks_back_or_falls_back(matches, reason):
    assert decide(matches, ConfidencePolicy()).reason is reason


def test_it_offers_at_most_three_faqs_each_by_its_best_phrasing():
    matches = [match(faq_id, 0.6 - 0.01 * place) for place, faq_id in enumerate("aabbccd")]

    options = decide(matches, ConfidencePolicy()).options

    assert [option.faq_id for option in options] == ["a", "b", "c"]
    assert options[0].similarity == 0.6
    confidences = [option.confidence or 0 for option in options]
    assert confidences == sorted(confidences, reverse=True)


def test_order_of_the_matches_does_not_matter():
    matches = [match("b", 0.6), match("a", 0.6), match("c", 0.1)]

    assert decide(matches, ConfidencePolicy()) == decide(matches[::-1], ConfidencePolicy())


@pytest.mark.parametrize(
    ("override", "matches", "reason"),
    [
        pytest.param(
            Override(threshold=0), [match("a", -0.3)], Reason.CONFIDENT, id="0 always answers"
        ),
        pytest.param(
            Override(threshold=0),
            [match("a", 0.1), match("b", 0.1)],
            Reason.CONFIDENT,
            id="0 answers against a rival",
        ),
        pytest.param(
            Override(threshold=0, margin=0.1),
            [match("a", 0.5), match("b", 0.45)],
            Reason.AMBIGUOUS,
            id="0 with a margin of its own keeps to that margin",
        ),
        pytest.param(
            Override(threshold=1), [match("a", 0.99), match("b", 0.1)], Reason.UNSURE, id="1 never"
        ),
        pytest.param(
            Override(threshold=1), [match("a", 0.99, exact=True)], Reason.EXACT, id="1 but exact"
        ),
        pytest.param(
            Override(margin=0), [match("a", 0.7), match("b", 0.7)], Reason.CONFIDENT, id="no lead"
        ),
        pytest.param(
            Override(margin=1), [match("a", 0.9), match("b", 0.1)], Reason.AMBIGUOUS, id="margin 1"
        ),
        pytest.param(
            Override(threshold=0.85),
            [match("a", 0.8), match("b", 0.3)],
            Reason.UNSURE,
            id="a threshold of its own is a floor whatever the confidence",
        ),
        pytest.param(
            Override(threshold=0.4),
            [match("a", 0.4), match("b", 0.3)],
            Reason.CONFIDENT,
            id="a lower threshold answers sooner",
        ),
    ],
)
def test_an_faq_with_numbers_of_its_own(override, matches, reason):
    policy = ConfidencePolicy(overrides=Overrides(faqs={"a": override}))

    assert decide(matches, policy).reason is reason


@pytest.mark.parametrize("policy", [CosinePolicy, ConfidencePolicy])
@pytest.mark.parametrize(
    ("threshold", "answers"), [pytest.param(0, True, id="always"), pytest.param(1, False, id="no")]
)
def test_the_ends_mean_what_they_say_for_the_whole_policy_too(policy, threshold, answers):
    matches = (
        [match("a", 0.9), match("b", 0.05)] if threshold else [match("a", 0.1), match("b", 0.1)]
    )

    assert bool(decide(matches, policy(threshold=threshold)).chosen) is answers


def test_a_vote_can_put_a_less_similar_faq_first():
    matches = [match("near", 0.6, vote=0.05), match("meant", 0.55, vote=0.9)]

    decision = decide(matches, FITTED)

    assert [option.faq_id for option in decision.ranked] == ["meant", "near"]
    assert decision.lead == -0.05
    assert decision.reason is Reason.CONFIDENT


def test_a_faq_the_classifier_does_not_know_has_the_least_vote():
    unknown, tiny = (decide([match("a", 0.6, vote=vote)], FITTED) for vote in (None, 0.0001))

    assert unknown.confidence == tiny.confidence


def test_always_holds_for_a_faq_that_only_the_vote_put_first():
    policy = replace(FITTED, overrides=Overrides(faqs={"meant": Override(threshold=0)}))
    matches = [match("near", 0.2, vote=0.05), match("meant", 0.1, vote=0.2)]

    assert decide(matches, policy).reason is Reason.CONFIDENT


def test_a_margin_of_zero_needs_no_lead():
    policy = replace(FITTED, overrides=Overrides(faqs={"meant": Override(margin=0)}))
    matches = [match("near", 0.8, vote=0.01), match("meant", 0.75, vote=0.9)]

    assert decide(matches, replace(policy, answer_at=1.0)).reason is Reason.CONFIDENT


@pytest.mark.parametrize(
    ("answer_at", "ask_at", "reason"),
    [
        pytest.param(0.5, 0.1, Reason.CONFIDENT, id="exactly enough to answer"),
        pytest.param(0.6, 0.5, Reason.AMBIGUOUS, id="exactly enough to ask back"),
        pytest.param(0.6, 0.51, Reason.BELOW_THRESHOLD, id="not enough for either"),
    ],
)
def test_a_confidence_on_the_number_reaches_it(answer_at, ask_at, reason):
    half = Coefficients(similarity=0.0, lead=0.0, bias=0.0)
    policy = ConfidencePolicy(answer_at=answer_at, ask_at=ask_at, coefficients=half)

    assert decide([match("a", 0.52), match("b", 0.5)], policy).reason is reason


@pytest.mark.parametrize(
    ("lead", "reason"),
    [(0.0, Reason.AMBIGUOUS), (0.014, Reason.AMBIGUOUS), (0.015, Reason.CONFIDENT)],
)
def test_no_confidence_overrules_a_near_tie(lead, reason):
    sure = ConfidencePolicy(coefficients=Coefficients(similarity=0.0, lead=0.0, bias=9.0))

    assert decide([match("a", 0.5), match("b", 0.5 - lead)], sure).reason is reason


def test_what_a_vote_puts_before_a_more_similar_one_is_no_near_tie():
    matches = [match("a", 0.5, vote=0.99), match("b", 0.501, vote=0.01)]

    assert decide(matches, FITTED).closest.faq_id == "a"
    assert decide(matches, replace(FITTED, answer_at=0.1, ask_at=0.1)).reason is Reason.CONFIDENT


def test_a_threshold_of_one_wants_the_very_words():
    policy = CosinePolicy(overrides=Overrides(faqs={"a": Override(threshold=1.0)}))

    assert decide([match("a", 1.0)], policy).reason is Reason.BELOW_THRESHOLD
    assert decide([match("a", 1.0, exact=True)], policy).reason is Reason.EXACT


def test_a_stored_policy_comes_back_the_same():
    assert ReleasePolicy.from_numbers(json.loads(json.dumps(FITTED.numbers()))) == FITTED


def test_a_weight_that_makes_closer_worse_is_refused():
    with pytest.raises(ValueError, match="negative"):
        Coefficients(similarity=-0.1, lead=1.0, bias=0.0)


@pytest.mark.parametrize(
    ("matches", "reason"),
    [
        pytest.param([], Reason.UNSUPPORTED_LANGUAGE, id="nothing to answer with"),
        pytest.param([match("a", 0.95)], Reason.UNSUPPORTED_LANGUAGE, id="a likeness by accident"),
        pytest.param([match("a", 0.9, exact=True)], Reason.EXACT, id="a phrasing in that language"),
    ],
)
def test_another_language_is_answered_only_in_its_own_words(matches, reason):
    decision = only_exact(matches, ConfidencePolicy(), otherwise=Reason.UNSUPPORTED_LANGUAGE)

    assert decision.reason is reason
    assert decision.options == ()


def test_narrower_wins_number_by_number():
    overrides = Overrides(
        faqs={"a": Override(threshold=0.5)},
        categories={"pay": Override(threshold=0.9, margin=0.2)},
    )
    matches = [match("a", 0.6, category="pay"), match("b", 0.5, category="pay")]

    reply = decide(matches, CosinePolicy(overrides=overrides)).as_dict()

    assert (reply["threshold"], reply["threshold_from"]) == (0.5, "faq")
    assert (reply["margin"], reply["margin_from"]) == (0.2, "category")


def test_a_choice_answers_with_what_was_picked():
    decision = choose([match("a", 0.6), match("b", 0.5)], ConfidencePolicy(), faq_id="b")

    assert decision.reason is Reason.CHOSEN
    assert decision.chosen is not None
    assert decision.chosen.faq_id == "b"
    assert decision.lead == -0.1


def test_a_choice_nobody_offered_is_refused():
    with pytest.raises(LookupError):
        choose([match("a", 0.6)], ConfidencePolicy(), faq_id="z")


@pytest.mark.parametrize("number", [-0.1, 1.1, math.nan, math.inf])
def test_a_number_that_is_no_fraction_is_refused(number):
    for build in (CosinePolicy, ConfidencePolicy, Override):
        with pytest.raises(ValueError, match="between 0 and 1"):
            build(threshold=number)


@pytest.mark.parametrize("vote", [None, 0.0, 0.3, 0.999])
@pytest.mark.parametrize("lead", [0.0, 0.02, 0.05, 0.1, 0.2, 0.4])
@pytest.mark.parametrize("similarity", [0.05, 0.3, 0.5, 0.69, 0.7, 0.9])
@pytest.mark.parametrize("policy", [ConfidencePolicy(), FITTED], ids=["shipped", "fitted"])
def test_a_person_can_recompute_the_outcome_from_the_reply_alone(policy, similarity, lead, vote):
    matches = [match("a", similarity, vote=vote), match("b", similarity - lead, vote=0.0)]

    decision = decide(matches, policy)

    reply = json.loads(json.dumps(decision.as_dict()))
    rule, features = reply["policy"], reply["features"]
    weights = rule["coefficients"]
    logit = (
        weights["similarity"] * features["similarity"]
        + weights["lead"] * features["lead"]
        + weights.get("log_vote", 0) * math.log(max(features["vote"] or 0, 0.000335))
        + weights["bias"]
    )
    confidence = 1 / (1 + math.exp(-logit))
    at_once = features["similarity"] >= reply["threshold"] and features["lead"] >= reply["margin"]
    near_tie = 0 <= features["lead"] < reply["least_lead"]
    answers = at_once or (confidence >= rule["answer_at"] and not near_tie)
    asks_back = features["similarity"] >= reply["threshold"] or confidence >= rule["ask_at"]
    assert reply["confidence"] == pytest.approx(confidence, abs=1e-6)
    assert (decision.chosen is not None) == answers
    assert bool(decision.options) == (asks_back and not answers)
