"""Signing in to the desk through an identity provider: OpenID Connect, code flow with PKCE.

mozilla-django-oidc provides the flow with state, nonce and code verifier. This module adds
validation of the ID token and the mapping of groups to rights, and ``oidc_discovery`` the addresses
of the provider.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Mapping
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
from mozilla_django_oidc.views import (
    OIDCAuthenticationCallbackView,
    OIDCAuthenticationRequestView,
)

from audit.models import record
from supportsite.auth import provider
from supportsite.auth.authentication import email_of
from supportsite.auth.claims import role_names
from supportsite.auth.jwks import ALGORITHMS, KeysUnavailable
from supportsite.auth.signing_keys import LEEWAY
from supportsite.login import usernames
from supportsite.login.oidc_discovery import DiscoveredEndpoints, configuration, jwks_client
from supportsite.models import Identity

REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
"""OpenID Connect Core 2."""

log = logging.getLogger("supportsite.login.oidc")


class Refused(Exception):
    """The provider authenticated a person who has no access to this site; the text says why."""

    def __init__(self, reason: str, username: str = "") -> None:
        super().__init__(reason)
        self.username = username


class Backend(DiscoveredEndpoints, OIDCAuthenticationBackend):  # type: ignore[misc]
    """Django creates it for every request of a signed-in user, so the constructor is cheap."""

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
        """The user, with the provider's groups; None for a refused sign-in, which is recorded."""
        if request is None or not settings.OIDC_ISSUER or not nonce:
            return None
        try:
            user: User | None = super().authenticate(
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
        return user

    def get_token(self, payload: Mapping[str, str]) -> Mapping[str, Any]:
        answer = provider.post(self.get_settings("OIDC_OP_TOKEN_ENDPOINT"), payload)
        if not isinstance(answer, Mapping):
            raise provider.ProviderFailed("its reply holds no tokens")
        return answer

    def verify_token(self, token: Any, **kwargs: Any) -> Mapping[str, Any]:
        """The claims of an ID token (OpenID Connect Core 3.1.3.7)."""
        keys = jwks_client(configuration(settings.OIDC_ISSUER)["jwks_uri"])
        claims: Mapping[str, Any] = jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token),
            algorithms=ALGORITHMS,
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
        """Raises ``Refused``. Rights follow the provider's groups; nobody becomes superuser."""
        roles = role_names(payload, settings.OIDC_GROUPS_CLAIM, settings.OIDC_GROUP_MAP)
        groups = sorted(roles.intersection(settings.DESK_GROUPS))
        with transaction.atomic():
            identities = Identity.objects.select_related("user").select_for_update(of=("self",))
            identity = identities.filter(issuer=payload["iss"], subject=payload["sub"]).first()
            if identity is None and not groups:
                raise Refused("no matching group", _username(payload))
            user = identity.user if identity else _create_user(payload)
            _grant(user, payload, groups)
        if not groups:
            raise Refused("no matching group", user.username)
        if not user.is_active:
            raise Refused("not active", user.username)
        return user


def _create_user(claims: Mapping[str, Any]) -> User:
    """A new account with an unused name: an existing local account is never reused."""
    user = User.objects.create_user(usernames.unused(_username(claims)), is_staff=True)
    Identity.objects.create(user=user, issuer=claims["iss"], subject=claims["sub"])
    return user


def _username(claims: Mapping[str, Any]) -> str:
    name = claims.get("preferred_username") or email_of(claims) or claims["sub"]
    return re.sub(r"[^\w.@+-]", "-", str(name))[: usernames.MAX_NAME_LENGTH]


def _grant(user: User, claims: Mapping[str, Any], groups: list[str]) -> None:
    """Set the desk's groups to exactly ``groups``; other groups of the user stay."""
    before = sorted(
        user.groups.filter(name__in=settings.DESK_GROUPS).values_list("name", flat=True)
    )
    user.is_staff = bool(groups)
    user.email = email_of(claims)
    user.first_name = str(claims.get("given_name") or "")[:150]
    user.last_name = str(claims.get("family_name") or "")[:150]
    user.save()
    if before == groups:
        return
    user.groups.remove(*Group.objects.filter(name__in=before))
    user.groups.add(*Group.objects.filter(name__in=groups))
    changes = {"before": before, "after": groups}
    record("user.granted", subject=user.username, kind="user", key=user.pk, data=changes)


def _record_refusal(reason: str, username: str) -> None:
    record("user.sign_in_refused", actor=username, data={"by": "provider", "reason": reason})


# --- The pages ------------------------------------------------------------------------------------


class RequestView(DiscoveredEndpoints, OIDCAuthenticationRequestView):  # type: ignore[misc]
    """The library's view, with the discovered address."""


class CallbackView(DiscoveredEndpoints, OIDCAuthenticationCallbackView):  # type: ignore[misc]
    def login_failure(self) -> HttpResponse:
        return back_to_sign_in(
            self.request,
            "You could not be signed in. Ask the administrator of this site for access.",
        )


def begin(request: HttpRequest) -> HttpResponse:
    """Redirect to the provider's sign-in page, which redirects back to ``callback``."""
    if not settings.OIDC_ISSUER:
        raise Http404
    try:
        response: HttpResponse = RequestView.as_view()(request)
    except provider.ProviderFailed as failure:
        log.warning("the identity provider is not available: %s", failure)
        return back_to_sign_in(
            request, "Your organisation's sign-in does not answer. Try again in a minute."
        )
    return response


def callback(request: HttpRequest) -> HttpResponse:
    if not settings.OIDC_ISSUER:
        raise Http404
    response: HttpResponse = CallbackView.as_view()(request)
    return response


def back_to_sign_in(request: HttpRequest, message: str) -> HttpResponse:
    messages.error(request, message)
    return HttpResponseRedirect(reverse("admin:login"))
