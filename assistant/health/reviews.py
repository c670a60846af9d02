"""Reviews of findings. After one, only later asks and ratings count for the finding."""

from __future__ import annotations

from datetime import timedelta

from django.db import models, transaction
from django.utils import timezone

from assistant.health.findings import Kind
from audit.models import record

LIFETIME = timedelta(days=90)
"""A reviewed finding without counts, such as a duplicate, is shown again after this time."""

REVIEWABLE = frozenset(Kind) - {Kind.OUTDATED}
"""An FAQ that is out of date gets a new date instead."""


class HealthReviewManager(models.Manager["HealthReview"]):
    def add(self, faq_id: str, kind: Kind, *, by: str) -> None:
        """Raises ``ValueError`` for a kind that is not ``REVIEWABLE``."""
        if kind not in REVIEWABLE:
            raise ValueError(kind)
        with transaction.atomic():
            self.update_or_create(faq_id=faq_id, kind=kind, defaults={"at": timezone.now()})
            data = {"kind": kind.value}
            record("faq.health_reviewed", actor=by, kind="faq", key=faq_id, data=data)

    def by_faq(self) -> dict[str, dict[Kind, HealthReview]]:
        reviews: dict[str, dict[Kind, HealthReview]] = {}
        for review in self.all():
            reviews.setdefault(review.faq_id, {})[Kind(review.kind)] = review
        return reviews


class HealthReview(models.Model):
    """The last time that a person marked a kind of finding of an FAQ as reviewed."""

    faq_id = models.CharField(max_length=100)
    kind = models.CharField(max_length=20)
    at = models.DateTimeField()

    objects = HealthReviewManager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["faq_id", "kind"], name="assistant_review_once"),
        )

    def __str__(self) -> str:
        return f"{self.faq_id} {self.kind}"

    @property
    def is_recent(self) -> bool:
        return self.at >= timezone.now() - LIFETIME
