"""The benchmark of the audit log measures, and leaves nothing behind."""

from __future__ import annotations

import re

import pytest
from django.db import connection

from audit.models import Record
from benchmarks import audit_log

pytestmark = pytest.mark.slow


def databases():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database")
        return cursor.fetchone()


@pytest.mark.usefixtures("committed")
def test_writing_and_verifying_are_measured_and_the_own_log_is_not_touched(capsys):
    before = Record.objects.count(), databases(), connection.settings_dict["NAME"]

    audit_log.main(["--records", "1000", "--writers", "2"])

    report = capsys.readouterr().out
    for name in ("least possible", "inserts", "record()", "verified"):
        assert re.search(rf"^{re.escape(name)}.*: \d[\d,]*/s, ", report, re.M), report
    assert (Record.objects.count(), databases(), connection.settings_dict["NAME"]) == before
