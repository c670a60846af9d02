"""Read a file of FAQs and publish it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit.identity.cli_user import actor
from faq.files.import_drafts import Report, ingest
from faq.files.progress import bar
from faq.files.reader import Unreadable
from faq.files.sources import Source
from faq.files.start_up import at_start
from faq.models import IngestedFile
from faq.releases.publishing import PublishError

SHOWN = 10


class Command(BaseCommand):
    help = "Read FAQs (id,question,answer,category[,alternates]) and publish them as a release."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "path",
            nargs="?",
            type=Path,
            default=Path(settings.FAQ_CSV),
            help="a CSV, .xlsx or .json file; FAQ_CSV unless given",
        )
        parser.add_argument("--alternates", type=Path, help="a CSV of id,alternate_question")
        parser.add_argument(
            "--retire-missing", action="store_true", help="retire FAQs the file does not have"
        )
        parser.add_argument(
            "--keep-edits",
            action="store_true",
            help="leave rows alone that the file has not changed since it was last read",
        )
        parser.add_argument(
            "--at-start",
            action="store_true",
            help="read it only where the site is empty, or was filled from it and it has changed",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        path, before = options["path"], IngestedFile.objects.first()
        try:
            if options["at_start"]:
                start = at_start(path)
                if start.source is None:
                    self.stdout.write(f"Nothing is read: {start.reason}.")
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
        except Unreadable as found:
            raise CommandError(f"{path} was not taken:\n{found}") from None
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
                f"{_some(report.missing)} (--retire-missing retires them)"
            )
        if report.removed_phrasings:
            removed = [
                f"{line.slug} ({line.removed_phrasings})"
                for line in report.lines
                if line.removed_phrasings
            ]
            verb = "go" if report.release else "would go"
            self.stdout.write(f"{report.removed_phrasings} phrasings {verb}: {_some(removed)}.")
        for line in [line for line in report.lines if line.warnings][:SHOWN]:
            self.stdout.write(f"Row {line.row}, {line.slug}: {'; '.join(line.warnings)}.")
        personal = [
            f"{line.slug} ({', '.join(line.personal)})" for line in report.lines if line.personal
        ]
        if personal:
            self.stdout.write(f"Everybody will read these contact details: {_some(personal)}.")
        where = f"release {report.release}" if report.release else "a dry run"
        self.stdout.write(f"{report}: {where}.")

    def _show_file(self, before: IngestedFile | None) -> None:
        """Which file the next start reads, if it has changed."""
        file = IngestedFile.objects.first()
        if file:
            earlier = f"; until now to {before}" if before and str(before) != str(file) else ""
            self.stdout.write(f"This site belongs to {file}{earlier}.")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
