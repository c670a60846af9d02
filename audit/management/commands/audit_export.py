"""Export sealed audit records as JSON lines."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import keys
from audit.sealing import export, log_reader


def moment(text: str) -> datetime:
    """A date or time in ISO 8601; UTC unless it has an offset."""
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Export sealed audit records as JSON lines, with the checkpoint that covers them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="since", type=moment, help="from this date or time on")
        parser.add_argument("--to", dest="until", type=moment, help="before this date or time")
        parser.add_argument(
            "--readable",
            action="store_true",
            help="with names and texts; audit_erase does not reach such a file",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = keys.public_key()
        except keys.NoSigningKey as error:
            raise CommandError(str(error)) from None
        with log_reader.snapshot():
            start = log_reader.log_start(key).frontier.size
            first = export.sequence_at(options["since"], otherwise=start)
            until = export.sequence_at(options["until"], otherwise=export.end_of_log())
            try:
                for line in export.lines(first, until, key, readable=options["readable"]):
                    self.stdout.write(line)
            except export.NothingSealed:
                raise CommandError(
                    "No sealed record is in that period. Check --from and --to."
                ) from None
