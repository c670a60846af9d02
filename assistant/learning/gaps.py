"""Gaps: questions without a helpful answer, grouped by meaning.

The rows have counts and ids; the texts stay in the audit trail.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q
from django.utils import timezone

from assistant.learning.recorded_asks import RecordedAsk
from audit.models import record
from tickets.models import Ticket

WEEKS = 4
"""Weeks of the trend."""


class GapQuerySet(models.QuerySet["Gap"]):
    def with_counts(self) -> GapQuerySet:
        """``asks``, ``people``, ``tickets``, ``last`` and ``week_1`` (the newest) to ``week_4``."""
        now = timezone.now()
        weeks = {
            f"week_{number}": Count("asks_in", filter=Q(asks_in__at__range=_week(now, number)))
            for number in range(1, WEEKS + 1)
        }
        counts = {
            "asks": Count("asks_in"),
            "people": Count("asks_in__person", distinct=True),
            "tickets": Count("asks_in", filter=Q(asks_in__has_ticket=True)),
            "last": Max("asks_in__at"),
        }
        return self.annotate(**counts, **weeks)

    def ranked(self) -> GapQuerySet:
        """By people x (1 + tickets), the largest first, then by the newest ask."""
        counted: Any = self.with_counts().annotate(rank=F("people") * (1 + F("tickets")))
        ranked: GapQuerySet = counted.order_by("-rank", "-last", "-pk")
        return ranked

    def unchecked(self, release: int) -> GapQuerySet:
        """Those that were not checked against this release yet."""
        is_checked = Q(checked_release=release, checked_release__isnull=False)
        return self.exclude(status=Gap.Status.DISMISSED).exclude(is_checked)

    def open(self) -> GapQuerySet:
        return self.filter(status=Gap.Status.OPEN)


def _week(now: datetime, number: int) -> tuple[datetime, datetime]:
    return now - timedelta(weeks=number), now - timedelta(weeks=number - 1)


class Gap(models.Model):
    """A group of questions without a helpful answer. Regrouping does not change its id."""

    class Status(models.TextChoices):
        OPEN = "open"
        DISMISSED = "dismissed"
        CLOSED = "closed"

    name = models.CharField(
        max_length=200, blank=True, help_text="Empty: the most central question."
    )
    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN)
    dismissed_because = models.CharField("reason", max_length=200, blank=True)
    people_at_dismissal = models.PositiveIntegerField(default=0)
    assignee = models.CharField(max_length=150, blank=True)
    checked_release = models.PositiveIntegerField(null=True)
    answered_now = models.PositiveIntegerField(default=0)
    texts = models.PositiveIntegerField(default=0, help_text="Asks whose text could be tried.")
    tried_asks = models.PositiveIntegerField(default=0, help_text="Asks when it was last tried.")
    closed_at = models.DateTimeField(null=True, help_text="When a release last closed it.")
    answered_by = models.JSONField(
        default=list, help_text="The FAQs that would answer its questions."
    )
    later_asks = models.PositiveIntegerField(
        null=True, help_text="Asks of its kind in the two weeks after it was closed."
    )
    later_answered = models.PositiveIntegerField(default=0, help_text="Of these, those answered.")
    related = models.ManyToManyField("self", help_text="Gaps of a similar kind.")
    created = models.DateTimeField(auto_now_add=True)

    # Set by ``with_counts``.
    asks: int
    people: int
    tickets: int

    objects = GapQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name or f"Gap {self.pk}"

    def rename(self, name: str, *, by: str) -> None:
        self._change("gap.renamed", by=by, name=name)

    def assign(self, assignee: str, *, by: str) -> None:
        self._change("gap.assigned", by=by, assignee=assignee)

    def dismiss(self, reason: str, *, by: str) -> None:
        """Dismiss the gap until at least twice as many people have asked."""
        people = self.asks_in.values("person").distinct().count()
        self._change(
            "gap.dismissed",
            by=by,
            status=self.Status.DISMISSED,
            dismissed_because=reason,
            people_at_dismissal=people,
        )

    def reopen(self, *, by: str) -> None:
        self._change("gap.reopened", by=by, status=self.Status.OPEN, dismissed_because="")

    def merge_into(self, other: Gap, *, by: str) -> None:
        """Move all asks into another gap; regrouping does not move them back."""
        with transaction.atomic():
            data = {"into": other.pk, "asks": self.asks_in.count()}
            record("gap.merged", actor=by, kind="gap", key=self.pk, data=data)
            self.asks_in.update(gap=other, is_pinned=True)
            self.delete()

    def split_off(self, asks: Iterable[GapAsk], *, by: str) -> Gap:
        """Move some asks into a new gap; regrouping does not move them back."""
        with transaction.atomic():
            new = Gap.objects.create()
            moved = self.asks_in.filter(pk__in=[ask.pk for ask in asks])
            data = {"into": new.pk, "asks": moved.update(gap=new, is_pinned=True)}
            record("gap.split", actor=by, kind="gap", key=self.pk, data=data)
        return new

    def mark_checked(self, release: int, *, texts: int, faq_ids: Sequence[str], asks: int) -> None:
        """Store the result of a dry run; the gap is closed if FAQs would answer all of its texts.

        ``texts``: how many were asked; ``faq_ids``: one for each that would be answered;
        ``asks``: how many the gap has.
        """
        was_closed = self.status == self.Status.CLOSED
        is_closed = bool(texts) and len(faq_ids) == texts
        fields: dict[str, Any] = {
            "status": self.Status.CLOSED if is_closed else self.Status.OPEN,
            "answered_now": len(faq_ids),
            "texts": texts,
            "tried_asks": asks,
            "checked_release": release,
            "answered_by": sorted(set(faq_ids)),
        }
        if is_closed and not was_closed:
            fields |= {"closed_at": timezone.now(), "later_asks": None, "later_answered": 0}
        # A person may have dismissed it while its questions were tried.
        Gap.objects.filter(pk=self.pk).exclude(status=self.Status.DISMISSED).update(**fields)

    def _change(self, action: str, *, by: str, **fields: Any) -> None:
        with transaction.atomic():
            for name, value in fields.items():
                setattr(self, name, value)
            self.save(update_fields=[*fields])
            record(action, actor=by, kind="gap", key=self.pk, data=fields)


class GapAskQuerySet(models.QuerySet["GapAsk"]):
    def counted(self) -> GapAskQuerySet:
        """Without those whose clarification may still be followed by another ask."""
        return self.exclude(kind=GapAsk.Kind.PENDING)

    def ungrouped(self) -> GapAskQuerySet:
        return self.counted().filter(gap=None)

    def mark_tickets(self) -> int:
        """Mark the asks that became tickets; returns how many are new."""
        with_ticket = Exists(Ticket.objects.filter(ask_id=OuterRef("ask_id")))
        return self.filter(with_ticket, has_ticket=False).update(has_ticket=True)


class GapAsk(RecordedAsk):
    """One ask without a helpful answer."""

    class Kind(models.TextChoices):
        UNANSWERED = "unanswered"
        REJECTED = "rejected", "None of the options helped"
        UNHELPFUL = "unhelpful", "The answer did not help"
        ABANDONED = "abandoned", "Asked to clarify, and nothing after"
        PENDING = "pending", "Asked to clarify"

    kind = models.CharField(max_length=20, choices=Kind)
    reason = models.CharField(max_length=40)
    faq_id = models.CharField(max_length=100, blank=True, help_text="The nearest FAQ.")
    similarity = models.FloatField(null=True)
    has_ticket = models.BooleanField(default=False)
    gap = models.ForeignKey(Gap, models.SET_NULL, null=True, related_name="asks_in")
    is_central = models.BooleanField(default=False)
    is_pinned = models.BooleanField(default=False, help_text="A person put it where it is.")

    objects = GapAskQuerySet.as_manager()

    class Meta:
        ordering = ("-at",)
        verbose_name = "ask of a gap"
        verbose_name_plural = "asks of gaps"
        indexes = (models.Index(fields=["person", "kind", "at"], name="assistant_gap_person"),)
