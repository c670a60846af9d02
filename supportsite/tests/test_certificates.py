"""Client certificates: required, in place of a token, and bound to a token."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from rest_framework.test import APIClient

from audit.identity.principal import Principal, Role
from supportsite.auth import authentication
from supportsite.edge.certificate_subjects import principals
from supportsite.edge.checks import certificates_are_trustworthy
from supportsite.serving.preflight import startup_errors

pytestmark = pytest.mark.django_db

SECRET = "0123456789-abcdefghijklmnopqrstuvwxyz"
SHOP = "CN=shop,O=Example"


def certificate(name: str) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name.from_rfc4514_string(name)
    begins = datetime(2026, 1, 1)
    return (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )


def shown(certificate: x509.Certificate) -> dict[str, str]:
    """As NGINX tells of it."""
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return {
        "X-SSL-Client-Verify": "SUCCESS",
        "X-SSL-Client-Subject": certificate.subject.rfc4514_string(),
        "X-SSL-Client-Cert": quote(pem, safe=""),
        "X-Proxy-Secret": SECRET,
    }


def thumbprint(certificate: x509.Certificate) -> str:
    der = certificate.public_bytes(serialization.Encoding.DER)
    return urlsafe_b64encode(sha256(der).digest()).decode().rstrip("=")


@pytest.fixture(autouse=True)
def proxy(settings) -> None:
    settings.PROXY_SECRETS = [SECRET]


# --- Who must show one ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 403, id="nothing said"),
        pytest.param({"X-SSL-Client-Verify": "SUCCESS"}, 403, id="said by anybody"),
        pytest.param({"X-Proxy-Secret": SECRET}, 403, id="nothing said by NGINX"),
        *(
            pytest.param({"X-SSL-Client-Verify": word, "X-Proxy-Secret": SECRET}, 403, id=word)
            for word in ("NONE", "FAILED", "success", "SUCCESS,SUCCESS", "NONE,SUCCESS", "SUCCESS;")
        ),
        pytest.param(
            {"X-SSL-Client-Verify": "SUCCESS", "X-Proxy-Secret": SECRET}, 401, id="a good one"
        ),
    ],
)
def test_with_enforce_mtls_nobody_gets_in_unless_nginx_says_success(settings, headers, status):
    settings.ENFORCE_MTLS = True

    # 401: it got in, and has no token.
    assert APIClient().get("/tickets", headers=headers).status_code == status


def test_probes_get_in_without_but_not_through_nginx(settings):
    settings.ENFORCE_MTLS = True
    through = {"X-SSL-Client-Verify": "NONE", "X-Proxy-Secret": SECRET}

    assert APIClient().get("/metrics").status_code == 200
    assert APIClient().get("/metrics", headers=through).status_code == 403


# --- Whom it stands for ---------------------------------------------------------------------------


def test_a_mapped_certificate_needs_no_token(settings):
    settings.MTLS_SUBJECTS = principals(f"{SHOP} -> shop service")

    reply = APIClient().get("/tickets?user_id=u1", headers=shown(certificate(SHOP)))

    assert reply.status_code == 200


@pytest.mark.parametrize(
    "differs",
    [
        pytest.param({"X-SSL-Client-Subject": "CN=shop,O=Other"}, id="another name"),
        pytest.param({"X-SSL-Client-Subject": SHOP + " "}, id="a name that is nearly it"),
        pytest.param({"X-Proxy-Secret": ""}, id="told by anybody"),
        pytest.param({"X-SSL-Client-Verify": "FAILED"}, id="not verified"),
        pytest.param({"Origin": "https://evil.example"}, id="sent from a page"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="sent by a browser"),
        pytest.param({"Authorization": "Bearer of.bad.news"}, id="with a bad token"),
    ],
)
def test_any_other_does(settings, differs):
    settings.MTLS_SUBJECTS = principals(f"{SHOP} -> shop service")

    reply = APIClient().get("/tickets?user_id=u1", headers=shown(certificate(SHOP)) | differs)

    assert reply.status_code == 401


def test_a_token_beats_the_certificate(settings, as_role):
    settings.MTLS_SUBJECTS = principals(f"{SHOP} -> shop admin")

    reply = as_role("customer").get("/audit", headers=shown(certificate(SHOP)))

    assert reply.status_code == 403


def test_the_map_is_read_line_by_line_or_with_semicolons():
    read = principals("CN=shop,O=A\\;B -> shop service publisher;\n CN=kiosk->kiosk customer\n\n")

    assert read == {
        "CN=shop,O=A\\;B": Principal("shop", frozenset({Role.SERVICE, Role.PUBLISHER})),
        "CN=kiosk": Principal("kiosk", frozenset({Role.CUSTOMER})),
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("CN=shop", "such as", id="nobody"),
        pytest.param("CN=shop -> shop", "such as", id="no role"),
        pytest.param("shop -> shop service", "such as", id="no distinguished name"),
        pytest.param("CN=shop -> shop root", "not root", id="an unknown role"),
        pytest.param("CN=a -> b service; CN=a -> c service", "named twice", id="one name twice"),
    ],
)
def test_a_map_that_says_nothing_certain_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        principals(text)


# --- Which tokens it owns -------------------------------------------------------------------------


@pytest.fixture
def ask(monkeypatch):
    """GET /tickets with a token of these claims, and what NGINX tells."""
    created = authentication.verify

    def send(claims, headers):
        monkeypatch.setattr(authentication, "verify", lambda token: {**created(token), **claims})
        token = authentication.issue("u1", ["customer"], seconds=60)
        headers = {**headers, "Authorization": f"Bearer {token}"}
        return APIClient().get("/tickets", headers=headers).status_code

    return send


def test_a_bound_token_is_good_with_its_certificate_alone(ask):
    mine, other = certificate(SHOP), certificate(SHOP)
    claims = {"cnf": {"x5t#S256": thumbprint(mine)}}

    assert ask(claims, shown(mine)) == 200
    assert ask(claims, shown(other)) == 401
    assert ask(claims, {}) == 401
    assert ask(claims, shown(mine) | {"X-Proxy-Secret": "0" * 40}) == 401


@pytest.mark.parametrize(
    "bound",
    [
        pytest.param({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}, id="to a key of DPoP"),
        pytest.param({"x5t#S256": ""}, id="to nothing"),
        pytest.param({}, id="in no way"),
        pytest.param("x5t#S256", id="in a way that is none"),
        pytest.param({"x5t#S256": ["a"]}, id="to a list"),
    ],
)
def test_a_token_bound_to_an_unverifiable_certificate_is_refused(ask, bound):
    assert ask({"cnf": bound}, shown(certificate(SHOP))) == 401
    broken = shown(certificate(SHOP)) | {"X-SSL-Client-Cert": "-----BEGIN%20"}
    assert ask({"cnf": bound}, broken) == 401


def test_a_token_that_is_not_bound_is_anybodys(ask):
    assert ask({}, {}) == 200


# --- Where none can be trusted -----------------------------------------------------------------


@pytest.fixture
def private(tmp_path) -> Path:
    tmp_path.chmod(0o750)
    return tmp_path


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"BIND": "0.0.0.0:8000"}, ["supportsite.E010"], id="an open port"),
        pytest.param({"BIND": ":8000"}, ["supportsite.E010"], id="an open port, said shortly"),
        pytest.param({"BIND": "127.0.0.1:8000"}, ["supportsite.W011"], id="this machine's port"),
        pytest.param({"BIND": "unix:{open}/web.sock"}, ["supportsite.E012"], id="anybody's socket"),
        pytest.param({"BIND": "unix:{private}/web.sock"}, [], id="NGINX's socket"),
        pytest.param(
            {"BIND": "unix:{private}/web.sock,127.0.0.1:9000"}, [], id="NGINX's socket, and probes"
        ),
        pytest.param({"BIND": "0.0.0.0:8000", "PROXY_SECRETS": [SECRET]}, [], id="a secret"),
        pytest.param({"BIND": "0.0.0.0:8000", "ENFORCE_MTLS": False}, [], id="no certificates"),
        pytest.param(
            {"BIND": "0.0.0.0:8000", "ENFORCE_MTLS": False, "MTLS_SUBJECTS": {SHOP: None}},
            ["supportsite.W011"],
            id="certificates that stand for somebody",
        ),
    ],
)
def test_the_checks_say_so(settings, private, values, expected):
    (private / "open").mkdir(mode=0o755)
    settings.ENFORCE_MTLS, settings.PROXY_SECRETS = True, []
    for name, value in values.items():
        setattr(settings, name, value)
    settings.BIND = settings.BIND.format(private=private, open=private / "open")

    assert [message.id for message in certificates_are_trustworthy(None)] == expected


def test_every_command_and_gunicorn_ask_them(settings):
    settings.ENFORCE_MTLS, settings.PROXY_SECRETS, settings.BIND = True, [], "0.0.0.0:8000"

    assert any("ENFORCE_MTLS is on, and BIND" in line for line in startup_errors())
