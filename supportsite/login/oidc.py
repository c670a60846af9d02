"""Signing in to the desk through an identity provider: OpenID Connect, code flow with PKCE.

mozilla-django-oidc brings the flow, its state, nonce and code verifier. Ours is what it leaves
open: where the endpoints are (discovery), what an ID token must say, and what the person may do.
"""

from __future__ import annotations

import hmac
import logging
import re
import threading
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import Group, User
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.utils import import_from_settings
from mozilla_django_oidc.views import (
    OIDCAuthenticationCallbackView,
    OIDCAuthenticationRequestView,
)

from audit.models import record
from supportsite.auth import claims as roles
from supportsite.auth import provider
from supportsite.auth.authentication import email_of
from supportsite.auth.jwks import JWKSClient, KeysUnavailable
from supportsite.auth.signing_keys import LEEWAY
from supportsite.models import Identity

DISCOVERY = "/.well-known/openid-configuration"

ENDPOINTS = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
}

REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
"""OpenID Connect Core 2."""

LONGEST_NAME = 140

log = logging.getLogger("supportsite.login.oidc")


class Refused(Exception):
    """The provider vouches for the person, but not for a right to be here; and who it is."""

    def __init__(self, reason: str, username: str = "") -> None:
        super().__init__(reason)
        self.username = username


# --- The provider ---------------------------------------------------------------------------------


class Configuration:
    """What the issuer publishes about itself, asked for once an hour. Raises ``ProviderFailed``.

    One thread asks, and after a failure nobody does for ``AGAIN`` seconds: whoever waited for the
    first fails with it.
    """

    HOUR = 3_600.0
    AGAIN = 5.0

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._lock = threading.Lock()
        self._document: Mapping[str, str] = {}
        self._again_at = 0.0

    def __getitem__(self, member: str) -> str:
        with self._lock:
            if time.monotonic() >= self._again_at:
                # Stays so if it fails; an older document is as good then as it was before.
                self._again_at = time.monotonic() + provider.SECONDS + self.AGAIN
                self._document = self._discover()
                self._again_at = time.monotonic() + self.HOUR
            if not self._document:
                raise provider.ProviderFailed("it did not answer just now")
            return self._document[member]

    def _discover(self) -> Mapping[str, str]:
        found = provider.get(self._issuer.rstrip("/") + DISCOVERY)
        # Discovery 4.3: else another issuer's word would count for ours.
        if not isinstance(found, Mapping) or found.get("issuer") != self._issuer:
            raise provider.ProviderFailed("its configuration is not of OIDC_ISSUER")
        try:
            return {member: provider.address(found[member]) for member in ENDPOINTS.values()}
        except (KeyError, ValueError, TypeError, AttributeError):
            raise provider.ProviderFailed("its configuration is not complete") from None


@cache
def configuration(issuer: str) -> Configuration:
    return Configuration(issuer)


@cache
def jwks_client(url: str) -> JWKSClient:
    return JWKSClient(url)


class Discovered:
    """Where the library asks for a setting that is an endpoint, it gets the discovered one."""

    @staticmethod
    def get_settings(attr: str, *args: Any) -> Any:
        if attr in ENDPOINTS:
            return configuration(settings.OIDC_ISSUER)[ENDPOINTS[attr]]
        return import_from_settings(attr, *args)


# --- The person -----------------------------------------------------------------------------------


