"""Verify a token with one of three keys: our secret, a public key, or an identity provider's.

Exactly one of JWT_SECRET, JWT_PUBLIC_KEY and JWT_JWKS_URL is set; the settings ensure that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import jwt
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend

from supportsite.auth import public_key
from supportsite.auth.jwks import ALGORITHMS, JWKSClient

OWN_ALGORITHM = "HS256"

LEEWAY = 30
"""Allowed clock difference to the signer, in seconds."""


def decode(token: str) -> Mapping[str, Any]:
    """The claims of a token with a good signature, issuer, audience and times.

    Raises ``jwt.PyJWTError`` or simplejwt's ``TokenBackendError``, and for malformed claims
    (``ValueError``, ``TypeError``, ``ArithmeticError``, ``RecursionError``), and
    ``KeysUnavailable``.
    """
    claims: Mapping[str, Any]
    if not (settings.JWT_JWKS_URL or settings.JWT_PUBLIC_KEY):
        claims = _own_backend(*_own_settings()).decode(token)
        return claims
    key, algorithms = _key_for(token)
    claims = jwt.decode(
        token,
        key,
        algorithms=algorithms,
        audience=settings.JWT_AUDIENCE or None,
        issuer=settings.JWT_ISSUER or None,
        leeway=LEEWAY,
        options={
            "require": ["exp"],
            "verify_aud": bool(settings.JWT_AUDIENCE),
            "enforce_minimum_key_length": True,
        },
    )
    return claims


def encode(claims: Mapping[str, Any]) -> str:
    """A token of this site, signed with JWT_SECRET."""
    return str(_own_backend(*_own_settings()).encode(dict(claims)))


def _own_settings() -> tuple[str, str, str]:
    return settings.JWT_SECRET, settings.JWT_AUDIENCE, settings.JWT_ISSUER


@lru_cache(maxsize=4)
def _own_backend(secret: str, audience: str, issuer: str) -> TokenBackend:
    """simplejwt's, for tokens that are signed with JWT_SECRET."""
    return TokenBackend(
        OWN_ALGORITHM,
        signing_key=secret,
        audience=audience or None,
        issuer=issuer or None,
        leeway=LEEWAY,
    )


def _key_for(token: str) -> tuple[Any, Sequence[str]]:
    if settings.JWT_JWKS_URL:
        # Before the keys are needed: such a token is bad whether the provider answers or not.
        if jwt.get_unverified_header(token).get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError
        return jwks_client().get_signing_key_from_jwt(token), ALGORITHMS
    return public_key.load(settings.JWT_PUBLIC_KEY), ALGORITHMS


def jwks_client() -> JWKSClient:
    return _jwks_client(settings.JWT_JWKS_URL, settings.JWT_JWKS_MAX_AGE)


@cache
def _jwks_client(url: str, max_age: int) -> JWKSClient:
    return JWKSClient(url, max_age=max_age)
