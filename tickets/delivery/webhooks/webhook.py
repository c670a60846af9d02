"""The table of webhooks: their addresses, secrets and state."""

from __future__ import annotations

import math
from datetime import timedelta

from django.core.validators import URLValidator
from django.db import models, transaction
from django.utils import timezone

from audit.models import record
from tickets.delivery.webhooks import signature

OVERLAP = timedelta(hours=24)
"""The time for which requests are also signed with the previous secret."""


class Webhook(models.Model):
    """A program that receives ticket events."""

    name = models.CharField(max_length=100, unique=True)
    url = models.CharField(
        "URL", max_length=500, validators=[URLValidator(schemes=["https", "http"])]
    )
    is_active = models.BooleanField("active", default=True)
    owner = models.CharField(
        max_length=200,
        blank=True,
        help_text="Username of who is told if it is switched off; empty: the desk's address.",
    )
    gone_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When it was switched off because of a 410.",
    )
    not_before = models.DateTimeField(
        null=True, editable=False, help_text="The receiver asked to wait until then (Retry-After)."
    )
    secret = models.CharField(max_length=100, default=signature.new_secret, editable=False)
    previous_secret = models.CharField(max_length=100, blank=True, editable=False)
    rotated = models.DateTimeField(null=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def keys(self) -> list[str]:
        """The secrets to sign with; for a day after a rotation the previous one too."""
        overlaps = self.rotated is not None and timezone.now() - self.rotated < OVERLAP
        return [self.secret, self.previous_secret] if overlaps else [self.secret]

    @transaction.atomic
    def rotate(self, *, by: str) -> None:
        """Create a new secret; for a day requests are also signed with the old one."""
        self.refresh_from_db(from_queryset=Webhook.objects.select_for_update())
        self.previous_secret, self.secret = self.secret, signature.new_secret()
        self.rotated = timezone.now()
        self.save(update_fields=["secret", "previous_secret", "rotated"])
        record("webhook.rotated", actor=by, kind="webhook", key=self.pk)

    def seconds_to_wait(self) -> int:
        """How long the receiver asked to wait, from now on; 0 if it did not ask."""
        if self.not_before is None:
            return 0
        return max(math.ceil((self.not_before - timezone.now()).total_seconds()), 0)

    def wait(self, seconds: int) -> None:
        """Send nothing for so long, as the receiver asked."""
        self.not_before = timezone.now() + timedelta(seconds=seconds)
        self.save(update_fields=["not_before"])

    @transaction.atomic
    def switch_off_as_gone(self) -> bool:
        """Until a person switches it on again. False if it is off."""
        self.refresh_from_db(from_queryset=Webhook.objects.select_for_update())
        if not self.is_active:
            return False
        self.is_active, self.gone_at = False, timezone.now()
        self.save(update_fields=["is_active", "gone_at"])
        record("webhook.switched_off", kind="webhook", key=self.pk, data={"result": "410"})
        return True
