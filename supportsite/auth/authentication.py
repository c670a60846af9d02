"""Bearer token -> Principal."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

import jwt
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.exceptions import TokenBackendError

from audit.identity.principal import SUBJECT, Principal, Role
from audit.people.pseudonyms import is_pseudonym
from supportsite.auth import signing_keys
from supportsite.auth.claims import role_names
from supportsite.auth.jwks import RETRY_SECONDS, KeysUnavailable
from supportsite.edge.client_certificates import require_owner

MAX_TOKEN_LENGTH = 8192
END_OF_TIME = 253_402_300_800
"""The year 10000, in seconds since 1970; a JSON number can be much larger."""

_SUBJECT = re.compile(SUBJECT)
_ROLES = {role.value: role for role in Role}


class BearerAuthentication(BaseAuthentication):
    """``Authorization: Bearer <jwt>``, verified with the site's keys. No user row is needed."""

    def authenticate(self, request: Request) -> tuple[Principal, Mapping[str, Any]] | None:
        header = request.headers.get("Authorization", "")
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            return None
        claims = verify(token.strip())
        require_owner(request, claims)
        principal = Principal(
            subject_of(claims), roles_of(claims), audiences_of(claims), email_of(claims)
        )
        return principal, claims

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Its entry in the OpenAPI schema."""

    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class SessionOrBearer(BearerAuthentication):
    """For the API documentation, which people open in a browser after signing in to the desk."""

    def authenticate(self, request: Request) -> Any:
        return super().authenticate(request) or SessionAuthentication().authenticate(request)


class VerificationUnavailable(APIException):
    """The identity provider has been down so long that its keys are too old: 503, not 401."""

    status_code = 503
    default_detail = "Tokens cannot be verified at the moment. Try again in a few seconds."
    wait = RETRY_SECONDS


INVALID_TOKEN_ERRORS = (
    *(jwt.PyJWTError, TokenBackendError, LookupError, ValueError, TypeError),
    # PyJWT raises OverflowError for numbers such as 1e300 in a claim.
    *(ArithmeticError, RecursionError),
)


def verify(token: str) -> Mapping[str, Any]:
    """The claims of a token that has a good signature and has not expired.

    Raises ``AuthenticationFailed`` for any other, without the reason, and
    ``VerificationUnavailable``.
    """
    try:
        if len(token) > MAX_TOKEN_LENGTH:
            raise ValueError("too long")
        claims = signing_keys.decode(token)
        if not 0 < claims["exp"] < END_OF_TIME:
            raise ValueError("a token must expire")
    except INVALID_TOKEN_ERRORS:
        raise AuthenticationFailed("The token is not valid.") from None
    except KeysUnavailable:
        raise VerificationUnavailable from None
    return claims


def issue(
    subject: str,
    roles: list[str],
    *,
    seconds: int,
    audiences: Iterable[str] = (),
    email: str = "",
) -> str:
    """A token signed with JWT_SECRET.

    Raises ``LookupError`` without that secret: an identity provider issues the tokens then.
    """
    if not settings.JWT_SECRET:
        raise LookupError("this site does not issue tokens; get one from your identity provider")
    now = int(time.time())
    return signing_keys.encode(
        {"sub": subject, "roles": roles, "iat": now, "exp": now + seconds}
        | ({"audiences": list(audiences)} if audiences else {})
        | ({"email": email} if email else {})
    )


def subject_of(claims: Mapping[str, Any]) -> str:
    """``sub``, or simplejwt's ``user_id``: one printable word of at most 200 characters.

    Simplejwt before 5.5 writes ``user_id`` as a number; its digits are the subject. Raises
    ``AuthenticationFailed`` for any other subject.
    """
    subject = claims.get("sub", claims.get("user_id"))
    if "sub" not in claims and type(subject) is int:
        subject = str(subject)
    if not isinstance(subject, str) or not _SUBJECT.match(subject) or is_pseudonym(subject):
        raise AuthenticationFailed(
            "The token needs a `sub`: one printable word of at most 200 characters."
        )
    return subject


def audiences_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """The words of the claim ``audiences``; not ``aud``, which names the recipient of the token."""
    value = claims.get("audiences")
    words = value if isinstance(value, list) else [value]
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
    """The valid roles that a token claims; a string is one role, not a list of characters."""
    names = role_names(claims, settings.JWT_ROLE_CLAIM, settings.JWT_ROLE_MAP)
    return frozenset(_ROLES[name] for name in names if name in _ROLES)
