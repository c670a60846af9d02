"""The metrics of decisions about labelled questions."""

from __future__ import annotations

import json

import pytest

from assistant.calibration.proportion import Proportion
from assistant.decision.decision import decide
from assistant.decision.matches import Match
from assistant.decision.policy import ConfidencePolicy, CosinePolicy
from assistant.evaluation.changes import result_changes
from assistant.evaluation.confusions import confusions
from assistant.evaluation.curves import curve, sweep
from assistant.evaluation.evaluate import EvaluatedQuestion, Result, auroc, evaluate, shortfalls

NONE: tuple[str, ...] = ()


def evaluated_question(
    question: str, expected: tuple[str, ...], policy=None, **similarities: float
) -> EvaluatedQuestion:
    """``similarities`` by FAQ id."""
    matches = [Match(faq_id, "?", similarity) for faq_id, similarity in similarities.items()]
    return EvaluatedQuestion(
        question, frozenset(expected), decide(matches, policy or ConfidencePolicy())
    )


RIGHT = evaluated_question("right", ("a",), a=0.9, b=0.3)
WRONG = evaluated_question("wrong", ("a",), a=0.3, b=0.9)
OFFERED = evaluated_question("offered", ("b",), a=0.6, b=0.57, c=0.5)
CLARIFIED = evaluated_question("clarified", ("z",), a=0.6, b=0.57, c=0.5)
UNANSWERED = evaluated_question("unanswered", ("a",), a=0.2, b=0.19)
ANSWERED_UNANSWERABLE = evaluated_question("wrong answer", NONE, a=0.9, b=0.3)
UNANSWERED_UNANSWERABLE = evaluated_question("unanswered, unanswerable", NONE, a=0.2, b=0.19)
CLARIFIED_UNANSWERABLE = evaluated_question("clarified for nothing", NONE, a=0.6, b=0.57)
EVERYTHING = [
    RIGHT,
    WRONG,
    OFFERED,
    CLARIFIED,
    UNANSWERED,
    ANSWERED_UNANSWERABLE,
    UNANSWERED_UNANSWERABLE,
    CLARIFIED_UNANSWERABLE,
]


@pytest.mark.parametrize(
    ("evaluated", "result"),
    [
        pytest.param(RIGHT, Result.RIGHT, id="answered right"),
        pytest.param(WRONG, Result.WRONG, id="answered wrong"),
        pytest.param(OFFERED, Result.OFFERED, id="clarified, right FAQ offered"),
        pytest.param(CLARIFIED, Result.NOT_OFFERED, id="clarified, right FAQ not offered"),
        pytest.param(UNANSWERED, Result.UNANSWERED, id="unanswered"),
        pytest.param(ANSWERED_UNANSWERABLE, Result.WRONG, id="answered, unanswerable"),
        pytest.param(CLARIFIED_UNANSWERABLE, Result.NOT_OFFERED, id="clarified, unanswerable"),
        pytest.param(
            evaluated_question("x", ("a", "b"), b=0.9), Result.RIGHT, id="either answer is right"
        ),
        pytest.param(evaluated_question("x", ("a",)), Result.UNANSWERED, id="no match"),
    ],
)
def test_each_question_has_one_result(evaluated, result):
    assert evaluated.result is result


def test_results_are_counted_for_both_kinds_of_questions():
    evaluation = evaluate(EVERYTHING)

    assert evaluation.coverage == Proportion(1, 5)
    assert evaluation.precision == Proportion(1, 3)
    assert evaluation.helped == Proportion(2, 5)
    assert evaluation.results[Result.UNANSWERED] == Proportion(1, 5)
    assert evaluation.unanswerable_results[Result.WRONG] == Proportion(1, 3)
    assert sum(proportion.count for proportion in evaluation.results.values()) == 5
    assert sum(proportion.count for proportion in evaluation.unanswerable_results.values()) == 3


def test_accuracy_at_k_and_reciprocal_rank():
    evaluation = evaluate(EVERYTHING)

    assert [evaluation.accuracy[k] for k in (1, 3, 5)] == [
        Proportion(2, 5),
        Proportion(4, 5),
        Proportion(4, 5),
    ]
    assert evaluation.reciprocal_rank == pytest.approx((1 + 1 / 2 + 1 / 2 + 0 + 1) / 5)


