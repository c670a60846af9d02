"""Read JWT_PUBLIC_KEY, the public key that verifies tokens."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from supportsite.auth.jwks import ALGORITHMS

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


def read(text: str) -> str:
    """The PEM of a public key, from a PEM or the name of a file with one; also a certificate's.

    Raises ``ValueError`` with the expected format.
    """
    if not text:
        return ""
    try:
        pem = text if text.startswith("-----BEGIN") else Path(text).expanduser().read_text()
        key = load(pem.replace("\\n", "\n").strip())
        if not any(_is_accepted_by(jwt.get_algorithm_by_name(name), key) for name in ALGORITHMS):
            raise ValueError("a short key, or another curve")
    except (OSError, ValueError, TypeError):
        raise ValueError(
            "the PEM of a public key (RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519), "
            "or a file that holds one"
        ) from None
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, info).decode()


def _is_accepted_by(algorithm: Any, key: PublicKey) -> bool:
    """The key's type, curve and size decide."""
    try:
        return algorithm.check_key_length(algorithm.prepare_key(key)) is None
    except (jwt.InvalidKeyError, TypeError):
        return False


@cache
def load(pem: str) -> PublicKey:
    """The key of a PEM, which may be a certificate. Raises ``ValueError`` or ``TypeError``."""
    encoded = pem.encode()
    if "CERTIFICATE" in pem:
        key: Any = x509.load_pem_x509_certificate(encoded).public_key()
    else:
        key = serialization.load_pem_public_key(encoded)
    if not isinstance(key, PublicKey):
        raise TypeError("another kind of key")
    return key
