"""List what is wrong with FAQs."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from assistant.health import duplicates, faq_health, log_reading
from faq.job_process import lower_priority


class Command(BaseCommand):
    help = "List what is wrong with FAQs of the live release, the worst first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document")
        parser.add_argument(
            "--compare",
            action="store_true",
            help="compare the FAQs of the live release with each other; the worker does so",
        )
        parser.add_argument(
            "--low-priority", action="store_true", help="let everything else go first"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["low_priority"]:
            lower_priority()
        if options["compare"]:
            self.stdout.write(f"{duplicates.compare()} pairs of FAQs are nearly the same.")
            return
        log_reading.read_new()
        findings = faq_health.findings()
        if options["json"]:
            listed = [finding.as_dict() for finding in findings]
            self.stdout.write(json.dumps(listed, ensure_ascii=False))
            return
        if not findings:
            self.stdout.write("No findings.")
        for finding in findings:
            self.stdout.write(f"{finding.faq_id}: {finding.numbers} {finding.action}")
