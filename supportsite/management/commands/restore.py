"""Restore a backup: replace the whole database."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from audit.identity.cli_user import actor
from audit.models import record
from supportsite.backup import archive, pg_dump


class Command(BaseCommand):
    help = (
        "Restore a backup: replace the whole database, migrate it, rebuild the index and verify "
        "the audit trail. Stop the site first."
    )
    # The database may be new.
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--force",
            action="store_true",
            help="replace a site that has data; changes since the backup are lost",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            with archive.unpacked(file) as (manifest, folder):
                archive.check_restorable(manifest)
                self._refuse_to_replace(force=options["force"])
                pg_dump.restore(folder / archive.DATABASE)
                anchors = self._restore_anchors(folder, manifest.anchors)
        except OSError as failure:
            raise CommandError(f"{failure.filename}: {failure.strerror}.") from None
        except OperationalError as failure:
            raise CommandError(" ".join(str(failure).split())) from None
        except (archive.BadBackup, pg_dump.DumpFailed) as failure:
            raise CommandError(f"Nothing was restored. {failure}") from None
        # The open connection still refers to the replaced tables.
        connection.close()
        self.stdout.write(f"The database is restored to its state of {manifest.made}.")
        call_command("migrate", verbosity=0, interactive=False)
        self._verify(anchors)
        data = {"file": file.name, "sha256": archive.digest(file), "made": manifest.made}
        record("site.restored", actor=actor(), kind="backup", key=file.name, data=data)
        self._reindex()

    @staticmethod
    def _refuse_to_replace(*, force: bool) -> None:
        present = archive.present_rows()
        if present and not force:
            raise archive.BadBackup(
                f"This site has data ({', '.join(present)}). Use --force to replace it."
            )

    def _restore_anchors(self, folder: Path, names: list[str]) -> Path | None:
        """Copy the checkpoints unless AUDIT_ANCHOR_DIR has some; return the newest file."""
        target = settings.AUDIT_ANCHOR_DIR
        if not names:
            return None
        if target.exists() and any(target.iterdir()):
            self.stdout.write(f"{target} already has checkpoints; they are not changed.")
            return None
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            (target / Path(name).name).write_bytes((folder / name).read_bytes())
        return target / "latest.txt"

    def _verify(self, newest: Path | None) -> None:
        if not settings.AUDIT_SIGNING_KEY:
            self.stdout.write("AUDIT_SIGNING_KEY is not set. Run: manage.py audit_verify --key KEY")
            return
        anchor = newest if newest and newest.exists() else None
        call_command("audit_verify", anchor=anchor, stdout=self.stdout, stderr=self.stderr)

    def _reindex(self) -> None:
        try:
            call_command("reindex", stdout=self.stdout, stderr=self.stderr)
        except CommandError as failure:
            self.stdout.write(f"The index was not rebuilt: {failure} Run manage.py reindex.")
