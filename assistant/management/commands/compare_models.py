"""Compare another embedding model with the live one before a release is made with it."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistant import embedders, wiring
from assistant.calibration.labelled_questions import LabelledQuestion
from assistant.evaluation import offline
from assistant.evaluation.evaluate import Evaluation, evaluate
from assistant.interfaces import Embedder, Unavailable
from assistant.management.commands.evaluate import read_labelled
from assistant.matching.loaded_release import LoadedRelease
from faq.progress_bar import bar


class Command(BaseCommand):
    help = (
        "Evaluate another model and the live release's model on labelled questions, each with a "
        "policy fitted for it. Nothing is published; the new vectors are stored for later."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("questions", type=Path, help="a CSV file: query,expected_id")
        parser.add_argument("--model", required=True, help="the other model: a folder or a name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            live = wiring.live().current()
            questions = read_labelled(options["questions"], live)
            evaluations = {
                embedder.name: _evaluate_with(live, embedder, questions)
                for embedder in (embedders.embedder(), embedders.embedder(options["model"]))
            }
        except Unavailable as failure:
            raise CommandError(str(failure)) from None
        for name, evaluation in evaluations.items():
            self.stdout.write(
                f"{name}\n  coverage  {evaluation.coverage}\n  precision {evaluation.precision}\n"
                f"  helped    {evaluation.helped}"
            )
        self.stdout.write("manage.py publish --model NAME --nothing-else makes a release with it.")


def _evaluate_with(
    live: LoadedRelease, embedder: Embedder, questions: list[LabelledQuestion]
) -> Evaluation:
    with bar(f"Embedding with {embedder.name}") as progress:
        release, release_fit = offline.release_in_memory(
            list(live.contents.values()), embedder, progress=progress
        )
    fitted = release_fit.fitted
    numbers = fitted.policy.numbers() if fitted.classifier else None
    policy = wiring.policy(replace(release, rules=live.rules, numbers=numbers))
    return evaluate(offline.evaluate_offline(release, policy, questions, embedder))
