"""Fit a release's own policy from nothing but the release.

Pure: numpy; scikit-learn, imported where it trains. Deterministic: the same release, in any order,
gives the same policy bit for bit on the same machine.

It trains a classifier of the phrasings. Then it asks the release its own phrasings: each phrasing
as a question to a release that lacks it, and the phrasings of a FAQ as questions to a release that
lacks the FAQ, which hence must not be answered. A confidence fitted on these knows how close and
how crowded this release is. They are tidier than what people type, so they only refine numbers that
were fitted on real questions of four domains (``PRIOR``).

``assistant.calibration.calibrate`` goes on from here where labelled questions exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from assistant.calibration.features import Bools, Evidence, Positions, gather, joined
from assistant.calibration.regression import fit_coefficients
from assistant.decision.policy import Coefficients, ConfidencePolicy, ReleasePolicy
from assistant.interfaces import Matrix
from assistant.matching.classifier import Classifier, Scores

PRIOR = Coefficients(similarity=1.0, lead=4.0, log_vote=1.8, bias=1.8)
"""Fitted on the validation questions of five public question sets of four domains, with 1, 3 and 10
alternates. Without any one domain no weight moves by more than two fifths."""

PRIOR_STRENGTH = 30.0
"""Of ``PRIOR`` against a release's own phrasings."""

ROUNDS = 2
"""The coefficients decide which FAQ comes first, and what comes first decides the coefficients:
a third round changes no digit anyone would see."""

FEWEST_FAQS = 3
"""Of two scikit-learn makes something else."""

FOLDS = 5
ENOUGH_REHEARSED = 2_000
"""Each fold trains a classifier; large releases have seen enough after one."""

NEAREST = 20
"""FAQs looked at for each question."""

LEAST_REHEARSED = 20
"""Questions with an answer; ten FAQs of three phrasings give twice as many."""

UNANSWERABLE_SHARE = 0.25
"""How much rehearsed questions that must not be answered count, about as in the public sets."""

INVERSE_REGULARISATION = 30.0
"""scikit-learn's C; from 10 to 100 it makes no difference on five sets."""


@dataclass(frozen=True, eq=False)
class Phrasings:
    """The id of the FAQ of each row of ``vectors``, which have length 1."""

    faq_ids: Sequence[str]
    vectors: Matrix

    def __post_init__(self) -> None:
        if len(self.faq_ids) != len(self.vectors):
            raise ValueError(f"{len(self.faq_ids)} ids for {len(self.vectors)} vectors")

    def sorted_by(self, faq_ids: Sequence[str]) -> tuple[Matrix, Positions]:
        """The vectors of these FAQs, and the position of each one's in ``faq_ids``.

        In the order of ``faq_ids``, and the same whatever the order they came in.
        """
        column = {faq_id: place for place, faq_id in enumerate(faq_ids)}
        rows = sorted(
            (column[faq_id], vector.tobytes(), place)
            for place, (faq_id, vector) in enumerate(zip(self.faq_ids, self.vectors, strict=True))
            if faq_id in column
        )
        places = np.array([place for _, _, place in rows], dtype=np.intp)
        return self.vectors[places], np.array([faq for faq, _, _ in rows], dtype=np.intp)


NONE = Phrasings((), np.empty((0, 0), dtype=np.float32))


@dataclass(frozen=True, eq=False)
class Fitted:
    """What decides for a release. Without a classifier it is the shipped policy, and ``why``."""

    policy: ConfidencePolicy
    classifier: Classifier | None
    rehearsed: int = 0
    why: str = ""


def fit_release(phrasings: Phrasings, *, answers: Phrasings = NONE) -> Fitted:
    """The policy of a release, and the classifier it needs.

    ``answers``: the vectors of each FAQ's question together with its answer. The classifier learns
    from them too, which helps most where FAQs have few phrasings.

    Falls back to the shipped policy when there are too few FAQs or too few have alternates.
    """
    release = _Release.of(phrasings, answers)
    missing = too_little(release.counts.tolist())
    if missing:
        return Fitted(ConfidencePolicy(), None, why=missing)

    with one_thread():
        rehearsed = joined(list(_rehearsals(release)))
        if np.count_nonzero(rehearsed.answerable) < LEAST_REHEARSED:
            return Fitted(ConfidencePolicy(), None, why="too few alternate questions")
        classifier = train(*release.taught(), release.faq_ids)
        coefficients = _coefficients(rehearsed)
    return Fitted(ReleasePolicy(coefficients=coefficients), classifier, len(rehearsed))


def too_little(counts: Sequence[int]) -> str:
    """Why nothing can be fitted, given how many phrasings each FAQ has; empty if it may be."""
    if len(counts) < FOLDS:
        return f"fewer than {FOLDS} FAQs"
    if 2 * sum(count > 1 for count in counts) < len(counts):
        return "most FAQs have no alternate question"
    return ""


