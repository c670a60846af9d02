"""A policy of a release's own, from its phrasings and from labelled questions."""

from __future__ import annotations

import json

import numpy as np
import pytest

from assistant.calibration.calibrate import TooLittleData, calibrate, needed, reason_to_drop
from assistant.calibration.expected_results import Expectation, measured
from assistant.calibration.features import expected_matrix, gather
from assistant.calibration.fitting import Fitted, Phrasings, fit_release, train
from assistant.calibration.proportion import Share
from assistant.calibration.regression import answer_at, ask_at, fit_coefficients
from assistant.calibration.training_data import Labelled, Lesson
from assistant.decision.decision import Match, decide
from assistant.decision.policy import Coefficients, ConfidencePolicy, ReleasePolicy
from assistant.evaluation.evaluate import Judged, Result, evaluate
from assistant.matching.classifier import Classifier
from assistant.tests.synthetic import Town, reordered

TOWN = Town()
QUESTIONS = TOWN.questions(200, 60)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit_release(TOWN.phrasings, answers=TOWN.answers)


def judged(fitted: Fitted, questions: Labelled) -> list[Judged]:
    """What ``decide`` makes of each question, one at a time."""
    found = []
    for vector, expected in zip(questions.vectors, questions.expected, strict=True):
        votes = fitted.classifier.votes(vector) if fitted.classifier else {}
        similarities = TOWN.phrasings.vectors @ vector
        matches = [
            Match(faq_id, "?", float(similarity), vote=votes.get(faq_id))
            for faq_id, similarity in zip(TOWN.phrasings.faq_ids, similarities, strict=True)
        ]
        found.append(Judged("?", expected, decide(matches, fitted.policy)))
    return found


# A classifier


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


def test_it_tells_right_from_wrong_better_than_the_shipped_policy(fitted):
    own = evaluate(judged(fitted, QUESTIONS))
    shipped = evaluate(judged(Fitted(ConfidencePolicy(), None), QUESTIONS))

    assert own.auroc > shipped.auroc
    assert own.precision.value > shipped.precision.value
    assert own.helped.value >= shipped.helped.value


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


# Calibrating on labelled questions


def test_what_is_expected_is_what_happens(fitted):
    found = calibrate(fitted, TOWN.phrasings, QUESTIONS, answers=TOWN.answers, precision=0.9)

    unseen = evaluate(judged(found.fitted, TOWN.questions(400, 120)))

    assert found.kept
    low, high = found.expected.precision.interval
    assert low <= unseen.precision.value <= high
    low, high = found.expected.coverage.interval
    assert low <= unseen.coverage.value <= high


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


def test_the_classifier_stays_as_it_is_unless_told_what_it_learned_from(fitted):
    found = calibrate(fitted, TOWN.phrasings, QUESTIONS)

    assert not found.taught
    assert found.fitted.classifier is fitted.classifier


def test_labels_are_enough_for_a_release_without_alternates():
    town = Town(phrasings=1)
    shipped = fit_release(town.phrasings)

    found = calibrate(shipped, town.phrasings, town.questions(300, 80), answers=town.answers)

    assert shipped.classifier is None
    assert found.taught
    assert found.expected.coverage.value > found.before.coverage.value


def test_no_question_is_judged_by_a_classifier_that_learned_from_it(fitted):
    def lesson(which):
        labels = [QUESTIONS.expected[place] for place in np.flatnonzero(which)]
        questions = Labelled(QUESTIONS.vectors[which], labels)
        return Lesson.of(fitted, TOWN.phrasings, TOWN.answers, questions)

    everything = lesson(np.ones(260, dtype=bool))
    held, judged = next(everything.crossed(fitted.classifier))

    others_only = lesson(~held).taught(fitted.classifier)
    assert judged.log_vote.tolist() == lesson(held).evidence(others_only).log_vote.tolist()
    assert others_only.as_dict() != everything.taught(fitted.classifier).as_dict()


def test_with_many_questions_it_leaves_room_for_bad_luck(fitted):
    found = calibrate(fitted, TOWN.phrasings, TOWN.questions(1200, 360), precision=0.9)

    assert found.expected.precision.value > 0.91


@pytest.mark.parametrize(
    ("expected", "before", "why"),
    [
        pytest.param((70, 4), (60, 6), "", id="more, and more precise"),
        pytest.param((50, 2), (60, 6), "", id="fewer, but more precise"),
        pytest.param((80, 4), (60, 1), "", id="less precise, but as wanted, and more"),
        pytest.param((80, 9), (60, 6), "89.9%", id="less precise than wanted and than before"),
        pytest.param((60, 6), (60, 6), "no more", id="just the same"),
        pytest.param((40, 6), (60, 6), "87.0%", id="fewer and less precise"),
    ],
)
def test_a_policy_its_own_check_shows_worse_is_not_kept(expected, before, why):
    found = reason_to_drop(ReleasePolicy(), expectation(*expected), expectation(*before), 0.95)

    assert found.startswith(why) if why.endswith("%") else why in found
    assert bool(found) == bool(why)


