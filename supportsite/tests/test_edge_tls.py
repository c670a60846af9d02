"""TLS by Mozilla's intermediate profile: accepted and refused versions and ciphers."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest

from supportsite.tests.edge import SHIPPED, Authority, Nginx

TLS12 = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
)
TLS13 = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
ANYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"


@pytest.fixture(scope="module")
def nginx(authority: Authority, tmp_path_factory) -> Iterator[Nginx]:
    with Nginx(tmp_path_factory.mktemp("tls"), authority, "127.0.0.1:1", certificates="") as one:
        yield one


def connect(nginx: Nginx, *options: str, say: str = "") -> str:
    """What openssl says of a handshake."""
    ended = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{nginx.port}", *options],
        input=say,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=20,
    )
    return ended.stdout + ended.stderr


def cipher(output: str) -> str:
    """The one that was agreed on; empty if there was no handshake."""
    agreed = re.search(r"^New, \S+, Cipher is (\S+)", output, re.MULTILINE)
    assert agreed, output
    return "" if agreed[1] == "(NONE)" else agreed[1]


def offered_by_openssl(kind: str) -> list[str]:
    listed = subprocess.run(
        ["openssl", "ciphers", "-s", "-tls1_2", kind], capture_output=True, text=True, check=True
    )
    return listed.stdout.strip().split(":")


@pytest.mark.parametrize("name", TLS12)
def test_tls_1_2_is_spoken_with_forward_secrecy_and_authenticated_encryption(nginx, name):
    assert cipher(connect(nginx, "-tls1_2", "-cipher", name)) == name


@pytest.mark.parametrize("name", TLS13)
def test_tls_1_3_is_spoken(nginx, name):
    assert cipher(connect(nginx, "-tls1_3", "-ciphersuites", name)) == name


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_older_tls_is_refused(nginx, version):
    output = connect(nginx, version, "-cipher", ANYTHING)

    assert cipher(output) == ""
    assert "alert protocol version" in output


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("kDHE:kEDH", id="finite-field Diffie-Hellman"),
        pytest.param("kRSA", id="no forward secrecy"),
        pytest.param("ECDHE+SHA1:ECDHE+SHA256:ECDHE+SHA384:!AESGCM:!CHACHA20", id="CBC"),
        pytest.param("AESCCM:AESCCM8", id="CCM"),
        pytest.param("ARIA:CAMELLIA", id="ARIA and Camellia"),
        pytest.param("aNULL:eNULL", id="nobody's, or unencrypted"),
        pytest.param("PSK:SRP", id="keys agreed on before"),
    ],
)
def test_other_ciphers_are_refused(nginx, kind):
    ciphers = f"{kind}:@SECLEVEL=0"
    assert set(offered_by_openssl(ciphers)) - set(TLS12)

    assert cipher(connect(nginx, "-tls1_2", "-cipher", ciphers)) == ""


def test_nothing_is_spoken_but_what_is_named(nginx):
    spoken = []
    left = ANYTHING
    while agreed := cipher(connect(nginx, "-tls1_2", "-cipher", left)):
        spoken.append(agreed)
        left = f"ALL:COMPLEMENTOFALL:!{':!'.join(spoken)}:@SECLEVEL=0"

    assert sorted(spoken) == sorted(TLS12)


def test_a_caller_cannot_renegotiate_nor_keep_a_ticket(nginx):
    output = connect(nginx, "-tls1_2", say="R\n")

    assert "TLS session ticket" not in output
    assert "no renegotiation" in output or "RENEGOTIATING" not in output.partition("---\n")[0]


def test_curves_are_those_of_the_profile(nginx):
    for curve, agreed in (("X25519", True), ("P-256", True), ("P-384", True), ("P-521", False)):
        output = connect(nginx, "-tls1_3", "-groups", curve)
        assert bool(cipher(output)) is agreed, curve


def test_http2_is_offered(nginx):
    assert "ALPN protocol: h2" in connect(nginx, "-alpn", "h2,http/1.1")


def test_the_rsa_half_of_the_ciphers_is_for_certificates_with_rsa_keys():
    named = re.search(r"^ssl_ciphers (\S+);", (SHIPPED / "tls.conf").read_text(), re.MULTILINE)

    assert named
    assert sorted(named[1].split(":")) == sorted(
        [*TLS12, *(name.replace("ECDSA", "RSA") for name in TLS12)]
    )
