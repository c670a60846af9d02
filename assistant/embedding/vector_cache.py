"""Cache the vectors of recent texts.

The texts are not stored: a key is a digest with a secret of this process.
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
        # Without a secret, a memory dump would confirm a guessed question.
        self._secret = secrets.token_bytes(32)

    @cached_property
    def name(self) -> str:
        """The name of the embedder."""
        return self._embedder.name

    @cached_property
    def words(self) -> Mapping[str, int]:
        """The model's whole words, in lower case, and their places in its vocabulary.

        Computed once: there may be thirty thousand.
        """
        return self._embedder.words

    def make_room(self, count: int) -> None:
        """Keep at least ``count`` vectors from now on."""
        with self._lock:
            if count > self._vectors.maxsize:
                earlier = self._vectors
                self._vectors = LRUCache(count)
                self._vectors.update(earlier)

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
            # Embed the normalised text, so that all spellings of a key share the same vector.
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
        key = f"{self.name}\0{normalised(text)}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(key, key=self._secret, digest_size=20).digest()


def normalised(text: str) -> str:
    """Unicode NFC and single spaces. Case stays: some models are case-sensitive."""
    return " ".join(unicodedata.normalize("NFC", text).split())
