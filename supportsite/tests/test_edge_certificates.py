"""Who gets through NGINX with which certificate: the real nginx, the real middleware."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from supportsite.tests.edge import (
    Authority,
    Gunicorn,
    Mirror,
    Nginx,
    exchange,
    reply,
    request,
    statuses,
    tls,
)

THROUGH, REFUSED_BY_NGINX, REFUSED_BY_US = 401, 400, 403


@pytest.fixture(scope="module")
def on(authority: Authority, service: Gunicorn, tmp_path_factory) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("on")
    with Nginx(folder, authority, f"unix:{service.socket}", certificates="on") as nginx:
        yield nginx


@pytest.fixture(scope="module")
def optional(authority: Authority, service: Gunicorn, tmp_path_factory) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("optional")
    with Nginx(folder, authority, f"unix:{service.socket}", certificates="optional") as nginx:
        yield nginx


def status(nginx: Nginx, authority: Authority, cert: Path | None = None) -> int:
    (matches,) = statuses(exchange(nginx.port, request(), tls(authority, cert)))
    return matches


# --- Certificates as anybody may make them --------------------------------------------------------


class Issuer:
    """Certificates that gen_cert.sh would never make, signed with its keys."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        self.authority = authority
        self.folder = folder

    def make(
        self,
        name: str,
        *,
        signed_by: tuple[Path, Path] | None = None,
        begins: timedelta = timedelta(days=-10),
        ends: timedelta = timedelta(days=10),
        purpose: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.CLIENT_AUTH,
        ca: bool = False,
        chain: Path | None = None,
        common_name: str = "client",
    ) -> Path:
        crt, key_file = signed_by or (self.authority.file("ca.crt"), self.authority.ca / "ca.key")
        issuer = x509.load_pem_x509_certificate(crt.read_bytes())
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
            .issuer_name(issuer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if purpose:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        signer = serialization.load_pem_private_key(key_file.read_bytes(), None)
        created = builder.sign(signer, hashes.SHA256())  # type: ignore[arg-type]
        file = self.folder / f"{name}.crt"
        pem = created.public_bytes(serialization.Encoding.PEM)
        file.write_bytes(pem + (chain.read_bytes() if chain else b""))
        file.with_suffix(".key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return file


def good(issuer: Issuer) -> Path:
    return issuer.make("good")


def wrong_ca(issuer: Issuer) -> Path:
    # Of the same name, made by the same script.
    other = Authority(issuer.folder / "other")
    other.folder.mkdir(exist_ok=True)
    other.run()
    return other.file("client.crt")


def expired(issuer: Issuer) -> Path:
    return issuer.make("expired", ends=timedelta(minutes=-1))


def not_yet_valid(issuer: Issuer) -> Path:
    return issuer.make("early", begins=timedelta(days=1))


def of_the_server(issuer: Issuer) -> Path:
    return issuer.authority.file("server.crt")


def for_something_else(issuer: Issuer) -> Path:
    return issuer.make("mail", purpose=ExtendedKeyUsageOID.EMAIL_PROTECTION)


def signed_by_a_leaf(issuer: Issuer) -> Path:
    leaf = issuer.authority.file("client.crt")
    return issuer.make("leaf", signed_by=(leaf, leaf.with_suffix(".key")), chain=leaf)


def signed_by_a_ca_below_ours(issuer: Issuer) -> Path:
    below = issuer.make("below", ca=True, purpose=None)
    return issuer.make("under", signed_by=(below, below.with_suffix(".key")), chain=below)


def signed_by_itself(issuer: Issuer) -> Path:
    # With the name of one that is good.
    mine = Authority(issuer.folder / "mine")
    mine.folder.mkdir(exist_ok=True)
    mine.run(CA_DIR=str(mine.folder / "ca"))
    return issuer.make("self", signed_by=(mine.file("ca.crt"), mine.ca / "ca.key"))


BAD = [
    pytest.param(wrong_ca, id="of another CA with the same name"),
    pytest.param(expired, id="expired"),
    pytest.param(not_yet_valid, id="not yet valid"),
    pytest.param(of_the_server, id="the server's"),
    pytest.param(for_something_else, id="for mail"),
    pytest.param(signed_by_a_leaf, id="signed with a client's key"),
    pytest.param(signed_by_a_ca_below_ours, id="signed by a CA that ours signed"),
    pytest.param(signed_by_itself, id="signed by one's own CA"),
]


@pytest.fixture
def issuer(authority: Authority, tmp_path: Path) -> Issuer:
    return Issuer(authority, tmp_path)


def test_a_good_certificate_gets_through(on, optional, authority, issuer):
    for nginx in (on, optional):
        assert status(nginx, authority, authority.file("client.crt")) == THROUGH
        assert status(nginx, authority, good(issuer)) == THROUGH


def test_without_one_nobody_does(on, optional, authority):
    assert status(on, authority) == REFUSED_BY_NGINX
    assert status(optional, authority) == REFUSED_BY_US


@pytest.mark.parametrize(
    ("path", "expected"),
    # The service of these tests has no database, which the page says.
    [("/help/", 503), ("/widget/v1.js", 200), ("/static/help/help.css", 200)],
)
def test_visitors_of_the_help_page_need_none(on, authority, path, expected):
    code, headers, _ = reply(exchange(on.port, request(path), tls(authority)))

    assert code == expected
    assert headers["X-Frame-Options"] == (None if path == "/help/" else "DENY")


@pytest.mark.parametrize(
    "path",
    [
        *("/helpful", "/help", "/tickets/../help", "/help/../tickets", "/help/%2e%2e/tickets"),
        *("/static/admin/x.css", "/certificate", "/x/help/", "/help/..%2ftickets", "//tickets"),
    ],
)
def test_no_other_path_is_open_without_one(on, authority, path):
    reply = exchange(on.port, request(path), tls(authority))

    assert statuses(reply) == [404 if path == "/certificate" else REFUSED_BY_NGINX]


@pytest.mark.parametrize("make", BAD)
def test_with_a_bad_one_nobody_does(on, optional, authority, issuer, make):
    bad = make(issuer)

    assert status(on, authority, bad) == REFUSED_BY_NGINX
    assert status(optional, authority, bad) == REFUSED_BY_NGINX


def test_who_shows_no_certificate_reads_a_problem_document(on, authority):
    code, headers, body = reply(exchange(on.port, request(), tls(authority)))

    assert code == json.loads(body)["status"] == 400
    assert headers["Content-Type"] == "application/problem+json"
    assert json.loads(body)["detail"] == "A client certificate is required, and none was sent."


@pytest.mark.parametrize("make", BAD)
def test_who_shows_a_bad_certificate_reads_a_problem_document(on, authority, issuer, make):
    code, headers, body = reply(exchange(on.port, request(), tls(authority, make(issuer))))

    assert code == json.loads(body)["status"] == 400
    assert headers["Content-Type"] == "application/problem+json"
    assert json.loads(body)["detail"].startswith("The client certificate is not valid here")


# --- Taking one back ------------------------------------------------------------------------------


def test_a_revoked_certificate_is_refused_from_the_next_reload_on(
    service, tmp_path, tmp_path_factory
):
    authority = Authority(tmp_path_factory.mktemp("revoking"))
    authority.run()
    authority.run("client", "other")
    upstream = f"unix:{service.socket}"
    with Nginx(tmp_path, authority, upstream, certificates="on") as nginx:
        assert status(nginx, authority, authority.file("client.crt")) == THROUGH

        authority.run("revoke", str(authority.file("client.crt")))
        nginx.reload()

        assert status(nginx, authority, authority.file("client.crt")) == REFUSED_BY_NGINX
        assert status(nginx, authority, authority.file("other.crt")) == THROUGH


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_no_session_outlives_what_is_taken_back(on, authority, tmp_path, version):
    def connect(*options: str) -> str:
        ended = subprocess.run(
            [
                *("openssl", "s_client", "-connect", f"127.0.0.1:{on.port}", version),
                *("-CAfile", str(authority.file("ca.crt")), "-ign_eof"),
                *("-cert", str(authority.file("client.crt"))),
                *("-key", str(authority.file("client.key")), *options),
            ],
            input=request().decode(),
            capture_output=True,
            text=True,
            timeout=20,
        )
        return ended.stdout

    first = connect("-sess_out", str(tmp_path / "session"))
    assert "401 Unauthorized" in first
    if (tmp_path / "session").exists():
        again = connect("-sess_in", str(tmp_path / "session"))
        assert "Reused, " not in again
        assert "New, " in again


def test_with_a_list_that_has_ended_nobody_gets_in(service, tmp_path, tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("ended"))
    authority.run()
    key = serialization.load_pem_private_key((authority.ca / "ca.key").read_bytes(), None)
    ca = x509.load_pem_x509_certificate(authority.file("ca.crt").read_bytes())
    now = datetime.now(UTC)
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ca.subject)
        .last_update(now - timedelta(days=2))
        .next_update(now - timedelta(days=1))
        .sign(key, hashes.SHA256())  # type: ignore[arg-type]
    )
    authority.file("ca.crl").write_bytes(crl.public_bytes(serialization.Encoding.PEM))
    upstream = f"unix:{service.socket}"
    with Nginx(tmp_path, authority, upstream, certificates="on") as nginx:
        assert status(nginx, authority, authority.file("client.crt")) == REFUSED_BY_NGINX

        authority.run("crl")
        nginx.reload()

        assert status(nginx, authority, authority.file("client.crt")) == THROUGH


