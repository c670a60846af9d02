"""A release of random vectors: FAQs in pairs of rivals, phrasings around each, and questions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assistant.calibration.fitting import Fitted
from assistant.calibration.training import Phrasings
from assistant.calibration.training_data import Labelled
from assistant.decision.decision import decide
from assistant.decision.matches import Match
from assistant.evaluation.evaluate import EvaluatedQuestion

DIMENSION = 24
Vectors = npt.NDArray[np.float32]


class Town:
    """``faqs`` FAQs, each with ``phrasings`` phrasings; the same for the same numbers."""

    def __init__(self, *, faqs: int = 20, phrasings: int = 4, seed: int = 7) -> None:
        self._random = np.random.default_rng(seed)
        topics = self._noise(faqs // 2 + 1)
        self._centres = topics[np.arange(faqs) // 2] + 0.7 * self._noise(faqs)
        self.faq_ids = [f"faq-{number:03d}" for number in range(faqs)]
        rows = np.repeat(np.arange(faqs), phrasings)
        self.phrasings = Phrasings(
            [self.faq_ids[row] for row in rows], self._around(self._centres[rows], 0.6)
        )
        self.answers = Phrasings(self.faq_ids, self._around(self._centres, 0.9))

    def questions(self, answerable: int, unanswerable: int) -> Labelled:
        rows = np.arange(answerable) % len(self.faq_ids)
        vectors = self._around(self._centres[rows], 0.9)
        strange = self._around(self._noise(unanswerable), 0.2)
        expected = [frozenset({self.faq_ids[row]}) for row in rows]
        return Labelled(
            np.concatenate([vectors, strange]), [*expected, *[frozenset[str]()] * unanswerable]
        )

    def _noise(self, rows: int) -> npt.NDArray[np.float64]:
        return self._random.normal(size=(rows, DIMENSION)) / np.sqrt(DIMENSION)

    def _around(self, centres: npt.NDArray[np.float64], spread: float) -> Vectors:
        vectors = centres + spread * self._noise(len(centres))
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def reordered(phrasings: Phrasings, order: Sequence[int]) -> Phrasings:
    return Phrasings([phrasings.faq_ids[place] for place in order], phrasings.vectors[list(order)])


def decide_each(fitted: Fitted, questions: Labelled, town: Town) -> list[EvaluatedQuestion]:
    """The questions with their decisions by ``decide``, one at a time."""
    result = []
    for vector, expected in zip(questions.vectors, questions.expected, strict=True):
        votes = fitted.classifier.votes(vector) if fitted.classifier else {}
        similarities = town.phrasings.vectors @ vector
        matches = [
            Match(faq_id, "?", float(similarity), vote=votes.get(faq_id))
            for faq_id, similarity in zip(town.phrasings.faq_ids, similarities, strict=True)
        ]
        result.append(EvaluatedQuestion("?", expected, decide(matches, fitted.policy)))
    return result
