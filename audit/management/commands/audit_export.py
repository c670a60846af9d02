"""Sealed audit records as JSON lines."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import keys
from audit.sealing import export, log_reader


def moment(written: str) -> datetime:
    """A day or a time in ISO 8601; UTC unless it says otherwise."""
    read = datetime.fromisoformat(written)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Write sealed records, in the log's order, ending in the checkpoint that covers them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="since", type=moment, help="from this day or time on")
        parser.add_argument("--to", dest="until", type=moment, help="up to it, itself not included")
        parser.add_argument(
            "--readable",
            action="store_true",
            help="with names and texts; audit_erase does not reach such a file",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = keys.public_key()
        except keys.NoSigningKey as missing:
            raise CommandError(str(missing)) from None
        with log_reader.one_moment():
            begins = log_reader.base(key).frontier.size
            first = export.place_at(options["since"], otherwise=begins)
            until = export.place_at(options["until"], otherwise=export.end_of_log())
            try:
                for line in export.lines(first, until, key, readable=options["readable"]):
                    self.stdout.write(line)
            except export.NothingSealed:
                raise CommandError("No record of that time is sealed.") from None
