"""Vectors of questions that processes and machines share, in Redis. Off unless it is told where.

Redis is told nothing that a person wrote: a key is a digest that only who has the secret can
compute, so that nobody can try there whether a question was asked, and a vector has another with
it, so that nobody but us can have written it. Redis bounds how many there are.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from typing import Any

import numpy as np

from assistant.breaker import Breaker
from assistant.interfaces import Vector
from assistant.metrics import SHARED_VECTORS

SECONDS = 0.05
"""For connecting, and for each reply: a question is embedded in a tenth of it."""

KEPT_SECONDS = 24 * 3600

FAILURES = 3
REST_SECONDS = 5.0
"""After so many failures in a row Redis is left alone for so long."""

SEAL = 16
"""Bytes before each vector."""

_STORED = np.dtype("<f4")

log = logging.getLogger("assistant.shared_vectors")


class SharedVectors:
    """Safe to share between threads and forks. Never fails: without Redis it knows no vector."""

    def __init__(self, url: str, secret: str, *, kept_seconds: int = KEPT_SECONDS) -> None:
        # It imports redis, which no question shall wait for, and connects when it is first used.
        self._client = _client(url)
        self._secret = hashlib.sha256(b"shared vectors\0" + secret.encode()).digest()
        self._kept_seconds = kept_seconds
        self._breaker = Breaker(failures=FAILURES, rest_seconds=REST_SECONDS)
        self._told = False

    def get(self, model: str, text: str) -> Vector | None:
        """The read-only unit vector of a normalised text, if one was put in lately."""
        key = self._key(model, text)
        stored = self._do("get", key)
        if stored is None:
            return None
        vector = self._opened(key, stored)
        SHARED_VECTORS.labels("damaged" if vector is None else "found").inc()
        return vector

    def put(self, model: str, text: str, vector: Vector) -> None:
        key, content = self._key(model, text), vector.astype(_STORED).tobytes()
        self._do("set", key, self._seal(key, content) + content, ex=self._kept_seconds)

    def _do(self, command: str, *arguments: Any, **options: Any) -> Any:
        """What Redis replies; None if it does not."""
        import redis

        if not self._breaker.admits():
            SHARED_VECTORS.labels("away").inc()
            return None
        try:
            reply = getattr(self._client, command)(*arguments, **options)
        except (redis.RedisError, OSError) as failure:
            self._breaker.failed()
            SHARED_VECTORS.labels("away").inc()
            self._tell(failure)
            return None
        except BaseException:
            self._breaker.abandoned()
            raise
        self._breaker.succeeded()
        if self._told:
            self._told = False
            log.warning("vectors of questions are shared in Redis again")
        if reply is None:
            SHARED_VECTORS.labels("missing").inc()
        return reply

    def _tell(self, failure: Exception) -> None:
        """Once, until it is back; the metric counts each."""
        if not self._told:
            self._told = True
            log.warning("vectors of questions are not shared: Redis, %s", type(failure).__name__)

    def _opened(self, key: bytes, stored: Any) -> Vector | None:
        """None unless it is what ``put`` made: another would answer with another FAQ."""
        seal, content = stored[:SEAL], stored[SEAL:]
        if not content or len(content) % _STORED.itemsize:
            return None
        if not hmac.compare_digest(seal, self._seal(key, content)):
            return None
        # Of bytes, and so read-only.
        vector = np.frombuffer(content, dtype=_STORED)
        # Written so that nan fails too.
        return vector if abs(float(vector @ vector) - 1.0) <= 1e-3 else None

    def _key(self, model: str, text: str) -> bytes:
        named = f"{model}\0{text}".encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(named, key=self._secret, digest_size=20, person=b"key")
        return b"vector:" + digest.hexdigest().encode()

    def _seal(self, key: bytes, content: bytes) -> bytes:
        sealed = hashlib.blake2b(key=self._secret, digest_size=SEAL, person=b"vector")
        sealed.update(key + content)
        return sealed.digest()


def _client(url: str) -> Any:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return redis.Redis.from_url(
        url,
        socket_connect_timeout=SECONDS,
        socket_timeout=SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