def test_no_question_at_all_is_no_error():
    evaluation = evaluate([])

    assert evaluation.precision.value is None
    assert evaluation.auroc is None
    assert json.loads(json.dumps(evaluation.as_dict()))["coverage"]["interval"] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("scored", "expected"),
    [
        pytest.param([(0.9, True), (0.1, False)], 1.0, id="separated"),
        pytest.param([(0.1, True), (0.9, False)], 0.0, id="the wrong way round"),
        pytest.param([(0.5, True), (0.5, False)], 0.5, id="a tie counts half"),
        pytest.param([(0.9, True), (0.5, False), (0.5, True), (0.1, False)], 0.875, id="mixed"),
        pytest.param([(0.9, True)], None, id="only right ones"),
    ],
)
def test_auroc(scored, expected):
    assert auroc(scored) == expected


@pytest.mark.parametrize(
    ("proportion", "low", "high"),
    [
        # Wilson's interval as given by statsmodels' proportion_confint(method="wilson").
        pytest.param(Proportion(8, 10), 0.4901625, 0.9433178, id="8 of 10"),
        pytest.param(Proportion(0, 20), 0.0, 0.1611252, id="none of 20"),
        pytest.param(Proportion(950, 1000), 0.9346906, 0.9618614, id="95 % of 1000"),
        pytest.param(Proportion(0, 0), 0.0, 1.0, id="no data"),
    ],
)
def test_the_interval_of_a_proportion(proportion, low, high):
    assert proportion.interval == pytest.approx((low, high), abs=1e-5)


def test_a_proportion_above_one_is_refused():
    with pytest.raises(ValueError, match="3 out of 2"):
        Proportion(3, 2)


def test_the_curve_goes_from_the_highest_score_to_the_lowest():
    points = curve(EVERYTHING)

    assert [point.threshold for point in points] == sorted(
        {one.ranking_score for one in EVERYTHING}, reverse=True
    )
    assert points[-1].precision == Proportion(2, 8)
    assert points[-1].coverage == Proportion(2, 5)


def test_the_sweep_agrees_with_the_cosine_policy():
    points = sweep(EVERYTHING, thresholds=[0.5, 0.7], margins=[0.0, 0.05])

    counts = {(one.threshold, one.margin): (one.coverage.count, one.precision) for one in points}
    for (threshold, margin), (right, precision) in counts.items():
        policy = CosinePolicy(threshold, margin)
        again = evaluate(
            [
                EvaluatedQuestion(one.question, one.expected, decide(one.decision.ranked, policy))
                for one in EVERYTHING
            ]
        )
        assert (right, precision) == (again.coverage.count, again.precision)
    assert len(counts) == 4


def test_confusions_that_were_answered_come_first_with_their_questions():
    worst = confusions([*EVERYTHING, evaluated_question("wrong too", ("a",), a=0.2, b=0.95)])

    assert [(one.expected, one.predicted, one.count, one.answered) for one in worst] == [
        ("a", "b", 2, 2),
        (None, "a", 1, 1),
        ("b", "a", 1, 0),
        ("z", "a", 1, 0),
    ]
    assert set(worst[0].questions) == {"wrong", "wrong too"}


def test_changes_since_the_last_run_list_regressions_first():
    before = [one.as_dict() for one in (RIGHT, OFFERED, UNANSWERED_UNANSWERABLE, CLARIFIED)]
    after = [
        evaluated_question("right", ("a",), a=0.3, b=0.9).as_dict(),
        evaluated_question("offered", ("b",), b=0.9).as_dict(),
        UNANSWERED_UNANSWERABLE.as_dict(),
        evaluated_question("new", ("a",), a=0.9).as_dict(),
    ]

    changes = result_changes(json.loads(json.dumps(before)), json.loads(json.dumps(after)))

    assert [(one.question, one.before["result"], one.after["result"]) for one in changes] == [
        ("right", "right", "wrong"),
        ("offered", "offered", "right"),
    ]


def test_a_new_label_is_no_change():
    relabelled = evaluated_question("right", ("b",), a=0.9, b=0.3)

    assert result_changes([RIGHT.as_dict()], [relabelled.as_dict()]) == []


@pytest.mark.parametrize(
    ("minimums", "names"),
    [
        pytest.param({}, [], id="no minimum"),
        pytest.param({"min_precision": 0.3, "min_coverage": 0.2}, [], id="just enough"),
        pytest.param({"min_precision": 0.34}, ["precision"], id="too imprecise"),
        pytest.param({"min_coverage": 0.21}, ["coverage"], id="too little"),
    ],
)
def test_a_gate_names_the_number_below_its_minimum(minimums, names):
    failed_gates = shortfalls(evaluate(EVERYTHING), **minimums)

    assert [sentence.split()[0] for sentence in failed_gates] == names


def test_without_answers_the_precision_counts_as_zero():
    assert shortfalls(evaluate([UNANSWERED]), min_precision=0.5)
