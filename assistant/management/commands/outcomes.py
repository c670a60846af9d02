"""Print the outcomes of a period."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistant.outcomes import figures
from assistant.outcomes.rates import DEFINITIONS, Rate
from assistant.outcomes.selection import Selection


class Command(BaseCommand):
    help = "Print what became of the questions of a period: needs, their ends, rates, tickets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        first = "first day, such as 2026-11-01 (default: 28 days with the last)"
        parser.add_argument("--from", dest="first", type=date.fromisoformat, help=first)
        parser.add_argument("--to", dest="last", type=date.fromisoformat, help="last day")
        parser.add_argument("--category", default="", help="of the FAQ of the last ask")
        parser.add_argument("--audience", default="", help="of the person who asked")
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            selection = Selection.between(
                *(options["first"], options["last"]), options["category"], options["audience"]
            )
        except ValueError as error:
            raise CommandError(f"--{error}") from None
        if options["json"]:
            self.stdout.write(json.dumps(figures.report(selection), ensure_ascii=False))
            return
        ends = figures.need_counts(selection).ends
        self.stdout.write(
            f"{selection.first} to {selection.last}: {ends.total} needs, {ends.open} of them open."
        )
        rates: dict[str, Rate] = {
            **ends.rates,
            "coverage": figures.coverage(selection).total,
            "precision": figures.precision(selection),
        }
        for name, rate in rates.items():
            self.stdout.write(f"{name:<12} {rate.text:>5}  {rate.note}. {DEFINITIONS[name]}")
