"""Django's cache, where throttles count: Redis for all processes and machines, or each process.

Redis is imported here alone.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

SECONDS = 0.1
"""For a connection to Redis, and for each of its replies."""

MAX_ENTRIES = 20_000
"""In the memory of a process; where they are full, a third of them makes room."""


def parse(url: str) -> dict[str, dict[str, Any]]:
    """``CACHES``. With a ``url`` the default is Redis, else memory; ``local`` is always memory.

    Raises ``ValueError`` for an address that is none.
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
            # A request does not wait for several tries.
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
