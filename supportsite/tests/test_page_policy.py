"""What replies let a browser do."""

from __future__ import annotations

import re

import pytest

STRICT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("get", "/healthz", id="a probe"),
        pytest.param("post", "/ask", id="the API, to nobody"),
        pytest.param("get", "/nowhere", id="an unknown path"),
        pytest.param("get", "/", id="a redirect"),
    ],
)
def test_replies_to_programs_may_do_nothing_in_a_browser(client, method, path):
    reply = getattr(client, method)(path)

    assert reply["Content-Security-Policy"] == STRICT


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/admin/nowhere/", "/docs", "/healthz"])
def test_every_reply_has_the_other_headers_too(client, path):
    reply = client.get(path)

    assert "camera=()" in reply["Permissions-Policy"]
    assert reply["Referrer-Policy"] == "same-origin"
    assert reply["Cross-Origin-Opener-Policy"] == "same-origin"
    assert reply["X-Content-Type-Options"] == "nosniff"
    assert reply["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/", "/docs"])
def test_no_page_may_run_inline_or_foreign_scripts(client, path):
    policy = client.get(path)["Content-Security-Policy"]

    (scripts,) = re.findall(r"script-src ([^;]*)", policy)
    assert set(scripts.split()) <= {"'self'", "'unsafe-eval'"}


def test_a_request_that_is_refused_at_the_door_has_a_policy_too(client):
    reply = client.get("/healthz", headers={"Content-Length": "many"})

    assert reply.status_code == 400
    assert reply["Content-Security-Policy"] == STRICT
