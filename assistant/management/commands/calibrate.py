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
from faq.releases.publishing import PublishError, publish_policy


class Command(BaseCommand):
    help = (
        "Store labelled questions (query,expected_id) and calibrate the live release's policy on "
        "them, at the precision asked for or else the best to be had. It goes live as a new "
        "release unless cross-validation shows it worse than without labels."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("questions", type=Path, help="a CSV file: query,expected_id")
        parser.add_argument(
            "--precision",
            type=float,
            default=fitted_policies.PRECISION,
            help="proportion of right answers, 0.5 to 0.99",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="print the expected results and change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0.5 <= options["precision"] <= 0.99:
            raise CommandError("--precision must be between 0.5 and 0.99.")
        live = Release.objects.live()
        try:
            release = wiring.live().current()
            questions = read_labelled(options["questions"], release)
            with transaction.atomic():
                store_labels(questions, source=options["questions"].name)
                calibration = self._calibrate(release, live, options)
                transaction.set_rollback(options["dry_run"])
        except (Unavailable, TooLittleData, PublishError) as failure:
            raise CommandError(f"Nothing was changed: {failure}") from None
        self.stdout.write("\n".join(lines(calibration, options["precision"])))
        if not calibration.is_improvement:
            self.stdout.write(
                f"The current policy stays, it is the best to be had: {calibration.why}."
            )
            return
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was changed.")
            return
        new_release = Release.objects.live()
        assert new_release is not None
        self.stdout.write(f"Release {new_release.number} is live with the new policy.")

    def _calibrate(
        self, release: LoadedRelease, live: Release | None, options: dict[str, Any]
    ) -> Calibration:
        assert live is not None
        embedder = wiring.embedder()
        contents = list(release.contents.values())
        with bar("Embedding") as progress:
            vectors = stored_vectors.ensure(
                embedder, fitted_policies.texts(contents), progress=progress
            )
        precision = options["precision"]
        labels = fitted_policies.stored_labels(contents, embedder)
        release_fit = fitted_policies.fit(contents, vectors)
        calibration = release_fit.calibrate(labels, precision=precision)
        if calibration.is_improvement:
            report = {"precision": precision, **fitted_policies.calibration_report(calibration)}
            digest = fitted_policies.store(calibration.fitted, report)
            expected = 100 * (calibration.expected.precision.value or 0.0)
            note = (
                f"Calibrated on {options['questions'].name} for {precision:.0%} right answers, "
                f"{expected:.1f} % expected"
            )
            publish_policy(digest, live=live, actor=actor(), note=note)
        return calibration


def store_labels(questions: list[LabelledQuestion], *, source: str) -> None:
    """Store the labels; those stored earlier from the same file are replaced."""
    Label.objects.filter(source=source).delete()
    Label.objects.bulk_create(
        [
            Label(
                source=source,
                question=redact(question.question, region=settings.PHONE_REGION),
                expected=list(question.expected),
            )
            for question in questions
        ],
        batch_size=1000,
    )
    record("label.kept", actor=actor(), data={"source": source, "questions": len(questions)})


def lines(calibration: Calibration, precision: float) -> list[str]:
    """The cross-validated expected results, beside those of the policy without labels."""
    labels = {
        "coverage": "answered right",
        "precision": "answers that are right",
        "helped": "answered right or offered",
        "answered_wrong": "answered wrong",
        "unanswerable_answered": "unanswerable, yet answered",
        "unanswerable_clarified": "unanswerable, clarified",
    }
    expected, before = vars(calibration.expected), vars(calibration.before)
    return [
        f"calibrated for {precision:.0%} right answers; cross-validated, with 95 % intervals",
        f"{'':28} {'new policy':34} without labels",
        *(f"{label:28} {expected[name]!s:34} {before[name]}" for name, label in labels.items()),
        *calibration.notes,
    ]
