"""Write tickets as CSV."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tickets.export import csv_file
from tickets.models import Ticket


class Command(BaseCommand):
    help = "Write every ticket as CSV, to a file or to standard output; no cell begins a formula."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, help="such as data/tickets.csv")
        parser.add_argument("--status", choices=Ticket.Status.values)

    def handle(self, *args: Any, **options: Any) -> None:
        tickets = Ticket.objects.order_by("id")
        if options["status"]:
            tickets = tickets.filter(status=options["status"])
        lines = csv_file(tickets)
        path = options["path"]
        if path is None:
            sys.stdout.writelines(lines)
            return
        try:
            with path.open("w", encoding="utf-8", newline="") as opened:
                opened.writelines(lines)
        except OSError as failure:
            raise CommandError(f"{path} cannot be written: {failure.strerror}") from None
        self.stdout.write(f"{tickets.count()} tickets written to {path}.")
