"""Comments: replies to the customer, messages of the customer, and internal notes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class CommentQuerySet(models.QuerySet["Comment"]):
    def public(self) -> CommentQuerySet:
        """Comments that the customer may read; everything sent outside the desk uses this."""
        return self.filter(is_internal=False)


class Comment(models.Model):
    """A message of the customer, a reply of the desk, or an internal note."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="comments")
    author = models.CharField(max_length=200)
    text = models.TextField(help_text="Masked by the setting REDACTION.")
    original = models.BinaryField(
        null=True, help_text="As written, encrypted; null where nothing is masked."
    )
    is_internal = models.BooleanField(default=False, help_text="For the desk only.")
    from_desk = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Comment]] = models.Manager.from_queryset(CommentQuerySet)()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"Comment {self.pk} on ticket {self.ticket_id}"

    @property
    def full_text(self) -> str:
        """The text as written. Call ``Ticket.record_view`` for whoever reads it."""
        return self.ticket.decrypt(self.original) or self.text
