"""The site's two audit keys, from the settings."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from django.conf import settings

from audit.log_format.checkpoint import PublicKey, Signer


class NoSigningKey(Exception):
    """AUDIT_SIGNING_KEY is not set in this process."""

    def __str__(self) -> str:
        return (
            "AUDIT_SIGNING_KEY is not set. Set it, or create the site's keys with "
            "`python -m supportsite.secrets`."
        )


def mac_key() -> bytes:
    """The key that proves that this site wrote a record; 32 bytes."""
    return _derived("mac", settings.AUDIT_MAC_KEY)


def lookup_key() -> bytes:
    """The key of the hash of a name, to find a person's keys without storing it; 32 bytes."""
    return _derived("lookup", settings.AUDIT_MAC_KEY)


def signer() -> Signer:
    """The signer of checkpoints. Raises ``NoSigningKey``."""
    if not settings.AUDIT_SIGNING_KEY:
        raise NoSigningKey
    return _signer(settings.AUDIT_SIGNING_KEY)


def public_key() -> PublicKey:
    """Raises ``NoSigningKey``."""
    return signer().public


@cache
def _derived(purpose: str, secret: str) -> bytes:
    return sha256(f"supportsite audit {purpose} key\n{secret}".encode()).digest()


@cache
def _signer(secret: str) -> Signer:
    return Signer(secret)
