"""Remember the vectors of recent questions.

Nothing a person wrote is kept: the key is a digest that only this process can compute.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property

from assistant.interfaces import Embedder, Vector
from assistant.shared_vectors import SharedVectors

DEFAULT_SIZE = 2048
"""At 384 dimensions about 3 MB."""

GLANCED = "glanced\0"

Glance = Callable[[str], Vector | None]
"""A text's unit vector, a little off and in half the time, see ``assistant.clear``; None if it
cannot."""


class VectorCache:
    """At most ``size`` vectors; the one unused for longest makes room. Safe to share by threads.

    ``shared``: where to look for what this process does not know, and to put what it embeds.
    """

    def __init__(
        self,
        embedder: Embedder,
        *,
        glance: Glance | None = None,
        size: int = DEFAULT_SIZE,
        shared: SharedVectors | None = None,
    ) -> None:
        self._embedder = embedder
        self._glance = glance
        self._size = size
        self._shared = shared
        self._vectors: OrderedDict[bytes, Vector] = OrderedDict()
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

        Made once, for whichever release asks: there may be thirty thousand.
        """
        return self._embedder.words

    def embed_one(self, text: str) -> tuple[Vector, bool]:
        """The text's read-only unit vector, and whether it was remembered.

        Raises ``EmbedderUnavailable``.
        """
        # The same text is embedded whoever asked first, so that an answer never depends on it.
        text = normalised(text)
        found = self._found(text)
        if found is not None:
            return found, True
        return self._kept(text, self._embedder.embed([text])[0]), False

    def glance(self, text: str) -> tuple[Vector, bool] | None:
        """The text's vector at a glance, and whether it was remembered.

        None if nobody can glance, or if the exact one is remembered. Raises
        ``EmbedderUnavailable``.
        """
        text = normalised(text)
        if self._glance is None or self._remembered(self._key(text)) is not None:
            return None
        found = self._found(GLANCED + text)
        if found is not None:
            return found, True
        vector = self._glance(text)
        return None if vector is None else (self._kept(GLANCED + text, vector), False)

    def _found(self, name: str) -> Vector | None:
        key = self._key(name)
        vector = self._remembered(key)
        if vector is None and self._shared:
            vector = self._shared.get(self.name, name)
            if vector is not None:
                self._remember(key, vector)
        return vector

    def _kept(self, name: str, vector: Vector) -> Vector:
        vector = vector.copy()
        vector.setflags(write=False)
        if self._shared:
            self._shared.put(self.name, name, vector)
        self._remember(self._key(name), vector)
        return vector

    def _remembered(self, key: bytes) -> Vector | None:
        with self._lock:
            vector = self._vectors.get(key)
            if vector is not None:
                self._vectors.move_to_end(key)
            return vector

    def _remember(self, key: bytes, vector: Vector) -> None:
        with self._lock:
            self._vectors[key] = vector
            self._vectors.move_to_end(key)
            while len(self._vectors) > self._size:
                self._vectors.popitem(last=False)

    def _key(self, text: str) -> bytes:
        named = f"{self._embedder.name}\0{text}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(named, key=self._secret, digest_size=20).digest()


def normalised(text: str) -> str:
    """Composed characters and single spaces. Capitals stay: some models tell them apart."""
    return " ".join(unicodedata.normalize("NFC", text).split())
