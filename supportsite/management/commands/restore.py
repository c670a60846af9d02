"""Make the site what it was when a backup was made."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from audit.command_line import actor
from audit.models import record
from supportsite import backups, database_dump


class Command(BaseCommand):
    help = (
        "Replace the whole database by a backup's, bring it up to this version, rebuild the index "
        "and verify the audit trail. Nobody may use the site meanwhile."
    )
    # There may be no database to check yet.
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--force",
            action="store_true",
            help="replace what is there; what happened since the backup is lost",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            with backups.opened(file) as backup:
                backups.refuse(backup.manifest)
                self._refuse_what_is_there(force=options["force"])
                database_dump.load(backup.database())
                anchors = self._put_anchors(backup.anchors())
        except OSError as failure:
            raise CommandError(f"{failure.filename}: {failure.strerror}.") from None
        except OperationalError as failure:
            raise CommandError(" ".join(str(failure).split())) from None
        except (backups.BadBackup, database_dump.DumpFailed) as wrong:
            raise CommandError(f"Nothing was restored. {wrong}") from None
        # Its session still knows the tables that were replaced.
        connection.close()
        self.stdout.write(f"The database is as it was at {backup.manifest.made}.")
        call_command("migrate", verbosity=0, interactive=False)
        self._verify(anchors)
        told = {"file": file.name, "sha256": backups.digest(file), "made": backup.manifest.made}
        record("site.restored", actor=actor(), kind="backup", key=file.name, data=told)
        self._reindex()

    @staticmethod
    def _refuse_what_is_there(*, force: bool) -> None:
        there = backups.holds_something()
        if there and not force:
            raise backups.BadBackup(
                f"There is a site here already ({', '.join(there)}): --force replaces it."
            )

    def _put_anchors(self, kept: dict[str, bytes]) -> Path | None:
        """The backup's newest checkpoints; into AUDIT_ANCHOR_DIR only if it has none of its own."""
        to = settings.AUDIT_ANCHOR_DIR
        if not kept:
            return None
        if to.exists() and any(to.iterdir()):
            self.stdout.write(f"{to} has checkpoints of its own; they stay as they are.")
            return None
        to.mkdir(parents=True, exist_ok=True)
        for name, content in kept.items():
            (to / name).write_bytes(content)
        return to / "latest.txt"

    def _verify(self, anchors: Path | None) -> None:
        if not settings.AUDIT_SIGNING_KEY:
            self.stdout.write("AUDIT_SIGNING_KEY is not here: run audit_verify with --key.")
            return
        anchor = anchors if anchors and anchors.exists() else None
        call_command("audit_verify", anchor=anchor, stdout=self.stdout, stderr=self.stderr)

    def _reindex(self) -> None:
        try:
            call_command("reindex", stdout=self.stdout, stderr=self.stderr)
        except CommandError as failure:
            self.stdout.write(f"The index was not rebuilt: {failure} Run manage.py reindex.")
