"""One person's key: pseudonym and text encryption (crypto-shredding).

Pure. Destroying the key destroys the texts, and the link from the pseudonym to the person.
"""

from __future__ import annotations

import os
from hashlib import blake2s, sha256

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
GCM_NONCE_BYTES = 12


class DecryptionError(ValueError):
    """The text was encrypted with another key, or changed afterwards."""


def new_key() -> bytes:
    """A random key of 32 bytes."""
    return os.urandom(KEY_BYTES)


def pseudonym_of(key: bytes) -> str:
    """Such as ``p-9f86d081884c7d65``: nobody can derive it from the person's name."""
    return "p-" + sha256(b"pseudonym\n" + key).hexdigest()[:16]


def keyed_hash(name: str, secret: bytes) -> bytes:
    """Keyed BLAKE2s of a name (16 bytes), to find a person's keys without storing the name.

    ``secret`` is 32 bytes; only with it can a guessed name be checked.
    """
    data = name.encode("utf-8", "backslashreplace")
    return blake2s(data, key=secret, digest_size=16, person=b"whose").digest()


def row_mac(secret: bytes, pseudonym: str, lookup: bytes, name: str, key: bytes) -> bytes:
    """Keyed BLAKE2s (32 bytes) of a person's row, so that nobody can rename it or swap two.

    ``secret`` is 32 bytes; only with it can a row be written.
    """
    row = orjson.dumps([pseudonym, lookup.hex(), key.hex(), name])
    return blake2s(row, key=secret, person=b"subject").digest()


def encrypt(text: str, key: bytes, nonce: bytes) -> bytes:
    """``text`` encrypted with AES-256-GCM: 16 bytes longer than its UTF-8.

    The first 12 bytes of ``nonce`` count. Never use them twice with one key.
    """
    return encrypt_bytes(text.encode("utf-8", "backslashreplace"), key, nonce)


def decrypt(ciphertext: bytes, key: bytes, nonce: bytes) -> str:
    """The text. Raises ``DecryptionError``."""
    return decrypt_bytes(ciphertext, key, nonce).decode()


def encrypt_bytes(data: bytes, key: bytes, nonce: bytes) -> bytes:
    """``data`` encrypted with AES-256-GCM; see ``encrypt``."""
    return AESGCM(key).encrypt(nonce[:GCM_NONCE_BYTES], data, None)


def decrypt_bytes(ciphertext: bytes, key: bytes, nonce: bytes) -> bytes:
    """The data. Raises ``DecryptionError``."""
    try:
        return AESGCM(key).decrypt(nonce[:GCM_NONCE_BYTES], ciphertext, None)
    except InvalidTag:
        raise DecryptionError("encrypted with another key, or changed since") from None


def decrypt_stored(stored: bytes, key: bytes) -> bytes:
    """The data of ``SubjectKey.encrypt_bytes``. Raises ``DecryptionError``."""
    return decrypt_bytes(stored[GCM_NONCE_BYTES:], key, stored[:GCM_NONCE_BYTES])
