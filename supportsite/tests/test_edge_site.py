"""The whole site behind NGINX with mutual TLS: asked, signed in to, and looked up on the trail."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from http.cookies import SimpleCookie
from pathlib import Path
from ssl import PEM_cert_to_DER_cert
from urllib.parse import urlencode

import jwt
import pytest

from supportsite.tests.edge import (
    SECRET,
    Authority,
    Nginx,
    exchange,
    over_socket,
    reply,
    request,
    statuses,
    tls,
)
from supportsite.tests.served import Site

QUESTION = json.dumps({"user_id": "u1", "message": "How do I reset my password?"})
JSON = "Content-Type: application/json"


@pytest.fixture(scope="module")
def certified(tmp_path_factory) -> Authority:
    created = Authority(tmp_path_factory.mktemp("certified"))
    created.run()
    created.run("client", "shop")
    return created


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    # Not one of pytest's folders: under root those are closed to the user Postgres runs as.
    folder = Path(tempfile.mkdtemp(prefix="edge-"))
    folder.chmod(0o755)
    one = Site(
        folder / "site",
        HTTPS="true",
        ENFORCE_MTLS="true",
        PROXY_SECRET=SECRET,
        BIND=f"unix:{folder}/web.sock",
        MTLS_SUBJECTS="CN=shop,O=supportsite -> shop service",
    )
    try:
        yield one.copy_first_start().start()
    finally:
        one.end()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def nginx(site: Site, certified: Authority, tmp_path_factory) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("site")
    upstream = f"unix:{site.state_dir.parent}/web.sock"
    with Nginx(folder, certified, upstream, certificates="on") as one:
        yield one


@pytest.fixture
def send(nginx: Nginx, certified: Authority):
    """Status, headers and body of what comes back to the holder of a certificate."""

    def ask(path: str, *headers: str, holder: str = "client", **more: str):
        context = tls(certified, certified.file(f"{holder}.crt"))
        return reply(exchange(nginx.port, request(path, *headers, **more), context))

    return ask


def as_bearer(token: str) -> str:
    return f"Authorization: Bearer {token}"


def recorded(send, site: Site) -> dict:
    """The newest question on the trail."""
    status, _, body = send("/audit?action=question.asked&limit=1", as_bearer(site.auditor))
    assert status == 200
    return json.loads(body)["results"][0]


def test_a_question_is_answered_and_the_trail_knows_the_certificate(send, site):
    status, _, body = send("/ask", as_bearer(site.token), JSON, method="POST", body=QUESTION)

    assert status == 200
    assert json.loads(body)["faq_id"] == "reset-password"
    assert recorded(send, site)["data"]["certificate"] == "CN=client,O=supportsite"


def test_steps_come_as_events(send, site):
    status, headers, body = send(
        "/ask",
        *(as_bearer(site.token), JSON, "Accept: text/event-stream"),
        method="POST",
        body=QUESTION,
    )

    assert (status, headers["Content-Type"]) == (200, "text/event-stream")
    assert b"event: step" in body
    assert b"event: answer" in body


def test_a_program_needs_no_token_if_its_certificate_is_mapped(send, site):
    status, _, body = send("/ask", JSON, method="POST", body=QUESTION, holder="shop")

    assert status == 200, body
    assert recorded(send, site)["data"]["certificate"] == "CN=shop,O=supportsite"
    assert send("/ask", JSON, method="POST", body=QUESTION, holder="client")[0] == 401


def test_a_token_that_is_bound_to_a_certificate_is_no_use_without(send, site, certified):
    der = PEM_cert_to_DER_cert(certified.file("client.crt").read_text())
    thumbprint = urlsafe_b64encode(sha256(der).digest()).decode().rstrip("=")
    secret = (site.state_dir / "secrets" / "jwt_secret").read_text().strip()
    claims = {"sub": "u1", "role": "customer", "exp": int(time.time()) + 60}
    bound = as_bearer(jwt.encode({**claims, "cnf": {"x5t#S256": thumbprint}}, secret))

    assert send("/tickets", bound)[0] == 200
    assert send("/tickets", bound, holder="shop")[0] == 401


def test_one_signs_in_to_the_admin_on_any_port(send, site, nginx):
    password = re.search(r"login: admin / (\S+)", site.output)[1]
    host = f"localhost:{nginx.port}"
    _, headers, page = send("/admin/login/")
    cookie = SimpleCookie(headers["Set-Cookie"])["csrftoken"]
    token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page)[1].decode()

    form = {"username": "admin", "password": password, "csrfmiddlewaretoken": token}
    status, headers, _ = send(
        "/admin/login/?next=/admin/",
        "Content-Type: application/x-www-form-urlencoded",
        f"Cookie: csrftoken={cookie.value}",
        f"Origin: https://{host}",
        method="POST",
        body=urlencode(form),
        host=host,
    )

    assert cookie["secure"]
    assert (status, headers["Location"]) == (302, "/admin/")


def test_each_security_header_comes_once_from_the_site_too(send):
    _, headers, _ = send("/admin/login/")

    for name in ("Strict-Transport-Security", "X-Frame-Options", "X-Content-Type-Options"):
        assert len(headers.get_all(name)) == 1


def test_past_nginx_nobody_gets_in(site):
    forged = request("/tickets", "X-SSL-Client-Verify: SUCCESS", "X-Forwarded-Proto: https")

    assert statuses(over_socket(site.state_dir.parent / "web.sock", forged)) == [403]
