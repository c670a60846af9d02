"""Measure the live release on labelled questions."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from assistant import wiring
from assistant.evaluation import offline
from assistant.evaluation.changes import Flip, flips
from assistant.evaluation.evaluate import (
    Confusion,
    Evaluation,
    Judged,
    Result,
    confusions,
    curve,
    evaluate,
    shortfalls,
)
from assistant.evaluation.labelled_questions import LabelledQuestion, read_questions
from assistant.evaluation.plot import plot_curve
from assistant.interfaces import Unavailable
from assistant.matching.loaded_release import LoadedRelease
from assistant.models import EvaluationRun
from audit.privacy.redaction import redact_tree
from faq.files.progress import bar
from faq.files.reader import Unreadable
from faq.files.sources import read_path

WORDS = {
    Result.RIGHT: "answered right",
    Result.WRONG: "answered wrong",
    Result.OFFERED: "asked back with it",
    Result.ASKED: "asked back without",
    Result.FELL_THROUGH: "fell through",
}


class Command(BaseCommand):
    help = (
        "Decide about labelled questions (query,expected_id; empty: must not be answered; several "
        "ids with |) as the live release would, and say how good that is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("questions", type=Path)
        parser.add_argument("--json", action="store_true", help="for programs")
        parser.add_argument("--plot", type=Path, help="draw coverage against precision, as PNG")
        parser.add_argument("--min-precision", type=float, default=0.0, help="exit 1 below it")
        parser.add_argument("--min-coverage", type=float, default=0.0, help="exit 1 below it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            release = wiring.live().current()
            questions = read_labelled(options["questions"], release)
            policy = wiring.policy(release)
            with bar("Embedding") as progress:
                judged = offline.evaluate_offline(
                    release, policy, questions, wiring.embedder(), progress=progress
                )
        except Unavailable as failure:
            raise CommandError(str(failure)) from None
        found = evaluate(judged)
        changed = keep_run(release, options["questions"].name, policy.numbers(), judged, found)
        if options["plot"]:
            plot_curve(curve(judged), options["plot"])
        if options["json"]:
            self.stdout.write(json.dumps(as_json(found, judged, changed), ensure_ascii=False))
        else:
            self.stdout.write("\n".join(lines(release, policy.name, found, judged, changed)))
        short = shortfalls(
            found, min_precision=options["min_precision"], min_coverage=options["min_coverage"]
        )
        if short:
            raise CommandError("; ".join(short))


def read_labelled(path: Path, release: LoadedRelease) -> list[LabelledQuestion]:
    """Labelled questions about a release. Raises ``CommandError`` that lists every bad row."""
    if release.number is None:
        raise CommandError("There is no release yet: run manage.py ingest first.")
    try:
        return read_questions(read_path(path), known=release.contents)
    except Unreadable as found:
        raise CommandError(f"{path} was not taken:\n{found}") from None


def keep_run(
    release: LoadedRelease,
    source: str,
    policy: dict[str, Any],
    judged: list[Judged],
    found: Evaluation,
) -> list[Flip]:
    """Store the run; return the questions whose result changed since the last one."""
    kept = redact_tree([one.as_dict() for one in judged], region=settings.PHONE_REGION)
    before = EvaluationRun.objects.filter(source=source).first()
    EvaluationRun.objects.create(
        release=release.number or 0,
        source=source,
        policy=policy,
        numbers=found.as_dict(),
        judged=kept,
    )
    return flips(before.judged, kept) if before else []


def as_json(found: Evaluation, judged: list[Judged], changed: list[Flip]) -> dict[str, Any]:
    return {
        **found.as_dict(),
        "confusions": [vars(each) for each in confusions(judged)],
        "flips": [vars(flip) for flip in changed],
    }


def lines(
    release: LoadedRelease,
    policy: str,
    found: Evaluation,
    judged: list[Judged],
    changed: list[Flip],
) -> list[str]:
    """The run for a person: every share with its 95 % interval."""
    accuracy = ", ".join(f"@{k} {share}" for k, share in found.accuracy.items())
    return [
        f"{len(judged)} questions to release {release.number}, policy {policy}",
        "",
        f"coverage    {found.coverage}",
        f"precision   {found.precision}",
        f"helped      {found.helped}  (answered right or offered)",
        f"accuracy    {accuracy}",
        f"MRR {_number(found.reciprocal_rank)}   AUROC {_number(found.auroc)}",
        "",
        "of questions that an FAQ answers:",
        *(f"  {WORDS[result]:20} {share}" for result, share in found.results.items()),
        "of questions that none answers:",
        *(f"  {WORDS[result]:20} {share}" for result, share in found.unanswerable_results.items()),
        *_confused(confusions(judged)),
        *_changed(changed),
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _confused(found: list[Confusion]) -> list[str]:
    if not found:
        return []
    told = [
        f"  {each.expected or 'nothing'} taken for {each.got}: {each.count}, "
        f"{each.answered} answered, such as {each.questions[0]!r}"
        for each in found
    ]
    return ["", "worst confusions:", *told]


def _changed(found: list[Flip]) -> list[str]:
    if not found:
        return []
    told = [
        f"  {flip.before['result']} -> {flip.after['result']}: {flip.question!r}"
        for flip in found[:20]
    ]
    return ["", f"{len(found)} questions changed since the last run:", *told]
