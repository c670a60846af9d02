"""Evaluate, calibrate and compare releases in the background, with the stored labels."""

from __future__ import annotations

from typing import Any

from assistant import embedders, wiring
from assistant.calibration import adoption, fitted_policies
from assistant.calibration.calibrate import TooLittleData
from assistant.calibration.labelled_questions import LabelledQuestion
from assistant.evaluation import offline
from assistant.evaluation.changes import result_changes
from assistant.evaluation.curves import curve
from assistant.evaluation.evaluate import evaluate
from assistant.evaluation.runs import store_run
from assistant.interfaces import Unavailable
from assistant.matching import stored_vectors
from assistant.matching.entries import phrasings
from assistant.matching.loaded_release import LoadedRelease
from assistant.models import Label
from faq.jobs import HANDLERS, JobFailed, Progress
from faq.models import BackgroundJob, Release
from faq.releases.publishing import PublishError

EVALUATE, CALIBRATE, COMPARE = "assistant.evaluate", "assistant.calibrate", "assistant.compare"
KINDS = (EVALUATE, CALIBRATE, COMPARE)
SOURCE = "labels of the desk"
MAX_POINTS = 200
"""Points of the curve; more cannot be distinguished on a screen."""


def evaluate_labels(job: BackgroundJob, progress: Progress) -> dict[str, Any]:
    """The number of the stored run, its curve, and the changes since the last run."""
    release = _live()
    policy = wiring.policy(release)
    evaluated = offline.evaluate_offline(
        release, policy, _questions(release), embedders.embedder(), progress=progress
    )
    run, changes = store_run(release, SOURCE, policy.numbers(), evaluated, evaluate(evaluated))
    points = curve(evaluated)
    step = max(1, len(points) // MAX_POINTS)
    return {
        "run": run.pk,
        "changes": [vars(change) for change in changes],
        "curve": [
            (point.coverage.value or 0.0, point.precision.value or 0.0, *point.precision.interval)
            for point in points[::step]
        ],
    }


def calibrate_labels(job: BackgroundJob, progress: Progress) -> dict[str, Any]:
    """A proposed policy with its expected results; nothing is adopted."""
    precision = float(job.arguments["precision"])
    proposal = adoption.propose(precision=precision, progress=progress)
    report = fitted_policies.calibration_report(proposal.calibration)
    return {
        **report,
        "policy": proposal.digest,
        "live": proposal.live.number,
        "precision": precision,
        "labels": proposal.calibration.labels,
    }


def compare_releases(job: BackgroundJob, progress: Progress) -> dict[str, Any]:
    """The labelled questions whose result differs from the previous release's."""
    live = Release.objects.live()
    before = Release.objects.filter(number=live.number - 1).first() if live else None
    if live is None or before is None:
        raise JobFailed("There is no release before the live one.")
    after_release = _live()
    before_release = _loaded(before)
    questions = _questions(after_release)
    results = []
    for number, release in enumerate((before_release, after_release)):
        evaluated = offline.evaluate_offline(
            release, wiring.policy(release), questions, embedders.embedder()
        )
        results.append([question.as_dict() for question in evaluated])
        progress(number + 1, 2)
    changes = result_changes(*results)
    return {
        "before": before.number,
        "after": live.number,
        "questions": len(questions),
        "changes": [vars(change) for change in changes],
    }


def _questions(release: LoadedRelease) -> list[LabelledQuestion]:
    """The newest label of each question, without the options that people chose.

    Chosen options are biased: people prefer the first one.
    """
    newest = {
        label.question: tuple(label.expected)
        for label in Label.objects.counting_for(release.contents)
        if label.source != Label.CHOICE
    }
    if not newest:
        raise JobFailed("No labelled question counts for the live release. Add or import some.")
    return [LabelledQuestion(question, expected) for question, expected in newest.items()]


def _live() -> LoadedRelease:
    release = wiring.live().current()
    if release.number is None:
        raise JobFailed("Nothing is published yet.")
    return release


def _loaded(release: Release) -> LoadedRelease:
    if release.embedder != embedders.embedder().name:
        raise JobFailed(f"Release {release.number} was made with another embedding model.")
    stored_vectors.ensure(embedders.embedder(), phrasings(release.contents().values()))
    return wiring.live().load(release)


def register() -> None:
    """Register the kinds of jobs. If a dependency is down, the job fails with the reason."""
    for kind, handler in zip(
        KINDS, (evaluate_labels, calibrate_labels, compare_releases), strict=True
    ):
        HANDLERS[kind] = _with_readable_failures(handler)


def _with_readable_failures(handler: Any) -> Any:
    def run(job: BackgroundJob, progress: Progress) -> dict[str, Any]:
        try:
            result: dict[str, Any] = handler(job, progress)
        except (Unavailable, TooLittleData, PublishError) as failure:
            raise JobFailed(str(failure)) from None
        return result

    return run
