"""Tickets: questions for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.utils import timezone

from audit.models import Record
from audit.people.pseudonyms import stored_name
from audit.privacy.gateway import Channel, apply_inbound_message
from tickets import merging
from tickets.attachment_files import NewFile
from tickets.attachments import Attachment
from tickets.comments import Comment, CommentQuerySet
from tickets.delivery import notifications
from tickets.delivery.outbox import Attempt, Delivery
from tickets.delivery.recipients import is_reachable
from tickets.delivery.webhooks.webhook import Webhook
from tickets.idempotency import Submission
from tickets.inbound.inbound_mail import InboundMail
from tickets.inbound.mailbox_state import MailboxState
from tickets.reply_drafts import ReplyDraft
from tickets.service_levels import Holiday, ServiceLevel
from tickets.ticket_fields import AMENDABLE, MAX_TAG_LENGTH, clean_field
from tickets.ticket_queries import TicketManager, TicketQuerySet
from tickets.ticket_state import TicketState

__all__ = [
    "Attachment",
    "Attempt",
    "Comment",
    "Delivery",
    "Holiday",
    "InboundMail",
    "MailboxState",
    "ReplyDraft",
    "ServiceLevel",
    "Submission",
    "Ticket",
    "TicketQuerySet",
    "Webhook",
]


VIEW_RECORD_INTERVAL = timedelta(hours=1)
"""A reader of a ticket is recorded once in this time."""


class Ticket(TicketState):
    """A question that a person must answer."""

    class Reason(models.TextChoices):
        UNANSWERED = "unanswered", "No FAQ answered it"
        UNCLEAR = "unclear", "The site asked to clarify"
        UNHELPFUL = "unhelpful", "The answer did not help"
        REQUESTED = "requested", "The customer asked for a person"

    ask_id = models.UUIDField("ask id", null=True, blank=True, help_text="The question it is from.")
    reason = models.CharField(
        max_length=12,
        choices=Reason.choices,
        default=Reason.REQUESTED,
        help_text="Why a person is needed.",
    )
    category = models.CharField(max_length=100, blank=True)
    tags = ArrayField(models.CharField(max_length=MAX_TAG_LENGTH), default=list, blank=True)
    faq_id = models.CharField(
        "FAQ id", max_length=100, blank=True, help_text="The FAQ drafted from it."
    )

    objects: ClassVar[TicketManager] = TicketManager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["requester", "-id"], name="ticket_requester"),
            models.Index(fields=["status", "due", "id"], name="ticket_queue"),
            models.Index(fields=["assignee", "status"], name="ticket_assignee"),
            models.Index(
                fields=["due"],
                name="ticket_unbreached",
                condition=models.Q(breached=None, status__in=("open", "claimed")),
            ),
        )

    def __str__(self) -> str:
        return f"Ticket {self.pk}"

    @transaction.atomic
    def amend(self, *, by: str, **fields: object) -> bool:
        """Change fields named in ``AMENDABLE``. False if nothing changes or the ticket is closed.

        Raises ``PersonalData``.
        """
        assert fields.keys() <= set(AMENDABLE)
        fields = {name: clean_field(name, value) for name, value in fields.items()}
        self._lock()
        before = {name: getattr(self, name) for name in fields}
        changed = {name: value for name, value in fields.items() if before[name] != value}
        if not changed or self.status == self.Status.CLOSED:
            return False
        self._set(**changed)
        self.record(
            "amended",
            by=by,
            due=self.due.isoformat() if self.due else "",
            fields={n: {"before": before[n], "after": value} for n, value in changed.items()},
        )
        if "priority" in changed:
            self.notify("prioritised", by=by)
        return True

    def notify(
        self,
        event: str,
        *,
        by: str,
        comment: Comment | None = None,
        assignee: str | None = None,
        is_mailed: bool = True,
        is_requester_mailed: bool = True,
    ) -> None:
        notifications.notify(
            self,
            event,
            by=by,
            comment=comment,
            assignee=assignee,
            is_mailed=is_mailed,
            is_requester_mailed=is_requester_mailed,
        )

    @transaction.atomic
    def merge(self, target: Ticket, *, by: str) -> bool:
        """Move its conversation to another ticket of the same requester, and close it.

        False if ``merging.merge_error`` has a reason against it.
        """
        # Lock in primary key order, so that two merges cannot deadlock.
        both = Ticket.objects.filter(pk__in=(self.pk, target.pk)).order_by("pk")
        list(both.select_for_update())
        self.refresh_from_db()
        target.refresh_from_db()
        if merging.merge_error(self, target):
            return False
        merging.move_conversation(self, target)
        target.save(update_fields=["person", "address", "updated"])
        self._set(status=self.Status.CLOSED, merged_into=target, waiting_since=None)
        self.record("merged", by=by, status=self.status, into=target.pk)
        target.record("extended", by=by, merged=self.pk)
        self.notify("merged", by=by)
        return True

    # --- Conversation ---------------------------------------------------------------------------

    @transaction.atomic
    def comment(
        self,
        text: str,
        *,
        by: str,
        is_internal: bool = False,
        from_desk: bool = True,
        files: Sequence[NewFile] = (),
        channel: str = "",
        is_mailed: bool = True,
    ) -> Comment | None:
        """Add a comment. None if the ticket is closed: nobody would read it.

        A customer's comment resumes a waiting ticket and reopens a resolved one; a note changes no
        state. The desk's replies to the customer are never altered. ``channel``: how a customer
        sent it. Raises ``PersonalData`` and ``InvalidFile``.
        """
        message = apply_inbound_message(
            Channel.COMMENTS, text, field="text", must_arrive=from_desk and not is_internal
        )
        self._lock()
        if self.status == self.Status.CLOSED:
            return None
        comment = Comment.objects.create(
            ticket=self,
            author=stored_name(by),
            text=message.masked,
            original=self.encrypt(message.original),
            is_internal=is_internal,
            from_desk=from_desk,
        )
        attachments = [
            attachment.facts() for attachment in Attachment.objects.attach(comment, files)
        ]
        self.save(update_fields=["person", "updated"])
        self.record(
            "commented",
            by=by,
            comment=comment.pk,
            internal=is_internal,
            text=comment.text,
            **({"channel": channel} if channel else {}),
            **({"attachments": attachments} if attachments else {}),
        )
        if not is_internal:
            self.notify("commented", by=by, comment=comment, is_mailed=is_mailed)
        if not (from_desk or is_internal):
            self._resume_or_reopen(by=by)
        return comment

    def _resume_or_reopen(self, *, by: str) -> None:
        """After a customer's comment. No extra mail: the comment itself is mailed."""
        if self.status == self.Status.WAITING:
            self.resume(by=by, is_mailed=False)
        elif self.status == self.Status.RESOLVED:
            self.reopen(by=by, keeps_assignee=is_reachable(self.assignee), is_mailed=False)

    @transaction.atomic
    def record_view(self, *, by: str, comments: CommentQuerySet) -> None:
        """Record that somebody read the message and ``comments`` unmasked.

        One record per reader, ticket and hour, and a new one if others have added a text since.
        The requester, who knows all texts, is not recorded.
        """
        others = comments.exclude(original=None).exclude(author=stored_name(by))
        texts = others.count() + (self.original is not None)
        if not texts or stored_name(by) == self.requester:
            return
        recent = Record.objects.all().about("ticket", self.pk).by(by)
        last = recent.filter(
            action="ticket.viewed", at__gte=timezone.now() - VIEW_RECORD_INTERVAL
        ).first()
        if last is None or last.data.get("texts") != texts:
            self.record("viewed", by=by, texts=texts)

    @transaction.atomic
    def drafted(self, faq_id: str, *, by: str) -> None:
        """Store the id of the FAQ that was drafted from this ticket."""
        self.faq_id = faq_id
        self.save(update_fields=["faq_id", "updated"])
        self.record("drafted", by=by, faq_id=faq_id)
