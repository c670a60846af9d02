"""Derive the outcomes from the sealed log."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from assistant.outcomes import fold
from assistant.outcomes.rows import Need


class Command(BaseCommand):
    help = "Derive needs and their ends from records sealed since; the worker does so each minute."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="from the log's beginning")

    def handle(self, *args: Any, **options: Any) -> None:
        count = fold.rebuild() if options["rebuild"] else fold.fold_new()
        self.stdout.write(f"{count} records read; there are {Need.objects.count()} needs.")
