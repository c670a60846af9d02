"""What is wrong with an FAQ, from its counts."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from assistant.health.duplicate_pairs import pairs
from assistant.health.findings import Duplicate, Facts, Kind, findings_of, ranked

TODAY = date(2026, 12, 1)


def facts(faq_id="a", **counts):
    return Facts(faq_id=faq_id, today=TODAY, **counts)


def kinds(**counts):
    return [finding.kind for finding in findings_of(facts(**counts))]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"rated": 5, "unhelpful": 3}, [Kind.FEEDBACK], id="three of five"),
        pytest.param({"rated": 5, "unhelpful": 1}, [], id="one person's word"),
        pytest.param({"rated": 100, "unhelpful": 4}, [], id="four of a hundred"),
        pytest.param({"readers": 7, "contacts": 3}, [Kind.CONTACT], id="three of seven came back"),
        pytest.param({"readers": 1, "contacts": 1}, [], id="one person came back"),
        pytest.param({"readers": 200, "contacts": 3}, [], id="three of many came back"),
        pytest.param({"review_by": TODAY}, [Kind.OUTDATED], id="to be reviewed today"),
        pytest.param({"review_by": date(2026, 12, 2)}, [], id="to be reviewed tomorrow"),
        pytest.param(
            {"near": 9, "near_people": 5, "answered": 2},
            [Kind.UNANSWERED],
            id="answers two of nine",
        ),
        pytest.param({"near": 9, "near_people": 5, "answered": 5}, [], id="answers most"),
        pytest.param({"near": 9, "near_people": 2}, [], id="two people only"),
        pytest.param({"is_never_near": True, "days_live": 30}, [Kind.NEVER], id="nobody asks"),
        pytest.param({"is_never_near": True, "days_live": 29}, [], id="too young"),
        pytest.param(
            {"is_never_near": True, "days_live": 90, "reviewed": frozenset({Kind.NEVER})},
            [],
            id="nobody asks, and somebody has seen it",
        ),
        pytest.param(
            {"duplicates": (Duplicate("b", "Where is it?", "Where's it?", 0.93),)},
            [Kind.DUPLICATE],
            id="nearly the same as another",
        ),
    ],
)
def test_findings(counts, expected):
    assert kinds(**counts) == expected


def test_the_surest_bad_feedback_is_first_and_too_few_ratings_are_last():
    findings = ranked(
        [
            facts("few", rated=2, unhelpful=2),
            facts("three-of-five", rated=5, unhelpful=3),
            facts("sixty-of-hundred", rated=100, unhelpful=60),
            facts("contact", readers=4, contacts=4),
        ]
    )

    assert [finding.faq_id for finding in findings] == [
        *("sixty-of-hundred", "three-of-five", "few", "contact")
    ]


def test_bad_feedback_says_its_numbers():
    (finding,) = findings_of(
        facts(rated=5, unhelpful=3, raters=4, recent_rated=2, recent_unhelpful=1)
    )

    assert finding.numbers == (
        "3 of 5 ratings say that it did not help (by 4 people; lower bound of the rate 0.23)."
        " Last 30 days: 1 of 2."
    )


def test_the_closest_phrasings_of_two_faqs_make_one_pair():
    vectors = np.array([[1, 0], [0.8, 0.6], [0.9987, 0.05], [0, 1]], dtype=np.float32)

    (pair,) = pairs(vectors, ["b", "b", "a", "c"], ["b1", "b2", "a1", "c1"], 0.8)

    assert (pair.faq_ids, pair.phrasings) == (("a", "b"), ("a1", "b1"))
    assert pair.similarity == pytest.approx(0.9987, abs=1e-4)
