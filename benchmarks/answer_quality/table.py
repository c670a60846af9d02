"""A row for each set and policy: without labels, and calibrated on labelled questions."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.calibration.proportion import Proportion
from assistant.evaluation.evaluate import Evaluation, Result, evaluate
from benchmarks.answer_quality.release import OfflineRelease, Question

HEADER = """| FAQs, phrasings each | policy | coverage | precision | out of scope | helped |
|---|---|---|---|---|---|"""

PRECISION = 0.95


def rows(
    name: str, release: OfflineRelease, labels: Sequence[Question], questions: Sequence[Question]
) -> str:
    """Percentages on ``questions`` with their 95 % intervals; only ``labels`` are fitted on."""
    calibrated = release.calibrated(labels, precision=PRECISION)
    policies = {"without labels": release, "calibrated": calibrated}
    return "\n".join(
        f"| {name} | {policy} | {_cells(evaluate(fitted.decide(questions)))} |"
        for policy, fitted in policies.items()
    )


def _cells(evaluation: Evaluation) -> str:
    answered = evaluation.unanswerable_results[Result.WRONG]
    numbers = (evaluation.coverage, evaluation.precision, answered, evaluation.helped)
    return " | ".join(map(_cell, numbers))


def _cell(number: Proportion) -> str:
    if not number.total:
        return "-"
    low, high = number.interval
    return f"{100 * number.count / number.total:.1f} ({100 * low:.1f}-{100 * high:.1f})"
