"""List the questions without a helpful answer, grouped by meaning."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from assistant.learning.gap_rows import FILTERS, filtered_gaps, rows


class Command(BaseCommand):
    help = "List the gaps: questions without a helpful answer, by meaning, most people first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--show", choices=list(FILTERS), default="open")
        parser.add_argument("--limit", type=int, default=25)
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        gaps = rows(list(filtered_gaps(options["show"])[: options["limit"]]))
        if options["json"]:
            self.stdout.write(json.dumps([row.as_dict() for row in gaps], ensure_ascii=False))
            return
        if not gaps:
            self.stdout.write(
                "No gaps. The worker groups questions; manage.py regroup does it now."
            )
        for row in gaps:
            gap = row.gap
            self.stdout.write(
                f"{gap.asks} asks, {gap.people} people, {gap.tickets} tickets: {row.title}"
            )
