"""Pages of other origins call the API from a browser: those of listed origins, with a token."""

from __future__ import annotations

import pytest
from django.conf import settings as site_settings

from supportsite.edge.checks import pages_can_send_certificates
from supportsite.web import cors

SHOP = "https://www.shop.example"
OTHER = "https://shop.example.evil.example"
QUESTION = {"message": "How do I reset my password?"}


@pytest.fixture(autouse=True)
def listed(settings):
    settings.CORS_ALLOWED_ORIGINS = [SHOP]


def preflight(client, path="/ask", *, origin=SHOP, headers="authorization,content-type"):
    return client.options(
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": headers,
        },
    )


def cors_headers(reply):
    return {name for name in reply.headers if name.startswith("Access-Control-")}


def test_a_browser_may_send_a_token_and_json_from_a_listed_origin(client):
    reply = preflight(client)

    assert reply.status_code == 200
    assert reply["Access-Control-Allow-Origin"] == SHOP
    assert "POST" in reply["Access-Control-Allow-Methods"]
    allowed = reply["Access-Control-Allow-Headers"]
    assert {"authorization", "content-type", "if-match", "idempotency-key"} <= {
        name.strip() for name in allowed.split(",")
    }


@pytest.mark.django_db
def test_a_page_of_a_listed_origin_reads_the_reply_and_its_limits(as_role):
    reply = as_role("customer").post("/ask", QUESTION, format="json", headers={"Origin": SHOP})

    assert reply.status_code == 200
    assert reply["Access-Control-Allow-Origin"] == SHOP
    exposed = reply["Access-Control-Expose-Headers"]
    assert {"RateLimit", "Retry-After", "X-Request-ID"} <= {
        name.strip() for name in exposed.split(",")
    }
    assert "origin" in reply["Vary"].lower()


@pytest.mark.django_db
def test_a_page_can_read_why_it_was_refused(client):
    reply = client.post("/ask", QUESTION, "application/json", headers={"Origin": SHOP})

    assert reply.status_code == 401
    assert reply["Access-Control-Allow-Origin"] == SHOP


@pytest.mark.django_db
def test_a_request_without_a_certificate_is_refused_readably(client, settings):
    settings.ENFORCE_MTLS = True

    refused = client.post("/ask", QUESTION, "application/json", headers={"Origin": SHOP})

    assert preflight(client).status_code == 200
    assert refused.status_code == 403
    assert refused["Access-Control-Allow-Origin"] == SHOP


@pytest.mark.django_db
def test_credentials_are_never_allowed(as_role):
    reply = as_role("customer").post("/ask", QUESTION, format="json", headers={"Origin": SHOP})

    assert "Access-Control-Allow-Credentials" not in reply
    assert "Access-Control-Allow-Credentials" not in preflight(as_role())


@pytest.mark.django_db
@pytest.mark.parametrize("origin", [OTHER, "http://www.shop.example", SHOP + ":8443", "null"])
def test_another_origin_is_told_nothing(as_role, origin):
    reply = as_role("customer").post("/ask", QUESTION, format="json", headers={"Origin": origin})

    assert not cors_headers(reply)
    assert not cors_headers(preflight(as_role(), origin=origin))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/docs", "/help/", "/widget/v1.js", "/metrics"])
def test_pages_are_not_open_to_other_origins(client, path):
    assert not cors_headers(client.get(path, headers={"Origin": SHOP}))
    assert not cors_headers(preflight(client, path))


def test_no_origin_is_listed_unless_somebody_lists_it():
    assert cors.origins("") == []
    assert site_settings.CORS_ALLOW_CREDENTIALS is False


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param("*", id="all"),
        pytest.param("www.shop.example", id="no scheme"),
        pytest.param("https://www.shop.example/", id="a path"),
        pytest.param("https://*.shop.example", id="a pattern"),
        pytest.param("http://www.shop.example", id="plain http"),
        pytest.param("null", id="a page without an origin"),
    ],
)
def test_what_is_no_origin_stops_the_start(listed):
    with pytest.raises(ValueError, match="origins"):
        cors.origins(f"{SHOP}, {listed}")


def test_a_developers_own_machine_may_be_listed():
    assert cors.origins(f"{SHOP}, http://localhost:3000") == [SHOP, "http://localhost:3000"]


def test_a_site_that_wants_certificates_says_that_no_page_can_send_one(settings):
    settings.ENFORCE_MTLS = True
    (warning,) = pages_can_send_certificates(None)

    settings.CORS_ALLOWED_ORIGINS = []

    assert "CORS_ORIGINS" in warning.msg
    assert not pages_can_send_certificates(None)
