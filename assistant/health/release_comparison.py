"""Which FAQs of the live release are nearly the same, compared once after each release."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from django.db import models, transaction

from assistant.health.duplicate_pairs import Pair
from faq.models import Release


class ReleaseComparisonManager(models.Manager["ReleaseComparison"]):
    def is_outdated(self) -> bool:
        """Whether the live release was not compared yet."""
        live = Release.objects.live()
        return live is not None and not self.filter(release=live.number).exists()

    @transaction.atomic
    def replace(self, release: int, pairs: Iterable[Pair]) -> None:
        self.all().delete()
        self.create(release=release, pairs=[asdict(pair) for pair in pairs])

    def pairs(self) -> list[Pair]:
        """The pairs of the release that was compared last; empty if none was."""
        comparison = self.order_by("-release").first()
        rows = comparison.pairs if comparison else []
        return [
            Pair(tuple(row["faq_ids"]), tuple(row["phrasings"]), row["similarity"]) for row in rows
        ]


class ReleaseComparison(models.Model):
    """The pairs of one release, most similar first."""

    release = models.PositiveIntegerField(unique=True)
    pairs = models.JSONField(default=list, help_text="As duplicate_pairs.Pair.")

    objects = ReleaseComparisonManager()

    def __str__(self) -> str:
        return f"Release {self.release}"
