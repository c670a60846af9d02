"""Every record gets exactly one place in the log, soon after its commit."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit import keys
from audit.models import LogPosition, Seal, SignedCheckpoint, record
from audit.sealing import anchors
from audit.sealing.sealer import CannotSeal, Sealer

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealer(db, settings, tmp_path) -> Sealer:
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"
    call_command("audit_seal", verbosity=0)
    return Sealer(keys.signer(), settings.AUDIT_ANCHOR_DIR)


def verified(capsys, *options: str) -> dict:
    capsys.readouterr()
    with suppress(SystemExit):
        call_command("audit_verify", "--json", *options)
    report: dict = json.loads(capsys.readouterr().out)
    return report


def kinds(report: dict) -> list[str]:
    return [problem["kind"] for problem in report["breaks"]]


def tamper(statement: str) -> None:
    """As the tables' owner, who can switch the triggers off for a moment."""
    with connection.cursor() as cursor:
        for table in ("audit_record", "audit_seal", "audit_signedcheckpoint", "audit_subjectkey"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        cursor.execute(statement)
        for table in ("audit_record", "audit_seal", "audit_signedcheckpoint", "audit_subjectkey"):
            for level in ("rows", "truncate"):
                cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{level}")


def test_a_round_seals_what_is_there_under_one_signed_checkpoint(sealer, capsys):
    before = sealer.tree.size
    entries = [record("test.done", actor="u1", data={"n": number}) for number in range(5)]

    assert sealer.round() == 5
    assert sealer.round() == 0

    places = Seal.objects.filter(sequence__gte=before)
    assert [seal.record_id for seal in places] == [entry.pk for entry in entries]
    assert [seal.sequence for seal in places] == list(range(before, before + 5))
    last = SignedCheckpoint.objects.last()
    assert last.size == before + 5
    keys.public_key().verified_text(last.note)
    report = verified(capsys)
    assert (report["ok"], report["unsealed"]) == (True, 0)


def test_a_sealer_that_starts_goes_on_where_the_last_one_ended(sealer, settings, capsys):
    record("test.done")
    sealer.round()
    record("test.done")

    assert Sealer(keys.signer(), settings.AUDIT_ANCHOR_DIR).round() == 1
    assert verified(capsys)["ok"]


def test_checkpoints_are_also_written_outside_the_database(sealer, settings, caplog):
    record("test.done")
    sealer.round()

    (file,) = settings.AUDIT_ANCHOR_DIR.glob("2*.txt")
    newest = anchors.read(file, keys.public_key())[-1]
    assert newest.size == sealer.tree.size
    assert anchors.read(settings.AUDIT_ANCHOR_DIR / "latest.txt", keys.public_key()) == [newest]


def test_an_anchor_that_cannot_be_written_stops_nothing(sealer, tmp_path, caplog):
    (tmp_path / "taken").write_text("a file, not a folder")
    sealer.anchor_dir = tmp_path / "taken"
    record("test.done")

    assert sealer.round() == 1
    assert "could not be written" in caplog.text


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE audit_record SET canonical = canonical || ' ' WHERE id = {id}", "changed"),
        ("UPDATE audit_record SET outcome = 'better' WHERE id = {id}", "changed"),
        ("DELETE FROM audit_record WHERE id = {id}", "missing"),
        ("DELETE FROM audit_seal WHERE record_id = {id}", "missing"),
        ("DELETE FROM audit_subjectkey WHERE pseudonym = '{actor}'", "missing"),
        ("UPDATE audit_signedcheckpoint SET note = replace(note, 'a', 'b')", "rebuilt"),
        ("DELETE FROM audit_signedcheckpoint", "truncated"),
        (
            "UPDATE audit_seal SET record_id = -record_id - 1 WHERE record_id IN ({id}, {other});"
            "UPDATE audit_seal SET record_id = {other} WHERE record_id = -{id} - 1;"
            "UPDATE audit_seal SET record_id = {id} WHERE record_id = -{other} - 1",
            "reordered",
        ),
    ],
)
def test_tampering_in_the_database_is_named(sealer, capsys, statement, kind):
    entries = [record("test.done", actor=f"u{number}") for number in range(4)]
    sealer.round()
    assert verified(capsys)["ok"]

    names = {"id": entries[1].pk, "other": entries[2].pk, "actor": entries[1].actor_key_id}
    tamper(statement.format(**names))

    assert kinds(verified(capsys))[0] == kind


def test_an_edit_before_sealing_shows(sealer, capsys):
    entry = record("test.done", actor="u1")
    tamper(f"UPDATE audit_record SET canonical = canonical || ' ' WHERE id = {entry.pk}")

    assert kinds(verified(capsys)) == ["changed"]
    sealer.round()
    report = verified(capsys)
    assert kinds(report) == ["changed"]
    assert report["breaks"][0]["record_id"] == entry.pk


