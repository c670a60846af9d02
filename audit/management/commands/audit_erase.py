"""Erase a person from the site; the audit records stay, without names and texts."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from audit.identity.cli_user import actor
from audit.models import Record, SubjectKey, record
from audit.people.erasure import Person, erase
from audit.sealing.log_reader import ERASED


class Command(BaseCommand):
    help = "Erase a person: destroy their key, and with it their name and all texts about them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="the user id: a token's sub, or a sign-in name")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            subject_keys = SubjectKey.objects.for_person(options["user"]).select_for_update()
            if not all(key.is_intact for key in subject_keys):
                raise CommandError(
                    "Nothing was erased: the keys of this person were changed in the database, and "
                    "may be another person's. Run: manage.py audit_verify"
                )
            pseudonyms = sorted(key.pseudonym for key in subject_keys)
            if not pseudonyms:
                raise CommandError(
                    f"No audit record names {options['user']!r}. Check the spelling of the user id."
                )
            rows = erase(Person(options["user"], replacement=f"({pseudonyms[0]})"))
            records = Record.objects.concerning(options["user"]).count()
            SubjectKey.objects.filter(pk__in=pseudonyms).delete()
            SubjectKey.objects.clear_cache()
            data = {"pseudonyms": pseudonyms, "records": records, "rows": rows}
            record(ERASED, actor=actor(), kind="subject", key=pseudonyms[0], data=data)
        self._overwrite("audit_subjectkey", *rows)
        self.stdout.write(f"Erased from {records} records. The records themselves stay in the log.")
        for table, count in rows.items():
            self.stdout.write(f"{table}: {count} rows cleared or deleted.")
        elsewhere = ["readable exports", "backups of the database", "mails and webhooks sent"]
        elsewhere += ["the account of that name"]
        if settings.AUDIT_FILE:
            elsewhere.insert(0, f"AUDIT_FILE ({settings.AUDIT_FILE})")
        self.stdout.write(f"Erase these yourself: {', '.join(elsewhere)}.")

    @staticmethod
    def _overwrite(*tables: str) -> None:
        """Remove the deleted rows from disk now, not at the next autovacuum."""
        if not connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute(f"VACUUM {', '.join(tables)}")
