"""Client certificates: what NGINX says of one, whom it stands for, and which tokens it owns."""

from __future__ import annotations

import ssl
from base64 import urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from audit.identity.principal import Principal
from supportsite.edge import proxy

VERIFY_HEADER = "X-SSL-Client-Verify"
SUBJECT_HEADER = "X-SSL-Client-Subject"
CERTIFICATE_HEADER = "X-SSL-Client-Cert"
VERIFIED = "SUCCESS"

SENT_BY_BROWSERS = ("Origin", "Sec-Fetch-Site")


@dataclass(frozen=True)
class ClientCertificate:
    """A certificate that the edge verified, against its CA and its list of revoked ones."""

    subject: str
    """The distinguished name as RFC 2253 writes it, such as ``CN=shop,O=Example``."""
    pem: str
    """All of it, percent-encoded, as NGINX's ``$ssl_client_escaped_cert``; empty if not told."""

    @property
    def thumbprint(self) -> str:
        """``x5t#S256`` of RFC 8705, 3.1: the SHA-256 of its DER form in base64url; or empty."""
        try:
            der = ssl.PEM_cert_to_DER_cert(unquote(self.pem))
        except (ValueError, NotBase64):
            return ""
        return urlsafe_b64encode(sha256(der).digest()).rstrip(b"=").decode()


def verified(request: HttpRequest) -> ClientCertificate | None:
    """The caller's certificate, if it has one and it is the proxy that says so."""
    headers = request.headers
    if headers.get(VERIFY_HEADER) != VERIFIED or not proxy.came_through(request):
        return None
    return ClientCertificate(headers.get(SUBJECT_HEADER, ""), headers.get(CERTIFICATE_HEADER, ""))


# --- A certificate instead of a token -------------------------------------------------------------


class CertificateAuthentication(BaseAuthentication):
    """Who has no token is whom ``MTLS_SUBJECTS`` says its certificate stands for."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        certificate = verified(request)
        principal = settings.MTLS_SUBJECTS.get(certificate.subject) if certificate else None
        if principal is None:
            return None
        # A browser shows its certificate with whatever another site makes it send.
        if any(name in request.headers for name in SENT_BY_BROWSERS):
            return None
        return principal, None


# --- A certificate that owns a token --------------------------------------------------------------


def require_owner(request: HttpRequest, claims: Mapping[str, Any]) -> None:
    """Refuse a token that is bound to a certificate from whoever does not show that certificate.

    RFC 8705 section 3: the claim ``cnf`` has its thumbprint as ``x5t#S256``. A token bound to
    something else, such as a key of DPoP, is refused too: nobody here can tell whose it is.
    """
    bound = claims.get("cnf")
    if bound is None:
        return
    certificate = verified(request)
    shown = certificate.thumbprint if certificate else ""
    if not shown or not isinstance(bound, Mapping) or bound.get("x5t#S256") != shown:
        raise AuthenticationFailed("The token is bound to another certificate.")
