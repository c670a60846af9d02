"""Business hours, targets and holidays become rows; what the settings SLA_* said is taken over."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import date

from django.db import migrations, models

import tickets.service_levels
from tickets import sla


def create_rows(apps, schema_editor):
    row = apps.get_model("tickets", "ServiceLevel")()
    # A setting that was wrong stopped the site, so there is nothing to report.
    with suppress(ValueError):
        sla.shifts(os.environ.get("SLA_HOURS", ""))
        row.hours = os.environ["SLA_HOURS"]
    with suppress(ValueError, KeyError):
        sla.zone(os.environ["SLA_TIME_ZONE"])
        row.time_zone = os.environ["SLA_TIME_ZONE"]
    for part in os.environ.get("SLA_TARGETS", "").lower().replace(",", " ").split():
        with suppress(ValueError):
            priority, target = part.split("=")
            sla.target(target)
            setattr(row, priority, target)
    row.save()
    Holiday = apps.get_model("tickets", "Holiday")
    for day in os.environ.get("SLA_HOLIDAYS", "").split(","):
        with suppress(ValueError):
            Holiday.objects.get_or_create(day=date.fromisoformat(day.strip()))


class Migration(migrations.Migration):
    dependencies = [("tickets", "0003_encrypted")]

    operations = [
        migrations.CreateModel(
            name="Holiday",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(unique=True)),
                ("name", models.CharField(blank=True, max_length=100)),
            ],
            options={
                "ordering": ("day",),
            },
        ),
        migrations.CreateModel(
            name="ServiceLevel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "hours",
                    models.CharField(
                        default="mon-fri 09:00-17:00",
                        help_text="When the desk is open, such as mon-fri 09:00-17:00, sat 10:00-14:00; midnight at the end of a day is 24:00.",
                        max_length=300,
                        validators=[tickets.service_levels.validate_hours],
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC",
                        help_text="Of these hours, such as Asia/Karachi.",
                        max_length=50,
                        validators=[tickets.service_levels.validate_zone],
                    ),
                ),
                (
                    "urgent",
                    models.CharField(
                        default="2h",
                        help_text="Business time until it is due, such as 30m or 4h.",
                        max_length=5,
                        validators=[tickets.service_levels.validate_target],
                    ),
                ),
                (
                    "high",
                    models.CharField(
                        default="4h",
                        help_text="Business time until it is due, such as 30m or 4h.",
                        max_length=5,
                        validators=[tickets.service_levels.validate_target],
                    ),
                ),
                (
                    "normal",
                    models.CharField(
                        default="8h",
                        help_text="Business time until it is due, such as 30m or 4h.",
                        max_length=5,
                        validators=[tickets.service_levels.validate_target],
                    ),
                ),
                (
                    "low",
                    models.CharField(
                        default="24h",
                        help_text="Business time until it is due, such as 30m or 4h.",
                        max_length=5,
                        validators=[tickets.service_levels.validate_target],
                    ),
                ),
            ],
            options={
                "verbose_name": "service level",
            },
        ),
        migrations.RunPython(create_rows, migrations.RunPython.noop),
    ]
