"""Propose, adopt and drop calibrated policies. Only a person adopts or drops one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from assistant import embedders
from assistant.calibration import fitted_policies
from assistant.calibration.calibrate import Calibration
from assistant.calibration.labelled_questions import LabelledQuestion
from assistant.matching import stored_vectors
from assistant.models import FittedPolicy, Label
from audit.models import record
from faq.models import Release
from faq.releases.publishing import ConcurrentChange, publish_policy


@dataclass(frozen=True, eq=False)
class Proposal:
    """A policy calibrated for the live release, stored under ``digest`` and not in use.

    ``live`` is the release it was calibrated for.
    """

    calibration: Calibration
    digest: str
    live: Release


def propose(
    questions: Sequence[LabelledQuestion] = (),
    *,
    precision: float,
    progress: Callable[[int, int], None] | None = None,
) -> Proposal:
    """Calibrate on the stored labels and these questions, which are not stored.

    Nothing goes live. Raises ``calibrate.TooLittleData``, ``interfaces.Unavailable`` and
    ``ConcurrentChange`` if nothing is published yet.
    """
    live = _live()
    contents = list(live.contents().values())
    embedder = embedders.embedder()
    vectors = stored_vectors.ensure(embedder, fitted_policies.texts(contents), progress=progress)
    stored = Label.objects.counting_for([content.slug for content in contents])
    expected = {label.question: frozenset(label.expected) for label in stored}
    expected |= {question.question: frozenset(question.expected) for question in questions}
    labels = fitted_policies.labelled(expected, contents, embedder)
    calibration = fitted_policies.fit(contents, vectors).calibrate(labels, precision=precision)
    report = {"precision": precision, **fitted_policies.calibration_report(calibration)}
    return Proposal(calibration, fitted_policies.store(calibration.fitted, report), live)


@transaction.atomic
def adopt(digest: str, *, live: Release, actor: str, note: str = "") -> Release:
    """Publish a new release that decides with a proposed policy.

    Raises ``ConcurrentChange`` if ``live`` is not the live release any more.
    """
    release = publish_policy(digest, live=live, actor=actor, note=note or "Calibrated policy")
    data = {"policy": digest, "before": live.policy}
    record("policy.adopted", actor=actor, kind="release", key=release.number, data=data)
    return release


def drop(*, actor: str) -> Release:
    """Publish a new release with the policy without labels. Raises ``PublishError``."""
    live = _live()
    contents = list(live.contents().values())
    embedder = embedders.embedder()
    vectors = stored_vectors.ensure(embedder, fitted_policies.texts(contents))
    digest = fitted_policies.fit_and_store(contents, vectors)
    with transaction.atomic():
        release = publish_policy(digest, live=live, actor=actor, note="Policy without labels")
        data = {"policy": digest, "before": live.policy}
        record("policy.dropped", actor=actor, kind="release", key=release.number, data=data)
    return release


def live_policy(live: Release) -> Mapping[str, Any]:
    """The policy that decides, its report, and since when, for people.

    ``since``: the first of the latest consecutive releases with this policy.
    """
    stored = FittedPolicy.objects.filter(digest=live.policy).first() if live.policy else None
    since = live
    for release in Release.objects.filter(number__lt=live.number).order_by("-number"):
        if release.policy != live.policy:
            break
        since = release
    return {
        "digest": live.policy,
        "numbers": stored.numbers if stored else {},
        "report": stored.report if stored else {},
        "is_calibrated": bool(stored and stored.is_calibrated),
        "since": since,
    }


def _live() -> Release:
    live = Release.objects.live()
    if live is None:
        raise ConcurrentChange("Nothing is published yet.")
    return live
