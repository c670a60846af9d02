"""CACHES, which the throttles count in: Redis for all processes, or memory of each process.

Redis is imported only here.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

SECONDS = 0.1
"""Timeout to connect to Redis, and for each reply."""

MAX_ENTRIES = 20_000
"""In the memory cache of a process; when it is full, a third is removed."""


def parse(url: str) -> dict[str, dict[str, Any]]:
    """``CACHES``. With a ``url`` the default is Redis, else memory; ``local`` is always memory.

    Raises ``ValueError`` for an invalid address.
    """
    memory = {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": MAX_ENTRIES},
    }
    local = {**memory, "LOCATION": "local"}
    return {"default": _redis(redis_url(url)) if url else memory, "local": local}


def _redis(url: str) -> dict[str, Any]:
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": "supportsite",
        "OPTIONS": {
            "socket_connect_timeout": SECONDS,
            "socket_timeout": SECONDS,
            # No retries: a request should not wait.
            "retry": Retry(NoBackoff(), 0),
        },
    }


def redis_url(text: str) -> str:
    """The address as it is. Raises ``ValueError``, without the password it may hold."""
    expected = "an address such as redis://redis:6379/0"
    if text and not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError(f"{expected}, not {text.partition(':')[0]}:…")
    try:
        _ = urlsplit(text).port
    except ValueError:
        # Python's message quotes the text, which may be a part of the password.
        raise ValueError(f"{expected}, with a number as its port") from None
    return text
