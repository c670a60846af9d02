"""What is said about tickets."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class CommentQuerySet(models.QuerySet["Comment"]):
    def public(self) -> CommentQuerySet:
        """What the customer may read. Everything that leaves the desk goes through here."""
        return self.filter(is_internal=False)


class Comment(models.Model):
    """Something said about a ticket: by the customer, or by the desk to the customer or itself."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="comments")
    author = models.CharField(max_length=200)
    text = models.TextField(help_text="Masked, as REDACTION has it for comments.")
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
        """As written. Record who reads it: ``Ticket.record_view``."""
        return self.ticket.decrypt(self.original) or self.text
