"""The benchmark measures, and leaves nothing behind."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command
from django.db import connection

from audit.models import Record


def databases():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database")
        return cursor.fetchone()


@pytest.mark.usefixtures("committed")
def test_it_says_how_fast_records_are_written_and_verified_and_touches_no_other_log(capsys):
    before = Record.objects.count(), databases(), connection.settings_dict["NAME"]

    call_command("audit_benchmark", "--records", "1000", "--writers", "2")

    told = capsys.readouterr().out
    for measured in ("least possible", "inserts", "record()", "verified"):
        assert re.search(rf"^{re.escape(measured)}.*: \d[\d,]*/s, ", told, re.M), told
    assert (Record.objects.count(), databases(), connection.settings_dict["NAME"]) == before
