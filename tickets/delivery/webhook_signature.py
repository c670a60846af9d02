"""Sign what a webhook sends, and check it as a receiver does.

Pure. The signature is HMAC-SHA256 over the timestamp, a full stop and the body, in hexadecimal.
While a secret is being changed there are two, by the new and by the old, separated by a comma.
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
"""How far the clocks of sender and receiver may be apart; older requests are replays."""


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def signature(body: bytes, *, timestamp: int, secret: str) -> str:
    signed = f"{timestamp}.".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def headers(body: bytes, *, delivery: str, timestamp: int, keys: Iterable[str]) -> dict[str, str]:
    """What a receiver needs to check the body, and to know a delivery it already has."""
    signatures = [signature(body, timestamp=timestamp, secret=secret) for secret in keys]
    return {ID: delivery, TIMESTAMP: str(timestamp), SIGNATURE: ",".join(signatures)}


def is_genuine(body: bytes, *, timestamp: str, signatures: str, secret: str, now: float) -> bool:
    """What a receiver checks before it believes a delivery."""
    if not timestamp.isascii() or not timestamp.isdigit():
        return False
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    wanted = signature(body, timestamp=int(timestamp), secret=secret).encode()
    return any(hmac.compare_digest(each.strip().encode(), wanted) for each in signatures.split(","))
