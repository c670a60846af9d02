"""A release in memory, and what it decides about questions, from stored vectors alone."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from assistant.calibration.calibrate import Labelled, calibrate
from assistant.calibration.fitting import Fitted, fit_release
from assistant.calibration.training import Phrasings
from assistant.decision.decision import Decision
from assistant.decision.message import MATCHES, decide_message
from assistant.embedding.vector_cache import VectorCache, normalised
from assistant.evaluation.evaluate import EvaluatedQuestion
from assistant.interfaces import Matrix, Progress
from assistant.matching.entries import entries, phrasings, training_text
from assistant.matching.loaded_release import LoadedRelease
from assistant.matching.matrix import ReleaseMatrix
from assistant.text.cleaning import strip_pleasantries
from benchmarks.answer_quality.vector_store import VectorStore
from faq.content import Content

Question = tuple[str, str]
"""A text and the id of the FAQ that answers it; empty where none does."""


class StoredVectors:
    """An embedder whose vectors come from a store."""

    name = "all-MiniLM-L6-v2"
    dimension = 384

    def __init__(self, store: VectorStore) -> None:
        self._store = store

    @cached_property
    def words(self) -> Mapping[str, int]:
        return self._store.words()

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        self._store.add(texts)
        return np.stack([self._store[text] for text in texts])


class OfflineRelease:
    """The FAQs of a question set with the first ``alternates`` of each."""

    def __init__(self, folder: Path, alternates: int, store: VectorStore) -> None:
        self._embedder = StoredVectors(store)
        contents = sorted(read_faqs(folder, alternates), key=lambda content: content.slug)
        texts = [*phrasings(contents), *map(training_text, contents)]
        vectors = dict(zip(texts, self._embedder.embed(texts), strict=True))
        stored = entries(contents, vectors)
        questions = Phrasings(
            tuple(entry.faq_id for entry in stored), np.stack([entry.vector for entry in stored])
        )
        answers = Phrasings(
            tuple(content.slug for content in contents),
            np.stack([vectors[training_text(content)] for content in contents]),
        )
        self._phrasings, self._answers = questions, answers
        self.fitted: Fitted = fit_release(questions, answers=answers)
        self._release = LoadedRelease(
            pk=0,
            number=None,
            contents={content.slug: content for content in contents},
            matrix=ReleaseMatrix(stored),
            classifier=self.fitted.classifier,
            embedder=VectorCache(self._embedder),
        )

    def calibrated(self, questions: Sequence[Question], *, precision: float) -> OfflineRelease:
        """This release with its policy calibrated on ``questions``, where that improves it."""
        texts = [normalised(strip_pleasantries(text)) for text, _ in questions]
        expected = [frozenset(filter(None, [faq_id])) for _, faq_id in questions]
        calibration = calibrate(
            self.fitted,
            self._phrasings,
            Labelled(self._embedder.embed(texts), expected),
            answers=self._answers,
            precision=precision,
        )
        if not calibration.is_improvement:
            return self
        release = copy(self)
        release.fitted = calibration.fitted
        release._release = replace(self._release, classifier=calibration.fitted.classifier)
        return release

    def decide(self, questions: Sequence[Question]) -> list[EvaluatedQuestion]:
        """What the release decides about each question, with the policy fitted for it."""
        messages = [self._release.message(text) for text, _ in questions]
        # Embedded at once: loading the model costs more than any of them.
        self._embedder.embed([normalised(text) for message in messages for text in message.texts])
        return [
            EvaluatedQuestion(text, frozenset(filter(None, [expected])), self._decide(text))
            for text, expected in questions
        ]

    def _decide(self, text: str) -> Decision:
        message = self._release.message(text)
        vectors = self._release.embed(message.texts).vectors
        matches = {
            text: self._release.search(
                text, vectors[text], limit=MATCHES, also=message.also
            ).matches
            for text in message.texts
        }
        return decide_message(message, matches, self.fitted.policy, self._release.wording)


def read_faqs(folder: Path, alternates: int) -> list[Content]:
    """The FAQs of ``faq.csv`` and ``faq_alternates.csv``."""
    by_faq: dict[str, list[str]] = {}
    for row in _rows(folder / "faq_alternates.csv"):
        by_faq.setdefault(row["id"], []).append(row["alternate_question"])
    return [
        Content(
            row["id"],
            row["question"],
            row["answer"],
            row["category"],
            tuple(by_faq.get(row["id"], [])[:alternates]),
        )
        for row in _rows(folder / "faq.csv")
    ]


def read_questions(path: Path) -> list[Question]:
    """The rows of a file with the columns ``query,expected_id``."""
    return [(row["query"], row["expected_id"]) for row in _rows(path)]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
