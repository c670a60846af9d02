"""Publish a file of FAQs."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit.identity.cli_user import actor
from faq.files.import_drafts import Report, ingest
from faq.files.reader import Unreadable
from faq.files.sources import Source
from faq.files.start_up import at_start
from faq.models import IngestedFile
from faq.progress_bar import bar
from faq.releases.publishing import PublishError

MAX_NAMES = 10


class Command(BaseCommand):
    help = "Publish a file of FAQs (id,question,answer,category[,alternates]) as a release."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "path",
            nargs="?",
            type=Path,
            default=Path(settings.FAQ_CSV),
            help="a CSV, .xlsx or .json file; default: FAQ_CSV",
        )
        parser.add_argument("--alternates", type=Path, help="a CSV of id,alternate_question")
        parser.add_argument(
            "--retire-missing",
            action="store_true",
            help="retire published FAQs that are not in the file",
        )
        parser.add_argument(
            "--keep-edits",
            action="store_true",
            help="skip rows that have not changed since the file was last ingested",
        )
        parser.add_argument(
            "--at-start",
            action="store_true",
            help="ingest only if the site is empty, or if this file filled it and has changed",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would change; write nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path, before = options["path"], IngestedFile.objects.first()
        try:
            if options["at_start"]:
                start = at_start(path)
                if start.source is None:
                    self.stdout.write(f"Nothing to ingest: {start.reason}.")
                    return
                source = start.source
            else:
                source = Source.at(path, options["alternates"])
            with bar("Embedding") as progress:
                report = ingest(
                    source,
                    actor=actor(),
                    retire_missing=options["retire_missing"],
                    keep_edits=options["keep_edits"],
                    dry_run=options["dry_run"],
                    progress=progress,
                )
        except Unreadable as error:
            raise CommandError(f"{path} has errors, nothing was changed:\n{error}") from None
        except PublishError as failure:
            raise CommandError(f"Nothing was changed: {failure}") from None
        self._show(report)
        self._show_file(before)

    def _show(self, report: Report) -> None:
        for note in report.notes:
            self.stdout.write(note)
        if report.missing:
            self.stdout.write(
                f"{len(report.missing)} published FAQs are not in the file: "
                f"{_first(report.missing)}. Retire them with --retire-missing."
            )
        if report.removed_phrasings:
            removed = [
                f"{line.slug} ({line.removed_phrasings})"
                for line in report.lines
                if line.removed_phrasings
            ]
            verb = "were" if report.release else "would be"
            self.stdout.write(
                f"{report.removed_phrasings} alternate questions {verb} removed: {_first(removed)}."
            )
        for line in [line for line in report.lines if line.warnings][:MAX_NAMES]:
            self.stdout.write(f"Row {line.row}, {line.slug}: {'; '.join(line.warnings)}.")
        personal = [
            f"{line.slug} ({', '.join(line.personal)})" for line in report.lines if line.personal
        ]
        if personal:
            self.stdout.write(
                f"These FAQs contain personal data, which everybody can read: {_first(personal)}."
            )
        result = f"release {report.release}" if report.release else "dry run, nothing was written"
        self.stdout.write(f"{report}: {result}.")

    def _show_file(self, before: IngestedFile | None) -> None:
        """Name the file that the next start ingests if it has changed."""
        file = IngestedFile.objects.first()
        if file:
            earlier = f" (before: {before})" if before and str(before) != str(file) else ""
            self.stdout.write(f"This site's FAQs come from {file}{earlier}.")


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:MAX_NAMES]) + (", …" if len(names) > MAX_NAMES else "")
