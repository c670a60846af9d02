"""What people do without this site: encode, one product, the closest row, and a line of JSON."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Collection, Iterator

import numpy as np

from assistant import vectors
from assistant.embedder import SentenceTransformerEmbedder
from assistant.entries import phrasings
from assistant.interfaces import Matrix
from faq.content import Content


class ByHand:
    """Exact, in float32, and with a log of what was asked."""

    def __init__(
        self, embedder: SentenceTransformerEmbedder, matrix: Matrix, slugs: list[str]
    ) -> None:
        self._embedder, self._matrix, self._slugs = embedder, matrix, slugs
        # For as long as this lives; nobody reads it.
        self._log = tempfile.TemporaryFile("w", encoding="utf-8")  # noqa: SIM115

    @classmethod
    def of(cls, contents: Collection[Content], model: str) -> ByHand:
        """Raises ``EmbedderUnavailable``."""
        embedder = SentenceTransformerEmbedder(model)
        embedder.load()
        known = vectors.stored(embedder.name, phrasings(contents))
        matrix = np.stack([known[text] for text in phrasings(contents)])
        return cls(embedder, matrix, [each.slug for each in contents for _ in each.phrasings])

    def answer(self, text: str) -> str:
        """The slug of the closest FAQ."""
        similarities = self._matrix @ self._embedder.embed([text])[0]
        best = int(similarities.argmax())
        slug = self._slugs[best]
        line = {"at": time.time(), "q": text, "a": slug, "similarity": float(similarities[best])}
        self._log.write(json.dumps(line) + "\n")
        self._log.flush()
        return slug


def time_each(work: Callable[[str], object], texts: Iterator[str], seconds: float) -> list[float]:
    """Milliseconds of each, one after the other for so many seconds; at least one."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while not taken or time.perf_counter() < end:
        started = time.perf_counter()
        work(next(texts))
        taken.append((time.perf_counter() - started) * 1000)
    return taken
