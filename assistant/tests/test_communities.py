"""Group questions by meaning."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.learning.communities import (
    DEFAULT_THRESHOLD,
    MIN_FAQS,
    calibrated_threshold,
    communities,
    matched_ids,
)
from assistant.learning.related import related_rows

pytestmark = pytest.mark.core


def at_angles(*degrees: float) -> np.ndarray:
    """Unit vectors in a plane: their similarity is the cosine of the angle between them."""
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def members(groups):
    return [set(group.members) for group in groups]


def test_questions_near_one_another_form_a_group_and_others_stay_alone():
    groups = communities(at_angles(0, 5, 10, 90), [1, 1, 1, 1], threshold=np.cos(np.radians(12)))

    assert members(groups) == [{0, 1, 2}, {3}]


def test_groups_do_not_chain():
    """0, 20, 40 and 60 degrees: each is near the next, the ends are not near one another."""
    groups = communities(at_angles(0, 20, 40, 60), [1] * 4, threshold=np.cos(np.radians(21)))

    assert members(groups) == [{0, 1, 2}, {3}]


def test_a_question_near_the_mean_of_a_group_joins_it():
    """At 22 degrees it is too far from every question in the middle, and near their mean."""
    vectors = np.array([[1, 0, 0], [1, 0.3, 0], [1, -0.3, 0], [1, 0, 0.35]], dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    far = vectors[[1, 2, 3, 0]]

    groups = communities(far, [1] * 4, threshold=0.94)

    assert members(groups) == [{0, 1, 2, 3}]


def test_what_more_people_ask_is_the_centre():
    vectors = at_angles(0, 5, 10)
    threshold = np.cos(np.radians(12))

    assert communities(vectors, [1, 1, 1], threshold)[0].centre == 1
    assert communities(vectors, [1, 1, 9], threshold)[0].centre == 2


def test_the_same_questions_form_the_same_groups_whatever_the_block(monkeypatch):
    vectors = np.random.default_rng(3).normal(size=(50, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    at_once = communities(vectors, [1] * 50, 0.4)

    monkeypatch.setattr("assistant.learning.communities.BLOCK", 7)

    assert communities(vectors, [1] * 50, 0.4) == at_once
    assert sorted(row for group in at_once for row in group.members) == list(range(50))


def test_no_question_is_no_group():
    assert communities(np.zeros((0, 8), dtype=np.float32), [], 0.7) == []


def test_the_threshold_separates_the_phrasings_of_one_faq_from_those_of_others():
    angles, faq_ids = [], []
    for number in range(MIN_FAQS):
        angles += [number * 12, number * 12 + 2]
        faq_ids += [f"faq-{number}"] * 2

    threshold = calibrated_threshold(at_angles(*angles), faq_ids)

    assert np.cos(np.radians(10)) < threshold <= np.cos(np.radians(2))


def test_with_few_faqs_the_threshold_is_the_default():
    assert calibrated_threshold(at_angles(0, 1, 90, 91), ["a", "a", "b", "b"]) == DEFAULT_THRESHOLD


def test_a_group_keeps_the_id_of_the_one_it_shares_most_members_with():
    earlier = {7: frozenset("abc"), 8: frozenset("de")}

    assert matched_ids([frozenset("abd"), frozenset("e"), frozenset("x")], earlier) == [7, 8, None]


def test_an_id_is_used_once():
    assert matched_ids([frozenset("ab"), frozenset("c")], {7: frozenset("abc")}) == [7, None]


def test_related_rows_are_the_most_similar_others_above_the_threshold():
    vectors = np.array([[1, 0], [0.9, np.sqrt(0.19)], [0, 1]], dtype=np.float32)

    assert related_rows(vectors, 0.6) == [(0, 1), (1, 0)]
