"""What is said about tickets."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class CommentQuerySet(models.QuerySet["Comment"]):
    def public(self) -> CommentQuerySet:
        """What the customer may read. Everything that leaves the desk goes through here."""
        return self.filter(is_internal=False)


class Comment(models.Model):
    """Something said about a ticket, as REDACTION takes comments."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="comments")
    author = models.CharField(max_length=200)
    text = models.TextField()
    is_internal = models.BooleanField(default=False, help_text="For the desk only.")
    from_desk = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Comment]] = models.Manager.from_queryset(CommentQuerySet)()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"Comment {self.pk} on ticket {self.ticket_id}"
