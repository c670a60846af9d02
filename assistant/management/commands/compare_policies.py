"""Compare policies on a knowledge base and labelled questions."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistant import embedders
from assistant.calibration.calibrate import TooLittleData
from assistant.calibration.fitted_policies import PRECISION, ReleaseFit, labelled
from assistant.calibration.labelled_questions import LabelledQuestion, read_questions
from assistant.calibration.proportion import Proportion
from assistant.decision.policy import ConfidencePolicy, CosinePolicy, Policy
from assistant.evaluation import offline
from assistant.evaluation.curves import sweep
from assistant.evaluation.evaluate import EvaluatedQuestion, Evaluation, Result, evaluate
from assistant.interfaces import Embedder, Unavailable
from assistant.matching.loaded_release import LoadedRelease
from faq.content import Content
from faq.files.reader import Unreadable
from faq.files.sources import Source, read_path
from faq.progress_bar import bar

THRESHOLDS = [hundredth / 100 for hundredth in range(30, 100)]

COLUMNS = ("coverage", "precision", "out of scope", "helped", "wrong", "clarified")


class Command(BaseCommand):
    help = (
        "Compare thresholds without a confidence, the shipped default and the calibrated policy on "
        "a file of FAQs. Nothing is published or recorded."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("faqs", type=Path, help="a file of FAQs")
        parser.add_argument("--alternates", type=Path, help="a CSV of id,alternate_question")
        parser.add_argument(
            "--take", type=int, default=200, help="the most alternates of each FAQ to use"
        )
        parser.add_argument("--calibrate-on", type=Path, required=True, metavar="QUESTIONS")
        parser.add_argument("--report-on", type=Path, required=True, metavar="QUESTIONS")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            contents = read_contents(options["faqs"], options["alternates"], options["take"])
            faq_ids = {content.slug for content in contents}
            labels = read_questions(read_path(options["calibrate_on"]), faq_ids=faq_ids)
            questions = read_questions(read_path(options["report_on"]), faq_ids=faq_ids)
            with bar("Embedding") as progress:
                embedder = embedders.embedder()
                release, release_fit = offline.release_in_memory(
                    contents,
                    embedder,
                    second_embedder=embedders.second_language_embedder(),
                    progress=progress,
                )
                table = list(compare(release, release_fit, labels, questions, embedder))
        except (Unreadable, Unavailable) as failure:
            raise CommandError(str(failure)) from None
        self.stdout.write(f"{'%, 95 % interval':28}" + "".join(f"{name:19}" for name in COLUMNS))
        for name, evaluation in table:
            cells = "".join(f"{_cell(number):19}" for number in _columns(evaluation))
            self.stdout.write(f"{name:28}" + cells)


def read_contents(faqs: Path, alternates: Path | None, take: int) -> list[Content]:
    contents = [row.draft().content for row in Source.at(faqs, alternates).read().rows]
    return [replace(content, alternates=content.alternates[:take]) for content in contents]


def compare(
    release: LoadedRelease,
    release_fit: ReleaseFit,
    labels: Sequence[LabelledQuestion],
    questions: Sequence[LabelledQuestion],
    embedder: Embedder,
) -> Iterator[tuple[str, Evaluation]]:
    """Each policy's name and its evaluation on ``questions``; only ``labels`` are fitted on."""

    def decide(
        policy: Policy,
        questions: Sequence[LabelledQuestion],
        release: LoadedRelease = release,
    ) -> list[EvaluatedQuestion]:
        return offline.evaluate_offline(release, policy, questions, embedder)

    best = best_threshold(decide(CosinePolicy(), labels))
    yield "threshold 0.7 only", evaluate(decide(CosinePolicy(), questions))
    yield f"best threshold only, {best:.2f}", evaluate(decide(CosinePolicy(best), questions))
    yield "shipped numbers only", evaluate(decide(ConfidencePolicy(), questions))
    yield "shipped default, no labels", evaluate(decide(release_fit.fitted.policy, questions))
    expected = {label.question: frozenset(label.expected) for label in labels}
    contents = list(release.contents.values())
    try:
        calibration = release_fit.calibrate(
            labelled(expected, contents, embedder), precision=PRECISION
        )
    except TooLittleData as missing:
        raise CommandError(str(missing)) from None
    name = f"calibrated at {PRECISION:.0%}" + ("" if calibration.is_improvement else ", rejected")
    calibrated = replace(release, classifier=calibration.fitted.classifier)
    yield name, evaluate(decide(calibration.policy, questions, calibrated))


def best_threshold(evaluated: Sequence[EvaluatedQuestion]) -> float:
    """The threshold with the required precision that answers most questions; 1 if there is none."""
    good = [
        point
        for point in sweep(evaluated, thresholds=THRESHOLDS, margins=[0.0])
        if (point.precision.value or 0.0) >= PRECISION
    ]
    return max(good, key=lambda point: point.coverage.count).threshold if good else 1.0


def _columns(evaluation: Evaluation) -> list[Proportion]:
    unanswerable = evaluation.unanswerable_results
    return [
        *(evaluation.coverage, evaluation.precision, unanswerable[Result.WRONG]),
        *(evaluation.helped, evaluation.results[Result.WRONG], unanswerable[Result.NOT_OFFERED]),
    ]


def _cell(number: Proportion) -> str:
    if not number.total:
        return "-"
    low, high = number.interval
    return f"{100 * number.count / number.total:.1f} ({100 * low:.1f}-{100 * high:.1f})"
