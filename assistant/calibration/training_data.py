"""Labelled questions, and what a release can learn from them without fooling itself.

Pure: numpy, and scikit-learn where ``assistant.calibration.fitting`` trains.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.calibration.features import Bools, Evidence, Positions, expected_matrix, gather
from assistant.calibration.fitting import Fitted, Phrasings, train
from assistant.interfaces import Matrix
from assistant.matching.classifier import Classifier

FOLDS = 5

ENOUGH_CROSSED = 1_000
"""Each fifth trains a classifier; where questions are many, some fifths tell enough."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Questions with the ids of the FAQs that answer each; none: no FAQ does."""

    vectors: Matrix
    expected: Sequence[frozenset[str]]

    def __post_init__(self) -> None:
        if len(self.vectors) != len(self.expected):
            raise ValueError(f"{len(self.expected)} labels for {len(self.vectors)} vectors")

    def in_order(self) -> Labelled:
        """The same for any order of the questions."""
        keys = [
            (vector.tobytes(), sorted(ids))
            for vector, ids in zip(self.vectors, self.expected, strict=True)
        ]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return Labelled(self.vectors[order], [self.expected[place] for place in order])


@dataclass(frozen=True, eq=False)
class Lesson:
    """A release and the labelled questions it can learn from, all by the position in ``faq_ids``.

    ``faqs`` is that of each phrasing in ``vectors``, ``taught_faqs`` that of each vector the
    classifier learns from; ``expected``: (questions, FAQs).
    """

    faq_ids: tuple[str, ...]
    vectors: Matrix
    faqs: Positions
    taught_vectors: Matrix
    taught_faqs: Positions
    questions: Matrix
    expected: Bools

    @classmethod
    def of(
        cls, fitted: Fitted, phrasings: Phrasings, answers: Phrasings, labelled: Labelled
    ) -> Lesson:
        known = fitted.classifier
        faq_ids = known.faq_ids if known else tuple(sorted(set(phrasings.faq_ids)))
        expected = expected_matrix(labelled.expected, faq_ids)
        vectors, faqs = phrasings.sorted_by(faq_ids)
        more, more_faqs = answers.sorted_by(faq_ids)
        return cls(
            faq_ids,
            vectors,
            faqs,
            np.concatenate([vectors, more]) if len(more) else vectors,
            np.concatenate([faqs, more_faqs]),
            labelled.vectors,
            expected,
        )

    @property
    def answerable(self) -> Bools:
        return np.asarray(self.expected.any(axis=1))

    def evidence(self, classifier: Classifier | None) -> Evidence:
        return gather(
            self.questions,
            phrasings=self.vectors,
            faqs=self.faqs,
            expected=self.expected,
            classifier=classifier,
        )

    def taught(self, start: Classifier | None, *, without: Bools | None = None) -> Classifier:
        """A classifier of the phrasings and the labelled questions, but for those ``without``."""
        labelled = self.expected.copy()
        if without is not None:
            labelled[without] = False
        rows, columns = np.nonzero(labelled)
        return train(
            np.concatenate([self.taught_vectors, self.questions[rows]]),
            np.concatenate([self.taught_faqs, columns]),
            self.faq_ids,
            start=start,
        )

    def crossed(self, start: Classifier | None) -> Iterator[tuple[Bools, Evidence]]:
        """Fifths of the questions, each judged by a classifier that did not learn from it."""
        judged = 0
        for held in folds(self.answerable, repeats=1):
            if judged >= ENOUGH_CROSSED:
                return
            judged += int(np.count_nonzero(held))
            asked = replace(self, questions=self.questions[held], expected=self.expected[held])
            yield held, asked.evidence(self.taught(start, without=held))


def folds(answerable: Bools, *, repeats: int) -> Iterator[Bools]:
    """Each fold with its share of questions with and without an answer."""
    fold = np.empty(len(answerable), dtype=np.intp)
    for repeat in range(repeats):
        dealer = np.random.default_rng(repeat)
        for which in (answerable, ~answerable):
            fold[which] = dealer.permutation(np.count_nonzero(which)) % FOLDS
        for number in range(FOLDS):
            yield fold == number
