"""Records are appended, redacted, and never changed."""

from __future__ import annotations

import json
import re

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import AppendOnlyError, AuditUnavailable, Record, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def written(db):
    return record("test.written", actor="mallory", kind="thing", key=7, data={"n": 1})


def test_it_says_who_did_what_to_what(written):
    entry = Record.objects.all().about("thing", 7).get()

    assert (entry.action, entry.actor, entry.about, entry.data) == (
        *("test.written", "mallory", "thing:7", {"n": 1}),
    )


def test_personal_data_is_masked_before_it_is_written():
    record("test.written", actor="jo@example.com", data={"text": "I am jo@example.com", "n": [1]})

    entry = Record.objects.latest("id")
    assert re.fullmatch(r"\[EMAIL\]-[a-z]{12}", entry.actor)
    assert entry.data == {"text": "I am [EMAIL]", "n": [1]}


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param(lambda entry: entry.save(), id="save"),
        pytest.param(lambda entry: entry.delete(), id="delete"),
        pytest.param(lambda entry: Record.objects.all().delete(), id="delete all"),
        pytest.param(lambda entry: Record.objects.update(action="x"), id="update"),
        pytest.param(
            lambda entry: Record.objects.bulk_update([entry], ["action"]), id="bulk update"
        ),
    ],
)
def test_the_model_refuses_to_touch_it(written, attempt):
    with pytest.raises(AppendOnlyError):
        attempt(written)


UPSERT = """
INSERT INTO audit_record (id, at, action, outcome, about, request_id, canonical, mac)
    SELECT id, at, 'x', outcome, about, request_id, canonical, mac FROM audit_record
    ON CONFLICT (id) DO UPDATE SET action = 'x'
"""
MERGE = """
MERGE INTO audit_record USING (SELECT 1) AS one ON true
    WHEN MATCHED THEN UPDATE SET action = 'x'
"""


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE audit_record SET action = 'x'", id="update"),
        pytest.param("DELETE FROM audit_record", id="delete"),
        pytest.param("TRUNCATE audit_record", id="truncate"),
        pytest.param(UPSERT, id="upsert"),
        pytest.param(MERGE, id="merge"),
        pytest.param(
            "SET LOCAL session_replication_role = replica; DELETE FROM audit_record",
            id="as a replica would",
        ),
    ],
)
def test_the_database_itself_refuses(written, statement):
    with (
        pytest.raises(DatabaseError, match="audit records are append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_an_upsert_through_the_orm_is_refused_by_the_database(written):
    forged = Record(id=written.id, action="test.forged", canonical=b"", mac=b"")

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Record.objects.bulk_create(
            [forged], update_conflicts=True, unique_fields=["id"], update_fields=["action"]
        )


def test_what_cannot_be_recorded_does_not_happen():
    with pytest.raises(AuditUnavailable), transaction.atomic():
        # Longer than its column; any refusal of the database counts alike.
        record("x" * 60)


def test_a_copy_goes_to_audit_file_after_commit(
    settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.AUDIT_FILE = str(tmp_path / "audit" / "log.jsonl")

    with django_capture_on_commit_callbacks(execute=True):
        record("test.written", actor="u1", data={"text": "call me at jo@example.com"})
        record("test.written", actor="u2")
        assert not (tmp_path / "audit").exists()

    lines = (tmp_path / "audit" / "log.jsonl").read_text().splitlines()
    first, second = map(json.loads, lines)
    assert first["data"] == {"text": "call me at [EMAIL]"}
    assert second["actor"] == "u2"
    assert (tmp_path / "audit" / "log.jsonl").stat().st_mode & 0o077 == 0


def test_an_audit_file_that_cannot_be_written_is_logged_and_loses_nothing(
    settings, tmp_path, caplog, django_capture_on_commit_callbacks
):
    (tmp_path / "taken").write_text("a file, not a folder")
    settings.AUDIT_FILE = str(tmp_path / "taken" / "log.jsonl")

    with django_capture_on_commit_callbacks(execute=True):
        entry = record("test.written")

    assert Record.objects.filter(pk=entry.pk).exists()
    assert "AUDIT_FILE could not be written" in caplog.text
