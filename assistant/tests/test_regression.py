"""The numbers of a policy: coefficients, and the confidences to answer and to ask back from."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.calibration.regression import answer_at, ask_at, fit_coefficients
from assistant.decision.policy import Coefficients


def test_without_data_the_coefficients_stay_where_they_were():
    prior = Coefficients(similarity=2.0, lead=3.0, log_vote=1.0, bias=-1.0)

    same = fit_coefficients(
        np.zeros((4, 3)),
        np.array([True, True, False, False]),
        weights=np.zeros(4),
        prior=prior,
        strength=30.0,
        votes=True,
    )

    assert same == prior


def test_no_feature_may_count_against_an_answer():
    similarity = np.linspace(0, 1, 200)
    features = np.column_stack([similarity, similarity, -similarity])

    worse_when_closer = fit_coefficients(
        features,
        similarity < 0.5,
        weights=np.ones(200),
        prior=Coefficients(similarity=2.0, lead=3.0, log_vote=1.0, bias=-1.0),
        strength=0.1,
        votes=True,
    )

    assert worse_when_closer.similarity == 1.0
    assert worse_when_closer.lead == 0.0


def test_without_votes_they_do_not_count():
    random = np.random.default_rng(3)

    calibration = fit_coefficients(
        random.normal(size=(50, 3)),
        random.random(50) < 0.5,
        weights=np.ones(50),
        prior=Coefficients(similarity=2.0, lead=3.0, log_vote=1.0, bias=-1.0),
        strength=1.0,
        votes=False,
    )

    assert calibration.log_vote == 0.0


@pytest.mark.parametrize(
    ("right", "answers"),
    [
        pytest.param("..........", 10, id="all right: from the last one on"),
        pytest.param(".........x", 9, id="the wrong one stays out"),
        pytest.param("x.........", 10, id="out of reach: where it is highest"),
    ],
)
def test_it_answers_from_the_last_confidence_that_keeps_the_precision(right, answers):
    confidence = np.linspace(0.99, 0.9, 10)

    least = answer_at(
        confidence,
        np.array([mark == "." for mark in right]),
        np.zeros(10, dtype=bool),
        precision=0.95,
        least_right=5,
    )

    assert np.count_nonzero(confidence >= least) == answers


def test_what_is_answered_at_once_counts_but_sets_no_number():
    confidence = np.array([0.99, 0.99, 0.9, 0.8])
    by_similarity = np.array([True, True, False, False])

    least = answer_at(
        confidence,
        np.array([True, True, False, False]),
        by_similarity,
        precision=0.9,
        least_right=3,
    )

    assert least == 1.0


@pytest.mark.parametrize(
    ("allowed", "count"),
    [
        pytest.param(10, 10, id="all"),
        pytest.param(3, 3, id="some"),
        pytest.param(0, 0, id="none"),
    ],
)
def test_it_asks_back_on_no_more_than_allowed(allowed, count):
    confidence = np.linspace(0.5, 0.1, 10)

    least = ask_at(confidence, np.zeros(10, dtype=bool), allowed=allowed, most=0.8)

    assert np.count_nonzero(confidence >= least) == count
