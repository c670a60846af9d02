"""Fit a release's policy from its own phrasings, without labelled questions.

Pure: numpy, and scikit-learn for training. Deterministic: the same release, in any order, gives
the same policy bit for bit on the same machine.

It trains a classifier of the phrasings. Then it simulates questions by cross-validation: phrasings
are held out as questions that the rest of the release should answer, and whole FAQs are held out,
whose phrasings must not be answered. A confidence fitted on these adapts to the similarity of the
FAQs to each other. People type less tidily than phrasings are written, so they only refine
coefficients that were fitted on real questions of four domains (``PRIOR``).

``assistant.calibration.calibrate`` continues from here if there are labelled questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from assistant.calibration.features import Bools, Evidence, Positions
from assistant.calibration.regression import fit_coefficients
from assistant.calibration.training import NONE, Phrasings, one_thread, train
from assistant.decision.policy import Coefficients, ConfidencePolicy, ReleasePolicy
from assistant.interfaces import Matrix
from assistant.matching.classifier import Classifier, Scores

PRIOR = Coefficients(similarity=1.0, lead=4.0, log_vote=1.8, bias=1.8)
"""Fitted on the validation questions of five public question sets of four domains, with 1, 3 and 10
alternates. Leaving out any one domain changes no weight by more than 40 %."""

PRIOR_STRENGTH = 30.0
"""Weight of ``PRIOR`` against a release's own phrasings; see ``fit_coefficients``."""

ROUNDS = 2
"""Iterations: the coefficients decide which FAQ ranks first, and the FAQs ranked first decide the
coefficients. A third iteration changes no visible digit."""

FOLDS = 5
ENOUGH_SIMULATED = 2_000
"""Questions. Each fold trains a classifier; for large releases one fold is enough."""

SMALL = 500
PASSES = 3
"""Passes over the phrasings of releases with fewer than ``SMALL``, with different combinations held
out. With one pass the coverage of 45 FAQs was between 41 and 47 %, by the combination alone; with
three, changes of the vectors by .0001 change it by 1 point."""

TOP_FAQS = 20
"""FAQs compared for each question."""

MIN_SIMULATED = 20
"""Answerable questions; ten FAQs of three phrasings give twice as many."""

UNANSWERABLE_PROPORTION = 0.25
"""Weight of the simulated unanswerable questions, about as in the public question sets."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A release's policy. Without a classifier it is the shipped one; ``why`` is the reason.

    ``simulated``: the number of simulated questions it was fitted on.
    """

    policy: ConfidencePolicy
    classifier: Classifier | None
    simulated: int = 0
    why: str = ""


def fit_release(phrasings: Phrasings, *, answers: Phrasings = NONE) -> Fitted:
    """The policy of a release, and the classifier it needs.

    ``answers``: the vectors of each FAQ's question together with its answer. The classifier is
    trained on them too, which helps most if FAQs have few phrasings.

    Returns the shipped policy if there are too few FAQs, or too few with alternates.
    """
    release = _Release.of(phrasings, answers)
    reason = reason_not_to_fit(release.counts.tolist())
    if reason:
        return Fitted(ConfidencePolicy(), None, why=reason)

    with one_thread():
        simulated = Evidence.concatenate(list(_simulated_folds(release)))
        if np.count_nonzero(simulated.answerable) < MIN_SIMULATED * _passes(release):
            return Fitted(ConfidencePolicy(), None, why="too few alternate questions")
        classifier = train(*release.training_data(), release.faq_ids)
        coefficients = _coefficients(simulated, passes=_passes(release))
    return Fitted(ReleasePolicy(coefficients=coefficients), classifier, len(simulated))


def reason_not_to_fit(counts: Sequence[int]) -> str:
    """Why no policy can be fitted to FAQs with ``counts`` phrasings; empty if one can be."""
    if len(counts) < FOLDS:
        return f"fewer than {FOLDS} FAQs"
    if 2 * sum(count > 1 for count in counts) < len(counts):
        return "most FAQs have no alternate question"
    return ""


def _coefficients(simulated: Evidence, *, passes: int) -> Coefficients:
    """A question counts once in all passes together."""
    coefficients = PRIOR
    for _ in range(ROUNDS):
        ranked = simulated.ranked(coefficients)
        coefficients = fit_coefficients(
            ranked.features,
            ranked.right,
            weights=_weights(ranked.answerable) / passes,
            prior=PRIOR,
            strength=PRIOR_STRENGTH,
            votes=True,
        )
    return coefficients


