"""Group the questions that were not helped by meaning."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistant.interfaces import Unavailable
from assistant.learning import regrouping, signals

LOW_PRIORITY = 10
"""Nice value: a regrouping takes both processors for up to a minute."""


class Command(BaseCommand):
    help = "Group the questions that were not helped into gaps; the worker does so every night."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--new", action="store_true", help="only assign new questions")
        parser.add_argument(
            "--low-priority", action="store_true", help="let everything else go first"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["low_priority"]:
            os.nice(LOW_PRIORITY)
        signals.read_new()
        try:
            if options["new"]:
                self.stdout.write(f"{regrouping.assign_new()} new questions assigned.")
                return
            result = regrouping.regroup()
        except Unavailable as failure:
            raise CommandError(str(failure)) from None
        self.stdout.write(
            f"{result.asks} questions in {result.gaps} gaps, at a similarity of at least "
            f"{result.threshold:.3f}."
        )
