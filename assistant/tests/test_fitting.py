"""A policy fitted to a release, from its own phrasings."""

from __future__ import annotations

import json

import numpy as np
import pytest

from assistant.calibration.fitting import Fitted, fit_release
from assistant.calibration.training import Phrasings, train
from assistant.decision.policy import ConfidencePolicy
from assistant.evaluation.evaluate import Result, evaluate
from assistant.matching.classifier import Classifier
from assistant.tests.synthetic import Town, decide_each, reordered

pytestmark = pytest.mark.slow

TOWN = Town()
QUESTIONS = TOWN.questions(200, 60)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit_release(TOWN.phrasings, answers=TOWN.answers)


def test_a_classifier_votes_for_the_faq_a_question_is_about():
    classifier = train(TOWN.phrasings.vectors, np.repeat(np.arange(20), 4), TOWN.faq_ids)

    votes = classifier.votes(TOWN.phrasings.vectors[9])

    assert max(votes, key=votes.__getitem__) == TOWN.phrasings.faq_ids[9]
    assert sum(votes.values()) == pytest.approx(1.0)


def test_a_stored_classifier_comes_back_bit_for_bit(fitted):
    stored = json.loads(json.dumps(fitted.classifier.as_dict()))

    back = Classifier.from_dict(stored)

    assert back.faq_ids == fitted.classifier.faq_ids
    assert back.weights.tobytes() == fitted.classifier.weights.tobytes()
    assert back.votes(QUESTIONS.vectors[0]) == fitted.classifier.votes(QUESTIONS.vectors[0])


def test_a_classifier_with_rows_missing_is_refused():
    with pytest.raises(ValueError, match="2 FAQs need"):
        Classifier(("a", "b"), np.zeros((1, 3), np.float32), np.zeros(2, np.float32))


# A release's own policy, without any label


def test_it_separates_right_from_wrong_better_than_the_shipped_policy(fitted):
    shipped_fit = Fitted(ConfidencePolicy(ask_at=0.3), None)

    own = evaluate(decide_each(fitted, QUESTIONS, TOWN))
    shipped = evaluate(decide_each(shipped_fit, QUESTIONS, TOWN))

    assert own.auroc > shipped.auroc
    assert own.precision.value > shipped.precision.value
    assert own.helped.value >= shipped.helped.value - 0.02
    not_offered, not_offered_by_shipped = (
        candidate.unanswerable_results[Result.NOT_OFFERED].count for candidate in (own, shipped)
    )
    assert not_offered < not_offered_by_shipped


def test_the_same_release_gives_the_same_policy_in_any_order(fitted):
    order = np.random.default_rng(1).permutation(len(TOWN.phrasings.vectors)).tolist()
    answers = reordered(TOWN.answers, range(len(TOWN.faq_ids))[::-1])

    again = fit_release(reordered(TOWN.phrasings, order), answers=answers)

    assert again.policy == fitted.policy
    assert again.classifier.as_dict() == fitted.classifier.as_dict()


@pytest.mark.parametrize(
    ("town", "why"),
    [
        pytest.param(Town(faqs=4), "fewer than 5 FAQs", id="a handful of FAQs"),
        pytest.param(Town(phrasings=1), "no alternate question", id="no alternates"),
        pytest.param(Town(faqs=5, phrasings=2), "too few", id="hardly any alternates"),
    ],
)
def test_a_release_too_small_to_learn_from_keeps_the_shipped_policy(town, why):
    fitted = fit_release(town.phrasings)

    assert fitted.policy == ConfidencePolicy()
    assert fitted.classifier is None
    assert why in fitted.why


def test_ids_and_vectors_must_match():
    with pytest.raises(ValueError, match="1 ids for 2 vectors"):
        Phrasings(["a"], np.zeros((2, 3), np.float32))