@dataclass(frozen=True, eq=False)
class _Release:
    """A release's vectors, sorted so that nothing depends on the order of the input.

    ``faqs``: the FAQ of each phrasing in ``vectors``, as a position in ``faq_ids``;
    ``answer_faqs``: that of each row of ``answers``.
    """

    faq_ids: tuple[str, ...]
    vectors: Matrix
    faqs: Positions
    answers: Matrix
    answer_faqs: Positions

    @classmethod
    def of(cls, phrasings: Phrasings, answers: Phrasings) -> _Release:
        # Sorted by digest, not by id: FAQs with similar ids are often similar, and must not be in
        # the same fold.
        faq_ids = tuple(sorted(set(phrasings.faq_ids), key=_digest))
        return cls(faq_ids, *phrasings.sorted_by(faq_ids), *answers.sorted_by(faq_ids))

    @property
    def counts(self) -> Positions:
        """How many phrasings each FAQ has."""
        return np.bincount(self.faqs, minlength=len(self.faq_ids))

    def training_data(self, phrasings: Bools | None = None) -> tuple[Matrix, Positions]:
        """Vectors to train on, and their FAQs; ``phrasings``: a mask, by default all."""
        rows = slice(None) if phrasings is None else phrasings
        if not len(self.answers):
            return self.vectors[rows], self.faqs[rows]
        return (
            np.concatenate([self.vectors[rows], self.answers]),
            np.concatenate([self.faqs[rows], self.answer_faqs]),
        )


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _passes(release: _Release) -> int:
    return PASSES if len(release.faqs) < SMALL else 1


def _simulated_folds(release: _Release) -> Iterator[Evidence]:
    """Simulate questions fold by fold, until there are enough."""
    simulated = 0
    for number in range(_passes(release)):
        random = np.random.default_rng(number)
        fold_of_faq = random.permutation(len(release.faq_ids)) % FOLDS
        fold_of_phrasing = _fold_of_phrasings(release, fold_of_faq + number)
        for fold in range(FOLDS):
            if simulated >= ENOUGH_SIMULATED:
                return
            simulated_fold = _simulate_fold(release, fold_of_faq, fold_of_phrasing, fold)
            simulated += len(simulated_fold)
            yield simulated_fold


def _fold_of_phrasings(release: _Release, first: Positions) -> Positions:
    """The fold that holds out each phrasing; -1: never, because its FAQ has no other phrasing.

    ``first``: the fold of each FAQ's first phrasing.
    """
    fold_of_phrasing = np.empty(len(release.faqs), dtype=np.intp)
    start = 0
    for faq, count in enumerate(release.counts):
        fold_of_phrasing[start : start + count] = (
            (np.arange(count) + first[faq]) % FOLDS if count > 1 else -1
        )
        start += count
    return fold_of_phrasing


def _simulate_fold(
    release: _Release, fold_of_faq: Positions, fold_of_phrasing: Positions, fold: int
) -> Evidence:
    """Hold out every fifth FAQ, and about a fifth of the phrasings of the others."""
    faqs = np.arange(len(release.faq_ids))
    is_missing = fold_of_faq == fold
    missing = is_missing[release.faqs]
    held_out = ~missing & (fold_of_phrasing == fold)
    training = ~missing & ~held_out
    present = faqs[~is_missing]
    vectors, vector_faqs = release.training_data(training)
    is_present = np.isin(vector_faqs, present)

    classifier = train(
        vectors[is_present],
        np.searchsorted(present, vector_faqs[is_present]),
        [release.faq_ids[faq] for faq in present],
    )
    questions = np.concatenate([np.flatnonzero(held_out), np.flatnonzero(missing)])
    expected = release.faqs[questions][:, np.newaxis] == faqs
    expected[:, is_missing] = False
    return Evidence.build(
        release.vectors[questions],
        phrasings=release.vectors[training],
        faqs=release.faqs[training],
        expected=expected,
        classifier=classifier,
        classifier_columns=present,
    ).top_k(PRIOR, count=TOP_FAQS)


def _weights(answerable: Bools) -> Scores:
    """The weight of each question: 1 on average, and unanswerable ones together have
    ``UNANSWERABLE_PROPORTION`` of the total."""
    total, count = len(answerable), int(np.count_nonzero(answerable))
    return np.where(
        answerable,
        (1 - UNANSWERABLE_PROPORTION) * total / max(count, 1),
        UNANSWERABLE_PROPORTION * total / max(total - count, 1),
    )
