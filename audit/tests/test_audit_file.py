"""AUDIT_FILE: whole lines, and a copy that the table is compared with."""

from __future__ import annotations

import json
import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit import audit_file
from audit.models import Record, record
from audit.tests.test_sealing import DIVERTED, kinds, tamper, verified


@pytest.fixture
def file(committed, settings, tmp_path) -> Path:
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"
    settings.AUDIT_FILE = str(tmp_path / "audit.jsonl")
    for _ in range(3):
        record("test.done", actor="u1")
    call_command("audit_seal", verbosity=0)
    return tmp_path / "audit.jsonl"


def ids(file: Path) -> list[int]:
    return [json.loads(line)["id"] for line in file.read_text().splitlines()]


def test_a_file_that_agrees_is_no_finding(file, capsys):
    report = verified(capsys, "--file", str(file))

    assert report["ok"]
    assert report["file"].startswith(
        "3 lines of the file compared: 0 are not in the table, 0 differ"
    )


def test_a_record_that_a_rule_diverted_is_in_the_file_alone(file, capsys):
    with connection.cursor() as cursor:
        cursor.execute(DIVERTED)
        diverted = record("test.done")
        cursor.execute("DROP RULE divert ON audit_record; DROP TABLE shadow")
    assert verified(capsys)["ok"]

    report = verified(capsys, "--file", str(file))

    assert kinds(report) == ["missing"]
    assert report["breaks"][0]["record_id"] == diverted.pk


def test_a_record_that_was_replaced_differs_from_the_file(file, capsys):
    """By somebody with the MAC key, before it is sealed."""
    first, second = record("test.done"), record("test.changed")
    columns = "at, action, outcome, actor, subject, about, request_id, canonical, mac"
    new = ", ".join(f"{name} = o.{name}" for name in columns.split(", "))
    tamper(
        f"UPDATE audit_record AS r SET {new} FROM audit_record AS o"
        f" WHERE r.id = {first.pk} AND o.id = {second.pk}"
    )

    report = verified(capsys, "--file", str(file))

    assert report["breaks"][0]["kind"] == "changed"
    assert report["breaks"][0]["record_id"] == first.pk
    assert "differs from line 4 of the file" in report["breaks"][0]["message"]


def test_lines_of_older_versions_are_compared_by_id(file, capsys):
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps({"id": line["id"]}) + "\n" for line in lines) + "{torn\n")

    report = verified(capsys, "--file", str(file))

    assert report["ok"]
    assert "1 are unreadable, 3 have no hash" in report["file"]


def test_a_file_that_is_not_there_ends_the_verification_with_code_2(file, tmp_path):
    with pytest.raises(CommandError) as failed:
        call_command("audit_verify", "--file", str(tmp_path / "nothing"), stdout=StringIO())
    assert failed.value.returncode == 2


def test_a_line_for_which_the_disk_has_no_room_leaves_nothing(file, monkeypatch, caplog):
    before, write = file.read_bytes(), os.write
    # As the kernel does on a full disk: a part of the line, and no error.
    monkeypatch.setattr(audit_file.os, "write", lambda to, line: write(to, line[:40]))
    entry = record("test.done")
    monkeypatch.undo()

    assert file.read_bytes() == before
    assert f"record {entry.pk} is in the table" in caplog.text
    assert Record.objects.filter(pk=entry.pk).exists()
    later = record("test.done")
    assert ids(file)[-1] == later.pk


def test_a_line_that_a_stopped_machine_left_does_not_swallow_the_next(file):
    whole = ids(file)
    with file.open("a") as torn:
        torn.write('{"id": 9, "act')

    later = record("test.done")

    *lines, torn, last = file.read_text().splitlines()
    assert len(lines) == len(whole)
    assert json.loads(last)["id"] == later.pk
