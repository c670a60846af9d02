"""Drafts of replies. They are saved while they are typed, and so also show who is writing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils import timezone

from audit.people.pseudonyms import stored_name

if TYPE_CHECKING:
    from tickets.models import Ticket

WRITING_FOR = timedelta(seconds=20)
"""The time after the last change for which an author counts as writing. The page saves every
2 seconds."""


class ReplyDraftManager(models.Manager["ReplyDraft"]):
    def store(self, ticket: Ticket, text: str, *, by: str) -> None:
        """Replace one author's draft; an empty text deletes it.

        No audit record: nobody but the author reads it, and the reply itself is recorded.
        """
        if not text.strip():
            self.filter(ticket=ticket, author=stored_name(by)).delete()
            return
        had_key = ticket.person_id
        encrypted = ticket.encrypt(text)
        if ticket.person_id != had_key:
            ticket.save(update_fields=["person"])
        self.update_or_create(
            ticket=ticket, author=stored_name(by), defaults={"encrypted": encrypted}
        )

    def text_of(self, ticket: Ticket, *, by: str) -> str:
        """One author's draft; empty if there is none."""
        draft = self.filter(ticket=ticket, author=stored_name(by)).first()
        return ticket.decrypt(draft.encrypted) if draft else ""

    def writers(self, ticket: Ticket, *, besides: str) -> list[str]:
        """The other people who are writing now, by name."""
        recent = self.filter(ticket=ticket, updated__gte=timezone.now() - WRITING_FOR)
        others = recent.exclude(author=stored_name(besides))
        return list(others.order_by("author").values_list("author", flat=True))


class ReplyDraft(models.Model):
    """One author's unsent text on one ticket, encrypted under the requester's key.

    It is on the server, not in the browser: it survives a closed tab, follows its author to another
    machine, and is erased with the requester.
    """

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="reply_drafts")
    author = models.CharField(max_length=200)
    encrypted = models.BinaryField()
    updated = models.DateTimeField(auto_now=True)

    objects: ClassVar[ReplyDraftManager] = ReplyDraftManager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["ticket", "author"], name="reply_draft_author"),
        )

    def __str__(self) -> str:
        return f"Draft by {self.author} on ticket {self.ticket_id}"
