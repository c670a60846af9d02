"""Bearer token -> Principal."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

from audit.principal import SUBJECT, Principal, Role

ALGORITHM = "HS256"
LONGEST_TOKEN = 8192
END_OF_TIME = 253_402_300_800
"""The year 10000, in seconds since 1970; JSON has room for much later."""

_SUBJECT = re.compile(SUBJECT)


class BearerAuthentication(BaseAuthentication):
    """``Authorization: Bearer <jwt>``, verified with JWT_SECRET. No user row is needed."""

    def authenticate(self, request: Request) -> tuple[Principal, Mapping[str, Any]] | None:
        header = request.headers.get("Authorization", "")
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            return None
        claims = verify(token.strip())
        principal = Principal(
            subject_of(claims), roles_of(claims), audiences_of(claims), email_of(claims)
        )
        return principal, claims

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API's description names it."""

    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class SessionOrBearer(BearerAuthentication):
    """For the API's description, which people open in a browser after signing in to the admin."""

    def authenticate(self, request: Request) -> Any:
        return super().authenticate(request) or SessionAuthentication().authenticate(request)


@cache
def _backend(secret: str, issuer: str, audience: str) -> TokenBackend:
    return TokenBackend(
        ALGORITHM, signing_key=secret, issuer=issuer or None, audience=audience or None
    )


def _configured() -> TokenBackend:
    return _backend(settings.JWT_SECRET, settings.JWT_ISSUER, settings.JWT_AUDIENCE)


def verify(token: str) -> Mapping[str, Any]:
    """The claims of a token that we signed and that has not expired.

    Raises ``AuthenticationFailed`` for any other; the reason is not told to the caller.
    """
    try:
        if len(token) > LONGEST_TOKEN:
            raise ValueError("too long")
        claims: Mapping[str, Any] = _configured().decode(token)
        if not 0 < claims["exp"] < END_OF_TIME:
            raise ValueError("a token must expire")
    # PyJWT lets numbers such as 1e300 in a claim fail with OverflowError and its kin.
    except (TokenBackendError, LookupError, ValueError, TypeError, ArithmeticError, RecursionError):
        raise AuthenticationFailed("The token is not valid.") from None
    return claims


def issue(
    subject: str,
    roles: list[str],
    *,
    seconds: int,
    audiences: Iterable[str] = (),
    email: str = "",
) -> str:
    """A token for ourselves and our own tests; production tokens come from an identity provider."""
    now = int(time.time())
    token: str = _configured().encode(
        {"sub": subject, "roles": roles, "iat": now, "exp": now + seconds}
        | ({"audiences": list(audiences)} if audiences else {})
        | ({"email": email} if email else {})
    )
    return token


def subject_of(claims: Mapping[str, Any]) -> str:
    """``sub``, or simplejwt's ``user_id``: one printable word of at most 200 characters."""
    subject = claims.get("sub", claims.get("user_id"))
    if not isinstance(subject, str) or not _SUBJECT.match(subject):
        raise AuthenticationFailed("The token names no subject.")
    return subject


def audiences_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """The words of the claim ``audiences``; not ``aud``, which says whom the token is for."""
    claimed = claims.get("audiences")
    words = claimed if isinstance(claimed, list) else [claimed]
    return frozenset(word for word in words if word and isinstance(word, str))


def email_of(claims: Mapping[str, Any]) -> str:
    """The claim ``email``, unless ``email_verified`` says no (OpenID Connect Core 5.1)."""
    email, verified = claims.get("email"), claims.get("email_verified", True)
    if not isinstance(email, str) or verified not in (True, "true"):
        return ""
    try:
        EmailValidator()(email)
    except ValidationError:
        return ""
    return email


def roles_of(claims: Mapping[str, Any]) -> frozenset[Role]:
    """The roles we know of those a token claims; a string is one role, not a list of letters."""
    names = [settings.JWT_ROLE_CLAIM] if settings.JWT_ROLE_CLAIM else ["role", "roles"]
    claimed: set[str] = set()
    for name in names:
        value = claims.get(name)
        if isinstance(value, str):
            claimed.add(value)
        elif isinstance(value, list):
            claimed.update(item for item in value if isinstance(item, str))
    return frozenset(role for role in Role if role.value in claimed)
