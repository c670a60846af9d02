"""Store evaluations, and compare each with the last one."""

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
    """Store the run; return it and the questions whose result changed since the last one."""
    questions = redact_tree(
        [question.as_dict() for question in evaluated], region=settings.PHONE_REGION
    )
    before = EvaluationRun.objects.filter(source=source).first()
    run = EvaluationRun.objects.create(
        release=release.number or 0,
        source=source,
        policy=policy,
        numbers=evaluation.as_dict(),
        questions=questions,
    )
    return run, result_changes(before.questions, questions) if before else []
