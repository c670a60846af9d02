"""Fit the live release's policy on labelled questions."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from assistant import wiring
from assistant.calibration import adoption, fitted_policies
from assistant.calibration.calibrate import Calibration, TooLittleData
from assistant.calibration.labelled_questions import LabelledQuestion
from assistant.interfaces import Unavailable
from assistant.management.commands.evaluate import read_labelled
from assistant.models import Label
from audit.identity.cli_user import actor
from faq.progress_bar import bar
from faq.releases.publishing import PublishError


class Command(BaseCommand):
    help = (
        "Calibrate the live release's policy on labelled questions (query,expected_id) for a "
        "precision, or the best one that they allow, and show its expected results. It decides "
        "only after you adopt it; the questions are stored only with --keep-labels."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "questions",
            type=Path,
            nargs="?",
            help="a CSV file: query,expected_id; by default only the stored labels",
        )
        parser.add_argument(
            "--precision",
            type=float,
            default=fitted_policies.PRECISION,
            help="proportion of right answers, 0.5 to 0.99",
        )
        parser.add_argument(
            "--keep-labels",
            action="store_true",
            help="store the questions, so that later releases are calibrated on them too",
        )
        decision = parser.add_mutually_exclusive_group()
        decision.add_argument("--adopt", action="store_true", help="adopt it without asking")
        decision.add_argument(
            "--dry-run", action="store_true", help="show the results; change and store nothing"
        )
        decision.add_argument(
            "--drop", action="store_true", help="go back to the policy without labels"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0.5 <= options["precision"] <= 0.99:
            raise CommandError("--precision must be between 0.5 and 0.99.")
        try:
            if options["drop"]:
                release = adoption.drop(actor=actor())
                self.stdout.write(
                    f"Release {release.number} is live, with the policy without labels."
                )
                return
            self._calibrate(options)
        except (Unavailable, TooLittleData, PublishError) as failure:
            raise CommandError(f"Nothing was changed: {failure}") from None

    def _calibrate(self, options: dict[str, Any]) -> None:
        questions: list[LabelledQuestion] = []
        if options["questions"]:
            questions = read_labelled(options["questions"], wiring.live().current())
        with bar("Embedding") as progress, transaction.atomic():
            proposal = adoption.propose(
                questions, precision=options["precision"], progress=progress
            )
            transaction.set_rollback(options["dry_run"])
        calibration = proposal.calibration
        self.stdout.write("\n".join(lines(calibration, options["precision"])))
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was changed.")
            return
        if options["keep_labels"] and questions:
            source = options["questions"].name
            count = Label.objects.replace_source(questions, source=source, by=actor())
            self.stdout.write(f"{count} labels from {source} were stored.")
        if not calibration.is_improvement:
            self.stdout.write(
                f"The current policy stays, since the new one is no improvement: {calibration.why}."
            )
            return
        if not options["adopt"] and not self._confirmed():
            self.stdout.write("The current policy stays. Add --adopt to use the new one.")
            return
        expected = 100 * (calibration.expected.precision.value or 0.0)
        source = options["questions"].name if options["questions"] else "the stored labels"
        note = (
            f"Calibrated on {source} for {options['precision']:.0%} right answers, "
            f"{expected:.1f} % expected"
        )
        release = adoption.adopt(proposal.digest, live=proposal.live, actor=actor(), note=note)
        self.stdout.write(f"Release {release.number} is live with the new policy.")

    def _confirmed(self) -> bool:
        if not sys.stdin.isatty():
            return False
        return input("Adopt the new policy? [y/N] ").strip().casefold() in {"y", "yes"}


def lines(calibration: Calibration, precision: float) -> list[str]:
    """The cross-validated results, in columns with those of the policy without labels."""
    labels = {
        "coverage": "answered right",
        "precision": "answers that are right",
        "helped": "answered right or offered",
        "answered_wrong": "answered wrong",
        "unanswerable_answered": "no FAQ, but answered",
        "unanswerable_clarified": "no FAQ, asked to clarify",
    }
    expected, before = vars(calibration.expected), vars(calibration.before)
    return [
        f"calibrated for {precision:.0%} right answers; cross-validated, with 95 % intervals",
        f"{'':28} {'new policy':34} without labels",
        *(f"{label:28} {expected[name]!s:34} {before[name]}" for name, label in labels.items()),
        *calibration.notes,
    ]
