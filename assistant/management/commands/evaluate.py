"""Evaluate the live release on labelled questions."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistant import embedders, wiring
from assistant.calibration.labelled_questions import LabelledQuestion, read_questions
from assistant.calibration.proportion import Proportion
from assistant.evaluation import offline
from assistant.evaluation.changes import ResultChange
from assistant.evaluation.confusions import Confusion, confusions
from assistant.evaluation.curves import curve
from assistant.evaluation.evaluate import (
    EvaluatedQuestion,
    Evaluation,
    Result,
    evaluate,
    shortfalls,
)
from assistant.evaluation.plot import plot_curve
from assistant.evaluation.runs import store_run
from assistant.interfaces import Unavailable
from assistant.matching.loaded_release import LoadedRelease
from faq.files.reader import Unreadable
from faq.files.sources import read_path
from faq.progress_bar import bar

LABELS = {
    Result.RIGHT: "answered right",
    Result.WRONG: "answered wrong",
    Result.OFFERED: "right FAQ offered",
    Result.NOT_OFFERED: "right FAQ not offered",
    Result.UNANSWERED: "unanswered",
}


class Command(BaseCommand):
    help = (
        "Evaluate the live release on labelled questions: a CSV file with query,expected_id. "
        "Separate several ids by |; leave expected_id empty if no FAQ answers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("questions", type=Path, help="a CSV file: query,expected_id")
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--plot", type=Path, help="plot precision against coverage, as PNG")
        parser.add_argument("--min-precision", type=float, default=0.0, help="exit 1 below it")
        parser.add_argument("--min-coverage", type=float, default=0.0, help="exit 1 below it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            release = wiring.live().current()
            questions = read_labelled(options["questions"], release)
            policy = wiring.policy(release)
            with bar("Embedding") as progress:
                evaluated = offline.evaluate_offline(
                    release, policy, questions, embedders.embedder(), progress=progress
                )
        except Unavailable as failure:
            raise CommandError(str(failure)) from None
        evaluation = evaluate(evaluated)
        _, changes = store_run(
            release, options["questions"].name, policy.numbers(), evaluated, evaluation
        )
        if options["plot"]:
            plot_curve(curve(evaluated), options["plot"])
        if options["json"]:
            self.stdout.write(
                json.dumps(as_json(evaluation, evaluated, changes), ensure_ascii=False)
            )
        else:
            self.stdout.write(
                "\n".join(lines(release, policy.name, evaluation, evaluated, changes))
            )
        failed_gates = shortfalls(
            evaluation, min_precision=options["min_precision"], min_coverage=options["min_coverage"]
        )
        if failed_gates:
            raise CommandError("; ".join(failed_gates))


def read_labelled(path: Path, release: LoadedRelease) -> list[LabelledQuestion]:
    """Read labelled questions about a release. Raises ``CommandError`` that lists every bad row."""
    if release.number is None:
        raise CommandError("There is no release yet: run manage.py ingest first.")
    try:
        return read_questions(read_path(path), faq_ids=release.contents)
    except Unreadable as problems:
        raise CommandError(f"Correct {path} and try again:\n{problems}") from None


def as_json(
    evaluation: Evaluation, evaluated: list[EvaluatedQuestion], changes: list[ResultChange]
) -> dict[str, Any]:
    return {
        **evaluation.as_dict(),
        "confusions": [vars(confusion) for confusion in confusions(evaluated)],
        "changes": [vars(change) for change in changes],
    }


def lines(
    release: LoadedRelease,
    policy: str,
    evaluation: Evaluation,
    evaluated: list[EvaluatedQuestion],
    changes: list[ResultChange],
) -> list[str]:
    """The run in readable lines, each proportion with its 95 % interval."""
    accuracy = ", ".join(f"@{k} {proportion}" for k, proportion in evaluation.accuracy.items())
    return [
        f"{len(evaluated)} questions on release {release.number}, policy {policy}",
        "",
        f"coverage    {evaluation.coverage}",
        f"precision   {evaluation.precision}",
        f"helped      {evaluation.helped}  (answered right, or offered as an option)",
        f"accuracy    {accuracy}",
        f"MRR {_number(evaluation.reciprocal_rank)}   AUROC {_number(evaluation.auroc)}",
        "",
        "questions that an FAQ answers:",
        *_results(evaluation.results),
        "questions that no FAQ answers:",
        *_results(evaluation.unanswerable_results),
        *_confusions(confusions(evaluated)),
        *_changes(changes),
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _results(results: Mapping[Result, Proportion]) -> list[str]:
    return [f"  {LABELS[result]:26} {proportion}" for result, proportion in results.items()]


def _confusions(worst: list[Confusion]) -> list[str]:
    if not worst:
        return []
    rows = [
        f"  {confusion.predicted} instead of {confusion.expected or 'no answer'}: "
        f"{confusion.count} questions, {confusion.answered} answered, "
        f"such as {confusion.questions[0]!r}"
        for confusion in worst
    ]
    return ["", "most frequent confusions:", *rows]


def _changes(changes: list[ResultChange]) -> list[str]:
    if not changes:
        return []
    rows = [
        f"  {_label(change.before)} -> {_label(change.after)}: {change.question!r}"
        for change in changes[:20]
    ]
    return ["", f"{len(changes)} questions changed since the last run:", *rows]


def _label(question: Mapping[str, Any]) -> str:
    return LABELS[Result(question["result"])]
