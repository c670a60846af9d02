"""How good decisions about labelled questions are, counted."""

from __future__ import annotations

import json

import pytest

from assistant.calibration.proportion import Share
from assistant.decision.decision import Match, decide
from assistant.decision.policy import ConfidencePolicy, CosinePolicy
from assistant.evaluation.changes import flips
from assistant.evaluation.evaluate import (
    Judged,
    Result,
    auroc,
    confusions,
    curve,
    evaluate,
    shortfalls,
    sweep,
)

NONE: tuple[str, ...] = ()


def judge(question: str, expected: tuple[str, ...], policy=None, **similarities: float) -> Judged:
    """``similarities`` by FAQ id."""
    matches = [Match(faq_id, "?", similarity) for faq_id, similarity in similarities.items()]
    return Judged(question, frozenset(expected), decide(matches, policy or ConfidencePolicy()))


RIGHT = judge("right", ("a",), a=0.9, b=0.3)
WRONG = judge("wrong", ("a",), a=0.3, b=0.9)
OFFERED = judge("offered", ("b",), a=0.6, b=0.57, c=0.5)
ASKED = judge("asked", ("z",), a=0.6, b=0.57, c=0.5)
FELL = judge("fell", ("a",), a=0.2, b=0.19)
TOLD_NONSENSE = judge("told nonsense", NONE, a=0.9, b=0.3)
LEFT_ALONE = judge("left alone", NONE, a=0.2, b=0.19)
ASKED_FOR_NOTHING = judge("asked for nothing", NONE, a=0.6, b=0.57)
EVERYTHING = [RIGHT, WRONG, OFFERED, ASKED, FELL, TOLD_NONSENSE, LEFT_ALONE, ASKED_FOR_NOTHING]


@pytest.mark.parametrize(
    ("judged", "result"),
    [
        pytest.param(RIGHT, Result.RIGHT, id="answered right"),
        pytest.param(WRONG, Result.WRONG, id="answered wrong"),
        pytest.param(OFFERED, Result.OFFERED, id="asked back with the right one"),
        pytest.param(ASKED, Result.ASKED, id="asked back without it"),
        pytest.param(FELL, Result.FELL_THROUGH, id="fell through"),
        pytest.param(TOLD_NONSENSE, Result.WRONG, id="answered what it should not"),
        pytest.param(ASKED_FOR_NOTHING, Result.ASKED, id="asked back for nothing"),
        pytest.param(judge("x", ("a", "b"), b=0.9), Result.RIGHT, id="either answer is right"),
        pytest.param(judge("x", ("a",)), Result.FELL_THROUGH, id="nothing found"),
    ],
)
def test_each_question_has_one_result(judged, result):
    assert judged.result is result


def test_it_counts_what_became_of_the_questions():
    found = evaluate(EVERYTHING)

    assert found.coverage == Share(1, 5)
    assert found.precision == Share(1, 3)
    assert found.helped == Share(2, 5)
    assert found.results[Result.FELL_THROUGH] == Share(1, 5)
    assert found.unanswerable_results[Result.WRONG] == Share(1, 3)
    assert sum(share.count for share in found.results.values()) == 5
    assert sum(share.count for share in found.unanswerable_results.values()) == 3


def test_it_ranks():
    found = evaluate(EVERYTHING)

    assert [found.accuracy[k] for k in (1, 3, 5)] == [Share(2, 5), Share(4, 5), Share(4, 5)]
    assert found.reciprocal_rank == pytest.approx((1 + 1 / 2 + 1 / 2 + 0 + 1) / 5)


