"""Fit, store and load the policy of a release."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant.calibration.calibrate import Calibration, Labelled, TooLittleData, calibrate
from assistant.calibration.fitting import Fitted, fit_release, reason_not_to_fit
from assistant.calibration.training import Phrasings
from assistant.decision.policy import ReleasePolicy
from assistant.interfaces import Embedder, Vector
from assistant.labels import MIN_OVERLAP
from assistant.matching import stored_vectors
from assistant.matching.entries import entries, phrasings, training_text
from assistant.models import FittedPolicy, Label
from assistant.text.cleaning import strip_pleasantries
from faq.content import Content
from faq.models import Release

PRECISION = 0.95
"""Proportion of right answers a policy is calibrated for by default."""


@dataclass(frozen=True, eq=False)
class ReleaseFit:
    """A policy fitted to a release's FAQs, and the vectors it was fitted on."""

    fitted: Fitted
    phrasings: Phrasings
    answers: Phrasings

    def calibrate(self, labelled: Labelled, *, precision: float) -> Calibration:
        """Calibrate on labelled questions as well. Raises ``calibrate.TooLittleData``."""
        return calibrate(
            self.fitted, self.phrasings, labelled, answers=self.answers, precision=precision
        )


def fit(contents: Sequence[Content], vectors: Mapping[str, Vector]) -> ReleaseFit:
    """Fit a policy to the FAQs alone, without labelled questions.

    ``vectors``: by text, those of ``texts``, or at least of ``needed``.
    """
    release_entries = entries(contents, vectors)
    phrasing_vectors = Phrasings(
        tuple(entry.faq_id for entry in release_entries),
        stored_vectors.matrix([entry.vector for entry in release_entries]),
    )
    in_order = sorted(contents, key=lambda content: content.slug)
    with_vectors = [content for content in in_order if training_text(content) in vectors]
    answers = Phrasings(
        tuple(content.slug for content in with_vectors),
        stored_vectors.matrix(
            [vectors[training_text(content)] for content in with_vectors],
            dimension=phrasing_vectors.vectors.shape[1],
        ),
    )
    return ReleaseFit(fit_release(phrasing_vectors, answers=answers), phrasing_vectors, answers)


def fit_and_store(
    contents: Sequence[Content],
    vectors: Mapping[str, Vector],
    embedder: Embedder | None = None,
    *,
    adopted: FittedPolicy | None = None,
) -> str:
    """Fit and store the policy of a new release; return its digest.

    ``adopted``: the calibrated policy that a person adopted, or None. If there is one, the new
    policy is calibrated too, on the stored labels; if these are too few, the adopted numbers stay.
    ``embedder`` embeds the labels. Returns an empty digest if the FAQs have too few phrasings to
    fit a policy; then the shipped one decides.
    """
    release_fit = fit(contents, vectors)
    fitted = release_fit.fitted
    report: dict[str, Any] = {"simulated": fitted.simulated}
    if adopted and embedder:
        fitted, report = _calibrate_again(release_fit, adopted, stored_labels(contents, embedder))
    if fitted.classifier is None and not report.get("kept"):
        return ""
    return store(fitted, report)


def _calibrate_again(
    release_fit: ReleaseFit, adopted: FittedPolicy, labels: Labelled
) -> tuple[Fitted, dict[str, Any]]:
    """The policy of a new release if a person adopted the calibrated one of the last release."""
    precision = float(adopted.report.get("precision", PRECISION))
    report: dict[str, Any] = {"precision": precision, "simulated": release_fit.fitted.simulated}
    try:
        calibration = release_fit.calibrate(labels, precision=precision)
    except TooLittleData as missing:
        why = str(missing)
    else:
        if calibration.is_improvement:
            return calibration.fitted, report | calibration_report(calibration)
        why = calibration.why
    numbers = ReleasePolicy.from_numbers(adopted.numbers)
    if numbers.coefficients.log_vote and release_fit.fitted.classifier is None:
        return release_fit.fitted, report | {"not_calibrated": why}
    unchanged = replace(release_fit.fitted, policy=numbers)
    return unchanged, {**adopted.report, **report, "numbers_of": adopted.digest, "why": why}


def adopted_policy(live: Release | None, contents: Sequence[Content]) -> FittedPolicy | None:
    """The calibrated policy of the live release, if it still applies to these FAQs.

    It does not if they have hardly any FAQ of the live release: that is another knowledge base.
    """
    if live is None or not live.policy:
        return None
    stored = FittedPolicy.objects.filter(digest=live.policy).first()
    if stored is None or not stored.is_calibrated:
        return None
    before = set(live.revisions.values_list("slug", flat=True))
    common = before & {content.slug for content in contents}
    return stored if len(common) >= MIN_OVERLAP * len(before) else None


def stored_labels(contents: Sequence[Content], embedder: Embedder) -> Labelled:
    """The newest label of every question, among the labels that count for these FAQs."""
    labels = Label.objects.counting_for([content.slug for content in contents])
    newest = {label.question: frozenset(label.expected) for label in labels}
    return labelled(newest, contents, embedder)


def labelled(
    expected: Mapping[str, frozenset[str]], contents: Sequence[Content], embedder: Embedder
) -> Labelled:
    """Embed the questions as /ask does, and pair them with the FAQs that answer them."""
    if not expected:
        return Labelled(stored_vectors.matrix([], dimension=embedder.dimension), [])
    texts = [strip_pleasantries(question) for question in expected]
    vectors = stored_vectors.ensure(embedder, texts)
    rows = [vectors[text] for text in texts]
    return Labelled(stored_vectors.matrix(rows), list(expected.values()))


def calibration_report(calibration: Calibration) -> dict[str, Any]:
    """Expected results of a calibrated policy and of the one it would replace, JSON-able."""
    return {
        "kept": calibration.is_improvement,
        "why": calibration.why,
        "labels": calibration.labels,
        "weight": calibration.weight,
        "notes": list(calibration.notes),
        "expected": calibration.expected.as_dict(),
        "before": calibration.before.as_dict(),
    }


def store(fitted: Fitted, report: Mapping[str, Any]) -> str:
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


def texts(contents: Sequence[Content]) -> list[str]:
    """All texts of these FAQs that may be embedded."""
    return [*phrasings(contents), *map(training_text, contents)]


def needed(contents: Sequence[Content]) -> list[str]:
    """The texts that publishing these FAQs embeds.

    Answers are long and only train the classifier; without a classifier they are omitted.
    """
    if (
        reason_not_to_fit([len(content.phrasings) for content in contents])
        and not Label.objects.exists()
    ):
        return list(phrasings(contents))
    return texts(contents)
