"""Erase a person from the whole site, for the command and the API."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from audit.models import Record, SubjectKey, record
from audit.people.erasure import Person, erase

ERASURE_ACTION = "subject.erased"
"""Verification reads these records: their pseudonyms may have no key."""


class UnknownPerson(Exception):
    """No audit record names this user id."""


class KeysChanged(Exception):
    """The person's keys were changed in the database: erasing could hit another person."""


@dataclass(frozen=True)
class Erasure:
    """What was erased, and what is outside this site's database."""

    records: int
    """Audit records that concern the person; they stay, without name and texts."""
    rows: dict[str, int]
    """Rows cleared or deleted, by table."""
    elsewhere: tuple[str, ...]
    """Places that the operator has to erase."""


def erase_person(user_id: str, *, actor: str) -> Erasure:
    """Destroy the person's keys, clear their rows and record it, in one transaction.

    Raises ``UnknownPerson`` or ``KeysChanged``; nothing is erased then.
    """
    with transaction.atomic():
        subject_keys = SubjectKey.objects.for_person(user_id).select_for_update()
        if not all(key.is_intact for key in subject_keys):
            raise KeysChanged(
                "Nothing was erased: the keys of this person were changed in the database, and "
                "may be another person's. Run: manage.py audit_verify"
            )
        pseudonyms = sorted(key.pseudonym for key in subject_keys)
        if not pseudonyms:
            raise UnknownPerson(
                f"No audit record names {user_id!r}. Check the spelling of the user id."
            )
        rows = erase(Person(user_id, replacement=f"({pseudonyms[0]})"))
        records = Record.objects.concerning(user_id).count()
        SubjectKey.objects.filter(pk__in=pseudonyms).delete()
        SubjectKey.objects.clear_cache()
        data = {"pseudonyms": pseudonyms, "records": records, "rows": rows}
        record(ERASURE_ACTION, actor=actor, kind="subject", key=pseudonyms[0], data=data)
    _overwrite("audit_subjectkey", *rows)
    return Erasure(records, rows, _elsewhere())


def _elsewhere() -> tuple[str, ...]:
    """What ``erase_person`` cannot reach, in words for the operator."""
    audit_file = [f"AUDIT_FILE ({settings.AUDIT_FILE})"] if settings.AUDIT_FILE else []
    return (
        *audit_file,
        *("readable exports", "backups of the database", "mails and webhooks sent"),
        "the account of that name",
    )


def _overwrite(*tables: str) -> None:
    """Remove the deleted rows from disk now, not at the next autovacuum."""
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM {', '.join(tables)}")