def test_no_question_at_all_is_no_error():
    found = evaluate([])

    assert found.precision.value is None
    assert found.auroc is None
    assert json.loads(json.dumps(found.as_dict()))["coverage"]["interval"] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("scored", "expected"),
    [
        pytest.param([(0.9, True), (0.1, False)], 1.0, id="told apart"),
        pytest.param([(0.1, True), (0.9, False)], 0.0, id="the wrong way round"),
        pytest.param([(0.5, True), (0.5, False)], 0.5, id="a tie is a coin"),
        pytest.param([(0.9, True), (0.5, False), (0.5, True), (0.1, False)], 0.875, id="mixed"),
        pytest.param([(0.9, True)], None, id="only right ones"),
    ],
)
def test_auroc(scored, expected):
    assert auroc(scored) == expected


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [
        # Wilson's interval as given by statsmodels' proportion_confint(method="wilson").
        pytest.param(Share(8, 10), 0.4901625, 0.9433178, id="8 of 10"),
        pytest.param(Share(0, 20), 0.0, 0.1611252, id="none of 20"),
        pytest.param(Share(950, 1000), 0.9346906, 0.9618614, id="95 % of 1000"),
        pytest.param(Share(0, 0), 0.0, 1.0, id="nothing known"),
    ],
)
def test_an_interval_says_how_far_to_trust_a_share(share, low, high):
    assert share.interval == pytest.approx((low, high), abs=1e-5)


def test_a_share_of_more_than_everything_is_refused():
    with pytest.raises(ValueError, match="3 out of 2"):
        Share(3, 2)


def test_the_curve_goes_from_the_surest_answer_to_all_of_them():
    points = curve(EVERYTHING)

    assert [point.threshold for point in points] == sorted(
        {one.sureness for one in EVERYTHING}, reverse=True
    )
    assert points[-1].precision == Share(2, 8)
    assert points[-1].coverage == Share(2, 5)


def test_the_sweep_says_what_the_cosine_policy_would_do():
    points = sweep(EVERYTHING, thresholds=[0.5, 0.7], margins=[0.0, 0.05])

    told = {(one.threshold, one.margin): (one.coverage.count, one.precision) for one in points}
    for (threshold, margin), (right, precision) in told.items():
        policy = CosinePolicy(threshold, margin)
        again = evaluate(
            [
                Judged(one.question, one.expected, decide(one.decision.ranked, policy))
                for one in EVERYTHING
            ]
        )
        assert (right, precision) == (again.coverage.count, again.precision)
    assert len(told) == 4


def test_confusions_that_told_somebody_come_first_with_their_questions():
    found = confusions([*EVERYTHING, judge("wrong too", ("a",), a=0.2, b=0.95)])

    assert [(one.expected, one.got, one.count, one.answered) for one in found] == [
        ("a", "b", 2, 2),
        (None, "a", 1, 1),
        ("b", "a", 1, 0),
        ("z", "a", 1, 0),
    ]
    assert set(found[0].questions) == {"wrong", "wrong too"}


def test_flips_name_what_changed_since_the_last_run_the_worst_first():
    before = [one.as_dict() for one in (RIGHT, OFFERED, LEFT_ALONE, ASKED)]
    after = [
        judge("right", ("a",), a=0.3, b=0.9).as_dict(),
        judge("offered", ("b",), b=0.9).as_dict(),
        LEFT_ALONE.as_dict(),
        judge("new", ("a",), a=0.9).as_dict(),
    ]

    found = flips(json.loads(json.dumps(before)), json.loads(json.dumps(after)))

    assert [(one.question, one.before["result"], one.after["result"]) for one in found] == [
        ("right", "right", "wrong"),
        ("offered", "offered", "right"),
    ]


def test_a_new_label_is_no_flip():
    relabelled = judge("right", ("b",), a=0.9, b=0.3)

    assert flips([RIGHT.as_dict()], [relabelled.as_dict()]) == []


@pytest.mark.parametrize(
    ("least", "names"),
    [
        pytest.param({}, [], id="nothing asked"),
        pytest.param({"min_precision": 0.3, "min_coverage": 0.2}, [], id="just enough"),
        pytest.param({"min_precision": 0.34}, ["precision"], id="too imprecise"),
        pytest.param({"min_coverage": 0.21}, ["coverage"], id="too little"),
    ],
)
def test_a_gate_names_what_falls_short(least, names):
    found = shortfalls(evaluate(EVERYTHING), **least)

    assert [sentence.split()[0] for sentence in found] == names


def test_no_answer_at_all_is_not_precise():
    assert shortfalls(evaluate([FELL]), min_precision=0.5)