def test_a_record_that_somebody_inserts_by_hand_shows(sealer, capsys):
    entry = record("test.done", actor="u1")
    columns = "at, action, outcome, actor, subject, about, request_id, canonical, mac"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO audit_record ({columns}) SELECT {columns} FROM audit_record"
            f" WHERE id = {entry.pk}"
        )
    sealer.round()

    assert kinds(verified(capsys)) == ["inserted"]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE audit_record DISABLE TRIGGER audit_record_rows",
        "ALTER TABLE audit_record ENABLE TRIGGER audit_record_rows",
        "DROP TRIGGER audit_seal_truncate ON audit_seal",
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RETURN NEW; END'",
    ],
)
def test_triggers_that_no_longer_refuse_are_named(sealer, capsys, statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)

    assert kinds(verified(capsys)) == ["triggers disabled"]


DIVERTED = (
    "CREATE TABLE shadow (LIKE audit_record INCLUDING ALL);"
    "CREATE RULE divert AS ON INSERT TO audit_record DO INSTEAD"
    " INSERT INTO shadow VALUES (NEW.*) RETURNING *"
)
DROPPED = (
    "CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
    "CREATE TRIGGER drop_row BEFORE INSERT ON audit_seal FOR EACH ROW EXECUTE FUNCTION drop_row()"
)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        pytest.param(DIVERTED, "audit_record has the rule divert", id="a rule that diverts"),
        pytest.param(DROPPED, "audit_seal has the unknown trigger drop_row", id="a trigger"),
        pytest.param(
            "ALTER TABLE audit_record ENABLE ROW LEVEL SECURITY",
            "audit_record has row level security",
            id="rows hidden",
        ),
        pytest.param(
            "CREATE TABLE other () INHERITS (audit_record)",
            "audit_record inherits, or is inherited from",
            id="inheritance",
        ),
        pytest.param(
            "CREATE SCHEMA other CREATE VIEW audit_record AS SELECT 1 AS id",
            "audit_record has another of its name in schema other",
            id="a view of its name",
        ),
        pytest.param(
            "ALTER TABLE audit_record SET UNLOGGED",
            "audit_record is no ordinary table",
            id="a table that a crash empties",
        ),
    ],
)
def test_a_table_that_was_changed_is_named(sealer, capsys, client, statement, message):
    with connection.cursor() as cursor:
        cursor.execute(statement)

    report = verified(capsys)

    assert kinds(report) == ["table changed"]
    assert message in report["breaks"][0]["message"]
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert message in reply.json()["checks"]["audit trail"]


def test_the_anchor_shows_that_the_tail_was_removed(sealer, settings, capsys):
    record("test.done")
    sealer.round()
    size = sealer.tree.size
    for _ in range(2):
        record("test.done")
    sealer.round()
    tamper(
        f"DELETE FROM audit_record WHERE id IN (SELECT record_id FROM audit_seal"
        f" WHERE sequence >= {size}); DELETE FROM audit_seal WHERE sequence >= {size};"
        f"DELETE FROM audit_signedcheckpoint WHERE size > {size}"
    )

    assert verified(capsys)["ok"]
    anchor = str(settings.AUDIT_ANCHOR_DIR / "latest.txt")
    assert kinds(verified(capsys, "--anchor", anchor)) == ["truncated"]


def test_an_unreadable_anchor_ends_the_verification_with_code_2(sealer, tmp_path):
    (tmp_path / "empty.txt").write_text("")

    for anchor in (tmp_path / "empty.txt", tmp_path / "nothing.txt"):
        with pytest.raises(CommandError) as failed:
            call_command("audit_verify", "--anchor", str(anchor))
        assert failed.value.returncode == 2


def test_a_sealer_does_not_go_on_from_a_log_that_is_not_as_signed(sealer, settings):
    for _ in range(2):
        record("test.done")
    sealer.round()
    tamper(f"DELETE FROM audit_seal WHERE sequence = {sealer.tree.size - 1}")

    with pytest.raises(CannotSeal, match="were signed"):
        Sealer(keys.signer(), settings.AUDIT_ANCHOR_DIR)


def test_only_an_auditors_key_signs(settings):
    settings.AUDIT_SIGNING_KEY = ""

    with pytest.raises(CommandError, match="AUDIT_SIGNING_KEY"):
        call_command("audit_seal")


def test_each_consumer_of_the_log_reads_all_of_it_once_and_again_after_a_reset(sealer):
    for _ in range(5):
        record("ticket.opened", actor="jo")
    sealer.round()
    log = list(Seal.objects.order_by("sequence").values_list("record_id", flat=True))
    first: list[int] = []
    second: list[int] = []
    position = LogPosition.objects

    assert position.read_new("first", first.extend, batch_size=2) == len(log)
    assert position.read_new("first", first.extend, batch_size=2) == 0
    assert position.read_new("second", second.extend, batch_size=100) == len(log)

    assert first == second == log
    position.reset("first")
    position.read_new("first", first.extend, batch_size=2)
    assert first == log * 2
