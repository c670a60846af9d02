"""The web's database role may add to the trail and read it, and that is all."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from audit.models import Record, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_web(db, capsys):
    with connection.cursor() as cursor:
        cursor.execute('CREATE ROLE "web test"')
        call_command("audit_grants", "web test")
        cursor.execute('SET LOCAL ROLE "web test"')


def test_it_records_and_reads(as_web):
    made = record("test.done", actor="u1", data={"user_id": "u1"})

    assert Record.objects.get(pk=made.pk).subject == "u1"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_record SET action = 'x'",
        "DELETE FROM audit_record",
        "TRUNCATE audit_record",
        "ALTER TABLE audit_record DISABLE TRIGGER ALL",
        "DELETE FROM audit_subjectkey",
        "INSERT INTO audit_seal VALUES (0, 0, '', '')",
        "INSERT INTO audit_signedcheckpoint VALUES (0, '', '', now())",
        "SET session_replication_role = replica",
    ],
)
def test_it_is_denied_everything_else(as_web, statement):
    with (
        pytest.raises(DatabaseError, match="permission denied|must be owner"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
