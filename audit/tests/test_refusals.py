"""Whom the site refused is on the record, with what is known of who it was."""

from __future__ import annotations

import pytest

from audit.models import Record

pytestmark = pytest.mark.django_db


def refusals() -> list[Record]:
    return list(Record.objects.filter(action="request.refused").order_by("id"))


def test_a_request_without_a_token_is_recorded(client):
    client.get("/audit")

    (kept,) = refusals()
    assert (kept.actor, kept.outcome) == ("", "401")
    assert kept.data == {"method": "GET", "route": "audit", "outcome": "401"}
    assert kept.request_id


def test_a_request_beyond_ones_role_is_recorded_with_name_and_roles(as_role):
    as_role("customer", subject="u1").get("/audit")

    (kept,) = refusals()
    assert (kept.actor, kept.outcome, kept.data["roles"]) == ("u1", "403", ["customer"])


def test_what_a_person_typed_into_the_path_is_not_recorded(as_role):
    as_role("auditor").get("/tickets/12345/claim")
    as_role("auditor").post("/tickets/12345/claim")

    assert refusals()
    assert all("12345" not in str(kept.data) for kept in refusals())


def test_what_is_allowed_is_no_refusal(as_role):
    as_role("auditor").get("/audit")

    assert refusals() == []


def test_a_refusal_stands_even_if_it_cannot_be_recorded(client, monkeypatch, caplog):
    monkeypatch.setattr(Record._meta.get_field("action"), "column", "no_such_column")

    assert client.get("/audit").status_code == 401
    assert "could not be recorded" in caplog.text


@pytest.mark.parametrize(
    ("peer", "recorded"),
    [
        pytest.param("", "CN=shop,O=Example", id="told by the edge"),
        pytest.param("127.0.0.1", None, id="told by anybody else"),
    ],
)
def test_the_client_certificates_subject_is_recorded(as_role, peer, recorded):
    said = {"X-SSL-Client-Verify": "SUCCESS", "X-SSL-Client-Subject": "CN=shop,O=Example"}
    as_role("customer").get("/audit", headers=said, REMOTE_ADDR=peer)

    (kept,) = refusals()
    assert kept.data.get("certificate") == recorded
    assert b"CN=shop" not in bytes(kept.canonical)
