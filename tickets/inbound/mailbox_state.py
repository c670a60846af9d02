"""Whether the mailbox can be read, and the time of the next try."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone


class MailboxState(models.Model):
    """The result of the last reading of the mailbox; one row."""

    RETRY_SECONDS: ClassVar[Iterable[int]] = (15, 30, 60, 120, 300, 600)

    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    failing_since = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    next_try = models.DateTimeField(null=True)
    last_success = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "mailbox"

    def __str__(self) -> str:
        return "The mailbox"

    @classmethod
    def current(cls) -> MailboxState:
        return cls.objects.get_or_create(pk=1)[0]

    @property
    def is_due(self) -> bool:
        return self.next_try is None or self.next_try <= timezone.now()

    def mark_failed(self, error: str) -> int:
        """Store a failure; returns the seconds until the next try."""
        now, delays = timezone.now(), tuple(self.RETRY_SECONDS)
        seconds = delays[min(self.failures, len(delays) - 1)]
        self.failures, self.error = self.failures + 1, error[:300]
        self.failing_since = self.failing_since or now
        self.next_try = now + timedelta(seconds=seconds)
        self.save()
        return seconds

    def mark_succeeded(self) -> None:
        self.failures, self.error, self.failing_since, self.next_try = 0, "", None, None
        self.last_success = timezone.now()
        self.save()


def failing_seconds() -> float:
    """Seconds since the mailbox cannot be read; 0 if it can, or if there is none."""
    since: datetime | None = (
        MailboxState.objects.filter(pk=1).values_list("failing_since", flat=True).first()
    )
    return (timezone.now() - since).total_seconds() if since else 0.0
