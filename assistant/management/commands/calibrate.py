"""Fit the live release's policy on labelled questions."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from assistant import wiring
from assistant.calibration import fitted_policies
from assistant.calibration.calibrate import Calibration, TooLittleData
from assistant.evaluation.labelled_questions import LabelledQuestion
from assistant.interfaces import Unavailable
from assistant.management.commands.evaluate import read_labelled
from assistant.matching import stored_vectors
from assistant.matching.loaded_release import LoadedRelease
from assistant.models import Label
from audit.identity.cli_user import actor
from audit.models import record
from audit.privacy.redaction import redact
from faq.files.progress import bar
from faq.models import Release
from faq.releases.publishing import PublishError, adopt


class Command(BaseCommand):
    help = (
        "Keep labelled questions (query,expected_id) and fit the live release's policy on them; "
        "if its own cross-fitted check shows it better, it goes live as a new release."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("questions", type=Path)
        parser.add_argument(
            "--precision",
            type=float,
            default=fitted_policies.PRECISION,
            help="share of right answers",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0.5 <= options["precision"] <= 0.99:
            raise CommandError("--precision must be between 0.5 and 0.99.")
        live = Release.objects.live()
        try:
            release = wiring.live().current()
            questions = read_labelled(options["questions"], release)
            with transaction.atomic():
                keep_labels(questions, source=options["questions"].name)
                found = self._calibrate(release, live, options)
                transaction.set_rollback(options["dry_run"])
        except (Unavailable, TooLittleData, PublishError) as failure:
            raise CommandError(f"Nothing was changed: {failure}") from None
        self.stdout.write("\n".join(lines(found, options["precision"])))
        if not found.kept:
            raise CommandError(f"Not kept: {found.why}. The policy stays as it is.")
        if options["dry_run"]:
            self.stdout.write("A dry run: nothing was changed.")
            return
        now = Release.objects.live()
        assert now is not None
        self.stdout.write(f"Release {now.number} decides with it.")

    def _calibrate(
        self, release: LoadedRelease, live: Release | None, options: dict[str, Any]
    ) -> Calibration:
        assert live is not None
        embedder = wiring.embedder()
        contents = list(release.contents.values())
        with bar("Embedding") as progress:
            known = stored_vectors.ensure(
                embedder, fitted_policies.texts(contents), progress=progress
            )
        precision = options["precision"]
        labels = fitted_policies.stored_labels(contents, embedder)
        found = fitted_policies.fit(contents, known).calibrate(labels, precision=precision)
        if found.kept:
            report = {"precision": precision, **fitted_policies.told(found)}
            digest = fitted_policies.keep(found.fitted, report)
            note = f"Calibrated on {options['questions'].name} at {precision:.0%}"
            adopt(digest, live=live, actor=actor(), note=note)
        return found


def keep_labels(questions: list[LabelledQuestion], *, source: str) -> None:
    """Store labels in place of those the same file gave before."""
    Label.objects.filter(source=source).delete()
    Label.objects.bulk_create(
        [
            Label(
                source=source,
                question=redact(each.question, region=settings.PHONE_REGION),
                expected=list(each.expected),
            )
            for each in questions
        ],
        batch_size=1000,
    )
    record("label.kept", actor=actor(), data={"source": source, "questions": len(questions)})


def lines(found: Calibration, precision: float) -> list[str]:
    """What to expect, cross-fitted, beside the policy that would be replaced."""
    names = {
        "coverage": "answered right",
        "precision": "right of all answers",
        "helped": "answered right or offered",
        "answered_wrong": "answered wrong",
        "unanswerable_answered": "answered though none does",
        "unanswerable_asked_back": "asked back though none does",
    }
    expected, before = vars(found.expected), vars(found.before)
    return [
        f"calibrated for {precision:.0%} right answers; 95 % intervals, cross-fitted",
        f"{'':28} {'with it':34} without",
        *(f"{words:28} {expected[name]!s:34} {before[name]}" for name, words in names.items()),
    ]
