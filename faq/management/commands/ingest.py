"""Read a file of FAQs and publish it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit.command_line import actor
from faq.ingesting import Report, ingest, unchanged
from faq.known_files import digest_of
from faq.progress import bar
from faq.publishing import PublishError
from faq.reading import Unreadable
from faq.sources import read_path, rows_of


class Command(BaseCommand):
    help = "Read FAQs (id,question,answer,category[,alternates]) and publish them as a release."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, default=Path(settings.FAQ_CSV))
        parser.add_argument("--alternates", type=Path, help="a CSV of id,alternate_question")
        parser.add_argument(
            "--retire-missing", action="store_true", help="retire FAQs the file does not have"
        )
        parser.add_argument(
            "--keep-edits",
            action="store_true",
            help="leave rows alone that the file has not changed since it was last read",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        more = options["alternates"]
        wanted = {
            "actor": actor(),
            "source": options["path"].name,
            "retire_missing": options["retire_missing"],
            "keep_edits": options["keep_edits"],
        }
        try:
            files = read_path(options["path"]), read_path(more) if more else None
            digest = digest_of(files)
            report = None if options["dry_run"] else unchanged(digest, **wanted)
            if report is None:
                with bar("Embedding") as progress:
                    report = ingest(
                        rows_of(*files),
                        **wanted,
                        dry_run=options["dry_run"],
                        progress=progress,
                        file_digest=digest,
                    )
        except Unreadable as found:
            raise CommandError(f"{options['path']} was not taken:\n{found}") from None
        except PublishError as failure:
            raise CommandError(f"Nothing was changed: {failure}") from None
        self._tell(report)

    def _tell(self, report: Report) -> None:
        if report.missing:
            shown = ", ".join(report.missing[:10]) + (", …" if len(report.missing) > 10 else "")
            self.stdout.write(
                f"{len(report.missing)} published FAQs are not in the file: {shown} "
                "(--retire-missing retires them)"
            )
        if report.personal:
            told = [f"{slug} ({', '.join(kinds)})" for slug, kinds in report.personal.items()]
            shown = ", ".join(told[:10]) + (", …" if len(told) > 10 else "")
            self.stdout.write(f"Everybody will read these contact details: {shown}.")
        where = f"release {report.release}" if report.release else "a dry run"
        self.stdout.write(f"{report}: {where}.")
