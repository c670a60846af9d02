"""Files of a ticket's conversation, encrypted with the requester's key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models

from tickets.attachment_files import (
    MAX_FILES_OF_TICKET,
    InvalidFile,
    NewFile,
    check_together,
)

if TYPE_CHECKING:
    from tickets.comments import Comment
    from tickets.models import Ticket


class AttachmentManager(models.Manager["Attachment"]):
    def get_queryset(self) -> models.QuerySet[Attachment]:
        """Without contents, which are large: ``Attachment.data`` reads one."""
        return super().get_queryset().defer("encrypted")

    def attach(self, comment: Comment, files: Sequence[NewFile]) -> list[Attachment]:
        """Store the files. Call it with the ticket locked; the caller saves its ``person``.

        Raises ``InvalidFile`` if they are too many.
        """
        check_together(files)
        ticket = comment.ticket
        if files and self.of(ticket).count() + len(files) > MAX_FILES_OF_TICKET:
            raise InvalidFile(f"A ticket has at most {MAX_FILES_OF_TICKET} files.")
        return [
            self.create(
                comment=comment,
                encrypted_name=ticket.encrypt(file.name),
                media_type=file.media_type,
                size=len(file.data),
                encrypted=ticket.encrypt_bytes(file.data),
            )
            for file in files
        ]

    def of(self, ticket: Ticket) -> models.QuerySet[Attachment]:
        return self.filter(comment__ticket=ticket)

    def visible(self, ticket: Ticket, *, to_desk: bool) -> models.QuerySet[Attachment]:
        """The files of a ticket; only the desk sees those of internal notes."""
        files = self.of(ticket).select_related("comment__ticket")
        return files if to_desk else files.filter(comment__is_internal=False)


class Attachment(models.Model):
    """One file of a comment. Its name and content are encrypted; its size and type are not."""

    comment = models.ForeignKey("tickets.Comment", models.CASCADE, related_name="attachments")
    encrypted_name = models.BinaryField()
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text="In bytes.")
    encrypted = models.BinaryField(help_text="The content.")
    created = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[AttachmentManager] = AttachmentManager()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"Attachment {self.pk}"

    @property
    def name(self) -> str:
        """Empty once the requester was erased."""
        return self.comment.ticket.decrypt(self.encrypted_name)

    @property
    def data(self) -> bytes:
        """The content. Call ``record_download`` for the person who reads it."""
        return self.comment.ticket.decrypt_bytes(self.encrypted)

    def record_download(self, *, by: str) -> None:
        """Record that somebody other than the requester read it."""
        ticket = self.comment.ticket
        if not ticket.is_requester(by):
            ticket.record("downloaded", by=by, **self.facts())

    def facts(self) -> dict[str, Any]:
        """The data for a record; without the name, which may be personal data."""
        return {"attachment": self.pk, "media_type": self.media_type, "size": self.size}

    def move(self, source: Ticket, target: Ticket) -> None:
        """Encrypt it with the target's key."""
        self.encrypted_name = target.encrypt(source.decrypt(self.encrypted_name)) or b""
        self.encrypted = target.encrypt_bytes(source.decrypt_bytes(self.encrypted))
        self.save(update_fields=["encrypted_name", "encrypted"])
