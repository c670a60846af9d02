"""Comments on a draft before its release."""

from __future__ import annotations

from django.db import models


class DraftComment(models.Model):
    """One entry of a draft's conversation; customers never see it."""

    class Kind(models.TextChoices):
        COMMENTED = "commented"
        PROPOSED = "proposed"
        SUBMITTED = "submitted"
        RETURNED = "returned", "sent back"
        SOURCE = "source", "read a change of the source"

    faq = models.ForeignKey("faq.Faq", models.CASCADE, related_name="comments")
    author = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.COMMENTED)
    text = models.TextField(max_length=2000, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.kind} by {self.author}"
