"""Business hours, holidays and targets, which the desk edits; values for ``sla``."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from tickets import sla


def validate_hours(text: str) -> None:
    try:
        sla.shifts(text)
    except ValueError as failure:
        raise ValidationError(f"Hours must be {failure}.") from None


def validate_zone(text: str) -> None:
    try:
        sla.zone(text)
    except ValueError as failure:
        raise ValidationError(f"The time zone must be {failure}.") from None


def validate_target(text: str) -> None:
    try:
        sla.target(text)
    except ValueError as failure:
        raise ValidationError(f"A target must be {failure}.") from None


def _target_field(default: str) -> models.CharField[str, str]:
    return models.CharField(
        max_length=5,
        default=default,
        validators=[validate_target],
        help_text="Business time until it is due, such as 30m or 4h.",
    )


class ServiceLevelManager(models.Manager["ServiceLevel"]):
    def current(self) -> ServiceLevel:
        """The only row, or the defaults if there is none."""
        return self.first() or self.model()


class ServiceLevel(models.Model):
    """One row: the business hours of the desk, and the targets of tickets.

    A change applies to tickets that are opened or changed after it.
    """

    hours = models.CharField(
        max_length=300,
        default="mon-fri 09:00-17:00",
        validators=[validate_hours],
        help_text="When the desk is open, such as mon-fri 09:00-17:00, sat 10:00-14:00; midnight "
        "at the end of a day is 24:00.",
    )
    time_zone = models.CharField(
        max_length=50,
        default="UTC",
        validators=[validate_zone],
        help_text="The time zone of these hours, such as Asia/Karachi.",
    )
    urgent = _target_field("2h")
    high = _target_field("4h")
    normal = _target_field("8h")
    low = _target_field("24h")

    objects: ClassVar[ServiceLevelManager] = ServiceLevelManager()

    class Meta:
        verbose_name = "service level"

    def __str__(self) -> str:
        return "Business hours and targets"

    def calendar(self) -> sla.Calendar:
        return sla.Calendar(
            shifts=sla.shifts(self.hours),
            zone=sla.zone(self.time_zone),
            holidays=frozenset(Holiday.objects.values_list("day", flat=True)),
        )

    def target(self, priority: str) -> timedelta:
        """Business time until a ticket of this priority is due."""
        return sla.target(getattr(self, priority))


class Holiday(models.Model):
    """A day on which the desk is closed."""

    day = models.DateField(unique=True)
    name = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ("day",)

    def __str__(self) -> str:
        return f"{self.day} {self.name}".strip()
