"""Errors are told in one shape to programs, and as a page to people at the admin."""

from __future__ import annotations

import pytest

from faq.models import Release
from supportsite.web.problems import CONTENT_TYPE


def test_what_is_not_ready_is_told_line_by_line(client, db, settings):
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


def test_a_caller_who_is_not_known_is_told_how_to_say_who_it_is(client, db):
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
def test_what_is_not_there_is_told_to_whom_it_concerns(address, kind, admin_client):
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
