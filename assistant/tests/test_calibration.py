"""A policy calibrated on labelled questions, and its expected results."""

from __future__ import annotations

import json
from math import log

import numpy as np
import pytest

from assistant.calibration.calibrate import TooLittleData, calibrate, needed, reason_to_reject
from assistant.calibration.expected_results import ExpectedResults, measure
from assistant.calibration.features import Evidence, expected_matrix
from assistant.calibration.fitting import Fitted, fit_release
from assistant.calibration.operating_point import blend
from assistant.calibration.proportion import Proportion
from assistant.calibration.training_data import Labelled, TrainingData
from assistant.decision.policy import Coefficients, ConfidencePolicy, ReleasePolicy
from assistant.evaluation.evaluate import Result, evaluate
from assistant.tests.synthetic import Town, decide_each

pytestmark = pytest.mark.slow

TOWN = Town()
QUESTIONS = TOWN.questions(200, 60)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit_release(TOWN.phrasings, answers=TOWN.answers)


def test_what_is_expected_is_what_happens(fitted):
    calibration = calibrate(fitted, TOWN.phrasings, QUESTIONS, answers=TOWN.answers, precision=0.9)

    unseen = evaluate(decide_each(calibration.fitted, TOWN.questions(400, 120), TOWN))

    assert calibration.is_improvement
    for expected, seen in (
        (calibration.expected.precision, unseen.precision),
        (calibration.expected.coverage, unseen.coverage),
    ):
        assert expected.interval[0] <= seen.interval[1]
        assert seen.interval[0] <= expected.interval[1]


def test_more_precision_is_paid_for_with_coverage(fitted):
    careful, bold = (
        calibrate(fitted, TOWN.phrasings, QUESTIONS, precision=precision).expected
        for precision in (0.95, 0.7)
    )

    assert careful.precision.value > bold.precision.value
    assert careful.coverage.value < bold.coverage.value


def test_the_same_questions_give_the_same_policy_in_any_order(fitted):
    order = np.random.default_rng(2).permutation(260)
    shuffled = Labelled(QUESTIONS.vectors[order], [QUESTIONS.expected[place] for place in order])

    one, other = (
        calibrate(fitted, TOWN.phrasings, questions, answers=TOWN.answers)
        for questions in (QUESTIONS, shuffled)
    )

    assert one.policy == other.policy
    assert one.expected == other.expected
    assert one.fitted.classifier.as_dict() == other.fitted.classifier.as_dict()


def test_the_classifier_stays_as_it_is_without_the_vectors_it_was_trained_on(fitted):
    calibration = calibrate(fitted, TOWN.phrasings, QUESTIONS)

    assert not calibration.classifier_retrained
    assert calibration.fitted.classifier is fitted.classifier


def test_labels_are_enough_for_a_release_without_alternates():
    town = Town(phrasings=1)
    shipped = fit_release(town.phrasings)

    calibration = calibrate(shipped, town.phrasings, town.questions(300, 80), answers=town.answers)

    assert shipped.classifier is None
    assert calibration.classifier_retrained
    assert calibration.expected.coverage.value > calibration.before.coverage.value


def test_no_question_is_evaluated_by_a_classifier_trained_on_it(fitted):
    def training_data(which):
        labels = [QUESTIONS.expected[place] for place in np.flatnonzero(which)]
        questions = Labelled(QUESTIONS.vectors[which], labels)
        return TrainingData.of(fitted, TOWN.phrasings, TOWN.answers, questions)

    everything = training_data(np.ones(260, dtype=bool))
    fold, evaluated = next(everything.cross_validated(fitted.classifier))

    others_only = training_data(~fold).train(fitted.classifier)
    assert (
        evaluated.log_vote.tolist() == training_data(fold).evidence(others_only).log_vote.tolist()
    )
    assert others_only.as_dict() != everything.train(fitted.classifier).as_dict()


def test_a_precision_out_of_reach_gives_the_best_to_be_had(fitted):
    questions = TOWN.questions(200, 60)
    # Every eighth label is wrong: no policy can be right in 95 % of its answers.
    expected = [
        frozenset({TOWN.faq_ids[(place + 7) % 20]}) if ids and place % 8 == 0 else ids
        for place, ids in enumerate(questions.expected)
    ]

    calibration = calibrate(fitted, TOWN.phrasings, Labelled(questions.vectors, expected))

    assert calibration.expected.coverage.count >= 0.9 * calibration.before.coverage.count
    assert "95% is out of reach" in calibration.notes[0]
    assert str(calibration.expected.precision) in calibration.notes[0]


def test_few_labels_move_the_policy_less_and_it_says_so(fitted):
    few = calibrate(fitted, TOWN.phrasings, TOWN.questions(60, 15))
    many = calibrate(fitted, TOWN.phrasings, TOWN.questions(130, 40))

    assert few.weight == pytest.approx((75 / 150) ** 0.5)
    assert "75 labelled questions are few: they count 71%" in few.notes[-1]
    assert many.weight == 1.0
    assert not any("few" in note for note in many.notes)


def test_a_blend_answers_what_the_weighted_log_odds_of_both_say():
    one = ReleasePolicy(0.7, 0.15, 0.9, 0.2, Coefficients(2.0, 4.0, 1.0, log_vote=1.0))
    other = ConfidencePolicy()

    policy = blend(one, other, 0.25)

    assert policy.margin == pytest.approx(0.1125)
    for similarity, lead, vote in ((0.6, 0.1, 0.5), (0.5, 0.02, 0.9), (0.8, 0.3, 0.01)):
        distances = [
            log_odds(candidate.confidence(similarity, lead, vote)) - log_odds(candidate.answer_at)
            for candidate in (one, other, policy)
        ]
        assert distances[2] == pytest.approx(distances[0] / 4 + 3 * distances[1] / 4, abs=1e-3)


