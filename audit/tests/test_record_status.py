"""The admin shows where a record stands in the log, checked at that moment."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.urls import reverse

from audit.models import Record, record
from audit.sealing import heartbeat, record_status
from audit.sealing.heartbeat import CHECKED
from audit.tests.test_sealing import tamper

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed(settings, tmp_path, capsys) -> Record:
    settings.AUDIT_ANCHOR_DIR = tmp_path
    record("test.before")
    entry = record("test.done", actor="u1")
    call_command("audit_seal")
    return Record.objects.get(pk=entry.pk)


def test_a_sealed_record_has_a_place_a_chain_and_a_checkpoint(sealed):
    status = record_status.status_of(sealed)

    assert status.is_valid
    text = "; ".join(status.lines)
    assert "place" in text
    assert "chained" in text
    assert "signed checkpoint" in text


def test_a_record_that_waits_says_so(sealed):
    status = record_status.status_of(record("test.done"))

    assert status.is_valid
    assert "not sealed yet" in status.lines[-1]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_record SET canonical = canonical || ' ' WHERE id = {id}",
        "UPDATE audit_record SET mac = 'x' WHERE id = {id}",
        "UPDATE audit_seal SET chain = leaf WHERE record_id = {id}",
        "UPDATE audit_signedcheckpoint SET note = 'x'",
        "DELETE FROM audit_signedcheckpoint",
    ],
)
def test_a_failed_check_is_listed(sealed, statement):
    tamper(statement.format(id=sealed.pk))

    assert not record_status.status_of(Record.objects.get(pk=sealed.pk)).is_valid


def test_without_the_signing_key_the_signature_is_listed_as_unchecked(sealed, settings):
    settings.AUDIT_SIGNING_KEY = ""

    status = record_status.status_of(sealed)

    assert status.is_valid
    assert "unchecked here" in status.lines[-1]


def test_the_admin_shows_it_and_finds_records_by_name(admin_client, sealed):
    page = admin_client.get(reverse("admin:audit_record_change", args=[sealed.pk]))
    listed = admin_client.get(reverse("admin:audit_record_changelist"), {"q": "u1"})

    assert "under the signed checkpoint" in page.content.decode()
    assert [row.pk for row in listed.context["cl"].result_list] == [sealed.pk]


def test_the_list_shows_canaries_only_on_request(admin_client, sealed):
    heartbeat.check(heartbeat.SEALER)
    page = reverse("admin:audit_record_changelist")

    everything, canaries = (admin_client.get(page, query) for query in ({}, {"action": CHECKED}))

    assert CHECKED not in {row.action for row in everything.context["cl"].result_list}
    assert [row.action for row in canaries.context["cl"].result_list] == [CHECKED]