def _coefficients(rehearsed: Evidence) -> Coefficients:
    coefficients = PRIOR
    for _ in range(ROUNDS):
        ranked = rehearsed.ranked(coefficients)
        coefficients = fit_coefficients(
            ranked.features,
            ranked.right,
            weights=_weights(ranked.answerable),
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
    """Multinomial logistic regression; every FAQ counts the same, however many phrasings it has.

    ``faqs``: the position in ``faq_ids`` of each row of ``vectors``; each id occurs, and there are
    at least ``FEWEST_FAQS`` of them. ``start``: one of the same FAQs, to get there sooner.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(
        C=INVERSE_REGULARISATION, class_weight="balanced", max_iter=300, warm_start=True
    )
    if start is not None:
        model.coef_, model.intercept_ = start.weights, start.bias
    model.fit(vectors.astype(np.float32), faqs)
    # In the order a stored one comes back in: a product adds up in the order of its rows.
    weights = np.ascontiguousarray(model.coef_, dtype=np.float32)
    return Classifier(tuple(faq_ids), weights, model.intercept_.astype(np.float32))


def one_thread() -> Any:
    """Products that do not depend on how many cores there are, and do not fight over them."""
    # Only libraries that are loaded by now are held to one thread.
    import sklearn.linear_model  # noqa: F401
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


@dataclass(frozen=True, eq=False)
class _Release:
    """Sorted, so that nothing depends on the order of the input.

    ``faqs`` is the position in ``faq_ids`` of the FAQ of each phrasing in ``vectors``,
    ``answered_faqs`` that of each of ``answers``.
    """

    faq_ids: tuple[str, ...]
    vectors: Matrix
    faqs: Positions
    answers: Matrix
    answered_faqs: Positions

    @classmethod
    def of(cls, phrasings: Phrasings, answers: Phrasings) -> _Release:
        # Numbered in an order that has nothing to do with the ids: FAQs named alike, which are
        # often rivals, must not fall into one fold.
        faq_ids = tuple(sorted(set(phrasings.faq_ids), key=_digest))
        return cls(faq_ids, *phrasings.sorted_by(faq_ids), *answers.sorted_by(faq_ids))

    @property
    def counts(self) -> Positions:
        """How many phrasings each FAQ has."""
        return np.bincount(self.faqs, minlength=len(self.faq_ids))

    def taught(self, known: Bools | None = None) -> tuple[Matrix, Positions]:
        """What a classifier learns from, and of which FAQ each is; of the phrasings, the known."""
        which = slice(None) if known is None else known
        if not len(self.answers):
            return self.vectors[which], self.faqs[which]
        return (
            np.concatenate([self.vectors[which], self.answers]),
            np.concatenate([self.faqs[which], self.answered_faqs]),
        )


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _rehearsals(release: _Release) -> Iterator[Evidence]:
    """Ask the release its own phrasings, fold by fold, until enough were asked."""
    asked = 0
    turns = _turns(release)
    for fold in range(FOLDS):
        if asked >= ENOUGH_REHEARSED:
            return
        rehearsal = _rehearsal(release, turns, fold)
        asked += len(rehearsal)
        yield rehearsal


def _turns(release: _Release) -> Positions:
    """In which fold each phrasing is held back; -1 never, for the last that speaks for its FAQ."""
    turns = np.empty(len(release.faqs), dtype=np.intp)
    start = 0
    for faq, count in enumerate(release.counts):
        turns[start : start + count] = (np.arange(count) + faq) % FOLDS if count > 1 else -1
        start += count
    return turns


def _rehearsal(release: _Release, turns: Positions, fold: int) -> Evidence:
    """Every fifth FAQ is missing from the release, and about a fifth of the others' phrasings."""
    faqs = np.arange(len(release.faq_ids))
    missing = np.isin(release.faqs, faqs[faqs % FOLDS == fold])
    held = ~missing & (turns == fold)
    known = ~missing & ~held
    present = faqs[faqs % FOLDS != fold]
    vectors, taught = release.taught(known)
    there = np.isin(taught, present)

    classifier = train(
        vectors[there],
        np.searchsorted(present, taught[there]),
        [release.faq_ids[faq] for faq in present],
    )
    asked = np.concatenate([np.flatnonzero(held), np.flatnonzero(missing)])
    expected = release.faqs[asked][:, np.newaxis] == faqs
    expected[:, faqs % FOLDS == fold] = False
    return gather(
        release.vectors[asked],
        phrasings=release.vectors[known],
        faqs=release.faqs[known],
        expected=expected,
        classifier=classifier,
        voted=present,
    ).nearest(PRIOR, count=NEAREST)


def _weights(answerable: Bools) -> Scores:
    """One a question on average; those without an answer make up ``UNANSWERABLE_SHARE``."""
    total, answered = len(answerable), int(np.count_nonzero(answerable))
    return np.where(
        answerable,
        (1 - UNANSWERABLE_SHARE) * total / max(answered, 1),
        UNANSWERABLE_SHARE * total / max(total - answered, 1),
    )
