"""Features of many questions at once: similarity, lead and classifier vote for every FAQ.

Pure: numpy only. ``decision.decide`` computes the same features for one question at a time; here
they are matrices, one row per question and one column per FAQ. A test compares the outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from assistant.decision.decision import MAX_OPTIONS, MIN_OF_BEST
from assistant.decision.matches import DECIMALS
from assistant.decision.policy import MIN_LEAD, MIN_VOTE, Coefficients
from assistant.interfaces import Matrix
from assistant.matching.classifier import Classifier, Scores

Bools = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Evidence:
    """``similarity``, ``lead``, ``log_vote`` and ``expected`` have the shape (questions, FAQs).

    ``log_vote`` is 0 everywhere without a classifier. ``expected``: True where the FAQ answers the
    question. ``answerable``: (questions,), True where any FAQ does; others must not be answered.
    """

    similarity: Scores
    lead: Scores
    log_vote: Scores
    expected: Bools
    answerable: Bools

    @classmethod
    def build(
        cls,
        questions: Matrix,
        *,
        phrasings: Matrix,
        faqs: Positions,
        expected: Bools,
        classifier: Classifier | None,
        classifier_columns: Positions | None = None,
    ) -> Evidence:
        """Compare ``questions`` with ``phrasings``; ``faqs`` holds the column of each phrasing.

        ``classifier_columns``: the columns of the classifier's FAQs, by default all in order. The
        similarity of a FAQ without a phrasing is -1.
        """
        similarity = best_similarity(questions, phrasings, faqs, columns=expected.shape[1])
        log_vote = np.zeros_like(similarity)
        if classifier is not None:
            log_vote += log(MIN_VOTE)
            columns = slice(None) if classifier_columns is None else classifier_columns
            log_vote[:, columns] = np.maximum(classifier.log_votes(questions), log(MIN_VOTE))
        answerable = np.asarray(expected.any(axis=1))
        return cls(similarity, _leads(similarity), log_vote, expected, answerable)

    @classmethod
    def concatenate(cls, parts: Sequence[Evidence]) -> Evidence:
        """The questions of all ``parts``, in order."""
        return cls(*map(np.concatenate, zip(*(vars(part).values() for part in parts), strict=True)))

    def __len__(self) -> int:
        return len(self.similarity)

    def rows(self, which: Positions | Bools) -> Evidence:
        return Evidence(*(matrix[which] for matrix in vars(self).values()))

    def top_k(self, coefficients: Coefficients, *, count: int) -> Evidence:
        """Keep only the ``count`` most likely FAQs of each question, to save memory."""
        if self.similarity.shape[1] <= count:
            return self
        logits = self._logits(coefficients)
        columns = np.sort(np.argpartition(-logits, count, axis=1)[:, :count], axis=1)
        rows = np.arange(len(self))[:, np.newaxis]
        return Evidence(
            self.similarity[rows, columns],
            self.lead[rows, columns],
            self.log_vote[rows, columns],
            self.expected[rows, columns],
            self.answerable,
        )

    def ranked(self, coefficients: Coefficients) -> Ranked:
        """The FAQ ranked first for each question, by the confidence of these coefficients."""
        logits = self._logits(coefficients)
        offered = np.argsort(-logits, axis=1, kind="stable")[:, :MAX_OPTIONS]
        first, rows = offered[:, 0], np.arange(len(self))
        confidence = 1.0 / (1.0 + np.exp(-logits[rows[:, np.newaxis], offered]))
        is_likely = confidence >= MIN_OF_BEST * confidence[:, :1]
        return Ranked(
            features=np.column_stack(
                [matrix[rows, first] for matrix in (self.similarity, self.lead, self.log_vote)]
            ),
            confidence=confidence[:, 0],
            right=self.expected[rows, first],
            offered=np.any(self.expected[rows[:, np.newaxis], offered] & is_likely, axis=1),
            answerable=self.answerable,
        )

    def _logits(self, coefficients: Coefficients) -> Scores:
        return (
            coefficients.similarity * self.similarity
            + coefficients.lead * self.lead
            + coefficients.log_vote * self.log_vote
            + coefficients.bias
        )


@dataclass(frozen=True, eq=False)
class Ranked:
    """The FAQ ranked first for each question, one row per question.

    ``features``: (questions, 3), its similarity, lead and log vote. ``right``: True if it answers
    the question. ``offered``: True if one of the first three does.
    """

    features: Scores
    confidence: Scores
    right: Bools
    offered: Bools
    answerable: Bools

    def rows(self, which: Positions | Bools) -> Ranked:
        return Ranked(*(values[which] for values in vars(self).values()))

    def similar(self, threshold: float) -> Bools:
        return np.asarray(self.features[:, 0] >= threshold)

    def answered_by_similarity(self, threshold: float, margin: float) -> Bools:
        """True where similarity and lead alone answer, whatever the confidence."""
        return np.asarray(self.similar(threshold) & (self.features[:, 1] >= margin))

    def near_tie(self) -> Bools:
        """True where no confidence answers, as in ``decision.is_near_tie``."""
        lead = self.features[:, 1]
        return np.asarray((lead >= 0.0) & (lead < MIN_LEAD))


def best_similarity(
    questions: Matrix, phrasings: Matrix, faqs: Positions, *, columns: int
) -> Scores:
    """Cosine, -1..1, with each FAQ's best phrasing, rounded as ``decide`` does; -1 without one."""
    order = np.argsort(faqs, kind="stable")
    present, starts = np.unique(faqs[order], return_index=True)
    similarity = np.full((len(questions), columns), -1.0)
    if len(present):
        products = questions @ phrasings[order].T
        similarity[:, present] = np.maximum.reduceat(products, starts, axis=1)
    return np.round(similarity, DECIMALS)


def _leads(similarity: Scores) -> Scores:
    """The lead of each FAQ over the best other one; 0 where there is no other."""
    if similarity.shape[1] < 2:
        return np.zeros_like(similarity)
    first, second = -np.sort(-similarity, axis=1)[:, :2].T
    rivals = np.where(
        similarity == first[:, np.newaxis], second[:, np.newaxis], first[:, np.newaxis]
    )
    return np.asarray(np.round(similarity - rivals, DECIMALS))


def expected_matrix(expected: Sequence[frozenset[str]], faq_ids: Sequence[str]) -> Bools:
    """Shape (questions, FAQs). Raises ``LookupError`` that names ids without a FAQ."""
    column = {faq_id: place for place, faq_id in enumerate(faq_ids)}
    unknown = sorted({faq_id for ids in expected for faq_id in ids} - column.keys())
    if unknown:
        raise LookupError(f"no FAQ has the id {', '.join(unknown)}")
    matrix = np.zeros((len(expected), len(faq_ids)), dtype=np.bool_)
    for row, ids in enumerate(expected):
        matrix[row, [column[faq_id] for faq_id in ids]] = True
    return matrix
