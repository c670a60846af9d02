"""Webhooks: the programs that receive ticket events, and their secrets."""

from __future__ import annotations

from datetime import timedelta

from django.core.validators import URLValidator
from django.db import models, transaction
from django.utils import timezone

from audit.models import record
from tickets.delivery import webhook_signature

OVERLAP = timedelta(hours=24)
"""The time for which requests are also signed with the previous secret."""


class Webhook(models.Model):
    """A program that receives ticket events."""

    name = models.CharField(max_length=100, unique=True)
    url = models.CharField(
        "URL", max_length=500, validators=[URLValidator(schemes=["https", "http"])]
    )
    is_active = models.BooleanField("active", default=True)
    secret = models.CharField(max_length=100, default=webhook_signature.new_secret, editable=False)
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
        self.previous_secret, self.secret = self.secret, webhook_signature.new_secret()
        self.rotated = timezone.now()
        self.save(update_fields=["secret", "previous_secret", "rotated"])
        record("webhook.rotated", actor=by, kind="webhook", key=self.pk)
