"""Write rated questions as CSV."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistant.learning.feedback_export import MIN_PEOPLE, csv_lines


class Command(BaseCommand):
    help = (
        "Write rated questions as CSV (query,expected_id,helpful,reason), to a file or to standard "
        f"output. Answers that fewer than {MIN_PEOPLE} people rated are left out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, help="such as data/feedback.csv")
        parser.add_argument(
            "--helpful", action="store_true", help="only helpful answers: labels for evaluate"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        lines = list(csv_lines(only_helpful=options["helpful"]))
        path = options["path"]
        if path is None:
            sys.stdout.writelines(lines)
            return
        try:
            with path.open("w", encoding="utf-8", newline="") as opened:
                opened.writelines(lines)
        except OSError as failure:
            raise CommandError(f"{path} cannot be written: {failure.strerror}") from None
        self.stdout.write(f"{len(lines) - 1} rated questions written to {path}.")
