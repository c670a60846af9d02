"""Group the questions without a helpful answer by meaning."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistant.embedders import embedder
from assistant.interfaces import Unavailable
from assistant.learning import closed_gaps, regrouping
from assistant.learning import log_reading as gap_log
from assistant.suggestions import grouping
from assistant.suggestions import log_reading as suggestion_log
from assistant.suggestions.from_tickets import ticket_grouping
from audit.advisory_lock import try_lock
from faq.job_process import lower_priority


class Command(BaseCommand):
    help = "Group questions into gaps and suggestions; the worker does so every night."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--new", action="store_true", help="only assign new questions")
        parser.add_argument(
            "--low-priority", action="store_true", help="let everything else go first"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["low_priority"]:
                lower_priority()
                # The other processors stay free for questions.
                embedder().load(threads=1)
            with try_lock(regrouping.LOCK) as is_only:
                if not is_only:
                    raise CommandError("Another process groups the questions now. Try again later.")
                self._group(is_new=options["new"])
        except Unavailable as failure:
            raise CommandError(str(failure)) from None

    def _group(self, *, is_new: bool) -> None:
        gap_log.read_new()
        suggestion_log.read_new()
        if is_new:
            self.stdout.write(f"{regrouping.assign_new()} new questions assigned.")
        else:
            result = regrouping.regroup()
            self.stdout.write(
                f"{result.asks} questions in {result.gaps} gaps, at a similarity of at least "
                f"{result.threshold:.3f}."
            )
            closed_gaps.measure()
        self.stdout.write(
            f"{grouping.update()} suggestions, {ticket_grouping.update()} proposed FAQs."
        )