def log_odds(confidence: float) -> float:
    return log(confidence / (1 - confidence))


def test_vectors_that_differ_in_the_last_digits_give_nearly_the_same_policy(fitted):
    """A change that a processor or a library makes must not move what customers are answered."""
    questions = TOWN.questions(130, 40)
    noise = np.random.default_rng(4).normal(size=questions.vectors.shape).astype(np.float32)
    moved = questions.vectors + 0.014 * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    assert (moved * questions.vectors).sum(axis=1).min() > 0.9998

    policies = [
        calibrate(fitted, TOWN.phrasings, Labelled(vectors, questions.expected))
        for vectors in (questions.vectors, moved)
    ]

    unseen = TOWN.questions(400, 120)
    coverage = [
        evaluate(decide_each(calibration.fitted, unseen, TOWN)).coverage.value
        for calibration in policies
    ]
    assert abs(coverage[0] - coverage[1]) < 0.02


@pytest.mark.parametrize(
    ("expected", "before", "why"),
    [
        pytest.param((70, 4), (60, 6), "", id="more, and more precise"),
        pytest.param((50, 2), (60, 6), "", id="fewer, but more precise"),
        pytest.param((80, 4), (60, 1), "", id="less precise, but as required"),
        pytest.param((80, 9), (60, 6), "", id="a little less precise: chance"),
        pytest.param((80, 20), (60, 3), "80.0%", id="less precise beyond chance"),
        pytest.param((60, 6), (60, 6), "", id="just the same"),
        pytest.param((40, 6), (60, 6), "40.0%", id="fewer beyond chance, and less precise"),
        pytest.param((20, 30), (10, 30), "only 40.0%", id="mostly wrong"),
    ],
)
def test_a_policy_that_cross_validates_worse_is_rejected(expected, before, why):
    reason = reason_to_reject(expected_results(*expected), expected_results(*before), 0.95)

    assert why in reason
    assert bool(reason) == bool(why)


def expected_results(right: int, wrong: int) -> ExpectedResults:
    """Of 100 questions with an answer."""
    none = Proportion(0, 10)
    coverage, precision = Proportion(right, 100), Proportion(right, right + wrong)
    return ExpectedResults(coverage, precision, coverage, Proportion(wrong, 100), none, none)


@pytest.mark.parametrize(
    ("answerable", "unanswerable", "says"),
    [
        pytest.param(42, 60, "8 more that an FAQ answers are needed", id="with an answer"),
        pytest.param(200, 7, "3 more that no FAQ answers are needed", id="without one"),
        pytest.param(0, 0, "50 more that an FAQ answers and 10 more that no", id="none at all"),
    ],
)
def test_too_little_data_names_how_many_questions_are_missing(
    fitted, answerable, unanswerable, says
):
    with pytest.raises(TooLittleData, match=says):
        calibrate(fitted, TOWN.phrasings, TOWN.questions(answerable, unanswerable))


def test_a_higher_precision_needs_more_questions():
    assert needed(0.9) == (25, 5)
    assert needed(0.99) == (250, 50)


def test_random_labels_give_no_improvement(fitted):
    questions = TOWN.questions(200, 60)
    nonsense = Labelled(questions.vectors, [*questions.expected[7:], *questions.expected[:7]])

    calibration = calibrate(fitted, TOWN.phrasings, nonsense, answers=TOWN.answers)

    assert not calibration.is_improvement
    assert calibration.why


def test_a_label_for_a_missing_faq_is_refused(fitted):
    stray = Labelled(QUESTIONS.vectors, [frozenset({"gone"}), *QUESTIONS.expected[1:]])

    with pytest.raises(LookupError, match="gone"):
        calibrate(fitted, TOWN.phrasings, stray)


@pytest.mark.parametrize("precision", [0.0, 0.49, 1.0, float("nan")])
def test_a_precision_out_of_range_is_refused(fitted, precision):
    with pytest.raises(ValueError, match="precision"):
        calibrate(fitted, TOWN.phrasings, QUESTIONS, precision=precision)


def test_counting_with_matrices_agrees_with_deciding_one_question_at_a_time(fitted):
    evidence = Evidence.build(
        QUESTIONS.vectors,
        phrasings=TOWN.phrasings.vectors,
        faqs=np.repeat(np.arange(20), 4),
        expected=expected_matrix(QUESTIONS.expected, TOWN.faq_ids),
        classifier=fitted.classifier,
        classifier_columns=np.array(
            [TOWN.faq_ids.index(faq_id) for faq_id in fitted.classifier.faq_ids]
        ),
    )

    with_matrices = measure([(fitted.policy, evidence)])
    one_by_one = evaluate(decide_each(fitted, QUESTIONS, TOWN))

    assert with_matrices.coverage == one_by_one.coverage
    assert with_matrices.precision == one_by_one.precision
    assert with_matrices.helped == one_by_one.helped
    assert (
        with_matrices.unanswerable_clarified == one_by_one.unanswerable_results[Result.NOT_OFFERED]
    )


def test_a_calibrated_policy_survives_storage(fitted):
    policy = calibrate(fitted, TOWN.phrasings, QUESTIONS).policy

    assert ReleasePolicy.from_numbers(json.loads(json.dumps(policy.numbers()))) == policy
