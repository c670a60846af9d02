"""One row for each ask that was near an FAQ, and what people did after its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, models
from django.utils import timezone

from assistant.health.findings import Counts

RECENT = timedelta(days=30)

PERIOD = timedelta(days=90)
"""Asks that are counted, except ratings: those count as long as the answer stays."""

FOLLOW_UP_PERIOD = timedelta(hours=24)
"""A ticket or the same question this soon after an answer means that it was not enough."""

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Since:
    """From when ratings, contacts and asks of an FAQ count, such as its last change or review."""

    ratings: datetime = LONG_AGO
    contacts: datetime = LONG_AGO
    asks: datetime = LONG_AGO


class FaqAskQuerySet(models.QuerySet["FaqAsk"]):
    def answers_before(self, at: datetime, *, person: str) -> FaqAskQuerySet:
        """The answers that a person got from an FAQ within a day before."""
        within = (at - FOLLOW_UP_PERIOD, at)
        return self.filter(person=person, is_answer=True, at__range=within).exclude(person="")

    def counts(self, since: Mapping[str, Since]) -> dict[str, Counts]:
        """By FAQ id; FAQs without a row are left out."""
        now = timezone.now()
        values: dict[str, Any] = {
            "faq_ids": list(since),
            "ratings": [counts.ratings for counts in since.values()],
            "contacts": [max(counts.contacts, now - PERIOD) for counts in since.values()],
            "asks": [max(counts.asks, now - PERIOD) for counts in since.values()],
            "recent": now - RECENT,
        }
        with connection.cursor() as cursor:
            cursor.execute(SELECT_COUNTS, values)
            return {faq_id: Counts(*numbers) for faq_id, *numbers in cursor.fetchall()}


class FaqAsk(models.Model):
    """An ask that an FAQ answered, or that it was nearest to. No text, no name."""

    class FollowUp(models.TextChoices):
        """What the person did within a day after the answer."""

        TICKET = "ticket", "Opened a ticket"
        ASKED_AGAIN = "asked_again", "Asked again, with the same nearest FAQ"

    ask_id = models.UUIDField()
    person = models.CharField(max_length=64, help_text="A pseudonym.")
    at = models.DateTimeField()
    faq_id = models.CharField(max_length=100)
    is_answer = models.BooleanField(help_text="Whether the FAQ answered.")
    follow_up = models.CharField(max_length=20, blank=True, choices=FollowUp)
    helpful = models.BooleanField(null=True, help_text="Null: not rated.")

    objects = FaqAskQuerySet.as_manager()

    class Meta:
        ordering = ("-at",)
        constraints = (
            models.UniqueConstraint(fields=["ask_id", "faq_id"], name="assistant_faqask_once"),
        )
        indexes = (
            models.Index(fields=["faq_id", "at"], name="assistant_faqask_faq"),
            models.Index(fields=["person", "at"], name="assistant_faqask_person"),
        )

    def __str__(self) -> str:
        return f"{self.faq_id} {self.ask_id}"


# A join with arrays: the time from which asks count differs by FAQ. By person first, since counting
# distinct people would sort all asks.
SELECT_COUNTS = """
    SELECT faq_id,
        sum(rated)::int, sum(unhelpful)::int, count(*) FILTER (WHERE rated > 0),
        sum(recent_rated)::int, sum(recent_unhelpful)::int,
        count(*) FILTER (WHERE is_reader), count(*) FILTER (WHERE is_contact),
        count(*) FILTER (WHERE has_ticket),
        sum(near)::int, count(*) FILTER (WHERE near > 0), sum(answered)::int
    FROM (
        SELECT faq_id, person,
            count(*) FILTER (WHERE is_rating) AS rated,
            count(*) FILTER (WHERE is_rating AND NOT helpful) AS unhelpful,
            count(*) FILTER (WHERE is_rating AND at >= %(recent)s) AS recent_rated,
            count(*) FILTER (WHERE is_rating AND NOT helpful AND at >= %(recent)s)
                AS recent_unhelpful,
            bool_or(is_read) AS is_reader,
            bool_or(is_read AND follow_up <> '') AS is_contact,
            bool_or(is_read AND follow_up = 'ticket') AS has_ticket,
            count(*) FILTER (WHERE is_near) AS near,
            count(*) FILTER (WHERE is_near AND is_answer) AS answered
        FROM (
            SELECT faq_id, person, at, is_answer, follow_up, helpful,
                is_answer AND helpful IS NOT NULL AND at >= ratings AS is_rating,
                is_answer AND at >= contacts AS is_read,
                at >= asks AS is_near
            FROM assistant_faqask JOIN unnest(
                %(faq_ids)s::text[], %(ratings)s::timestamptz[],
                %(contacts)s::timestamptz[], %(asks)s::timestamptz[]
            ) AS since(faq_id, ratings, contacts, asks) USING (faq_id)
        ) AS counted
        GROUP BY faq_id, person
    ) AS people
    GROUP BY faq_id
"""
