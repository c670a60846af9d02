"""The public key that tokens are verified with, as people hand such things over."""

from __future__ import annotations

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, rsa

from supportsite.auth import public_key
from supportsite.tests.identity_provider import ec_key, ed_key, rsa_key


def pem(key) -> str:
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, info).decode()


def certificate(key) -> str:
    name = x509.Name([])
    day = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    created = x509.CertificateBuilder(name, name, key.public_key(), 7, day, day)
    return created.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize("key", [rsa_key("one"), ec_key("one"), ed_key("one")])
def test_each_kind_is_read_and_verifies_what_fits_it(key):
    read = public_key.read(pem(key))

    assert read == pem(key)


def test_a_file_a_certificate_and_a_text_in_one_line_are_the_same_key(tmp_path):
    expected = pem(rsa_key("one"))
    file = tmp_path / "key.pem"
    file.write_text(certificate(rsa_key("one")))

    assert public_key.read(str(file)) == expected
    assert public_key.read(expected.replace("\n", "\\n")) == expected
    assert public_key.read("") == ""


def test_anything_else_is_refused(tmp_path):
    private = rsa_key("one").private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    others = [
        *(private.decode(), "/nowhere", str(tmp_path), "a-secret", "-----BEGIN PUBLIC KEY-----"),
        *(pem(rsa.generate_private_key(65537, 1024)), pem(dsa.generate_private_key(2048))),
    ]

    for other in others:
        with pytest.raises(ValueError, match="the PEM of a public key"):
            public_key.read(other)
