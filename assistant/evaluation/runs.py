"""Store evaluations, and compare them with the previous run."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from assistant.evaluation.changes import ResultChange, result_changes
from assistant.evaluation.evaluate import EvaluatedQuestion, Evaluation
from assistant.matching.loaded_release import LoadedRelease
from assistant.models import EvaluationRun
from audit.privacy.redaction import redact_tree


def store_run(
    release: LoadedRelease,
    source: str,
    policy: dict[str, Any],
    evaluated: list[EvaluatedQuestion],
    evaluation: Evaluation,
) -> tuple[EvaluationRun, list[ResultChange]]:
    """Store the run; return it and the questions whose result changed since the previous run."""
    questions = redact_tree(
        [question.as_dict() for question in evaluated], region=settings.PHONE_REGION
    )
    previous = EvaluationRun.objects.filter(source=source).first()
    run = EvaluationRun.objects.create(
        release=release.number or 0,
        source=source,
        policy=policy,
        numbers=evaluation.as_dict(),
        questions=questions,
    )
    return run, result_changes(previous.questions, questions) if previous else []
