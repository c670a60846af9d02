"""Erase a person from the site; what happened stays on the audit trail."""

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
    help = "Destroy a person's key, and with it all texts about them and who they were."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="as in a token's sub, or the name they sign in with")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            held = SubjectKey.objects.whose(options["user"]).select_for_update()
            pseudonyms = sorted(held.values_list("pseudonym", flat=True))
            if not pseudonyms:
                raise CommandError("The audit trail knows nobody of that name.")
            rows = erase(Person(options["user"], left=f"({pseudonyms[0]})"))
            concerned = Record.objects.concerning(options["user"]).count()
            SubjectKey.objects.filter(pk__in=pseudonyms).delete()
            SubjectKey.objects.forget()
            told = {"pseudonyms": pseudonyms, "records": concerned, "rows": rows}
            record(ERASED, actor=actor(), kind="subject", key=pseudonyms[0], data=told)
        self._overwrite("audit_subjectkey", *rows)
        self.stdout.write(f"Erased from {concerned} records. Their places in the log stay.")
        for table, count in rows.items():
            self.stdout.write(f"{table}: {count} rows emptied or deleted.")
        elsewhere = ["readable exports", "backups of the database", "mails and webhooks sent"]
        elsewhere += ["an account of that name"]
        if settings.AUDIT_FILE:
            elsewhere.insert(0, f"AUDIT_FILE ({settings.AUDIT_FILE})")
        self.stdout.write(f"Not reached: {', '.join(elsewhere)}.")

    @staticmethod
    def _overwrite(*tables: str) -> None:
        """Give the bytes on disk free now, not whenever Postgres gets to it."""
        if not connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute(f"VACUUM {', '.join(tables)}")
