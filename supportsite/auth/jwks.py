"""The signing keys of an identity provider, a JSON Web Key Set (RFC 7517), by PyJWT's client.

A token names its key by ``kid``. The key decides the algorithm (RFC 8725 section 3.1), never the
token. Every exchange is bounded, see ``tickets/delivery/http_client.py``.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import jwt

from supportsite.auth import provider

FRESH_SECONDS = 300.0
"""After this the keys are fetched again, so that a key the provider withdrew is refused."""

FETCH_SECONDS = 1.5
"""A request may wait for this."""

RETRY_SECONDS = 5.0
"""Least time between two requests to the provider, whatever tokens arrive."""

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
"""RFC 7518 section 3 and RFC 8037; public keys only, so never HMAC."""

log = logging.getLogger("supportsite.auth.jwks")


class KeysUnavailable(Exception):
    """The provider does not answer, so tokens cannot be verified."""


class JWKSClient(jwt.PyJWKClient):
    """``PyJWKClient`` that serves its last keys while the provider is unavailable.

    Keys are good for ``max_age`` seconds after they were fetched. Only one thread fetches, at most
    once in ``retry_seconds``; the others wait for it only if they have no key to go on with.
    """

    def __init__(
        self,
        url: str,
        *,
        max_age: float = 86_400.0,
        fresh_seconds: float = FRESH_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        super().__init__(url, cache_jwk_set=False)
        self._max_age, self._fresh, self._retry = max_age, fresh_seconds, retry_seconds
        self._keys: list[jwt.PyJWK] = []
        self._fetched_at = self._attempted_at = -float("inf")
        self._has_failed = False
        self._fetching = threading.Lock()

    def download(self) -> Any:
        """Raises ``provider.ProviderFailed``."""
        return provider.get(self.uri, seconds=FETCH_SECONDS)

    def fetch_data(self) -> Any:
        document = self._as_jwk_set_payload(self.download())
        return {"keys": [key for key in document["keys"] if _is_public(key)]}

    def get_signing_key(self, kid: str) -> jwt.PyJWK:
        """Raises ``jwt.PyJWKClientError`` for an unknown ``kid``, and ``KeysUnavailable``."""
        key = self._current(kid)
        if key is None or time.monotonic() - self._attempted_at > self._fresh:
            self._refresh(wait=key is None)
            key = self._current(kid)
        if key is not None:
            return key
        if self._has_failed or not self._is_usable:
            raise KeysUnavailable
        raise jwt.PyJWKClientError("The provider has no such key.")

    @property
    def age(self) -> float:
        """Seconds since the provider last gave its keys."""
        return time.monotonic() - self._fetched_at

    def status(self) -> str:
        """One line for operators. Raises ``KeysUnavailable``."""
        if self._has_failed or self.age > self._fresh:
            self._refresh(wait=True)
        if not self._is_usable:
            raise KeysUnavailable("there are no keys, or they are too old")
        line = f"{len(self._keys)} keys, fetched {self.age:.0f} s ago"
        return f"{line}; the provider does not answer" if self._has_failed else line

    @property
    def _is_usable(self) -> bool:
        return self.age <= self._max_age

    def _current(self, kid: str) -> jwt.PyJWK | None:
        return self.match_kid(self._keys, kid) if self._is_usable else None

    def _refresh(self, *, wait: bool) -> None:
        if not self._fetching.acquire(blocking=wait):
            return
        try:
            if time.monotonic() - self._attempted_at >= self._retry:
                self._fetch()
        finally:
            self._fetching.release()

    def _fetch(self) -> None:
        try:
            keys = self.get_signing_keys()
        # PyJWT raises many things for odd documents; the last keys serve on.
        except Exception as failure:
            self._has_failed = True
            reason = f"{type(failure).__name__}: {failure}"
            log.warning("the identity provider's keys could not be fetched: %s", reason)
        else:
            self._keys, self._fetched_at, self._has_failed = keys, time.monotonic(), False
        finally:
            self._attempted_at = time.monotonic()


def _is_public(key: Any) -> bool:
    """False for shared secrets, private keys published by mistake, and other algorithms."""
    return (
        isinstance(key, dict)
        and key.get("kty") in ("RSA", "EC", "OKP")
        and key.get("alg") in (None, *ALGORITHMS)
        and "d" not in key
    )