class Backend(Discovered, OIDCAuthenticationBackend):  # type: ignore[misc]
    """Made for every request of whoever signed in with it, so it asks the provider for nothing."""

    def __init__(self) -> None:
        self.OIDC_RP_CLIENT_ID = settings.OIDC_RP_CLIENT_ID
        self.OIDC_RP_CLIENT_SECRET = settings.OIDC_RP_CLIENT_SECRET
        self.UserModel = User

    def authenticate(
        self,
        request: HttpRequest | None,
        nonce: str | None = None,
        code_verifier: str | None = None,
        **_: Any,
    ) -> User | None:
        """The person, with the groups the provider names; None for whoever may not, recorded."""
        if request is None or not settings.OIDC_ISSUER or not nonce:
            return None
        try:
            found: User | None = super().authenticate(
                request, nonce=nonce, code_verifier=code_verifier
            )
        except Refused as refusal:
            _record_refusal(str(refusal), refusal.username)
            return None
        except (
            *(provider.ProviderFailed, KeysUnavailable, jwt.PyJWTError),
            *(SuspiciousOperation, LookupError, ValueError, TypeError, ArithmeticError),
        ) as failure:
            log.warning("a sign-in failed (%s): %s", type(failure).__name__, failure)
            _record_refusal("no valid ID token", "")
            return None
        return found

    def get_token(self, payload: Mapping[str, str]) -> Mapping[str, Any]:
        answer = provider.post(self.get_settings("OIDC_OP_TOKEN_ENDPOINT"), payload)
        if not isinstance(answer, Mapping):
            raise provider.ProviderFailed("it answered with no tokens")
        return answer

    def verify_token(self, token: Any, **kwargs: Any) -> Mapping[str, Any]:
        """The claims of an ID token (OpenID Connect Core 3.1.3.7)."""
        keys = jwks_client(configuration(settings.OIDC_ISSUER)["jwks_uri"])
        claims: Mapping[str, Any] = jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token),
            algorithms=settings.JWT_ALGORITHMS,
            audience=settings.OIDC_RP_CLIENT_ID,
            issuer=settings.OIDC_ISSUER,
            leeway=LEEWAY,
            options={"require": REQUIRED, "enforce_minimum_key_length": True},
        )
        if not hmac.compare_digest(str(claims.get("nonce")), str(kwargs.get("nonce"))):
            raise SuspiciousOperation("another nonce")
        if claims.get("azp", settings.OIDC_RP_CLIENT_ID) != settings.OIDC_RP_CLIENT_ID:
            raise SuspiciousOperation("for another client")
        return claims

    def get_or_create_user(
        self, access_token: str, id_token: str, payload: Mapping[str, Any]
    ) -> User:
        """Raises ``Refused``. Rights come and go with the groups; nobody becomes superuser."""
        named = roles.granted(payload, settings.OIDC_GROUPS_CLAIM, settings.OIDC_GROUP_MAP)
        groups = sorted(named.intersection(settings.DESK_GROUPS))
        with transaction.atomic():
            known = Identity.objects.select_related("user").select_for_update(of=("self",))
            identity = known.filter(issuer=payload["iss"], subject=payload["sub"]).first()
            if identity is None and not groups:
                raise Refused("no group of ours", _wanted_name(payload))
            user = identity.user if identity else _newcomer(payload)
            _grant(user, payload, groups)
        if not groups:
            raise Refused("no group of ours", user.username)
        if not user.is_active:
            raise Refused("not active", user.username)
        return user


def _newcomer(claims: Mapping[str, Any]) -> User:
    """A new account, of a name that nobody has: a local account is never taken over."""
    wanted = _wanted_name(claims)
    taken = set(User.objects.filter(username__startswith=wanted).values_list("username", flat=True))
    name = next(
        each
        for each in (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3)))
        if each not in taken
    )
    user = User.objects.create_user(name, is_staff=True)
    Identity.objects.create(user=user, issuer=claims["iss"], subject=claims["sub"])
    return user


def _wanted_name(claims: Mapping[str, Any]) -> str:
    name = claims.get("preferred_username") or email_of(claims) or claims["sub"]
    return re.sub(r"[^\w.@+-]", "-", str(name))[:LONGEST_NAME]


def _grant(user: User, claims: Mapping[str, Any], groups: list[str]) -> None:
    """Exactly these of the site's groups; others, given by hand, stay."""
    had = sorted(user.groups.filter(name__in=settings.DESK_GROUPS).values_list("name", flat=True))
    user.is_staff = bool(groups)
    user.email = email_of(claims)
    user.first_name = str(claims.get("given_name") or "")[:150]
    user.last_name = str(claims.get("family_name") or "")[:150]
    user.save()
    if had == groups:
        return
    user.groups.remove(*Group.objects.filter(name__in=had))
    user.groups.add(*Group.objects.filter(name__in=groups))
    changes = {"before": had, "after": groups}
    record("user.granted", subject=user.username, kind="user", key=user.pk, data=changes)


def _record_refusal(reason: str, username: str) -> None:
    record("user.sign_in_refused", actor=username, data={"by": "provider", "reason": reason})


# --- The pages ------------------------------------------------------------------------------------


class RequestView(Discovered, OIDCAuthenticationRequestView):  # type: ignore[misc]
    """The library's, to the discovered address."""


class CallbackView(Discovered, OIDCAuthenticationCallbackView):  # type: ignore[misc]
    def login_failure(self) -> HttpResponse:
        return back_to_sign_in(
            self.request,
            "Your organisation did not let you in here. Ask whoever runs this site for a group.",
        )


def begin(request: HttpRequest) -> HttpResponse:
    """To the provider's own page, and back to ``callback``."""
    if not settings.OIDC_ISSUER:
        raise Http404
    try:
        sent: HttpResponse = RequestView.as_view()(request)
    except provider.ProviderFailed as failure:
        log.warning("the identity provider cannot be asked: %s", failure)
        return back_to_sign_in(request, "Your organisation's sign-in does not answer. Try again.")
    return sent


def callback(request: HttpRequest) -> HttpResponse:
    if not settings.OIDC_ISSUER:
        raise Http404
    answered: HttpResponse = CallbackView.as_view()(request)
    return answered


def back_to_sign_in(request: HttpRequest, why: str) -> HttpResponse:
    messages.error(request, why)
    return HttpResponseRedirect(reverse("admin:login"))
