"""The policy of a release: fitted when the release is made ready, kept, and loaded with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from assistant import vectors
from assistant.calibration import Calibration, Labelled, TooLittleData, calibrate
from assistant.classifier import Classifier
from assistant.entries import entries, phrasings, taught
from assistant.fitting import Fitted, Phrasings, fit_release
from assistant.interfaces import Embedder, Vector
from assistant.models import FittedPolicy, Label
from assistant.policy import ConfidencePolicy
from faq.content import Content

PRECISION = 0.95
"""Share of right answers a policy is calibrated for, unless calibrate was told another."""


def fit(contents: Sequence[Content], known: Mapping[str, Vector]) -> tuple[Fitted, Phrasings]:
    """Fit a policy from what the FAQs themselves say. ``known``: the vectors of ``texts``."""
    held = entries(contents, known)
    asked = _phrasings([entry.faq_id for entry in held], [entry.vector for entry in held])
    in_order = sorted(contents, key=lambda content: content.slug)
    answers = _phrasings(
        [content.slug for content in in_order], [known[taught(each)] for each in in_order]
    )
    return fit_release(asked, answers=answers), asked


def fit_and_keep(
    contents: Sequence[Content],
    known: Mapping[str, Vector],
    embedder: Embedder,
    *,
    precision: float = PRECISION,
) -> str:
    """The digest of a policy for these FAQs, calibrated on the stored labels if they suffice.

    Empty when the FAQs have too few phrasings for a policy of their own: the shipped one decides.
    """
    fitted, asked = fit(contents, known)
    report: dict[str, Any] = {"precision": precision, "rehearsed": fitted.rehearsed}
    try:
        found = calibrated(fitted, asked, embedder, precision=precision)
    except TooLittleData as missing:
        report["not_calibrated"] = str(missing)
    else:
        report |= told(found)
        if found.kept:
            return keep(found.policy, fitted.classifier, report)
    if fitted.classifier is None:
        return ""
    return keep(fitted.policy, fitted.classifier, report)


def calibrated(
    fitted: Fitted, asked: Phrasings, embedder: Embedder, *, precision: float
) -> Calibration:
    """Calibrate on the stored labels of these FAQs. Raises ``calibration.TooLittleData``."""
    return calibrate(fitted, asked, labelled(asked, embedder), precision=precision)


def labelled(asked: Phrasings, embedder: Embedder) -> Labelled:
    """The stored labels whose FAQs are all there, each question once, the newest label of it."""
    there = set(asked.faq_ids)
    newest = {
        question: frozenset(expected)
        for question, expected in Label.objects.values_list("question", "expected")
        if there.issuperset(expected)
    }
    known = vectors.ensure(embedder, newest)
    rows = [known[question] for question in newest]
    questions = vectors.matrix(rows, dimension=asked.vectors.shape[1])
    return Labelled(questions, list(newest.values()))


def told(found: Calibration) -> dict[str, Any]:
    """What was expected of a calibrated policy, and of the one it would replace."""
    return {
        "kept": found.kept,
        "why": found.why,
        "expected": found.expected.as_dict(),
        "before": found.before.as_dict(),
    }


def keep(policy: ConfidencePolicy, classifier: Classifier | None, report: Mapping[str, Any]) -> str:
    """Store a policy under the digest of its numbers and its classifier; return the digest."""
    numbers = policy.numbers()
    weights = classifier.as_dict() if classifier else None
    canonical = json.dumps([numbers, weights], sort_keys=True)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    FittedPolicy.objects.get_or_create(
        digest=digest,
        defaults={"numbers": numbers, "classifier": weights, "report": dict(report)},
    )
    return digest


def refit_precision(digest: str) -> float:
    """The precision the policy with that digest was calibrated for."""
    stored = FittedPolicy.objects.filter(digest=digest).first()
    return float(stored.report.get("precision", PRECISION)) if stored else PRECISION


def texts(contents: Sequence[Content]) -> list[str]:
    """Every text of these FAQs that is embedded."""
    return [*phrasings(contents), *map(taught, contents)]


def _phrasings(faq_ids: Sequence[str], rows: Sequence[Vector]) -> Phrasings:
    return Phrasings(tuple(faq_ids), vectors.matrix(rows))
