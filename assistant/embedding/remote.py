"""Turn texts into unit vectors by a server that speaks OpenAI's embeddings API.

Such as text-embeddings-inference, infinity, vLLM, llama.cpp, or OpenAI itself. The only module that
asks one. No SDK: it is one request, and what a reply must be is checked here.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from assistant.circuit_breaker import Breaker
from assistant.interfaces import EmbedderUnavailable, Matrix, Progress
from tickets.delivery.networks import ANYWHERE

PREFIX = "remote:"
"""Before a model's name: where a local one would have its folder, this one has EMBEDDINGS_URL."""

BATCH_SIZE = 64

CONNECT_SECONDS = 2.0
QUESTION_SECONDS = 5.0
BATCH_SECONDS = 60.0

MAX_BYTES = 64 * 1024 * 1024
"""Of a reply: a batch of vectors as JSON text."""

WAITS = (0.5, 2.0, 8.0)
"""Seconds before each further try of a batch. A question has none: a person waits for it."""

FAILURES = 3
REST_SECONDS = 5.0
"""After so many failures in a row questions are refused at once for so long."""

PROBE = "ping"
PROBED_SECONDS = 10.0

_URL = re.compile(r"https?://[^/@?#\s]+(/[^@?#\s]*)?")

log = logging.getLogger("assistant.embedding")


class RemoteEmbedder:
    """One model of one server. Safe to share between threads and forks.

    ``url``: such as https://host/v1, without credentials. Raises ``ValueError`` for another.
    """

    def __init__(self, url: str, model: str, *, api_key: str = "") -> None:
        if not _URL.fullmatch(url):
            raise ValueError("EMBEDDINGS_URL must look like https://host/v1, without credentials")
        self._url = url.rstrip("/") + "/embeddings"
        self._host = urlsplit(url).netloc
        self._model = model
        self._api_key = api_key
        self._client: Any = None
        self._client_pid = 0
        self._making = threading.Lock()
        self._dimension = 0
        self._breaker = Breaker(failures=FAILURES, rest_seconds=REST_SECONDS)
        self._probed = -PROBED_SECONDS

    @property
    def model(self) -> str:
        """What ``publish --model`` calls it."""
        return PREFIX + self._model

    @property
    def name(self) -> str:
        """Such as ``bge-small@embeddings.example.com``: vectors of another server are others."""
        return f"{self._model}@{self._host}"

    @property
    def dimension(self) -> int:
        """Asks the server if nothing was embedded yet."""
        if not self._dimension:
            self.embed([PROBE])
        return self._dimension

    @property
    def words(self) -> frozenset[str]:
        """The API does not tell: no slip of the pen is mended."""
        return frozenset()

    def load(self, *, threads: int | None = None) -> None:
        """Ask it once. One that is down is told, and is no reason not to start."""
        try:
            self.embed([PROBE])
        except EmbedderUnavailable as failure:
            log.warning("%s", failure)

    def check(self) -> str:
        """One line for a probe; asks the server at most every ``PROBED_SECONDS``."""
        if time.monotonic() - self._probed >= PROBED_SECONDS:
            self.embed([PROBE])
            self._probed = time.monotonic()
        return f"{self.name} answers"

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        """One unit vector per text, in the order given; shape (len(texts), dimension), float32.

        Raises ``EmbedderUnavailable``: for one text at once while the server is down, for many
        after some tries.
        """
        if len(texts) == 1:
            return self._question(texts[0], progress)
        parts = []
        for start in range(0, len(texts), BATCH_SIZE):
            batch = texts[start : start + BATCH_SIZE]
            parts.append(self._batch(batch))
            if progress:
                progress(len(batch))
        return np.concatenate(parts) if parts else np.empty((0, self.dimension), np.float32)

    def _question(self, text: str, progress: Progress | None) -> Matrix:
        if not self._breaker.allows_request():
            raise EmbedderUnavailable(f"The embedding server {self._host} does not answer.")
        try:
            vectors = self._ask([text], seconds=QUESTION_SECONDS)
        except EmbedderUnavailable:
            self._breaker.failed()
            raise
        except BaseException:
            self._breaker.abandoned()
            raise
        self._breaker.succeeded()
        if progress:
            progress(1)
        return vectors

    def _batch(self, texts: Sequence[str]) -> Matrix:
        for wait in WAITS:
            try:
                return self._ask(texts, seconds=BATCH_SECONDS)
            except _Passing as failure:
                log.warning("%s Trying again in %.1f s.", failure, wait)
                time.sleep(wait)
        return self._ask(texts, seconds=BATCH_SECONDS)

    def _ask(self, texts: Sequence[str], *, seconds: float) -> Matrix:
        from tickets.delivery.http_client import FAILURES

        # What cannot be written as UTF-8, such as a stray byte in a command line, becomes "?".
        # Many servers refuse an empty text.
        readable = [text.encode("utf-8", "replace").decode("utf-8") or " " for text in texts]
        body = {"model": self._model, "input": readable, "encoding_format": "float"}
        try:
            reply = self._connected().post(
                self._url, json=body, timeout=(CONNECT_SECONDS, seconds, seconds, seconds)
            )
        except FAILURES as failure:
            raise _Passing(
                f"The embedding server {self._host} does not answer ({type(failure).__name__})."
            ) from failure
        if reply.status_code != HTTPStatus.OK:
            passing = reply.status_code == HTTPStatus.TOO_MANY_REQUESTS or reply.is_server_error
            kind = _Passing if passing else EmbedderUnavailable
            # Not what it says: that may repeat the key, or the question.
            raise kind(f"The embedding server {self._host} answers {reply.status_code}.")
        return self._read(reply, len(texts))

    def _read(self, reply: Any, count: int) -> Matrix:
        try:
            found = sorted(reply.json()["data"], key=lambda each: int(each["index"]))
            vectors = np.array([each["embedding"] for each in found], dtype=np.float32)
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            fits = len(vectors) == count and np.isfinite(lengths).all() and lengths.all()
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            fits = False
        if not fits:
            raise EmbedderUnavailable(f"The embedding server {self._host} sends no vectors.")
        self._dimension = self._dimension or vectors.shape[1]
        if vectors.shape[1] != self._dimension:
            raise EmbedderUnavailable(
                f"The embedding server {self._host} sends vectors of {vectors.shape[1]} dimensions "
                f"and sent {self._dimension} before: another model behind one name."
            )
        unit: Matrix = vectors / lengths
        return unit

    def _connected(self) -> Any:
        from tickets.delivery.http_client import bounded_client

        with self._making:
            # A connection opened before a fork belongs to the parent.
            if self._client is None or self._client_pid != os.getpid():
                key = {"Authorization": f"Bearer {self._api_key}"} if self._api_key else {}
                self._client = bounded_client(
                    seconds=BATCH_SECONDS, max_bytes=MAX_BYTES, allowed=ANYWHERE, headers=key
                )
                self._client_pid = os.getpid()
            return self._client


class _Passing(EmbedderUnavailable):
    """May be over soon."""
