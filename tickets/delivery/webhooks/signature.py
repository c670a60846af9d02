"""Sign the body of a webhook, and verify it as a receiver does.

Pure. The signature is HMAC-SHA256 over the timestamp, a full stop and the body, in hexadecimal.
After a change of the secret there are two, by the new and the old one, separated by a comma.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable

ID = "Webhook-Id"
TIMESTAMP = "Webhook-Timestamp"
SIGNATURE = "Webhook-Signature"

TOLERANCE_SECONDS = 300
"""Maximum age and clock difference; older requests count as replays."""


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def signature(body: bytes, *, timestamp: int, secret: str) -> str:
    signed = f"{timestamp}.".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def headers(body: bytes, *, delivery: str, timestamp: int, keys: Iterable[str]) -> dict[str, str]:
    """Headers to verify the body and to recognise a repeated delivery."""
    signatures = [signature(body, timestamp=timestamp, secret=secret) for secret in keys]
    return {ID: delivery, TIMESTAMP: str(timestamp), SIGNATURE: ",".join(signatures)}


def is_genuine(body: bytes, *, timestamp: str, signatures: str, secret: str, now: float) -> bool:
    """True if the signature is valid and the timestamp recent, as a receiver checks it."""
    if not timestamp.isascii() or not timestamp.isdigit():
        return False
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    expected = signature(body, timestamp=int(timestamp), secret=secret).encode()
    return any(
        hmac.compare_digest(part.strip().encode(), expected) for part in signatures.split(",")
    )
