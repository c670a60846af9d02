"""The web's database role may add to the trail and read it, and that is all."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
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
    entry = record("test.done", actor="u1", data={"user_id": "u1"})

    assert Record.objects.get(pk=entry.pk).subject == "u1"


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


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        pytest.param("ALTER ROLE other SUPERUSER", "UPDATE on audit_record", id="a superuser"),
        pytest.param(
            "GRANT postgres TO other", "UPDATE on audit_record", id="a member of the owner"
        ),
        pytest.param(
            "ALTER ROLE other NOINHERIT; GRANT postgres TO other",
            "owner",
            id="one that can become the owner",
        ),
        pytest.param(
            "GRANT TRUNCATE ON audit_record TO PUBLIC", "TRUNCATE on audit_record", id="everybody"
        ),
        pytest.param(
            "GRANT INSERT ON audit_seal TO PUBLIC", "INSERT on audit_seal", id="who seals"
        ),
    ],
)
def test_a_role_that_could_do_more_is_refused_and_gets_nothing(statement, message):
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE other; {statement}")

        with pytest.raises(CommandError, match=message):
            call_command("audit_grants", "other")

        cursor.execute(
            "SELECT count(*) FROM information_schema.role_table_grants WHERE grantee = 'other'"
        )
        assert cursor.fetchone() == (0,)


def test_a_role_that_is_not_there_is_one_line():
    with pytest.raises(CommandError, match="There is no role nobody"):
        call_command("audit_grants", "nobody")
