"""Remember the vectors of recent texts.

Nothing that a person wrote is stored: the key is a digest that only this process can compute.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cachetools import LRUCache

from assistant.interfaces import Embedder, Vector

DEFAULT_SIZE = 2048
"""Vectors; at 384 dimensions about 3 MB."""


@dataclass(frozen=True)
class Embedded:
    """The unit vector of each text. ``cached``: none of them had to be computed."""

    vectors: Mapping[str, Vector]
    cached: bool


class VectorCache:
    """At most ``size`` vectors; the least recently used is evicted. Safe to share by threads."""

    def __init__(self, embedder: Embedder, *, size: int = DEFAULT_SIZE) -> None:
        self._embedder = embedder
        self._vectors: LRUCache[bytes, Vector] = LRUCache(size)
        self._lock = threading.Lock()
        # Without a secret, anybody who can guess a question could find it in a memory dump.
        self._secret = secrets.token_bytes(32)

    @property
    def name(self) -> str:
        """Of the embedder whose vectors these are."""
        return self._embedder.name

    @cached_property
    def words(self) -> frozenset[str]:
        """Whole words its model knows, in lower case; empty if it cannot say.

        Computed once, for whichever release asks: there may be thirty thousand.
        """
        return self._embedder.words

    def get(self, text: str) -> Vector | None:
        """The text's vector if it is in the cache."""
        with self._lock:
            return self._vectors.get(self._key(text))

    def embed(self, texts: Sequence[str]) -> Embedded:
        """Each text's read-only unit vector; those not in the cache are embedded in one call.

        Raises ``EmbedderUnavailable``.
        """
        vectors = {text: vector for text in texts if (vector := self.get(text)) is not None}
        missing = [text for text in dict.fromkeys(texts) if text not in vectors]
        if missing:
            # The normalised text is embedded, so that a vector never depends on who asked first.
            rows = self._embedder.embed([normalised(text) for text in missing])
            vectors |= {
                text: self._store(text, row) for text, row in zip(missing, rows, strict=True)
            }
        return Embedded(vectors, cached=not missing)

    def _store(self, text: str, row: Vector) -> Vector:
        vector = row.copy()
        vector.setflags(write=False)
        with self._lock:
            self._vectors[self._key(text)] = vector
        return vector

    def _key(self, text: str) -> bytes:
        named = f"{self._embedder.name}\0{normalised(text)}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(named, key=self._secret, digest_size=20).digest()


def normalised(text: str) -> str:
    """Composed characters and single spaces. Capitals stay: some models tell them apart."""
    return " ".join(unicodedata.normalize("NFC", text).split())
