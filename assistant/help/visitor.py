"""Who sends something from the help page, in a signed cookie that the first send sets."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import cookies
from typing import Any

from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import get_random_string
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from assistant.help.protection import READING
from audit.identity.principal import Principal, Role

SESSION = timedelta(hours=12)
"""How long a cookie lasts after the last POST; at most until a customer's token expires."""

SALT = "help.visitor"
PREFIX = "visitor-"
"""Prefix of the user ids of visitors. Letters follow: digits could look like personal data."""

ID_LETTERS = 24
LETTERS = "abcdefghijklmnopqrstuvwxyz"

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
"""Browsers accept secure cookies from these hosts over HTTP, too."""

# Python knows the attribute from 3.14 on. Source: https://github.com/python/cpython/issues/112713
cookies.Morsel._reserved.setdefault("partitioned", "Partitioned")  # type: ignore[attr-defined]
cookies.Morsel._flags.add("partitioned")  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Visitor:
    """A person on the help page: anonymous, or a customer whose token was verified."""

    subject: str
    conversation: str
    expires: float = 0.0
    """When the customer's token expires, in seconds since 1970; 0: no token."""
    email: str = ""
    """From the token; the cookie does not have it."""
    is_new: bool = False

    @classmethod
    def new(cls) -> Visitor:
        return cls(PREFIX + _random_id(), _random_id(), is_new=True)

    def principal(self, email: str = "") -> Principal:
        """A customer without audiences: restricted FAQs are on no page here."""
        return Principal(self.subject, frozenset({Role.CUSTOMER}), email=email or self.email)

    def remember(self, response: HttpResponseBase, request: HttpRequest, *, framed: bool) -> None:
        """Set or renew the cookie."""
        age = int(SESSION.total_seconds())
        if self.expires:
            age = min(age, int(self.expires - time.time()))
        value = {"s": self.subject, "c": self.conversation, "x": self.expires}
        _set_cookie(
            response, request, signing.dumps(value, salt=SALT), seconds=max(age, 0), framed=framed
        )


def forget_customer(request: HttpRequest, response: HttpResponseBase, *, framed: bool) -> bool:
    """End the cookie of a visitor with a token. False for others, whose cookie stays."""
    visitor = read_cookie(request, framed=framed)
    if visitor is None or not visitor.expires:
        return False
    _set_cookie(response, request, "", seconds=0, framed=framed)
    return True


def _set_cookie(
    response: HttpResponseBase, request: HttpRequest, value: str, *, seconds: int, framed: bool
) -> None:
    secure = request.is_secure()
    crosses_sites = framed and (secure or request.get_host().startswith(LOOPBACK))
    name = cookie_name(request, framed=framed)
    response.set_cookie(  # type: ignore[attr-defined]
        name,
        value,
        max_age=seconds,
        secure=secure or crosses_sites,
        httponly=True,
        samesite="None" if crosses_sites else "Lax",
    )
    if crosses_sites:
        response.cookies[name]["partitioned"] = True  # type: ignore[attr-defined]


def cookie_name(request: HttpRequest, *, framed: bool) -> str:
    """Over https no sibling domain can set it: the prefix is reserved (RFC 6265bis, 4.1.3.2)."""
    name = "help_frame" if framed else "help"
    return f"__Host-{name}" if request.is_secure() else name


def read_cookie(request: HttpRequest, *, framed: bool) -> Visitor | None:
    """The visitor of a cookie that we signed and that has not expired."""
    value = request.COOKIES.get(cookie_name(request, framed=framed), "")
    try:
        stored = signing.loads(value, salt=SALT, max_age=SESSION)
    except signing.BadSignature:
        return None
    if stored["x"] and stored["x"] < time.time():
        return None
    return Visitor(stored["s"], stored["c"], stored["x"])


class VisitorAuthentication(BaseAuthentication):
    """The visitor of the cookie. A POST without one makes a new visitor."""

    def authenticate(self, request: Request) -> tuple[Principal, Visitor] | None:
        visitor = read_cookie(request._request, framed=is_framed(request))
        if visitor is None and request.method not in READING:
            visitor = Visitor.new()
        return (visitor.principal(), visitor) if visitor else None


def visitor_of(request: Request) -> Visitor | None:
    """The visitor who sends the request; None before they have sent anything.

    Raises ``PermissionDenied`` for a token without the role ``customer``.
    """
    if isinstance(request.auth, Visitor):
        return request.auth
    if isinstance(request.user, Principal) and isinstance(request.auth, Mapping):
        return _customer(request, request.user, request.auth)
    return None


def _customer(request: Request, principal: Principal, claims: Mapping[str, Any]) -> Visitor:
    """The customer of a token, in the conversation of the cookie if that is the same person's."""
    if not principal.has({Role.CUSTOMER}):
        raise PermissionDenied("The token has not the role customer.")
    earlier = read_cookie(request._request, framed=is_framed(request))
    is_same = earlier is not None and earlier.subject == principal.subject
    return Visitor(
        principal.subject,
        earlier.conversation if earlier and is_same else _random_id(),
        expires=float(claims["exp"]),
        email=principal.email,
    )


def is_framed(request: Request) -> bool:
    """Whether the page is the widget's, shown by another site."""
    return bool(request.query_params.get("site"))


def _random_id() -> str:
    return get_random_string(ID_LETTERS, LETTERS)
