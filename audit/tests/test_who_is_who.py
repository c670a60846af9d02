"""Nobody who changes the database's tables can move what was done from one person to another."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import Record, SubjectKey, record
from audit.sealing import record_status
from audit.tests.test_sealing import kinds, tamper, verified
from supportsite.monitoring import audit_trail

pytestmark = pytest.mark.django_db

RENAMED = "UPDATE audit_subjectkey SET name = 'somebody-else' WHERE pseudonym = '{one}'"
SWAPPED = """
CREATE TEMPORARY TABLE before ON COMMIT DROP AS SELECT * FROM audit_subjectkey;
UPDATE audit_subjectkey AS k SET name = o.name, lookup = o.lookup FROM before AS o
 WHERE (k.pseudonym, o.pseudonym) IN (('{one}', '{other}'), ('{other}', '{one}'))
"""
SWAPPED_WITH_MACS = SWAPPED.replace("lookup = o.lookup", "lookup = o.lookup, mac = o.mac")
POINTED_AT = "UPDATE audit_subjectkey SET lookup = '\\x00' || lookup WHERE pseudonym = '{one}'"


@pytest.fixture
def deeds(settings, tmp_path, capsys) -> tuple[Record, Record]:
    settings.AUDIT_ANCHOR_DIR = tmp_path
    audit_trail.clear_cache()
    SubjectKey.objects.clear_cache()
    deeds = record("test.done", actor="ann"), record("test.done", actor="ben")
    call_command("audit_seal")
    return deeds


def change(statement: str, deeds: tuple[Record, Record]) -> None:
    one, other = (entry.actor_key_id for entry in deeds)
    tamper(statement.format(one=one, other=other))
    audit_trail.clear_cache()
    SubjectKey.objects.clear_cache()


def test_names_as_the_site_wrote_them_raise_no_alarm(deeds, capsys, client):
    assert verified(capsys)["ok"]
    assert client.get("/readyz").json()["checks"]["audit trail"].startswith("ok")


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(RENAMED, id="renamed"),
        pytest.param(SWAPPED, id="names and lookups of two swapped"),
        pytest.param(SWAPPED_WITH_MACS, id="their MACs too"),
        pytest.param(POINTED_AT, id="a lookup changed"),
    ],
)
def test_a_changed_name_is_named(deeds, capsys, client, statement):
    change(statement, deeds)

    assert kinds(verified(capsys)) == ["person changed"]
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert "person changed" in reply.json()["checks"]["audit trail"]
    assert not record_status.status_of(Record.objects.get(pk=deeds[0].pk)).is_valid


def test_whoever_was_swapped_goes_on_under_a_key_of_their_own(deeds):
    change(SWAPPED, deeds)

    later = Record.objects.get(pk=record("test.done", actor="ann").pk)

    assert later.actor == "ann"
    assert later.actor_key_id not in {entry.actor_key_id for entry in deeds}


def test_nobody_is_erased_in_place_of_another(deeds):
    change(SWAPPED, deeds)

    with pytest.raises(CommandError, match="audit_verify"):
        call_command("audit_erase", "ann")

    assert SubjectKey.objects.filter(pk__in=[entry.actor_key_id for entry in deeds]).count() == 2


def test_an_update_of_the_site_binds_the_names_that_are_there(deeds, capsys):
    """Rows of older versions have no MAC. The migration runs with the trigger switched off."""
    change("UPDATE audit_subjectkey SET mac = ''", deeds)
    assert kinds(verified(capsys)) == ["person changed"]

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_subjectkey DISABLE TRIGGER audit_subjectkey_rows")
        import_module("audit.migrations.0005_bound_people").bind(apps, None)
        cursor.execute("ALTER TABLE audit_subjectkey ENABLE ALWAYS TRIGGER audit_subjectkey_rows")

    assert verified(capsys)["ok"]


def test_a_key_that_was_destroyed_and_put_back_is_named(deeds, capsys):
    key = SubjectKey.objects.get(pk=deeds[0].actor_key_id)
    call_command("audit_erase", "ann")
    assert verified(capsys)["ok"]

    key.save(force_insert=True)

    report = verified(capsys)
    assert kinds(report) == ["person changed"]
    assert f"{key} was erased, but has a key again" in report["breaks"][0]["message"]
