"""Client certificates: NGINX's headers, the principal of a certificate, and bound tokens."""

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
    """A certificate that NGINX verified against its CA and its revocation list."""

    subject: str
    """The distinguished name in the format of RFC 2253, such as ``CN=shop,O=Example``."""
    pem: str
    """The whole certificate, percent-encoded (``$ssl_client_escaped_cert``); may be empty."""

    @property
    def thumbprint(self) -> str:
        """``x5t#S256`` of RFC 8705, 3.1: the SHA-256 of its DER form in base64url; or empty."""
        try:
            der = ssl.PEM_cert_to_DER_cert(unquote(self.pem))
        except (ValueError, NotBase64):
            return ""
        return urlsafe_b64encode(sha256(der).digest()).rstrip(b"=").decode()


def verified(request: HttpRequest) -> ClientCertificate | None:
    """The caller's verified certificate; None without one, or if the proxy did not send it."""
    headers = request.headers
    if headers.get(VERIFY_HEADER) != VERIFIED or not proxy.is_from_proxy(request):
        return None
    return ClientCertificate(headers.get(SUBJECT_HEADER, ""), headers.get(CERTIFICATE_HEADER, ""))


# --- A certificate instead of a token -------------------------------------------------------------


class CertificateAuthentication(BaseAuthentication):
    """A caller without a token is the principal of its certificate in ``MTLS_SUBJECTS``."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        certificate = verified(request)
        principal = settings.MTLS_SUBJECTS.get(certificate.subject) if certificate else None
        if principal is None:
            return None
        # A browser sends its certificate with cross-site requests too (CSRF).
        if any(name in request.headers for name in SENT_BY_BROWSERS):
            return None
        return principal, None


# --- A certificate that owns a token --------------------------------------------------------------


def require_owner(request: HttpRequest, claims: Mapping[str, Any]) -> None:
    """Refuse a certificate-bound token unless the caller has that certificate.

    RFC 8705 section 3: the claim ``cnf`` has its thumbprint as ``x5t#S256``. A token bound by
    another method, such as DPoP, is refused too: this site cannot verify it.
    """
    bound = claims.get("cnf")
    if bound is None:
        return
    certificate = verified(request)
    thumbprint = certificate.thumbprint if certificate else ""
    if not thumbprint or not isinstance(bound, Mapping) or bound.get("x5t#S256") != thumbprint:
        raise AuthenticationFailed("The token is bound to another certificate.")
