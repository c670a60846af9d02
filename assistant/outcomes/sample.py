"""A random sample of the answers of each week, judged by people: the unbiased precision."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from assistant.calibration.labelled_questions import EXPECTED, QUERY, SEPARATOR
from assistant.outcomes.rows import NeedAsk
from audit.models import Record, record
from audit.spreadsheet import csv_lines

SIZE = 20
"""Answers a week."""

WEEK = timedelta(days=7)
LATEST_WEEKS = 4
"""A week that was missed is drawn later, if it is one of these."""

SEALED_AFTER = timedelta(hours=1)
"""Time that the records of a week have to arrive before it is drawn."""


def draw_sample(ask_ids: Collection[str], seed: str) -> list[str]:
    """``SIZE`` of them, or all if there are fewer; the same for the same seed, in any order."""
    generator = random.Random(seed)  # noqa: S311 (a sample, not a secret)
    return generator.sample(sorted(ask_ids), min(SIZE, len(ask_ids)))


def monday(at: datetime) -> date:
    """The first day of its week, in UTC."""
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


class SampledAskManager(models.Manager["SampledAsk"]):
    def draw_due(self) -> int:
        """Draw the weeks that are over and not drawn; returns the number of new asks."""
        this_week = monday(timezone.now() - SEALED_AFTER)
        weeks = [this_week - number * WEEK for number in range(LATEST_WEEKS, 0, -1)]
        return sum(self.draw(week) for week in weeks)

    @transaction.atomic
    def draw(self, week: date) -> int:
        """Draw the week that begins on this Monday, once; the seed is its date."""
        if self.filter(week=week).exists():
            return 0
        begin = datetime.combine(week, time(), UTC)
        asks = NeedAsk.objects.filter(at__gte=begin, at__lt=begin + WEEK, outcome="answered")
        ids = [str(ask_id) for ask_id in asks.values_list("ask_id", flat=True)]
        chosen = NeedAsk.objects.in_bulk([UUID(ask_id) for ask_id in draw_sample(ids, str(week))])
        # Another worker draws the same ones.
        return len(
            self.bulk_create(
                [
                    SampledAsk(
                        ask_id=ask.ask_id,
                        week=week,
                        at=ask.at,
                        record_id=ask.record_id,
                        faq_id=ask.faq_id,
                    )
                    for ask in chosen.values()
                ],
                ignore_conflicts=True,
            )
        )

    def label_lines(self) -> Iterator[str]:
        """A CSV of labels. Answers judged wrong count if the right FAQ was named."""
        judged = list(self.exclude(verdict="").order_by("week", "ask_id"))
        texts = Record.objects.in_bulk([ask.record_id for ask in judged])
        rows = [(QUERY, EXPECTED)]
        for ask in judged:
            ask_record = texts.get(ask.record_id)
            question = ask_record.data.get("question") if ask_record else None
            expected = ask.label(ask_record.data) if ask_record else None
            if question and expected is not None:
                rows.append((question, expected))
        return csv_lines(rows)


class SampledAsk(models.Model):
    """An answered ask of a week's sample. Who judged it is in the audit trail alone."""

    class Verdict(models.TextChoices):
        RIGHT = "right", "Right"
        WRONG = "wrong", "Wrong"
        OUT_OF_SCOPE = "out_of_scope", "Out of scope"

    ask_id = models.UUIDField(primary_key=True)
    week = models.DateField(db_index=True, help_text="Its Monday, in UTC.")
    at = models.DateTimeField(db_index=True)
    record_id = models.BigIntegerField()
    faq_id = models.CharField(max_length=100, blank=True, help_text="The FAQ that answered.")
    verdict = models.CharField(max_length=12, choices=Verdict, blank=True)
    expected = models.CharField(max_length=100, blank=True, help_text="The FAQ that is right.")
    judged = models.DateTimeField(null=True)

    objects: ClassVar[SampledAskManager] = SampledAskManager()

    class Meta:
        ordering = ("week", "ask_id")
        verbose_name = "sampled answer"

    def __str__(self) -> str:
        return f"{self.week} {self.ask_id}"

    @transaction.atomic
    def judge(self, verdict: str, *, by: str, expected: str = "") -> None:
        """Store the verdict; a later one replaces it. ``expected``: the FAQ that is right."""
        self.refresh_from_db(from_queryset=SampledAsk.objects.select_for_update())
        self.verdict = self.Verdict(verdict)
        self.expected = expected if verdict == self.Verdict.WRONG else ""
        self.judged = timezone.now()
        self.save(update_fields=["verdict", "expected", "judged"])
        data = {"verdict": verdict, "expected": self.expected, "faq_id": self.faq_id}
        record("ask.judged", actor=by, kind="ask", key=self.ask_id, data=data)

    def label(self, data: dict[str, Any]) -> str | None:
        """``expected_id`` of its label; None if unknown. ``data``: that of its audit record."""
        if self.verdict == self.Verdict.OUT_OF_SCOPE:
            return ""
        if self.verdict == self.Verdict.WRONG:
            return self.expected or None
        answers: Iterable[dict[str, Any]] = data.get("answers") or ()
        several = {str(answer["faq_id"]) for answer in answers}
        return SEPARATOR.join(sorted(several or set(data.get("citations") or [self.faq_id])))
