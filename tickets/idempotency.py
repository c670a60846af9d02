"""Idempotency keys of POST /tickets."""

from __future__ import annotations

from django.db import models


class Submission(models.Model):
    """An Idempotency-Key and its ticket, so that a repeated POST opens no second one."""

    subject = models.CharField(max_length=200, help_text="The subject of the token.")
    key = models.CharField(max_length=64, help_text="A digest of its Idempotency-Key.")
    digest = models.CharField(max_length=64, help_text="A digest of the body.")
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, null=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["subject", "key"], name="submission_once"),)

    def __str__(self) -> str:
        return f"{self.key} of {self.subject}"
