"""Compare what the policies would do with one knowledge base and its labelled questions."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistant import wiring
from assistant.calibration.calibrate import TooLittleData
from assistant.calibration.fitted_policies import PRECISION, Lessons, labelled
from assistant.calibration.proportion import Share
from assistant.decision.policy import ConfidencePolicy, CosinePolicy, Policy
from assistant.evaluation import offline
from assistant.evaluation.evaluate import Evaluation, Judged, Result, evaluate, sweep
from assistant.evaluation.labelled_questions import LabelledQuestion, read_questions
from assistant.interfaces import Embedder, Unavailable
from assistant.matching.loaded_release import LoadedRelease
from faq.content import Content
from faq.files.progress import bar
from faq.files.reader import Unreadable
from faq.files.sources import Source, read_path

THRESHOLDS = [hundredth / 100 for hundredth in range(30, 100)]

COLUMNS = ("coverage", "precision", "out of scope", "helped", "wrong", "asked back")


class Command(BaseCommand):
    help = (
        "Print what the published rule, the best plain threshold, the shipped default and the "
        "calibrated policy do with a file of FAQs. Nothing is published or recorded."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("faqs", type=Path)
        parser.add_argument("--alternates", type=Path, help="a CSV of id,alternate_question")
        parser.add_argument("--take", type=int, default=200, help="alternates per FAQ, the first")
        parser.add_argument("--calibrate-on", type=Path, required=True, metavar="QUESTIONS")
        parser.add_argument("--report-on", type=Path, required=True, metavar="QUESTIONS")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            contents = read_contents(options["faqs"], options["alternates"], options["take"])
            known = {content.slug for content in contents}
            labels = read_questions(read_path(options["calibrate_on"]), known=known)
            asked = read_questions(read_path(options["report_on"]), known=known)
            with bar("Embedding") as progress:
                embedder = wiring.embedder()
                trial = offline.release_in_memory(contents, embedder, progress=progress)
                table = list(compare(*trial, labels, asked, embedder))
        except (Unreadable, Unavailable) as failure:
            raise CommandError(str(failure)) from None
        self.stdout.write(f"{'%, 95 % interval':28}" + "".join(f"{name:19}" for name in COLUMNS))
        for name, found in table:
            self.stdout.write(f"{name:28}" + "".join(f"{_cell(s):19}" for s in _shares(found)))


def read_contents(faqs: Path, alternates: Path | None, take: int) -> list[Content]:
    contents = [row.draft().content for row in Source.at(faqs, alternates).read().rows]
    return [replace(content, alternates=content.alternates[:take]) for content in contents]


def compare(
    release: LoadedRelease,
    lessons: Lessons,
    labels: Sequence[LabelledQuestion],
    asked: Sequence[LabelledQuestion],
    embedder: Embedder,
) -> Iterator[tuple[str, Evaluation]]:
    """Each policy's name and what it does with ``asked``; only ``labels`` are fitted on."""

    def judged(
        policy: Policy, questions: Sequence[LabelledQuestion], on: LoadedRelease = release
    ) -> list[Judged]:
        return offline.evaluate_offline(on, policy, questions, embedder)

    best = best_threshold(judged(CosinePolicy(), labels))
    yield "published rule, 0.7", evaluate(judged(CosinePolicy(), asked))
    yield f"best plain threshold, {best:.2f}", evaluate(judged(CosinePolicy(best), asked))
    yield "shipped numbers alone", evaluate(judged(ConfidencePolicy(), asked))
    yield "shipped default, no labels", evaluate(judged(lessons.fitted.policy, asked))
    expected = {each.question: frozenset(each.expected) for each in labels}
    contents = list(release.contents.values())
    try:
        found = lessons.calibrate(labelled(expected, contents, embedder), precision=PRECISION)
    except TooLittleData as missing:
        raise CommandError(str(missing)) from None
    name = f"calibrated at {PRECISION:.0%}" + ("" if found.kept else ", not kept")
    calibrated = replace(release, classifier=found.fitted.classifier)
    yield name, evaluate(judged(found.policy, asked, calibrated))


def best_threshold(judged: Sequence[Judged]) -> float:
    """The plain threshold that answers most of those that give the wanted precision; 1 if none."""
    good = [
        point
        for point in sweep(judged, thresholds=THRESHOLDS, margins=[0.0])
        if (point.precision.value or 0.0) >= PRECISION
    ]
    return max(good, key=lambda point: point.coverage.count).threshold if good else 1.0


def _shares(found: Evaluation) -> list[Share]:
    unanswerable = found.unanswerable_results
    return [
        *(found.coverage, found.precision, unanswerable[Result.WRONG]),
        *(found.helped, found.results[Result.WRONG], unanswerable[Result.ASKED]),
    ]


def _cell(share: Share) -> str:
    if not share.total:
        return "-"
    low, high = share.interval
    return f"{100 * share.count / share.total:.1f} ({100 * low:.1f}-{100 * high:.1f})"
