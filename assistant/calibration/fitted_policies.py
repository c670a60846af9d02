"""The policy of a release: fitted when the release is made ready, kept, and loaded with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.calibration.calibrate import Calibration, Labelled, TooLittleData, calibrate
from assistant.calibration.fitting import Fitted, Phrasings, fit_release, too_little
from assistant.interfaces import Embedder, Vector
from assistant.matching import stored_vectors
from assistant.matching.entries import entries, phrasings, taught
from assistant.models import FittedPolicy, Label
from assistant.text.questions import strip_pleasantries
from assistant.text.spelling import Spelling
from faq.content import Content

PRECISION = 0.95
"""Share of right answers a policy is calibrated for, unless calibrate was told another."""


@dataclass(frozen=True, eq=False)
class Lessons:
    """What the FAQs themselves teach: a fitted policy, and the vectors it was fitted on."""

    fitted: Fitted
    asked: Phrasings
    answers: Phrasings

    def calibrate(self, labelled: Labelled, *, precision: float) -> Calibration:
        """Learn from labelled questions as well. Raises ``calibration.TooLittleData``."""
        return calibrate(
            self.fitted, self.asked, labelled, answers=self.answers, precision=precision
        )


def fit(contents: Sequence[Content], known: Mapping[str, Vector]) -> Lessons:
    """Fit a policy from what the FAQs themselves say.

    ``known``: the vectors of ``texts``, or at least of ``needed``.
    """
    held = entries(contents, known)
    asked = _phrasings([entry.faq_id for entry in held], [entry.vector for entry in held])
    in_order = sorted(contents, key=lambda content: content.slug)
    answered = [content for content in in_order if taught(content) in known]
    answers = Phrasings(
        tuple(content.slug for content in answered),
        stored_vectors.matrix(
            [known[taught(each)] for each in answered], dimension=asked.vectors.shape[1]
        ),
    )
    return Lessons(fit_release(asked, answers=answers), asked, answers)


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
    lessons = fit(contents, known)
    fitted = lessons.fitted
    report: dict[str, Any] = {"precision": precision, "rehearsed": fitted.rehearsed}
    try:
        found = lessons.calibrate(stored_labels(contents, embedder), precision=precision)
    except TooLittleData as missing:
        report["not_calibrated"] = str(missing)
    else:
        report |= told(found)
        if found.kept:
            fitted = found.fitted
    if fitted.classifier is None and not report.get("kept"):
        return ""
    return keep(fitted, report)


def stored_labels(contents: Sequence[Content], embedder: Embedder) -> Labelled:
    """The stored labels whose FAQs are all there, each question once, the newest label of it."""
    there = {content.slug for content in contents}
    newest = {
        question: frozenset(expected)
        for question, expected in Label.objects.values_list("question", "expected")
        if there.issuperset(expected)
    }
    return labelled(newest, contents, embedder)


def labelled(
    expected: Mapping[str, frozenset[str]], contents: Sequence[Content], embedder: Embedder
) -> Labelled:
    """Questions with the FAQs that answer them, as vectors of what /ask would compare."""
    if not expected:
        return Labelled(stored_vectors.matrix([], dimension=embedder.dimension), [])
    spelling = Spelling(phrasings(contents), known=embedder.words)
    asked = {question: spelling.correct(strip_pleasantries(question)) for question in expected}
    known = stored_vectors.ensure(embedder, asked.values())
    rows = [known[text] for text in asked.values()]
    return Labelled(stored_vectors.matrix(rows), list(expected.values()))


def told(found: Calibration) -> dict[str, Any]:
    """What was expected of a calibrated policy, and of the one it would replace."""
    return {
        "kept": found.kept,
        "why": found.why,
        "expected": found.expected.as_dict(),
        "before": found.before.as_dict(),
    }


def keep(fitted: Fitted, report: Mapping[str, Any]) -> str:
    """Store a policy under the digest of its numbers and its classifier; return the digest."""
    numbers = fitted.policy.numbers()
    weights = fitted.classifier.as_dict() if fitted.classifier else None
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
    """Every text of these FAQs that anything embeds."""
    return [*phrasings(contents), *map(taught, contents)]


def needed(contents: Sequence[Content]) -> list[str]:
    """The texts that publishing these FAQs embeds.

    Answers are long and only teach: where nothing is fitted, they would be most of the work.
    """
    if too_little([len(content.phrasings) for content in contents]) and not Label.objects.exists():
        return list(phrasings(contents))
    return texts(contents)


def _phrasings(faq_ids: Sequence[str], rows: Sequence[Vector]) -> Phrasings:
    return Phrasings(tuple(faq_ids), stored_vectors.matrix(rows))
