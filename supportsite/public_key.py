"""Read the public key that tokens are verified with, as an operator hands it over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from supportsite.jwks import ALGORITHMS, KeySet

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


def read(text: str) -> str:
    """A PEM, or the file that holds one, as the PEM of a public key; a certificate's is taken out.

    ``ValueError`` says what it should have been.
    """
    if not text:
        return ""
    try:
        pem = text if text.startswith("-----BEGIN") else Path(text).expanduser().read_text()
        key = _loaded(pem.replace("\\n", "\n").strip().encode())
        KeySet({"keys": [as_jwk(key)]}, ALGORITHMS)
    except (OSError, ValueError, TypeError):
        raise ValueError(
            "the PEM of a public key (RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519), "
            "or a file that holds one"
        ) from None
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, info).decode()


def fits(pem: str, algorithms: tuple[str, ...]) -> bool:
    """Whether one of the algorithms can be verified with the key."""
    try:
        return bool(keys(pem, algorithms))
    except ValueError:
        return False


def keys(pem: str, algorithms: tuple[str, ...]) -> KeySet:
    """The one key, for each of the algorithms that fits it. ``ValueError`` if none does."""
    return KeySet({"keys": [as_jwk(_loaded(pem.encode()))]}, algorithms)


def _loaded(pem: bytes) -> PublicKey:
    if b"CERTIFICATE" in pem:
        key: Any = x509.load_pem_x509_certificate(pem).public_key()
    else:
        key = serialization.load_pem_public_key(pem)
    if not isinstance(key, PublicKey):
        raise TypeError("another kind of key")
    return key


def as_jwk(key: PublicKey) -> dict[str, Any]:
    match key:
        case rsa.RSAPublicKey():
            return dict(jwt.algorithms.RSAAlgorithm.to_jwk(key, as_dict=True))
        case ec.EllipticCurvePublicKey():
            return dict(jwt.algorithms.ECAlgorithm.to_jwk(key, as_dict=True))
        case _:
            return dict(jwt.algorithms.OKPAlgorithm.to_jwk(key, as_dict=True))
