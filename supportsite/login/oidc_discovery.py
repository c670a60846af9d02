"""The endpoints and keys of the identity provider, from its discovery document.

OpenID Connect Discovery 1.0, section 4.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings
from mozilla_django_oidc.utils import import_from_settings

from supportsite.auth import provider
from supportsite.auth.jwks import JWKSClient

DISCOVERY = "/.well-known/openid-configuration"

ENDPOINTS = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
}


class Configuration:
    """The issuer's discovery document, fetched once an hour. Raises ``ProviderFailed``.

    One thread fetches it. After a failure there is no attempt for ``RETRY_SECONDS``: other threads
    fail with the first.
    """

    REFRESH_SECONDS = 3_600.0
    RETRY_SECONDS = 5.0

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._lock = threading.Lock()
        self._document: Mapping[str, str] = {}
        self._refresh_at = 0.0

    def __getitem__(self, member: str) -> str:
        with self._lock:
            if time.monotonic() >= self._refresh_at:
                # Set before the request, so that a failure delays the next try.
                self._refresh_at = time.monotonic() + provider.SECONDS + self.RETRY_SECONDS
                self._document = self._discover()
                self._refresh_at = time.monotonic() + self.REFRESH_SECONDS
            if not self._document:
                raise provider.ProviderFailed("it did not answer a moment ago")
            return self._document[member]

    def _discover(self) -> Mapping[str, str]:
        document = provider.get(self._issuer.rstrip("/") + DISCOVERY)
        # Discovery 4.3: the document must belong to this issuer.
        if not isinstance(document, Mapping) or document.get("issuer") != self._issuer:
            raise provider.ProviderFailed("its configuration names another issuer than OIDC_ISSUER")
        try:
            return {member: provider.address(document[member]) for member in ENDPOINTS.values()}
        except (KeyError, ValueError, TypeError, AttributeError):
            raise provider.ProviderFailed("its configuration is not complete") from None


@cache
def configuration(issuer: str) -> Configuration:
    """One for each issuer. Its ``[]`` raises ``ProviderFailed``."""
    return Configuration(issuer)


@cache
def jwks_client(url: str) -> JWKSClient:
    """One for each address of keys."""
    return JWKSClient(url)


class DiscoveredEndpoints:
    """A mixin for the library's classes: discovered endpoints in place of settings."""

    @staticmethod
    def get_settings(attr: str, *args: Any) -> Any:
        if attr in ENDPOINTS:
            return configuration(settings.OIDC_ISSUER)[ENDPOINTS[attr]]
        return import_from_settings(attr, *args)
