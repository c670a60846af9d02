"""POSTs that may come twice."""

from __future__ import annotations

from django.db import models


class Submission(models.Model):
    """A POST that names itself, so that sending it again makes no second ticket."""

    subject = models.CharField(max_length=200, help_text="Whose token it came with.")
    key = models.CharField(max_length=64, help_text="A digest of its Idempotency-Key.")
    digest = models.CharField(max_length=64, help_text="Of what was sent.")
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, null=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["subject", "key"], name="submission_once"),)

    def __str__(self) -> str:
        return f"{self.key} of {self.subject}"
