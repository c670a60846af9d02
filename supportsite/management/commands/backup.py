"""Back up the database and the audit checkpoints into one archive, while the site runs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.identity.cli_user import actor
from audit.models import record
from supportsite.backup import archive as backups
from supportsite.backup.pg_dump import DumpFailed


class Command(BaseCommand):
    help = (
        "Back up the database and the audit checkpoints into one archive, while the site runs. "
        "It holds personal data and the keys to it. Keep AUDIT_MAC_KEY elsewhere: without it "
        "the backup cannot be restored."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", nargs="?", type=Path, help="default: STATE_DIR/backups/TIME.tar"
        )
        parser.add_argument(
            "--with-secrets",
            action="store_true",
            help="include the secrets: anybody with the file can then act as the site",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name = f"{timezone.now():%Y-%m-%dT%H%M%SZ}.tar"
        archive: Path = options["file"] or settings.STATE_DIR / "backups" / name
        try:
            if not options["file"]:
                archive.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if archive.exists():
                raise CommandError(f"{archive} exists already. Choose another file name.")
            manifest = backups.write(archive, with_secrets=options["with_secrets"])
        except OSError as failure:
            raise CommandError(f"{archive} cannot be written ({failure.strerror}).") from None
        except DumpFailed as failure:
            raise CommandError(str(failure)) from None
        sha256 = backups.digest(archive)
        data = {"file": archive.name, "sha256": sha256, "made": manifest.made}
        record("site.backed_up", actor=actor(), kind="backup", key=archive.name, data=data)
        size = archive.stat().st_size / 1e6
        secret = "and all secrets" if options["with_secrets"] else "and no secrets"
        self.stdout.write(
            f"{archive}: {size:,.1f} MB, the database, {len(manifest.files) - 1} other files "
            f"{secret}."
        )
