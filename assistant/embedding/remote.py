"""Embed texts by a server with OpenAI's embeddings API.

Such as text-embeddings-inference, infinity, vLLM, llama.cpp, or OpenAI itself. The only module that
calls one. It needs no SDK for a single request, and validates the reply.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from assistant.interfaces import EmbedderUnavailable, Matrix, Progress
from tickets.delivery.circuit_breaker import Breaker
from tickets.delivery.networks import ANYWHERE

PREFIX = "remote:"
"""Prefix of a remote model's name; its address is EMBEDDINGS_URL."""

BATCH_SIZE = 64

CONNECT_SECONDS = 2.0
QUESTION_SECONDS = 5.0
BATCH_SECONDS = 60.0

MAX_BYTES = 64 * 1024 * 1024
"""Of a reply with one batch of vectors as JSON."""

RETRY_DELAYS = (0.5, 2.0, 8.0)
"""Seconds before each retry of a batch. A question is not retried: a person is waiting."""

FAILURES = 3
REST_SECONDS = 5.0
"""After ``FAILURES`` consecutive failures, questions fail immediately for this time."""

PROBE = "ping"
PROBE_INTERVAL = 10.0

_URL = re.compile(r"https?://[^/@?#\s]+(/[^@?#\s]*)?")

log = logging.getLogger("assistant.embedding")


class RemoteEmbedder:
    """One model of one server. Safe to share between threads and forks.

    ``url``: such as https://host/v1, without credentials; otherwise raises ``ValueError``.
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
        self._connecting = threading.Lock()
        self._dimension = 0
        self._breaker = Breaker(failures=FAILURES, rest_seconds=REST_SECONDS)
        self._probed = -PROBE_INTERVAL

    @property
    def model(self) -> str:
        """The model's name for ``publish --model``."""
        return PREFIX + self._model

    @property
    def name(self) -> str:
        """Such as ``bge-small@embeddings.example.com``. Vectors of two servers are not
        comparable."""
        return f"{self._model}@{self._host}"

    @property
    def dimension(self) -> int:
        """Calls the server if nothing was embedded yet."""
        if not self._dimension:
            self.embed([PROBE])
        return self._dimension

    @property
    def words(self) -> Mapping[str, int]:
        """Empty: the API has no vocabulary, so typing errors are not corrected."""
        return {}

    def load(self, *, threads: int | None = None) -> None:
        """Call the server once. A failure is logged and does not prevent the start."""
        try:
            self.embed([PROBE])
        except EmbedderUnavailable as failure:
            log.warning("%s", failure)

    def check(self) -> str:
        """One line for the readiness probe; calls the server at most every ``PROBE_INTERVAL``."""
        if time.monotonic() - self._probed >= PROBE_INTERVAL:
            self.embed([PROBE])
            self._probed = time.monotonic()
        return f"{self.name} answers"

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        """One unit vector per text, in the order given; shape (len(texts), dimension), float32.

        Raises ``EmbedderUnavailable``: for a single text without a retry, for several texts after
        ``RETRY_DELAYS``.
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
        for wait in RETRY_DELAYS:
            try:
                return self._ask(texts, seconds=BATCH_SECONDS)
            except _Transient as failure:
                log.warning("%s Trying again in %.1f s.", failure, wait)
                time.sleep(wait)
        return self._ask(texts, seconds=BATCH_SECONDS)

    def _ask(self, texts: Sequence[str], *, seconds: float) -> Matrix:
        from tickets.delivery.http_client import FAILURES

        # Lone surrogates become "?". Many servers refuse an empty text.
        readable = [text.encode("utf-8", "replace").decode("utf-8") or " " for text in texts]
        body = {"model": self._model, "input": readable, "encoding_format": "float"}
        try:
            reply = self._connected().post(
                self._url, json=body, timeout=(CONNECT_SECONDS, seconds, seconds, seconds)
            )
        except FAILURES as failure:
            raise _Transient(
                f"The embedding server {self._host} does not answer ({type(failure).__name__})."
            ) from failure
        if reply.status_code != HTTPStatus.OK:
            is_transient = (
                reply.status_code == HTTPStatus.TOO_MANY_REQUESTS or reply.is_server_error
            )
            error_class = _Transient if is_transient else EmbedderUnavailable
            # Without the reply's text, which may repeat the key or the question.
            raise error_class(f"The embedding server {self._host} answers {reply.status_code}.")
        return self._read(reply, len(texts))

    def _read(self, reply: Any, count: int) -> Matrix:
        try:
            items = sorted(reply.json()["data"], key=lambda item: int(item["index"]))
            vectors = np.array([item["embedding"] for item in items], dtype=np.float32)
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            is_valid = len(vectors) == count and np.isfinite(lengths).all() and lengths.all()
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            is_valid = False
        if not is_valid:
            raise EmbedderUnavailable(f"The embedding server {self._host} sent an invalid reply.")
        self._dimension = self._dimension or vectors.shape[1]
        if vectors.shape[1] != self._dimension:
            raise EmbedderUnavailable(
                f"The embedding server {self._host} sent vectors of {vectors.shape[1]} dimensions "
                f"instead of {self._dimension}: its model has changed. Publish again."
            )
        unit: Matrix = vectors / lengths
        return unit

    def _connected(self) -> Any:
        from tickets.delivery.http_client import bounded_client

        with self._connecting:
            # A connection opened before a fork belongs to the parent.
            if self._client is None or self._client_pid != os.getpid():
                key = {"Authorization": f"Bearer {self._api_key}"} if self._api_key else {}
                self._client = bounded_client(
                    seconds=BATCH_SECONDS, max_bytes=MAX_BYTES, allowed=ANYWHERE, headers=key
                )
                self._client_pid = os.getpid()
            return self._client


class _Transient(EmbedderUnavailable):
    """A failure that a retry may solve."""
