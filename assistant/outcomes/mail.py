"""The weekly mail with the figures, to those who asked for it, through the outbox."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from assistant.outcomes import figures
from assistant.outcomes.rates import DEFINITIONS, Rate
from assistant.outcomes.sample import monday
from assistant.outcomes.selection import Selection
from audit.models import record
from tickets.models import Delivery

EVENT = "outcomes"
VIEW_OUTCOMES = "assistant.view_need"

RATES = {
    "resolution": "Resolved",
    "confirmed": "of these confirmed by the person",
    "deflection": "Deflected",
    "abandonment": "Abandoned",
    "escalation": "Escalated to a person",
}


class OutcomeSubscriptionManager(models.Manager["OutcomeSubscription"]):
    def is_on(self, user: User) -> bool:
        return self.filter(user=user).exists()

    @transaction.atomic
    def switch(self, user: User, *, on: bool) -> None:
        """The first mail comes on the next Monday."""
        if on == self.is_on(user):
            return
        if on:
            self.create(user=user, week=monday(timezone.now()))
        else:
            self.filter(user=user).delete()
        action = "outcomes.subscribed" if on else "outcomes.unsubscribed"
        record(action, actor=user.get_username(), kind="user", key=user.pk)

    def send_due(self) -> int:
        """Put this week's mails into the outbox; returns their number."""
        week = monday(timezone.now())
        due = list(self.filter(week__lt=week).values_list("pk", flat=True))
        return sum(self._send(pk, week) for pk in due)

    @transaction.atomic
    def _send(self, pk: int, week: date) -> bool:
        row = self.select_for_update().filter(pk=pk).first()
        # Another worker has sent it meanwhile.
        if row is None or row.week >= week:
            return False
        row.week = week
        row.save(update_fields=["week"])
        if not (row.user.is_active and row.user.has_perm(VIEW_OUTCOMES)):
            return False
        subject, text = content(Selection.closed_week())
        name = row.user.get_username()
        Delivery.mail_colleague(name, event=EVENT, subject=subject, text=text)
        return True


class OutcomeSubscription(models.Model):
    """One person's subscription. ``week``: the Monday of the last week with a mail, in UTC."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    week = models.DateField()

    objects: ClassVar[OutcomeSubscriptionManager] = OutcomeSubscriptionManager()

    def __str__(self) -> str:
        return f"{self.user_id}: {self.week}"


def content(selection: Selection) -> tuple[str, str]:
    """Subject and text of the mail about the needs of a period."""
    ends = figures.need_counts(selection).ends
    before = figures.need_counts(selection.previous).ends.rates
    lines = [
        f"{RATES[name]}: {_line(rate, before[name])}"
        for name, rate in ends.rates.items()
        if name in RATES
    ]
    days = f"{selection.first:%d %b} to {selection.last:%d %b %Y}"
    query = f"from={selection.first}&to={selection.last}"
    text = [
        f"The last week whose needs are closed, {days}:",
        f"{ends.total} needs, {ends.open} of them still open.",
        "",
        *lines,
        f"Answers judged right: {_line(figures.precision(selection))}",
        "",
        f"A need: {DEFINITIONS['need']}",
        "",
        f"All figures, and the rows behind them: {settings.SITE_URL}{reverse('outcomes')}?{query}",
        "You can switch this mail off there.",
    ]
    return f"{settings.SITE_NAME}: outcomes of {days}", "\n".join([*text, ""])


def _line(rate: Rate, before: Rate | None = None) -> str:
    compared = f"; the week before {before.text}" if before and before.value is not None else ""
    return f"{rate.text} ({rate.note}{compared})"
