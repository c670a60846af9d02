"""Counts that several machines share, in Redis."""

from __future__ import annotations

import time
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

from supportsite.rates import Rate

SECONDS = 0.1
"""For connecting, and for each reply."""

PAUSE = 5.0
"""Seconds without asking, after a failure: a request shall not wait for what is not there."""

SCRIPT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local each, longest = ARGV[1] / ARGV[2], tonumber(ARGV[1])
local start = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now), now + longest)
local wait = start + each - longest - now
if wait > 1e-6 then return tostring(wait) end
redis.call('SET', KEYS[1], string.format('%.6f', start + each), 'PX', math.ceil(longest * 1000))
return '0'
"""
"""``Rate.admit`` in one step, by Redis's own clock: the machines' may differ."""


class Down(Exception):
    """Redis did not answer."""


class StillDown(Down):
    """It did not just now, and was not asked again."""


class RedisCounters:
    """The same as ``SharedCounters``, for all machines with this Redis."""

    def __init__(self, url: str, key: bytes) -> None:
        self._url, self._key = url, key[:64]
        self._script: Any = None
        self._again_at = 0.0

    def wait(self, name: str, rate: Rate) -> float:
        """Count it and return 0, or the seconds until it may happen again. Raises ``Down``."""
        import redis

        if time.monotonic() < self._again_at:
            raise StillDown
        # Redis is not told who calls.
        counter = blake2b(name.encode(errors="replace"), key=self._key, digest_size=16).hexdigest()
        try:
            script = self._script or self._connect()
            waits = script(keys=[f"throttle:{counter}"], args=[rate.seconds, rate.times])
        except (redis.RedisError, OSError) as failure:
            self._again_at = time.monotonic() + PAUSE
            raise Down(type(failure).__name__) from None
        return float(waits)

    def _connect(self) -> Any:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        client = redis.Redis.from_url(
            self._url,
            socket_connect_timeout=SECONDS,
            socket_timeout=SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._script = client.register_script(SCRIPT)
        return self._script


def address(text: str) -> str:
    wanted = "an address such as redis://redis:6379/0"
    if text and not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError(f"{wanted}, not {text.partition(':')[0]}:…")
    try:
        _ = urlsplit(text).port
    except ValueError:
        # Not what it says: that may be a part of the password.
        raise ValueError(f"{wanted}, with a number as its port") from None
    return text
