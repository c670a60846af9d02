"""Commands say in one line what to do if the database is missing or old."""

from __future__ import annotations

import pytest
from django.db import OperationalError, ProgrammingError, connection

from audit.models import AuditUnavailable
from supportsite.command_errors import NOT_MIGRATED, advice


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["SELECT 1 FROM no_such_table", "SELECT x FROM faq_faq"])
def test_without_the_tables_of_this_version_it_names_migrate(statement):
    with pytest.raises(ProgrammingError) as raised, connection.cursor() as cursor:
        cursor.execute(statement)

    assert advice(raised.value) == NOT_MIGRATED


@pytest.mark.django_db
def test_a_record_that_cannot_be_written_is_traced_to_its_cause():
    with pytest.raises(ProgrammingError) as raised, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM no_such_table")
    error = AuditUnavailable()
    error.__cause__ = raised.value

    assert advice(error) == NOT_MIGRATED


def test_a_database_that_is_down_is_one_line():
    error = OperationalError("connection refused\n\tIs the server running?")

    assert advice(error) == (
        "The database is not available: connection refused Is the server running?"
    )


def test_any_other_error_is_left_alone():
    assert advice(ValueError("a mistake in the program")) == ""
