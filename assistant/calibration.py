"""Calibrate a release's policy on labelled questions, and say what to expect of it.

Pure: numpy only. Deterministic: the same questions, in any order, give the same policy.

The policy ``assistant.fitting`` gave the release is moved towards the labelled questions, the less
the fewer there are, and answers from the confidence on from which the wanted share of its answers
is right. What to expect is measured by cross-fitting: each fifth of the questions is decided by a
policy calibrated on the others, several times over, since which fifth matters where they are few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from assistant.evidence import Bools, Evidence, Positions, expected_matrix, gather
from assistant.fitting import Fitted, Phrasings, one_thread
from assistant.interfaces import Matrix
from assistant.policy import ConfidencePolicy, ReleasePolicy
from assistant.regression import answer_at, ask_at, fit_coefficients
from assistant.share import Share

STRENGTH = 30.0
"""Of what the release's phrasings said: a hundred labelled questions move it a little, a thousand
far. From 10 to 300 it makes no difference beyond the noise on sets of 700 questions and more; on
those of 100, less overfits and more answers too little."""

MARGIN = 0.15
"""Answering at once from cosine 0.7 with a lead of 0.1 costs a calibrated policy up to a point of
its precision, with 0.15 nothing."""

ASKED_BACK_AT_MOST = 0.45
"""Of labelled questions without an answer: a policy that asks back on everything helps nobody."""

FOLDS = 5
REPEATS = 5

TOLERANCE = 0.005
"""A precision this close below the wanted one counts as reached."""


class TooLittleData(Exception):
    """The text says what is missing, and how much."""

    def __init__(self, *, answerable: int, unanswerable: int) -> None:
        self.answerable = answerable
        self.unanswerable = unanswerable
        missing = [
            f"{count} more questions {what}"
            for count, what in (
                (answerable, "that a FAQ answers"),
                (unanswerable, "that none answers"),
            )
            if count > 0
        ]
        super().__init__(f"too few labelled questions: {' and '.join(missing)} are needed")


@dataclass(frozen=True, eq=False)
class Labelled:
    """Questions with the ids of the FAQs that answer each; none: no FAQ does."""

    vectors: Matrix
    expected: Sequence[frozenset[str]]

    def __post_init__(self) -> None:
        if len(self.vectors) != len(self.expected):
            raise ValueError(f"{len(self.expected)} labels for {len(self.vectors)} vectors")


@dataclass(frozen=True)
class Expectation:
    """What a policy did with labelled questions it was not calibrated on."""

    coverage: Share
    """Right answers of all questions that have one."""
    precision: Share
    """Right answers of all answers given."""
    helped: Share
    """Answered right, or asked back with the right FAQ among the options."""
    answered_wrong: Share
    """Wrong answers to questions that have a right one."""
    unanswerable_answered: Share
    unanswerable_asked_back: Share

    def as_dict(self) -> dict[str, Any]:
        return {name: share.as_dict() for name, share in vars(self).items()}


@dataclass(frozen=True)
class Calibration:
    """A calibrated policy, what to expect of it, and whether it is worth keeping."""

    policy: ReleasePolicy
    expected: Expectation
    before: Expectation
    """The policy it would replace, on the same questions."""
    kept: bool
    why: str


def calibrate(
    fitted: Fitted, phrasings: Phrasings, labelled: Labelled, *, precision: float = 0.95
) -> Calibration:
    """Move the numbers of ``fitted`` so that ``precision`` (0.5 to 0.99) of the answers are right.

    ``kept`` is False when its own check shows a policy worse than the one of ``fitted``, or no
    confidence reaches the precision.

    Raises ``TooLittleData``; ``LookupError`` when a label names no FAQ; ``ValueError``.
    """
    if not 0.5 <= precision <= 0.99:
        raise ValueError(f"precision must be between 0.5 and 0.99, not {precision}")
    evidence = gather_labelled(fitted, phrasings, labelled)
    _check_enough(evidence.answerable, precision)

    crossed = [
        (_calibrated(fitted, evidence.rows(~held), precision), evidence.rows(held))
        for held in _folds(evidence.answerable)
    ]
    expected = measured(crossed, repeats=REPEATS)
    before = measured([(fitted.policy, evidence)])
    policy = _calibrated(fitted, evidence, precision)
    why = _reason_to_drop(policy, expected, before, precision)
    return Calibration(policy, expected, before, kept=not why, why=why)


def needed(precision: float) -> tuple[int, int]:
    """How many labelled questions with and without an answer ``calibrate`` wants at least.

    With fewer, one wrong answer more or less would decide about the policy.
    """
    one_wrong = 1 / (1 - precision)
    return ceil(round(2.5 * one_wrong, 6)), ceil(round(0.5 * one_wrong, 6))


def gather_labelled(fitted: Fitted, phrasings: Phrasings, labelled: Labelled) -> Evidence:
    """What the release says about the questions, in an order that does not depend on theirs."""
    order = _order(labelled)
    faq_ids = sorted(set(phrasings.faq_ids))
    classifier = fitted.classifier
    with one_thread():
        return gather(
            labelled.vectors[order],
            phrasings=phrasings.vectors,
            faqs=_columns(phrasings.faq_ids, faq_ids),
            expected=expected_matrix([labelled.expected[place] for place in order], faq_ids),
            classifier=classifier,
            voted=_columns(classifier.faq_ids, faq_ids) if classifier else None,
        )


def measured(
    decided: Sequence[tuple[ConfidencePolicy, Evidence]], *, repeats: int = 1
) -> Expectation:
    """Count what each policy does with its questions, and add up.

    With ``repeats``, every question is there that many times and counts once, so that an interval
    does not look narrower than the questions allow.
    """
    counts = np.array([_counts(policy, evidence) for policy, evidence in decided])
    once = np.round(counts.sum(axis=0) / repeats).astype(int).tolist()
    answerable, right, wrong, helped, unanswerable, answered, asked = once
    return Expectation(
        coverage=Share(right, answerable),
        precision=Share(right, right + wrong + answered),
        helped=Share(helped, answerable),
        answered_wrong=Share(wrong, answerable),
        unanswerable_answered=Share(answered, unanswerable),
        unanswerable_asked_back=Share(asked, unanswerable),
    )


def _counts(policy: ConfidencePolicy, evidence: Evidence) -> list[int]:
    ranked = evidence.ranked(policy.coefficients)
    answered = ranked.at_once(policy.threshold, policy.margin)
    answered |= ranked.confidence >= policy.answer_at
    asked = ranked.similar(policy.threshold) | (ranked.confidence >= policy.ask_at)
    asked &= ~answered
    has_answer = ranked.answerable
    return [
        int(np.count_nonzero(which))
        for which in (
            has_answer,
            answered & ranked.right,
            answered & has_answer & ~ranked.right,
            (answered & ranked.right) | (asked & ranked.offered),
            ~has_answer,
            answered & ~has_answer,
            asked & ~has_answer,
        )
    ]


def _calibrated(fitted: Fitted, evidence: Evidence, precision: float) -> ReleasePolicy:
    prior = fitted.policy.coefficients
    ranked = evidence.ranked(prior)
    coefficients = fit_coefficients(
        ranked.features,
        ranked.right,
        weights=np.ones(len(evidence)),
        prior=prior,
        strength=STRENGTH,
        votes=fitted.classifier is not None,
    )
    ranked = evidence.ranked(coefficients)
    threshold = fitted.policy.threshold
    at_once = ranked.at_once(threshold, MARGIN)
    answer = answer_at(ranked.confidence, ranked.right, at_once, precision=precision)

    unanswerable = ~ranked.answerable
    left = unanswerable & ~at_once & (ranked.confidence < answer)
    ask = ask_at(
        ranked.confidence[left],
        ranked.similar(threshold)[left],
        allowed=int(ASKED_BACK_AT_MOST * np.count_nonzero(unanswerable)),
        most=answer,
    )
    return ReleasePolicy(threshold, MARGIN, answer, ask, coefficients)


def _reason_to_drop(
    policy: ReleasePolicy, expected: Expectation, before: Expectation, precision: float
) -> str:
    """Empty when the policy is worth keeping."""
    if policy.answer_at == 1.0:
        return f"no confidence gives {precision:.0%} right answers"
    now, then = (found.precision.value or 0.0 for found in (expected, before))
    if now < then and now < precision - TOLERANCE:
        return f"{now:.1%} of its answers are right, {then:.1%} without it"
    if now <= then and expected.coverage.count <= before.coverage.count:
        return "it answers no more questions than without it, and no more precisely"
    return ""


def _check_enough(answerable: Bools, precision: float) -> None:
    with_answer, without = needed(precision)
    missing = with_answer - int(np.count_nonzero(answerable))
    missing_without = without - int(np.count_nonzero(~answerable))
    if missing > 0 or missing_without > 0:
        raise TooLittleData(answerable=missing, unanswerable=missing_without)


def _order(labelled: Labelled) -> Positions:
    """The same for any order of the questions."""
    keys = [
        (vector.tobytes(), sorted(ids))
        for vector, ids in zip(labelled.vectors, labelled.expected, strict=True)
    ]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.intp)


def _columns(faq_ids: Sequence[str], among: Sequence[str]) -> Positions:
    column = {faq_id: place for place, faq_id in enumerate(among)}
    return np.array([column[faq_id] for faq_id in faq_ids], dtype=np.intp)


def _folds(answerable: Bools) -> Iterator[Bools]:
    """Each fold with its share of questions with and without an answer."""
    fold = np.empty(len(answerable), dtype=np.intp)
    for repeat in range(REPEATS):
        dealer = np.random.default_rng(repeat)
        for which in (answerable, ~answerable):
            fold[which] = dealer.permutation(np.count_nonzero(which)) % FOLDS
        for number in range(FOLDS):
            yield fold == number
