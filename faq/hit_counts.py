"""How often each FAQ answers, counted from the audit trail: a question does not pay for it.

The log gives every record one place, for ever and in the order it was sealed. So the sums and the
place up to which records are counted, moved in one transaction, are exact: whatever is killed, and
however many count at once, no record is counted twice and none is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import ClassVar

from django.db import models, transaction

from audit.log_format import chain
from audit.models import Record, Seal

ASKED, FAQ = "question.asked", "faq"

AT_ONCE = 5_000
"""Places of the log looked at in one transaction."""


class DailyHitsManager(models.Manager["DailyHits"]):
    def count_new(self) -> int:
        """Count what has been sealed since the last time; how many hits that were."""
        counted = 0
        while True:
            with transaction.atomic():
                found, is_all = self._count_some()
            counted += found
            if is_all:
                return counted

    def _count_some(self) -> tuple[int, bool]:
        CountedUpTo.objects.get_or_create(pk=1)
        # Whoever else counts waits here, and then begins where this one ends.
        place = CountedUpTo.objects.select_for_update().get(pk=1)
        sealed = Seal.objects.filter(sequence__gte=place.sequence)
        rows = list(sealed.values_list("sequence", "record_id")[:AT_ONCE])
        if not rows:
            return 0, True
        hits = _hits(record_id for _, record_id in rows)
        self._add(hits)
        place.sequence = rows[-1][0] + 1
        place.save()
        return len(hits), len(rows) < AT_ONCE

    def _add(self, hits: list[tuple[str, datetime]]) -> None:
        days: dict[tuple[str, date], DailyHits] = {}
        for each in self.filter(
            slug__in={slug for slug, _ in hits}, day__in={_day(at) for _, at in hits}
        ):
            days[each.slug, each.day] = each
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
    """How many questions an FAQ answered on one day (UTC). Who asked what is in the trail."""

    slug = models.CharField(max_length=100)
    day = models.DateField(db_index=True)
    count = models.PositiveIntegerField(default=0)
    last = models.DateTimeField()

    objects: ClassVar[DailyHitsManager] = DailyHitsManager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["slug", "day"], name="faq_hits_once_a_day"),)

    def __str__(self) -> str:
        return f"{self.slug} {self.day}: {self.count}"


class CountedUpTo(models.Model):
    """How far into the audit log hits are counted; one row."""

    sequence = models.BigIntegerField(default=0, help_text="The first place not counted.")

    def __str__(self) -> str:
        return str(self.sequence)


def _hits(ids: Iterable[int]) -> list[tuple[str, datetime]]:
    """Slug and time of each of these records that says an FAQ answered."""
    asks = Record.objects.filter(pk__in=ids, action=ASKED, outcome="answered").order_by()
    found = [
        (chain.body_of(bytes(canonical)).facts, at)
        for canonical, at in asks.values_list("canonical", "at")
    ]
    return [(facts["faq_id"], at) for facts, at in found if facts.get("source") == FAQ]


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
