"""Errors are problem documents for programs, and pages for people at the desk."""

from __future__ import annotations

import pytest

from faq.models import Release
from supportsite.web.problems import CONTENT_TYPE


def test_unready_dependencies_are_reported_line_by_line(client, db, settings):
    settings.EMBEDDINGS_URL, settings.EMBEDDINGS_MODEL = "http://127.0.0.1:1", "such"
    Release.objects.update(embedder="such@127.0.0.1:1", model="remote:such")

    reply = client.get("/readyz")

    assert reply.status_code == 503
    assert reply["Content-Type"] == CONTENT_TYPE
    assert reply.json()["checks"]["embedder"] == "unavailable"
    assert reply.json()["checks"]["database"].startswith("ok")


def test_without_chroma_the_site_is_degraded_and_ready(client, db, settings):
    settings.CHROMA_URL = "http://127.0.0.1:1"

    reply = client.get("/readyz")

    assert (reply.status_code, reply.json()["status"]) == (200, "degraded")
    assert reply.json()["checks"]["index"].startswith("degraded: Chroma does not answer;")
    assert "127.0.0.1" not in reply.content.decode()


def test_an_unknown_caller_gets_401_with_www_authenticate(client, db):
    reply = client.get("/tickets")

    assert reply.status_code == 401
    assert reply["WWW-Authenticate"] == 'Bearer realm="api"'
    assert reply.json()["request_id"] == reply["X-Request-ID"]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        pytest.param("/admin/nothing/", "text/html; charset=utf-8", id="in the admin"),
        pytest.param("/administrator", CONTENT_TYPE, id="beside the admin"),
        pytest.param("/nothing", CONTENT_TYPE, id="anywhere else"),
    ],
)
def test_missing_parts_are_reported(address, kind, admin_client):
    reply = admin_client.get(address)

    assert reply.status_code == 404
    assert reply["Content-Type"] == kind


@pytest.mark.parametrize(
    ("address", "kind"),
    [("/tickets.csv", "text/csv"), ("/audit.jsonl", "application/x-ndjson")],
)
def test_an_export_is_sent_to_a_caller_who_asks_for_its_kind(address, kind, as_role, db):
    reply = as_role("admin").get(address, headers={"Accept": kind})

    assert reply.status_code == 200
    assert reply["Content-Type"].startswith(kind)
