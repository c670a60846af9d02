"""What a release's phrasings and its classifier say about many questions at once.

Pure: numpy only. The same features ``decision.decide`` looks at one question at a time, as matrices
of one row a question and one column a FAQ; a test holds the two to the same outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from assistant.decision.decision import DECIMALS, MAX_OPTIONS
from assistant.decision.policy import LEAST_VOTE, Coefficients
from assistant.interfaces import Matrix
from assistant.matching.classifier import Classifier, Scores

Bools = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Evidence:
    """``similarity``, ``lead``, ``log_vote`` and ``expected``: each (questions, FAQs).

    ``log_vote`` is 0 everywhere without a classifier. ``expected``: whether that FAQ is an answer
    to that question. ``answerable``: (questions,), whether any is; the others must not be answered.
    """

    similarity: Scores
    lead: Scores
    log_vote: Scores
    expected: Bools
    answerable: Bools

    def __len__(self) -> int:
        return len(self.similarity)

    def rows(self, which: Positions | Bools) -> Evidence:
        return Evidence(*(matrix[which] for matrix in vars(self).values()))

    def nearest(self, coefficients: Coefficients, *, count: int) -> Evidence:
        """Only the ``count`` likeliest FAQs of each question: all that matters, and much less."""
        if self.similarity.shape[1] <= count:
            return self
        logits = self._logits(coefficients)
        columns = np.sort(np.argpartition(-logits, count, axis=1)[:, :count], axis=1)
        each = np.arange(len(self))[:, np.newaxis]
        return Evidence(
            self.similarity[each, columns],
            self.lead[each, columns],
            self.log_vote[each, columns],
            self.expected[each, columns],
            self.answerable,
        )

    def ranked(self, coefficients: Coefficients) -> Ranked:
        """The first FAQ of each question by these coefficients' confidence, as ``decide`` ranks."""
        logits = self._logits(coefficients)
        offered = np.argsort(-logits, axis=1, kind="stable")[:, :MAX_OPTIONS]
        first, each = offered[:, 0], np.arange(len(self))
        return Ranked(
            features=np.column_stack(
                [matrix[each, first] for matrix in (self.similarity, self.lead, self.log_vote)]
            ),
            confidence=1.0 / (1.0 + np.exp(-logits[each, first])),
            right=self.expected[each, first],
            offered=np.asarray(self.expected[each[:, np.newaxis], offered].any(axis=1)),
            answerable=self.answerable,
        )

    def _logits(self, coefficients: Coefficients) -> Scores:
        return (
            coefficients.similarity * self.similarity
            + coefficients.lead * self.lead
            + coefficients.log_vote * self.log_vote
            + coefficients.bias
        )


def joined(parts: Sequence[Evidence]) -> Evidence:
    """The questions of each, one after the other."""
    return Evidence(
        *map(np.concatenate, zip(*(vars(part).values() for part in parts), strict=True))
    )


@dataclass(frozen=True, eq=False)
class Ranked:
    """One row a question, about the FAQ ranked first.

    ``features``: (questions, 3), its similarity, lead and log vote; ``right``: it is an answer;
    ``offered``: one of the first three is.
    """

    features: Scores
    confidence: Scores
    right: Bools
    offered: Bools
    answerable: Bools

    def similar(self, threshold: float) -> Bools:
        return np.asarray(self.features[:, 0] >= threshold)

    def at_once(self, threshold: float, margin: float) -> Bools:
        """Which ones are answered whatever their confidence."""
        return np.asarray(self.similar(threshold) & (self.features[:, 1] >= margin))


def gather(
    questions: Matrix,
    *,
    phrasings: Matrix,
    faqs: Positions,
    expected: Bools,
    classifier: Classifier | None,
    voted: Positions | None = None,
) -> Evidence:
    """Compare ``questions`` with ``phrasings``, of which ``faqs`` says the column of each row.

    ``voted`` gives the columns of the classifier's FAQs, by default all in order. FAQs without a
    phrasing here are as far away as can be.
    """
    similarity = best_similarity(questions, phrasings, faqs, columns=expected.shape[1])
    log_vote = np.zeros_like(similarity)
    if classifier is not None:
        log_vote += log(LEAST_VOTE)
        columns = slice(None) if voted is None else voted
        log_vote[:, columns] = np.maximum(classifier.log_votes(questions), log(LEAST_VOTE))
    answerable = np.asarray(expected.any(axis=1))
    return Evidence(similarity, _leads(similarity), log_vote, expected, answerable)


def best_similarity(
    questions: Matrix, phrasings: Matrix, faqs: Positions, *, columns: int
) -> Scores:
    """Cosine with the best phrasing of each FAQ, rounded as ``decide`` does; -1 without one."""
    order = np.argsort(faqs, kind="stable")
    present, starts = np.unique(faqs[order], return_index=True)
    similarity = np.full((len(questions), columns), -1.0)
    if len(present):
        products = questions @ phrasings[order].T
        similarity[:, present] = np.maximum.reduceat(products, starts, axis=1)
    return np.round(similarity, DECIMALS)


def _leads(similarity: Scores) -> Scores:
    """Of each FAQ over the best other one; 0 where there is no other."""
    if similarity.shape[1] < 2:
        return np.zeros_like(similarity)
    first, second = -np.sort(-similarity, axis=1)[:, :2].T
    rivals = np.where(
        similarity == first[:, np.newaxis], second[:, np.newaxis], first[:, np.newaxis]
    )
    return np.asarray(np.round(similarity - rivals, DECIMALS))


def expected_matrix(expected: Sequence[frozenset[str]], faq_ids: Sequence[str]) -> Bools:
    """(questions, FAQs). ``LookupError`` names ids that no FAQ has."""
    column = {faq_id: place for place, faq_id in enumerate(faq_ids)}
    unknown = sorted({faq_id for ids in expected for faq_id in ids} - column.keys())
    if unknown:
        raise LookupError(f"no FAQ has the id {', '.join(unknown)}")
    matrix = np.zeros((len(expected), len(faq_ids)), dtype=np.bool_)
    for row, ids in enumerate(expected):
        matrix[row, [column[faq_id] for faq_id in ids]] = True
    return matrix
