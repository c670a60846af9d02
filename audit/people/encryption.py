"""One person's key: the pseudonym it gives, and the texts only it opens.

Pure. Who destroys the key destroys the texts, and nobody can tell any more whose the pseudonym was.
"""

from __future__ import annotations

import os
from hashlib import blake2s, sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
GCM_NONCE_BYTES = 12


class Unreadable(ValueError):
    """The text was not encrypted with this key, or was changed since."""


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def pseudonym_of(key: bytes) -> str:
    """Such as ``p-9f86d081884c7d65``: says nothing about the person without the table of keys."""
    return "p-" + sha256(b"pseudonym\n" + key).hexdigest()[:16]


def lookup(name: str, secret: bytes) -> bytes:
    """What a person's keys are found by; 16 bytes, which tell the name only to who can guess it
    and has the site's secret (32 bytes)."""
    data = name.encode("utf-8", "backslashreplace")
    return blake2s(data, key=secret, digest_size=16, person=b"whose").digest()


def close(text: str, key: bytes, nonce: bytes) -> bytes:
    """``text`` encrypted with AES-256-GCM; a ``nonce`` is never used twice."""
    data = text.encode("utf-8", "backslashreplace")
    return AESGCM(key).encrypt(nonce[:GCM_NONCE_BYTES], data, None)


def open_(closed: bytes, key: bytes, nonce: bytes) -> str:
    """Raises ``Unreadable``."""
    try:
        return AESGCM(key).decrypt(nonce[:GCM_NONCE_BYTES], closed, None).decode()
    except InvalidTag:
        raise Unreadable("another key closed it, or it was changed") from None
