"""Deterministic fakes of the embedder and the index; they pass the contract tests of both."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from assistant.chroma.entries import check_limit, check_name, check_unique
from assistant.decision.matches import DECIMALS, Match
from assistant.interfaces import (
    Drift,
    Entry,
    IndexMismatch,
    Matrix,
    Progress,
    Vector,
)


class HashEmbedder:
    """A bag of words: texts with common words are similar. Ignores case."""

    def __init__(self, *, dimension: int = 64) -> None:
        self._dimension = dimension

    @property
    def name(self) -> str:
        return f"hash-{self._dimension}"

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def words(self) -> Mapping[str, int]:
        return {}

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        """One unit vector per text, in the order given; shape (len(texts), dimension)."""
        vectors = np.zeros((len(texts), self._dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            # A text without words needs a direction as well.
            for word in re.findall(r"\w+", text.lower()) or [""]:
                vectors[row, self._column(word)] += 1.0
            vectors[row] /= np.linalg.norm(vectors[row])
            if progress:
                progress(1)
        return vectors

    def _column(self, word: str) -> int:
        digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self._dimension


class MemoryIndex:
    """Collections in a dictionary, searched exactly."""

    def __init__(self) -> None:
        self._collections: dict[str, dict[str, Entry]] = {}

    def sync(
        self, name: str, entries: Iterable[Entry], *, progress: Progress | None = None
    ) -> None:
        """Make the collection hold exactly these entries."""
        check_name(name)
        new = list(entries)
        check_unique(new)
        for entry in new:
            self._check_dimension(name, entry.vector)
        self._collections[name] = {entry.key: entry for entry in new}
        if progress:
            progress(len(new))

    def search(self, name: str, vector: Vector, *, limit: int) -> list[Match]:
        """The nearest phrasings, best first, with cosine similarity in [-1, 1]."""
        check_name(name)
        check_limit(limit)
        self._check_dimension(name, vector)
        matches = [_match(entry, vector) for entry in self._entries(name).values()]
        matches.sort(key=lambda match: (-match.similarity, match.faq_id, match.phrasing))
        return matches[:limit]

    def nearest_faqs(
        self, name: str, vector: Vector, *, limit: int, category: str = ""
    ) -> list[str]:
        """The ids of the FAQs of the ``limit`` nearest phrasings, nearest first, each once."""
        matches = self.search(name, vector, limit=len(self._entries(name)) or 1)
        faq_ids = [match.faq_id for match in matches if category in ("", match.category)]
        return list(dict.fromkeys(faq_ids[:limit]))

    def drift(self, name: str, entries: Sequence[Entry]) -> Drift:
        """Compare keys, texts and vectors of the collection with what it should hold."""
        check_name(name)
        check_unique(entries)
        stored = self._entries(name)
        expected = {entry.key: entry for entry in entries}
        return Drift(
            missing=tuple(sorted(expected.keys() - stored.keys())),
            surplus=tuple(sorted(stored.keys() - expected.keys())),
            changed=tuple(
                sorted(
                    key
                    for key in expected.keys() & stored.keys()
                    if not _same(expected[key], stored[key])
                )
            ),
        )

    def names(self) -> set[str]:
        return set(self._collections)

    def drop(self, name: str) -> None:
        """Delete the collection; a missing one is no error."""
        check_name(name)
        self._collections.pop(name, None)

    def ping(self) -> None:
        """Always available."""

    def _entries(self, name: str) -> dict[str, Entry]:
        return self._collections.get(name, {})

    def _check_dimension(self, name: str, vector: Vector) -> None:
        entry = next(iter(self._entries(name).values()), None)
        if entry is not None and len(entry.vector) != len(vector):
            raise IndexMismatch(f"collection {name!r} has vectors of another dimension")


def _match(entry: Entry, vector: Vector) -> Match:
    product = float(np.dot(entry.vector, vector))
    cosine = product / float(np.linalg.norm(entry.vector) * np.linalg.norm(vector))
    similarity = round(min(max(cosine, -1.0), 1.0), DECIMALS)
    return Match(entry.faq_id, entry.phrasing, similarity, category=entry.category)


def _same(one: Entry, other: Entry) -> bool:
    texts_agree = (one.faq_id, one.phrasing, one.category) == (
        other.faq_id,
        other.phrasing,
        other.category,
    )
    return texts_agree and np.array_equal(one.vector, other.vector)
