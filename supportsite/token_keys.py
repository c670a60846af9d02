"""Which key a token has to be signed with: our secret, a public key, or an identity provider's.

Exactly one of JWT_SECRET, JWT_PUBLIC_KEY and JWT_JWKS_URL; the settings see to that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jwt
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend

from supportsite import provider, public_key
from supportsite.jwks import AGAIN, KeyCache, UnknownKey

OURS = "HS256"

LEEWAY = 30
"""Seconds that an identity provider's clock may differ from ours."""

Choose = Callable[[str], TokenBackend]
"""A token -> what verifies it. Raises ``jwt.PyJWTError``, ``UnknownKey``, ``KeysUnavailable``."""


def choose() -> Choose:
    """As the settings say; one for the life of the process."""
    if settings.JWT_JWKS_URL:
        return _from_jwks(
            jwks_cache(), tuple(settings.JWT_ALGORITHMS), settings.JWT_ISSUER, settings.JWT_AUDIENCE
        )
    if settings.JWT_PUBLIC_KEY:
        return _from_public_key(
            *(settings.JWT_PUBLIC_KEY, tuple(settings.JWT_ALGORITHMS)),
            *(settings.JWT_ISSUER, settings.JWT_AUDIENCE),
        )
    backend = ours(settings.JWT_SECRET, settings.JWT_ISSUER, settings.JWT_AUDIENCE)
    return lambda token: backend


@cache
def ours(secret: str, issuer: str, audience: str) -> TokenBackend:
    """The only one that also signs."""
    return TokenBackend(OURS, signing_key=secret, issuer=issuer or None, audience=audience or None)


def jwks_cache() -> KeyCache:
    return _jwks_cache(
        *(settings.JWT_JWKS_URL, tuple(settings.JWT_ALGORITHMS), settings.JWT_JWKS_MAX_AGE),
        *(settings.STATE_DIR / "jwks.json", max(settings.WEB_THREADS // 2, 1)),
    )


@cache
def _jwks_cache(
    url: str, algorithms: tuple[str, ...], max_age: int, file: Path, waiters: int
) -> KeyCache:
    return KeyCache(
        lambda: provider.get(url),
        allowed=algorithms,
        max_age=max_age,
        again=AGAIN,
        waiters=waiters,
        kept=provider.KeptInFile(file, url),
    )


@cache
def _from_jwks(keys: KeyCache, algorithms: tuple[str, ...], issuer: str, audience: str) -> Choose:
    def chosen(token: str) -> TokenBackend:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in algorithms:
            raise UnknownKey
        key = keys.find(header.get("kid"), algorithm)
        return _verifying(algorithm, key, issuer, audience)

    return chosen


@cache
def _from_public_key(pem: str, algorithms: tuple[str, ...], issuer: str, audience: str) -> Choose:
    keys = public_key.keys(pem, algorithms)

    def chosen(token: str) -> TokenBackend:
        algorithm = str(jwt.get_unverified_header(token).get("alg"))
        key = keys.find(None, algorithm)
        if key is None:
            raise UnknownKey
        return _verifying(algorithm, key, issuer, audience)

    return chosen


def _verifying(algorithm: str, key: Any, issuer: str, audience: str) -> TokenBackend:
    return TokenBackend(
        algorithm,
        verifying_key=key,
        issuer=issuer or None,
        audience=audience or None,
        leeway=LEEWAY,
    )
