"""Proofs and exports that a third party checks with the public key alone; pruning on top."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit import keys, proof
from audit.log_format.checkpoint import BadNote
from audit.log_format.merkle import HashMismatch
from audit.models import PruneCertificate, Record, Seal, SubjectKey, record
from audit.sealing import export as exporting

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed(settings, tmp_path) -> list[Record]:
    """Eight records, sealed in two rounds."""
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"
    entries = []
    for number in range(8):
        entries.append(record("test.done", actor="u1", data={"user_id": "u1", "n": number}))
        if number in (4, 7):
            call_command("audit_seal", verbosity=0, stdout=StringIO())
    return entries


def output(command: str, *options: str) -> str:
    out = StringIO()
    call_command(command, *options, stdout=out)
    return out.getvalue()


def test_every_record_is_proven_with_the_public_key(sealed):
    for entry in sealed:
        document = json.loads(output("audit_prove", str(entry.pk)))
        signed = proof.check(document, keys.public_key())
        assert signed.size == Seal.objects.count()


def test_a_proof_is_checked_without_database_settings_or_secrets(sealed, tmp_path):
    (tmp_path / "proof.json").write_text(output("audit_prove", str(sealed[3].pk)))
    script = (
        "import sys; sys.argv = ['proof', *sys.argv[1:]];"
        "from audit.proof import main; main();"
        "assert not {'django', 'rest_framework', 'psycopg'} & set(sys.modules)"
    )

    ended = subprocess.run(
        [
            *(sys.executable, "-c", script, str(tmp_path / "proof.json")),
            *("--key", str(keys.public_key())),
        ],
        cwd=django_settings.BASE_DIR,
        env={},
        capture_output=True,
        text=True,
    )

    assert ended.stdout.startswith("proven: record"), ended.stderr
    assert ended.returncode == 0


def test_a_changed_proof_does_not_hold(sealed):
    document = json.loads(output("audit_prove", str(sealed[3].pk)))
    text = document["canonical"].replace("test.done", "test.gone")

    for wrong in (
        *({**document, "canonical": text}, {**document, "sequence": document["sequence"] + 1}),
        *({**document, "path": document["path"][1:]}, {**document, "checkpoint": "x"}, {}),
    ):
        with pytest.raises((BadNote, HashMismatch)):
            proof.check(wrong, keys.public_key())


def test_a_record_that_is_not_sealed_cannot_be_proven(sealed):
    with pytest.raises(CommandError, match="not sealed yet"):
        call_command("audit_prove", str(record("test.done").pk))
    with pytest.raises(CommandError, match="no record"):
        call_command("audit_prove", "0")


def test_an_export_is_the_same_every_time_and_ends_in_its_checkpoint(sealed):
    until = sealed[3].at.isoformat()
    first = output("audit_export", "--to", until)
    record("test.later")
    call_command("audit_seal", stdout=StringIO())
    call_command("audit_erase", "u1", stdout=StringIO())

    assert output("audit_export", "--to", until) == first
    read = exporting.read(first.splitlines(), keys.public_key())
    assert read.until == Seal.objects.get(record_id=sealed[3].pk).sequence
    assert "supportsite/audit" in first.splitlines()[-1]


def test_an_export_from_the_middle_is_checked_with_the_public_key(sealed):
    since, until = sealed[2].at.isoformat(), sealed[6].at.isoformat()

    read = exporting.read(
        output("audit_export", "--from", since, "--to", until).splitlines(), keys.public_key()
    )

    assert len(read.leaves) == 4


def test_a_changed_export_does_not_hold(sealed):
    lines = output("audit_export").splitlines()

    for wrong in (
        *(lines[:-1], [lines[0], *lines[2:]], [*lines[:3], lines[4], lines[3], *lines[5:]]),
        [*lines[:-2], lines[-2].replace("test.done", "test.gone"), lines[-1]],
        [],
    ):
        with pytest.raises((BadNote, ValueError)):
            exporting.read(wrong, keys.public_key())


def test_a_readable_export_has_names_and_texts(sealed):
    until = str(timezone.now())

    lines = output("audit_export", "--readable", "--to", until).splitlines()

    opened = [json.loads(line)["opened"] for line in lines[1:-1]]
    assert opened[-1] == {
        "actor": "u1",
        "subject": "u1",
        "data": {"user_id": "u1", "n": 7},
    }


def test_a_time_without_records_is_an_error(sealed):
    with pytest.raises(CommandError, match="No sealed record"):
        call_command("audit_export", "--to", "2001-01-01")


@pytest.fixture
def export(sealed, tmp_path):
    """Everything up to the sixth record, which was sealed in the second round."""
    file = tmp_path / "export.jsonl"
    file.write_text(output("audit_export", "--to", sealed[6].at.isoformat()))
    return file


def prune(sealed, export) -> None:
    before = sealed[6].at.isoformat()
    call_command("audit_prune", "--before", before, "--export", str(export), stdout=StringIO())


def test_pruned_records_are_gone_and_the_rest_holds_together(sealed, export, settings, capsys):
    prune(sealed, export)

    left = Record.objects.filter(action="test.done")
    assert set(left) == set(sealed[6:])
    call_command("audit_verify")
    call_command("audit_seal")
    call_command("audit_verify", "--anchor", str(settings.AUDIT_ANCHOR_DIR / "latest.txt"))
    assert Record.objects.filter(action="records.pruned").count() == 1


def test_what_is_left_is_still_proven_and_exported(sealed, export):
    prune(sealed, export)

    document = json.loads(output("audit_prove", str(sealed[7].pk)))
    proof.check(document, keys.public_key())
    exporting.read(output("audit_export").splitlines(), keys.public_key())


def test_it_is_pruned_again_later(sealed, export, tmp_path, capsys):
    prune(sealed, export)
    call_command("audit_seal")
    later = (timezone.now() + timedelta(days=1)).isoformat()
    (tmp_path / "rest.jsonl").write_text(output("audit_export"))

    call_command("audit_prune", "--before", later, "--export", str(tmp_path / "rest.jsonl"))

    call_command("audit_seal")
    call_command("audit_verify")
    assert PruneCertificate.objects.count() == 2


def test_an_erasure_that_was_pruned_still_explains_what_it_left(
    sealed, tmp_path, monkeypatch, capsys
):
    key = SubjectKey.objects.for_person("u1").get()
    call_command("audit_erase", "u1")
    call_command("audit_seal")
    until = timezone.now().isoformat()
    (tmp_path / "all.jsonl").write_text(output("audit_export", "--to", until))
    # As another process would write it, which still knows the key.
    cached_keys = {bytes(key.lookup): (key, float("inf"))}
    monkeypatch.setattr(SubjectKey.objects, "_cache", cached_keys)
    record("test.late", actor="u1")
    call_command("audit_seal")

    call_command("audit_prune", "--before", until, "--export", str(tmp_path / "all.jsonl"))

    call_command("audit_seal")
    call_command("audit_verify")


def test_nothing_is_pruned_that_the_export_does_not_hold(sealed, export, tmp_path):
    lines = export.read_text().splitlines()
    (tmp_path / "less.jsonl").write_text("\n".join([*lines[:3], *lines[4:]]))
    (tmp_path / "shorter.jsonl").write_text(
        output("audit_export", "--to", sealed[3].at.isoformat())
    )

    for wrong in ("less.jsonl", "shorter.jsonl", "nothing.jsonl"):
        with pytest.raises(CommandError, match="Nothing was pruned"):
            prune(sealed, tmp_path / wrong)
    assert Record.objects.filter(action="test.done").count() == len(sealed)


def test_a_certificate_stays_and_the_triggers_are_back(sealed, export):
    prune(sealed, export)

    for statement in ("DELETE FROM audit_prunecertificate", "DELETE FROM audit_record"):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