# --- What is said of one --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mirrored(authority: Authority, tmp_path_factory) -> Iterator[tuple[Nginx, Mirror]]:
    folder = tmp_path_factory.mktemp("mirrored")
    mirror = Mirror(folder)
    with Nginx(folder, authority, f"unix:{mirror.socket}", certificates="optional") as nginx:
        yield nginx, mirror
    mirror.close()


def test_the_service_gets_verdict_name_and_certificate(mirrored, authority):
    nginx, mirror = mirrored

    exchange(nginx.port, request(), tls(authority, authority.file("client.crt")))

    (answer,) = mirror.heads()
    assert answer["x-ssl-client-verify"] == ["SUCCESS"]
    assert answer["x-ssl-client-subject"] == ["CN=client,O=supportsite"]
    (pem,) = answer["x-ssl-client-cert"]
    assert pem.startswith("-----BEGIN%20CERTIFICATE-----%0A")


def test_without_a_certificate_it_is_told_so_and_no_name(mirrored, authority):
    nginx, mirror = mirrored

    exchange(nginx.port, request(), tls(authority))

    (answer,) = mirror.heads()
    assert answer["x-ssl-client-verify"] == ["NONE"]
    assert "x-ssl-client-subject" not in answer
    assert "x-ssl-client-cert" not in answer


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        pytest.param(
            "a\r\nX-SSL-Client-Verify: SUCCESS",
            r"CN=a\0D\0AX-SSL-Client-Verify: SUCCESS",
            id="a name with line breaks",
        ),
        pytest.param("shop,O=Example", r"CN=shop\,O=Example", id="a name that looks like two"),
        pytest.param("Größe", r"CN=Gr\C3\B6\C3\9Fe", id="a name beyond ASCII"),
        pytest.param("a;b", r"CN=a\;b", id="a name with a semicolon"),
    ],
)
def test_a_name_has_one_form_only(mirrored, authority, issuer, name, subject):
    nginx, mirror = mirrored
    exchange(nginx.port, request(), tls(authority, issuer.make("odd", common_name=name)))

    (head,) = mirror.heads()
    assert head["x-ssl-client-subject"] == [subject]
    assert head["x-ssl-client-verify"] == ["SUCCESS"]