def test_a_policy_that_answers_nothing_is_not_kept():
    nothing = ReleasePolicy(answer_at=1.0)

    assert "95%" in reason_to_drop(nothing, expectation(60, 0), expectation(50, 9), 0.95)


def expectation(right: int, wrong: int) -> Expectation:
    """Of 100 questions with an answer."""
    none = Share(0, 10)
    coverage, precision = Share(right, 100), Share(right, right + wrong)
    return Expectation(coverage, precision, coverage, Share(wrong, 100), none, none)


@pytest.mark.parametrize(
    ("answerable", "unanswerable", "says"),
    [
        pytest.param(42, 60, "8 more that a FAQ answers are needed", id="with an answer"),
        pytest.param(200, 7, "3 more that none answers are needed", id="without one"),
        pytest.param(0, 0, "50 more that a FAQ answers and 10 more that none", id="none at all"),
    ],
)
def test_too_little_data_says_how_much_is_missing(fitted, answerable, unanswerable, says):
    with pytest.raises(TooLittleData, match=says):
        calibrate(fitted, TOWN.phrasings, TOWN.questions(answerable, unanswerable))


def test_a_higher_precision_needs_more_questions():
    assert needed(0.9) == (25, 5)
    assert needed(0.99) == (250, 50)


def test_labels_that_say_nothing_are_not_kept(fitted):
    questions = TOWN.questions(200, 60)
    nonsense = Labelled(questions.vectors, [*questions.expected[7:], *questions.expected[:7]])

    found = calibrate(fitted, TOWN.phrasings, nonsense, answers=TOWN.answers)

    assert not found.kept
    assert found.why


def test_a_label_for_a_faq_that_is_not_there_is_refused(fitted):
    stray = Labelled(QUESTIONS.vectors, [frozenset({"gone"}), *QUESTIONS.expected[1:]])

    with pytest.raises(LookupError, match="gone"):
        calibrate(fitted, TOWN.phrasings, stray)


@pytest.mark.parametrize("precision", [0.0, 0.49, 1.0, float("nan")])
def test_a_precision_nobody_can_promise_is_refused(fitted, precision):
    with pytest.raises(ValueError, match="precision"):
        calibrate(fitted, TOWN.phrasings, QUESTIONS, precision=precision)


def test_counting_all_at_once_agrees_with_deciding_one_at_a_time(fitted):
    evidence = gather(
        QUESTIONS.vectors,
        phrasings=TOWN.phrasings.vectors,
        faqs=np.repeat(np.arange(20), 4),
        expected=expected_matrix(QUESTIONS.expected, TOWN.faq_ids),
        classifier=fitted.classifier,
        voted=np.array([TOWN.faq_ids.index(faq_id) for faq_id in fitted.classifier.faq_ids]),
    )

    at_once = measured([(fitted.policy, evidence)])
    one_by_one = evaluate(judged(fitted, QUESTIONS))

    assert at_once.coverage == one_by_one.coverage
    assert at_once.precision == one_by_one.precision
    assert at_once.helped == one_by_one.helped
    assert at_once.unanswerable_asked_back == one_by_one.unanswerable_results[Result.ASKED]


# The numbers


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

    found = fit_coefficients(
        random.normal(size=(50, 3)),
        random.random(50) < 0.5,
        weights=np.ones(50),
        prior=Coefficients(similarity=2.0, lead=3.0, log_vote=1.0, bias=-1.0),
        strength=1.0,
        votes=False,
    )

    assert found.log_vote == 0.0


@pytest.mark.parametrize(
    ("right", "answers"),
    [
        pytest.param("..........", 10, id="all right: from the last one on"),
        pytest.param(".........x", 9, id="the wrong one stays out"),
        pytest.param("x.........", 0, id="a wrong one on top leaves too few to make up for it"),
    ],
)
def test_it_answers_from_the_last_confidence_that_keeps_the_precision(right, answers):
    confidence = np.linspace(0.99, 0.9, 10)

    least = answer_at(
        confidence,
        np.array([mark == "." for mark in right]),
        np.zeros(10, dtype=bool),
        precision=0.95,
    )

    assert np.count_nonzero(confidence >= least) == answers


def test_what_is_answered_at_once_counts_but_sets_no_number():
    confidence = np.array([0.99, 0.99, 0.9, 0.8])
    at_once = np.array([True, True, False, False])

    least = answer_at(confidence, np.array([True, True, False, False]), at_once, precision=0.9)

    assert least == 1.0


@pytest.mark.parametrize(
    ("allowed", "asked"),
    [
        pytest.param(10, 10, id="all"),
        pytest.param(3, 3, id="some"),
        pytest.param(0, 0, id="none"),
    ],
)
def test_it_asks_back_on_no_more_than_allowed(allowed, asked):
    confidence = np.linspace(0.5, 0.1, 10)

    least = ask_at(confidence, np.zeros(10, dtype=bool), allowed=allowed, most=0.8)

    assert np.count_nonzero(confidence >= least) == asked


def test_a_calibrated_policy_survives_storage(fitted):
    policy = calibrate(fitted, TOWN.phrasings, QUESTIONS).policy

    assert ReleasePolicy.from_numbers(json.loads(json.dumps(policy.numbers()))) == policy
