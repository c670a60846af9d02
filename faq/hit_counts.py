"""Count in the background, from the audit log, how often each FAQ answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import ClassVar

from django.db import models

from audit.log_format import chain
from audit.models import LogPosition, Record

CONSUMER = "faq.hits"
QUESTION_ASKED, FAQ = "question.asked", "faq"

BATCH_SIZE = 5_000
"""Sealed records read in one transaction."""


class DailyHitsManager(models.Manager["DailyHits"]):
    def count_new(self) -> int:
        """Count the records sealed since the last call; returns the number of hits."""
        counted = 0

        def fold(record_ids: Sequence[int]) -> None:
            nonlocal counted
            hits = _hits(record_ids)
            self._add(hits)
            counted += len(hits)

        LogPosition.objects.read_new(CONSUMER, fold, batch_size=BATCH_SIZE)
        return counted

    def _add(self, hits: list[tuple[str, datetime]]) -> None:
        days: dict[tuple[str, date], DailyHits] = {}
        for row in self.filter(
            slug__in={slug for slug, _ in hits}, day__in={_day(at) for _, at in hits}
        ):
            days[row.slug, row.day] = row
        for slug, at in hits:
            day = days.setdefault((slug, _day(at)), DailyHits(slug=slug, day=_day(at), last=at))
            day.count += 1
            day.last = max(day.last, at)
        self.bulk_create(
            [DailyHits(slug=d.slug, day=d.day, count=d.count, last=d.last) for d in days.values()],
            update_conflicts=True,
            unique_fields=["slug", "day"],
            update_fields=["count", "last"],
        )


class DailyHits(models.Model):
    """The number of questions that an FAQ answered on one day (UTC)."""

    slug = models.CharField(max_length=100)
    day = models.DateField(db_index=True)
    count = models.PositiveIntegerField(default=0)
    last = models.DateTimeField()

    objects: ClassVar[DailyHitsManager] = DailyHitsManager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["slug", "day"], name="faq_hits_once_a_day"),)

    def __str__(self) -> str:
        return f"{self.slug} {self.day}: {self.count}"


def _hits(ids: Iterable[int]) -> list[tuple[str, datetime]]:
    """Slug and time of each record that an FAQ answered."""
    asks = Record.objects.filter(pk__in=ids, action=QUESTION_ASKED, outcome="answered").order_by()
    facts_and_times = [
        (chain.body_of(bytes(canonical)).facts, at)
        for canonical, at in asks.values_list("canonical", "at")
    ]
    return [(facts["faq_id"], at) for facts, at in facts_and_times if facts.get("source") == FAQ]


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
