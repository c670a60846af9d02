"""Fit a release's policy from its own phrasings, without labelled questions.

Pure: numpy; scikit-learn, imported where it trains. Deterministic: the same release, in any order,
gives the same policy bit for bit on the same machine.

It trains a classifier of the phrasings. Then it simulates questions by cross-validation: phrasings
are held out and asked as questions that the rest of the release should answer, and whole FAQs are
held out, whose phrasings must not be answered. A confidence fitted on these adapts to how similar
the FAQs of this release are. Phrasings are tidier than what people type, so they only refine
numbers that were fitted on real questions of four domains (``PRIOR``).

``assistant.calibration.calibrate`` continues from here where labelled questions exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from assistant.calibration.features import Bools, Evidence, Positions
from assistant.calibration.regression import fit_coefficients
from assistant.decision.policy import Coefficients, ConfidencePolicy, ReleasePolicy
from assistant.interfaces import Matrix
from assistant.matching.classifier import Classifier, Scores

PRIOR = Coefficients(similarity=1.0, lead=4.0, log_vote=1.8, bias=1.8)
"""Fitted on the validation questions of five public question sets of four domains, with 1, 3 and 10
alternates. Leaving out any one domain changes no weight by more than 40 %."""

PRIOR_STRENGTH = 30.0
"""Weight of ``PRIOR`` against a release's own phrasings; see ``fit_coefficients``."""

ROUNDS = 2
"""The coefficients decide which FAQ ranks first, and the FAQ ranked first decides the coefficients.
A third iteration changes no visible digit."""

FEWEST_FAQS = 3
"""With two classes scikit-learn fits a binary model of another shape."""

FOLDS = 5
ENOUGH_SIMULATED = 2_000
"""Questions. Each fold trains a classifier; for large releases one fold is enough."""

SMALL = 500
PASSES = 3
"""Over the phrasings, held out in other combinations each time, for releases with fewer than
``SMALL``: in one pass, the combination alone put the coverage of 45 FAQs anywhere from 41 to 47 %;
with three, vectors equal to .9999 move it by 1 point."""

TOP_FAQS = 20
"""FAQs compared for each question."""

LEAST_SIMULATED = 20
"""Answerable questions; ten FAQs of three phrasings give twice as many."""

UNANSWERABLE_PROPORTION = 0.25
"""Weight of the simulated unanswerable questions, about as in the public question sets."""

INVERSE_REGULARISATION = 30.0
"""scikit-learn's C; from 10 to 100 it makes no difference on five sets."""


@dataclass(frozen=True, eq=False)
class Phrasings:
    """Unit vectors, shape (n, dimension), and the FAQ id of each."""

    faq_ids: Sequence[str]
    vectors: Matrix

    def __post_init__(self) -> None:
        if len(self.faq_ids) != len(self.vectors):
            raise ValueError(f"{len(self.faq_ids)} ids for {len(self.vectors)} vectors")

    def sorted_by(self, faq_ids: Sequence[str]) -> tuple[Matrix, Positions]:
        """The vectors of these FAQs, and each vector's FAQ as a position in ``faq_ids``.

        Sorted by ``faq_ids``; the result does not depend on the order of the input.
        """
        column = {faq_id: place for place, faq_id in enumerate(faq_ids)}
        rows = sorted(
            (column[faq_id], vector.tolist(), place)
            for place, (faq_id, vector) in enumerate(zip(self.faq_ids, self.vectors, strict=True))
            if faq_id in column
        )
        places = np.array([place for _, _, place in rows], dtype=np.intp)
        return self.vectors[places], np.array([faq for faq, _, _ in rows], dtype=np.intp)


NONE = Phrasings((), np.empty((0, 0), dtype=np.float32))


@dataclass(frozen=True, eq=False)
class Fitted:
    """A release's policy. Without a classifier it is the shipped one, and ``why`` gives the reason.

    ``simulated``: how many questions it was fitted on.
    """

    policy: ConfidencePolicy
    classifier: Classifier | None
    simulated: int = 0
    why: str = ""


def fit_release(phrasings: Phrasings, *, answers: Phrasings = NONE) -> Fitted:
    """The policy of a release, and the classifier it needs.

    ``answers``: the vectors of each FAQ's question together with its answer. The classifier learns
    from them too, which helps most where FAQs have few phrasings.

    Returns the shipped policy when there are too few FAQs or too few have alternates.
    """
    release = _Release.of(phrasings, answers)
    reason = reason_not_to_fit(release.counts.tolist())
    if reason:
        return Fitted(ConfidencePolicy(), None, why=reason)

    with one_thread():
        simulated = Evidence.concatenate(list(_simulated_folds(release)))
        if np.count_nonzero(simulated.answerable) < LEAST_SIMULATED * _passes(release):
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
    """Of each question asked in several passes, all together count once."""
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


def train(
    vectors: Matrix,
    faqs: Positions,
    faq_ids: Sequence[str],
    *,
    start: Classifier | None = None,
) -> Classifier:
    """Multinomial logistic regression; every FAQ has the same weight.

    ``faqs``: the position in ``faq_ids`` of each row of ``vectors``; each id occurs, and there are
    at least ``FEWEST_FAQS`` of them. ``start``: a classifier of the same FAQs, for a warm start.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(
        C=INVERSE_REGULARISATION, class_weight="balanced", max_iter=300, warm_start=True
    )
    if start is not None:
        model.coef_, model.intercept_ = start.weights, start.bias
    model.fit(vectors.astype(np.float32), faqs)
    # The same memory layout as a stored classifier: the sums of a product depend on it.
    weights = np.ascontiguousarray(model.coef_, dtype=np.float32)
    return Classifier(tuple(faq_ids), weights, model.intercept_.astype(np.float32))


def one_thread() -> Any:
    """A context with one BLAS thread: results do not depend on the number of cores."""
    # threadpool_limits only affects libraries that are already loaded.
    import sklearn.linear_model  # noqa: F401
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


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
    """Of each question, 1 on average; unanswerable ones add up to ``UNANSWERABLE_PROPORTION``."""
    total, answered = len(answerable), int(np.count_nonzero(answerable))
    return np.where(
        answerable,
        (1 - UNANSWERABLE_PROPORTION) * total / max(answered, 1),
        UNANSWERABLE_PROPORTION * total / max(total - answered, 1),
    )
