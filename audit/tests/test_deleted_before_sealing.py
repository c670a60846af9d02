"""A record that was committed cannot vanish unseen, not even before it is sealed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from audit import keys
from audit.models import Record, record
from audit.sealing import heartbeat, log_reader
from audit.sealing.sealer import Sealer
from audit.tests.test_sealing import DIVERTED, kinds, tamper, verified


@pytest.fixture(autouse=True)
def sealer(committed, settings, tmp_path) -> Sealer:
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"
    call_command("audit_seal", verbosity=0)
    return Sealer(keys.signer(), settings.AUDIT_ANCHOR_DIR)


def delete(*entries: Record) -> None:
    tamper(f"DELETE FROM audit_record WHERE id IN ({', '.join(str(e.pk) for e in entries)})")


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_next_record_of_the_process_names_it(sealer, capsys):
    deleted = record("test.done")
    record("test.done")
    assert verified(capsys)["ok"]

    delete(deleted)

    for _ in range(2):
        report = verified(capsys)
        assert kinds(report) == ["missing"]
        assert report["breaks"][0]["record_id"] == deleted.pk
        sealer.round()


def test_all_records_of_a_transaction_are_named(sealer, capsys):
    with transaction.atomic():
        deleted = [record("test.done") for _ in range(3)]
    record("test.done")

    delete(deleted[0], deleted[1])

    assert "and 1 more" in verified(capsys)["breaks"][0]["message"]


def test_what_was_rolled_back_is_not_named(sealer, capsys):
    record("test.done")
    with transaction.atomic():
        record("test.undone")
        transaction.set_rollback(True)
    record("test.done")
    record("test.done")

    assert verified(capsys)["ok"]
    sealer.round()
    assert verified(capsys)["ok"]


def test_a_heartbeat_names_the_last_record_of_an_idle_process(sealer, capsys, caplog):
    deleted = record("test.done")
    delete(deleted)
    assert verified(capsys)["ok"]

    heartbeat.check("web")

    assert kinds(verified(capsys)) == ["missing"]
    assert "1 audit records were committed, but are not in the table" in caplog.text


def test_heartbeats_that_are_deleted_too_leave_newer_ones(sealer, capsys):
    delete(record("test.done"))
    for _ in range(2):
        heartbeat.check("web")
        delete(Record.objects.filter(action=heartbeat.CHECKED).latest("id"))
    heartbeat.check("web")

    assert kinds(verified(capsys)) == ["missing"]


def test_an_idle_process_whose_records_are_sealed_records_nothing(sealer):
    record("test.done")
    sealer.round()

    heartbeat.check("web")

    assert not Record.objects.filter(action=heartbeat.CHECKED).exists()


def test_records_that_a_rule_diverted_are_missed_after_the_rule_is_gone(sealer, capsys):
    execute(DIVERTED)
    diverted = record("test.done")
    execute("DROP RULE divert ON audit_record; DROP TABLE shadow")
    record("test.done")

    report = verified(capsys)

    assert kinds(report) == ["missing"]
    assert report["breaks"][0]["record_id"] == diverted.pk


def test_a_canary_of_the_sealer_comes_back(sealer, caplog):
    heartbeat.check(heartbeat.SEALER)
    assert heartbeat.last_canary() == float("inf")
    sealer.round()

    assert heartbeat.last_canary() < 60
    heartbeat.check(heartbeat.SEALER)
    assert Record.objects.filter(action=heartbeat.CHECKED).count() == 2
    assert "not in the table" not in caplog.text


def test_a_canary_that_does_not_come_back_is_reported(sealer, caplog, client):
    execute(DIVERTED)
    heartbeat.check(heartbeat.SEALER)
    sealer.round()

    heartbeat.check(heartbeat.SEALER)
    checks = client.get("/readyz").json()["checks"]

    execute("DROP RULE divert ON audit_record; DROP TABLE shadow")
    assert "1 audit records were committed, but are not in the table" in caplog.text
    assert "no sealer is running" in checks["sealer"]


def test_a_record_may_name_one_that_was_pruned(sealer, settings, tmp_path, capsys):
    record("test.done")
    sealer.round()
    cut = timezone.now()
    record("test.done")
    sealer.round()
    export = tmp_path / "export.jsonl"
    call_command("audit_export", stdout=export.open("w"))

    call_command("audit_prune", "--before", cut.isoformat(), "--export", str(export))

    report = verified(capsys)
    assert (report["ok"], report["pruned"]) == (True, 1)


def test_a_record_should_be_sealed_within_a_minute_of_the_newest(sealer):
    newest = record("test.done")

    due = (newest.at - timedelta(seconds=60)).isoformat(timespec="microseconds")
    assert log_reader.sealing_due() == due
