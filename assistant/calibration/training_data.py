"""Labelled questions, and the cross-validated training of a release's classifier on them.

Pure: numpy, and scikit-learn for training.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.calibration.features import Bools, Evidence, Positions, expected_matrix
from assistant.calibration.fitting import Fitted
from assistant.calibration.training import Phrasings, train
from assistant.interfaces import Matrix
from assistant.matching.classifier import Classifier

FOLDS = 5

ENOUGH_CROSS_VALIDATED = 1_000
"""Questions. Each fold trains a classifier; with many questions, a few folds are enough."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Question vectors, and for each the ids of the FAQs that answer it; empty: no FAQ does."""

    vectors: Matrix
    expected: Sequence[frozenset[str]]

    def __post_init__(self) -> None:
        if len(self.vectors) != len(self.expected):
            raise ValueError(f"{len(self.expected)} labels for {len(self.vectors)} vectors")

    def in_order(self) -> Labelled:
        """The questions in an order that does not depend on the input's."""
        keys = [
            # By values, so that vectors that differ only in the last digits keep their folds.
            (vector.tolist(), sorted(ids))
            for vector, ids in zip(self.vectors, self.expected, strict=True)
        ]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return Labelled(self.vectors[order], [self.expected[place] for place in order])


@dataclass(frozen=True, eq=False)
class TrainingData:
    """A release and the labelled questions its classifier can learn from.

    FAQs are positions in ``faq_ids``: ``faqs`` holds the FAQ of each phrasing in ``vectors``,
    ``training_faqs`` that of each row of ``training_vectors``. ``expected``: (questions, FAQs).
    """

    faq_ids: tuple[str, ...]
    vectors: Matrix
    faqs: Positions
    training_vectors: Matrix
    training_faqs: Positions
    questions: Matrix
    expected: Bools

    @classmethod
    def of(
        cls, fitted: Fitted, phrasings: Phrasings, answers: Phrasings, labelled: Labelled
    ) -> TrainingData:
        classifier = fitted.classifier
        faq_ids = classifier.faq_ids if classifier else tuple(sorted(set(phrasings.faq_ids)))
        expected = expected_matrix(labelled.expected, faq_ids)
        vectors, faqs = phrasings.sorted_by(faq_ids)
        answer_vectors, answer_faqs = answers.sorted_by(faq_ids)
        return cls(
            faq_ids,
            vectors,
            faqs,
            np.concatenate([vectors, answer_vectors]) if len(answer_vectors) else vectors,
            np.concatenate([faqs, answer_faqs]),
            labelled.vectors,
            expected,
        )

    @property
    def answerable(self) -> Bools:
        return np.asarray(self.expected.any(axis=1))

    def evidence(self, classifier: Classifier | None) -> Evidence:
        return Evidence.build(
            self.questions,
            phrasings=self.vectors,
            faqs=self.faqs,
            expected=self.expected,
            classifier=classifier,
        )

    def train(self, start: Classifier | None, *, without: Bools | None = None) -> Classifier:
        """Train on the phrasings and the labelled questions, except those in ``without``."""
        labelled = self.expected.copy()
        if without is not None:
            labelled[without] = False
        rows, columns = np.nonzero(labelled)
        return train(
            np.concatenate([self.training_vectors, self.questions[rows]]),
            np.concatenate([self.training_faqs, columns]),
            self.faq_ids,
            start=start,
        )

    def cross_validated(self, start: Classifier | None) -> Iterator[tuple[Bools, Evidence]]:
        """Each fold of the questions, as a mask, with evidence of a classifier without it."""
        evaluated = 0
        for fold in folds(self.answerable, repeats=1):
            if evaluated >= ENOUGH_CROSS_VALIDATED:
                return
            evaluated += int(np.count_nonzero(fold))
            test_data = replace(self, questions=self.questions[fold], expected=self.expected[fold])
            yield fold, test_data.evidence(self.train(start, without=fold))


def folds(answerable: Bools, *, repeats: int) -> Iterator[Bools]:
    """Stratified folds, as masks: each has its share of questions with and without an answer."""
    fold = np.empty(len(answerable), dtype=np.intp)
    for repeat in range(repeats):
        random = np.random.default_rng(repeat)
        for which in (answerable, ~answerable):
            fold[which] = random.permutation(np.count_nonzero(which)) % FOLDS
        for number in range(FOLDS):
            yield fold == number
