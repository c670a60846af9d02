"""Index phrasings in Chroma, searchable by cosine similarity.

The index can be rebuilt at any time; Postgres has the vectors. Chroma is always reached over HTTP:
two processes that open the same Chroma directory corrupt it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from assistant.chroma.client import READ_SECONDS, ChromaConnection, missing_collection_error
from assistant.chroma.entries import (
    BATCH_SIZE,
    DUPLICATE_KEY,
    SPACE,
    arrays,
    batches,
    check_limit,
    check_name,
    check_space,
    check_unique,
    entry_digest,
    metadata,
    similarity,
)
from assistant.chroma.faq_search import FaqSearch
from assistant.decision.matches import Match
from assistant.interfaces import (
    Drift,
    Entry,
    Progress,
    Vector,
)

EF_SEARCH = 300
"""HNSW search depth. With Chroma's default of 100, one question in seventy missed the closest of
100,000 phrasings."""

NEAR_IDENTICAL = 0.99
"""Similarity from which a search may return one phrasing for the other."""

OWN_VECTOR_TOLERANCE = 1e-4
"""How far from 1 a stored vector's similarity to itself may be, in float32."""


class ChromaIndex:
    """The collections of the Chroma server at ``url``. Safe to share between threads and forks.

    ``read_seconds``: the longest wait for a reply. Raises ``ValueError`` unless ``url`` is a plain
    http(s) address without credentials.
    """

    def __init__(self, url: str, *, read_seconds: float = READ_SECONDS) -> None:
        self._chroma = ChromaConnection(url, read_seconds=read_seconds)
        self._faqs = FaqSearch(url.rstrip("/"), seconds=read_seconds)

    def sync(
        self, name: str, entries: Iterable[Entry], *, progress: Progress | None = None
    ) -> None:
        """Make the collection hold exactly these entries. Safe to repeat after a crash."""
        check_name(name)
        collection = self._open_or_create(name)
        stored = self._digests(collection)
        expected: dict[str, str] = {}

        def differing() -> Iterator[Entry]:
            for entry in entries:
                if entry.key in expected:
                    raise ValueError(DUPLICATE_KEY)
                expected[entry.key] = entry_digest(entry)
                if stored.get(entry.key) != expected[entry.key]:
                    yield entry
                elif progress:
                    progress(1)

        for batch in batches(differing()):
            with self._chroma.translated_errors():
                collection.upsert(
                    ids=[entry.key for entry in batch],
                    embeddings=arrays(batch),
                    metadatas=[metadata(entry, expected[entry.key]) for entry in batch],
                )
            if progress:
                progress(len(batch))
        for keys in batches(sorted(stored.keys() - expected.keys())):
            with self._chroma.translated_errors():
                collection.delete(ids=keys)

    def search(self, name: str, vector: Vector, *, limit: int) -> list[Match]:
        """The nearest phrasings, best first, with cosine similarity in [-1, 1]."""
        check_name(name)
        check_limit(limit)
        collection = self._open(name)
        if collection is None:
            return []
        with self._chroma.translated_errors():
            result = collection.query(
                query_embeddings=[np.asarray(vector, dtype=np.float32)],
                n_results=limit,
                include=["metadatas", "distances"],
            )
        matches = [
            Match(meta["faq_id"], meta["phrasing"], similarity(distance), category=meta["category"])
            for meta, distance in zip(result["metadatas"][0], result["distances"][0], strict=True)
        ]
        matches.sort(key=lambda match: (-match.similarity, match.faq_id, match.phrasing))
        return matches

    def nearest_faqs(
        self, name: str, vector: Vector, *, limit: int, category: str = ""
    ) -> list[str]:
        """The ids of the FAQs of the ``limit`` nearest phrasings, nearest first, each once.

        Does not import chromadb.
        """
        return self._faqs.nearest_faqs(name, vector, limit=limit, category=category)

    def drift(self, name: str, entries: Sequence[Entry]) -> Drift:
        """Compare keys, texts and vectors of the collection with ``entries``.

        Chroma's metadata alone is not trusted: every entry is searched by its own vector.
        """
        check_name(name)
        check_unique(entries)
        collection = self._open(name)
        stored = self._digests(collection) if collection is not None else {}
        expected = {entry.key: entry_digest(entry) for entry in entries}
        changed = {key for key in expected.keys() & stored.keys() if expected[key] != stored[key]}
        unchanged = [entry for entry in entries if entry.key in stored and entry.key not in changed]
        return Drift(
            missing=tuple(sorted(expected.keys() - stored.keys())),
            surplus=tuple(sorted(stored.keys() - expected.keys())),
            changed=tuple(sorted(changed | self._unsearchable(collection, unchanged))),
        )

    def names(self) -> set[str]:
        client = self._chroma.client()
        with self._chroma.translated_errors():
            return {collection.name for collection in client.list_collections()}

    def drop(self, name: str) -> None:
        """Delete the collection; a missing one is no error."""
        check_name(name)
        client = self._chroma.client()
        with self._chroma.translated_errors():
            try:
                client.delete_collection(name)
            except missing_collection_error():
                pass

    def ping(self) -> None:
        """Return if the server answers; does not import chromadb."""
        self._chroma.ping()

    def _open(self, name: str) -> Any:
        """The collection, or None if there is none of that name."""
        client = self._chroma.client()
        with self._chroma.translated_errors():
            try:
                collection = client.get_collection(name, embedding_function=None)
            except missing_collection_error():
                return None
        return _check_cosine(collection)

    def _open_or_create(self, name: str) -> Any:
        client = self._chroma.client()
        with self._chroma.translated_errors():
            collection = client.get_or_create_collection(
                name,
                embedding_function=None,
                configuration={"hnsw": {"space": SPACE, "ef_search": EF_SEARCH}},
            )
        return _check_cosine(collection)

    def _digests(self, collection: Any) -> dict[str, str]:
        digests: dict[str, str] = {}
        while True:
            with self._chroma.translated_errors():
                page = collection.get(limit=BATCH_SIZE, offset=len(digests), include=["metadatas"])
            for key, meta in zip(page["ids"], page["metadatas"], strict=True):
                digests[key] = (meta or {}).get("digest", "")
            if len(page["ids"]) < BATCH_SIZE:
                return digests

    def _unsearchable(self, collection: Any, entries: Sequence[Entry]) -> set[str]:
        """Keys of the entries that a search for their own vector does not find.

        The search is approximate: among near-identical phrasings it may return another one. Such an
        entry is not lost if Chroma has its vector; a rebuilt index would do the same.
        """
        lost: set[str] = set()
        for batch in batches(entries):
            with self._chroma.translated_errors():
                result = collection.query(
                    query_embeddings=arrays(batch), n_results=1, include=["distances"]
                )
            not_closest: list[Entry] = []
            for entry, distances in zip(batch, result["distances"], strict=True):
                best = similarity(distances[0]) if distances else -1.0
                if best < NEAR_IDENTICAL:
                    lost.add(entry.key)
                elif best < 1.0 - OWN_VECTOR_TOLERANCE:
                    not_closest.append(entry)
            lost |= self._wrong_vectors(collection, not_closest)
        return lost

    def _wrong_vectors(self, collection: Any, entries: Sequence[Entry]) -> set[str]:
        """Keys of the entries whose stored vector is missing or different."""
        if not entries:
            return set()
        with self._chroma.translated_errors():
            result = collection.get(ids=[entry.key for entry in entries], include=["embeddings"])
        stored = dict(zip(result["ids"], result["embeddings"], strict=True))
        return {
            entry.key
            for entry in entries
            if entry.key not in stored
            or np.dot(stored[entry.key], entry.vector) < 1.0 - OWN_VECTOR_TOLERANCE
        }


def _check_cosine(collection: Any) -> Any:
    check_space(collection.name, collection.configuration_json)
    return collection
