"""Refused requests are recorded, with the identity of the caller if there is one."""

from __future__ import annotations

import pytest

from audit.models import Record

pytestmark = pytest.mark.django_db


def refusals() -> list[Record]:
    return list(Record.objects.filter(action="request.refused").order_by("id"))


def test_a_request_without_a_token_is_recorded(client):
    client.get("/audit")

    (refusal,) = refusals()
    assert (refusal.actor, refusal.outcome) == ("", "401")
    assert refusal.data == {"method": "GET", "route": "audit", "outcome": "401"}
    assert refusal.request_id


def test_a_request_beyond_ones_role_is_recorded_with_name_and_roles(as_role):
    as_role("customer", subject="u1").get("/audit")

    (refusal,) = refusals()
    assert (refusal.actor, refusal.outcome, refusal.data["roles"]) == ("u1", "403", ["customer"])


def test_what_a_person_typed_into_the_path_is_not_recorded(as_role):
    as_role("auditor").get("/tickets/12345/claim")
    as_role("auditor").post("/tickets/12345/claim")

    assert refusals()
    assert all("12345" not in str(refusal.data) for refusal in refusals())


def test_what_is_allowed_is_no_refusal(as_role):
    as_role("auditor").get("/audit")

    assert refusals() == []


def test_a_request_is_refused_even_if_the_refusal_cannot_be_recorded(client, monkeypatch, caplog):
    monkeypatch.setattr(Record._meta.get_field("action"), "column", "no_such_column")

    assert client.get("/audit").status_code == 401
    assert "could not be recorded" in caplog.text


@pytest.mark.parametrize(
    ("peer", "recorded"),
    [
        pytest.param("", "CN=shop,O=Example", id="from the proxy"),
        pytest.param("127.0.0.1", None, id="from any other client"),
    ],
)
def test_the_client_certificates_subject_is_recorded(as_role, peer, recorded):
    headers = {"X-SSL-Client-Verify": "SUCCESS", "X-SSL-Client-Subject": "CN=shop,O=Example"}
    as_role("customer").get("/audit", headers=headers, REMOTE_ADDR=peer)

    (refusal,) = refusals()
    assert refusal.data.get("certificate") == recorded
    assert b"CN=shop" not in bytes(refusal.canonical)
