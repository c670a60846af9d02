"""Tickets: questions for a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.utils import timezone

from audit.models import Record, record
from audit.people.pseudonyms import stored_name
from audit.privacy.gateway import Channel, apply_inbound, apply_inbound_message
from tickets import csv_file, merging
from tickets.comments import Comment, CommentQuerySet
from tickets.delivery import outbox
from tickets.delivery.outbox import Attempt, Delivery, Webhook
from tickets.encryption import EncryptedForRequester
from tickets.idempotency import Submission
from tickets.reply_drafts import ReplyDraft
from tickets.service_levels import Holiday, ServiceLevel

__all__ = [
    "Attempt",
    "Comment",
    "Delivery",
    "Holiday",
    "ReplyDraft",
    "ServiceLevel",
    "Submission",
    "Ticket",
    "TicketQuerySet",
    "Webhook",
]

LONGEST_TEXT = 4000
LONGEST_TAG = 50
MOST_TAGS = 20

VIEW_RECORD_INTERVAL = timedelta(hours=1)
"""Within it, the same reader of the same ticket is recorded once."""


class TicketQuerySet(models.QuerySet["Ticket"]):
    def waiting(self) -> TicketQuerySet:
        """Tickets without an assignee, those due first at the front."""
        return self.filter(status=Ticket.Status.OPEN).order_by("due", "id")

    def of(self, requester: str) -> TicketQuerySet:
        return self.filter(requester=stored_name(requester))

    def on_the_clock(self) -> TicketQuerySet:
        """Tickets that wait for the desk, not for the customer."""
        return self.filter(status__in=(Ticket.Status.OPEN, Ticket.Status.CLAIMED))

    def overdue(self) -> TicketQuerySet:
        return self.on_the_clock().filter(due__lt=timezone.now()).order_by("due", "id")

    def assigned_to(self, name: str) -> TicketQuerySet:
        """One person's claimed and waiting tickets."""
        unresolved = (Ticket.Status.CLAIMED, Ticket.Status.WAITING)
        return self.filter(assignee=stored_name(name), status__in=unresolved)


class TicketManager(models.Manager.from_queryset(TicketQuerySet)):  # type: ignore[misc]
    @transaction.atomic
    def escalate(
        self,
        message: str,
        *,
        requester: str,
        by: str,
        ask_id: str | None = None,
        reason: str = "",
        priority: str = "",
        category: str = "",
        email: str = "",
        tags: Iterable[str] = (),
    ) -> Ticket:
        """Open a ticket for a person, with its audit record. Raises ``PersonalData``."""
        now = timezone.now()
        text = apply_inbound_message(Channel.TICKETS, message, field="message")
        ticket: Ticket = self.model(
            requester=stored_name(requester),
            message=text.masked,
            ask_id=ask_id,
            reason=reason or Ticket.Reason.REQUESTED,
            priority=priority or Ticket.Priority.NORMAL,
            category=_clean("category", category),
            tags=_clean("tags", list(tags)),
            clock_started=now,
        )
        ticket.due = ticket.due_by_target()
        ticket.original = ticket.encrypt(text.original)
        ticket.write_to(email)
        ticket.save(force_insert=True)
        data = {name: getattr(ticket, name) for name in ("message", *FIELDS)}
        ticket.record("opened", by=by, ask_id=ask_id, due=ticket.due.isoformat(), **data)
        ticket.notify("opened", by=by)
        if settings.TICKETS_CSV:
            transaction.on_commit(lambda: csv_file.append(settings.TICKETS_CSV, ticket))
        return ticket


class Ticket(EncryptedForRequester):
    """A question that a person must answer. Only the methods here change its state.

    Each locks the row, checks that its state allows the change, and changes, records and notifies
    in one transaction. False means that the state did not allow it: somebody was faster.
    """

    class Status(models.TextChoices):
        OPEN = "open"
        CLAIMED = "claimed"
        WAITING = "waiting", "Waiting on customer"
        RESOLVED = "resolved"
        CLOSED = "closed"

    class Priority(models.TextChoices):
        URGENT = "urgent"
        HIGH = "high"
        NORMAL = "normal"
        LOW = "low"

    class Reason(models.TextChoices):
        UNANSWERED = "unanswered", "No FAQ answered it"
        UNCLEAR = "unclear", "The site asked to clarify"
        UNHELPFUL = "unhelpful", "The answer did not help"
        REQUESTED = "requested", "The customer asked for a person"

    ask_id = models.UUIDField(null=True, blank=True, help_text="The question it comes from.")
    reason = models.CharField(
        max_length=12,
        choices=Reason.choices,
        default=Reason.REQUESTED,
        help_text="Why a person is needed.",
    )
    category = models.CharField(max_length=100, blank=True)
    priority = models.CharField(max_length=10, choices=Priority.choices, default=Priority.NORMAL)
    tags = ArrayField(models.CharField(max_length=LONGEST_TAG), default=list, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    assignee = models.CharField(max_length=200, blank=True)
    due = models.DateTimeField(
        null=True, help_text="Set by the target of its priority, in business hours."
    )
    clock_started = models.DateTimeField(default=timezone.now)
    waited = models.DurationField(
        default=timedelta, help_text="Business time spent waiting for the customer."
    )
    waiting_since = models.DateTimeField(null=True, blank=True)
    breached = models.DateTimeField(
        null=True, blank=True, verbose_name="overdue since", help_text="When the desk was notified."
    )
    faq_id = models.CharField(max_length=100, blank=True, help_text="The FAQ drafted from it.")
    merged_into = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        help_text="The ticket that continues its conversation.",
    )
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

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

    def record(self, verb: str, *, by: str, **data: object) -> None:
        data = {"requester": self.requester, **data}
        record(f"ticket.{verb}", actor=by, kind="ticket", key=self.pk, data=data)

    def notify(self, event: str, *, by: str, comment: Comment | None = None) -> None:
        outbox.notify(self, event, by=by, comment=comment)

    @property
    def is_overdue(self) -> bool:
        on_the_clock = self.status in (self.Status.OPEN, self.Status.CLAIMED)
        return on_the_clock and self.due is not None and self.due < timezone.now()

    # --- The SLA --------------------------------------------------------------------------------

    def due_by_target(self) -> datetime:
        level = ServiceLevel.objects.current()
        return level.calendar().add(self.clock_started, level.target(self.priority) + self.waited)

    @transaction.atomic
    def mark_overdue(self) -> bool:
        """Record and notify, once, that it is overdue. Reopening restarts the clock."""
        self._lock()
        if self.breached or not self.is_overdue:
            return False
        self._set(breached=timezone.now())
        self.record("breached", by="", due=self.due.isoformat() if self.due else "")
        self.notify("breached", by="")
        return True

    # --- Transitions ----------------------------------------------------------------------------

    @transaction.atomic
    def claim(self, *, by: str, is_mailed: bool = True) -> bool:
        """Assign an open ticket to oneself. False if a colleague was faster."""
        return self._move(
            "claimed",
            by=by,
            origin=[self.Status.OPEN],
            is_mailed=is_mailed,
            status=self.Status.CLAIMED,
            assignee=stored_name(by),
        )

    @transaction.atomic
    def assign(self, assignee: str, *, by: str) -> bool:
        """Assign it to a colleague, who gets a mail. False if it is resolved or already theirs."""
        self._lock()
        if self.assignee == stored_name(assignee):
            return False
        is_open = self.status == self.Status.OPEN
        return self._move(
            "assigned",
            by=by,
            origin=[self.Status.OPEN, self.Status.CLAIMED, self.Status.WAITING],
            is_mailed=assignee != by,
            status=self.Status.CLAIMED if is_open else self.status,
            assignee=stored_name(assignee),
        )

    @transaction.atomic
    def wait(self, *, by: str) -> bool:
        """Wait for the customer; the clock stops until ``resume``."""
        return self._move(
            "waiting",
            by=by,
            origin=[self.Status.CLAIMED],
            status=self.Status.WAITING,
            waiting_since=timezone.now(),
        )

    @transaction.atomic
    def resume(self, *, by: str, is_mailed: bool = True) -> bool:
        """Stop waiting for the customer; ``due`` moves by the time waited."""
        self._lock()
        return self._move(
            "resumed",
            by=by,
            origin=[self.Status.WAITING],
            is_mailed=is_mailed,
            status=self.Status.CLAIMED,
            waited=self.waited + self._waited_now(),
            waiting_since=None,
        )

    @transaction.atomic
    def resolve(self, *, by: str) -> bool:
        """Mark it as answered. An open ticket is assigned to whoever resolves it."""
        self._lock()
        return self._move(
            "resolved",
            by=by,
            origin=[self.Status.OPEN, self.Status.CLAIMED, self.Status.WAITING],
            status=self.Status.RESOLVED,
            assignee=self.assignee or stored_name(by),
            waiting_since=None,
        )

    @transaction.atomic
    def close(self, *, by: str) -> bool:
        """Close a resolved ticket. From then on only the desk can reopen it."""
        return self._move("closed", by=by, origin=[self.Status.RESOLVED], status=self.Status.CLOSED)

    @transaction.atomic
    def reopen(
        self,
        *,
        by: str,
        origin: Iterable[str] = (Status.RESOLVED, Status.CLOSED),
        keeps_assignee: bool = False,
        is_mailed: bool = True,
    ) -> bool:
        """Put it back into the queue, or back to its assignee, and restart the clock.

        False for a merged ticket: its conversation is in another one.
        """
        self._lock()
        if self.merged_into_id:
            return False
        back_to = {"status": self.Status.OPEN, "assignee": ""}
        return self._move(
            "reopened",
            by=by,
            origin=origin,
            is_mailed=is_mailed,
            **({"status": self.Status.CLAIMED} if keeps_assignee else back_to),
            clock_started=timezone.now(),
            waited=timedelta(),
            breached=None,
        )

    @transaction.atomic
    def merge(self, target: Ticket, *, by: str) -> bool:
        """Move its conversation to another ticket of the same requester, and close it.

        False if the requesters differ or one of the two is closed.
        """
        # Lock in primary key order, so that two merges cannot deadlock.
        list(Ticket.objects.select_for_update().filter(pk__in=(self.pk, target.pk)).order_by("pk"))
        self.refresh_from_db()
        target.refresh_from_db()
        if not merging.can_merge(self, target):
            return False
        merging.move_conversation(self, target)
        target.save(update_fields=["person", "address", "updated"])
        self._set(status=self.Status.CLOSED, merged_into=target, waiting_since=None)
        self.record("merged", by=by, status=self.status, into=target.pk)
        target.record("extended", by=by, merged=self.pk)
        self.notify("merged", by=by)
        return True

    def _move(
        self,
        verb: str,
        *,
        by: str,
        origin: Iterable[str],
        is_mailed: bool = True,
        **changes: object,
    ) -> bool:
        self._lock()
        if self.status not in origin:
            return False
        # Also notify the previous assignee.
        assignee = self.assignee
        self._set(**changes)
        self.record(verb, by=by, **{n: changes[n] for n in ("status", "assignee") if n in changes})
        outbox.notify(self, verb, by=by, assignee=self.assignee or assignee, is_mailed=is_mailed)
        return True

    @transaction.atomic
    def amend(self, *, by: str, **fields: object) -> bool:
        """Change fields named in ``AMENDABLE``. False if nothing changes or the ticket is closed.

        Raises ``PersonalData``.
        """
        assert fields.keys() <= set(AMENDABLE)
        fields = {name: _clean(name, value) for name, value in fields.items()}
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

    def _lock(self) -> None:
        """Reload the row and lock it until the transaction ends."""
        self.refresh_from_db(from_queryset=Ticket.objects.select_for_update())

    def _set(self, **changes: object) -> None:
        if "email" in changes:
            self.write_to(str(changes.pop("email")))
            changes |= {"person": self.person, "address": self.address}
        for name, value in changes.items():
            setattr(self, name, value)
        if self.status not in (self.Status.RESOLVED, self.Status.CLOSED):
            self.due = self.due_by_target()
            if self.due > timezone.now():
                # The desk is notified again when it becomes overdue again.
                self.breached = None
        self.save(update_fields=[*changes, "due", "breached", "updated"])

    def _waited_now(self) -> timedelta:
        if self.waiting_since is None:
            return timedelta()
        calendar = ServiceLevel.objects.current().calendar()
        return calendar.between(self.waiting_since, timezone.now())

    # --- Conversation ---------------------------------------------------------------------------

    @transaction.atomic
    def comment(
        self, text: str, *, by: str, is_internal: bool = False, from_desk: bool = True
    ) -> Comment | None:
        """Add a comment. None if the ticket is closed: nobody would read it.

        A customer's comment resumes a waiting ticket and reopens a resolved one. The desk's replies
        to the customer are never altered. Raises ``PersonalData``.
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
        self.save(update_fields=["person", "updated"])
        self.record("commented", by=by, comment=comment.pk, internal=is_internal, text=comment.text)
        if not is_internal:
            self.notify("commented", by=by, comment=comment)
        if not from_desk:
            self._resume_or_reopen(by=by)
        return comment

    def _resume_or_reopen(self, *, by: str) -> None:
        """After a customer's comment. No extra mail: the comment itself is mailed."""
        if self.status == self.Status.WAITING:
            self.resume(by=by, is_mailed=False)
        elif self.status == self.Status.RESOLVED:
            self.reopen(by=by, keeps_assignee=outbox.is_reachable(self.assignee), is_mailed=False)

    @transaction.atomic
    def record_view(self, *, by: str, comments: CommentQuerySet) -> None:
        """Record that somebody read the message and ``comments`` unmasked.

        One record per reader, ticket and hour, and a new one when others have added a text since.
        The requester, who knows all of it, is not recorded.
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
        """Store which FAQ was drafted from this ticket."""
        self.faq_id = faq_id
        self.save(update_fields=["faq_id", "updated"])
        self.record("drafted", by=by, faq_id=faq_id)


FIELDS = ("priority", "category", "tags", "reason")
AMENDABLE = (*FIELDS, "email")
"""Fields that ``amend`` may change."""

_BRACKETS = str.maketrans("", "", "[]")


def _clean(name: str, value: Any) -> Any:
    """The value to store, redacted. Tags have no brackets, not even those of a placeholder."""
    if name == "category":
        return apply_inbound(Channel.TICKETS, value, field=name)
    if name == "tags":
        tags = {
            apply_inbound(Channel.TICKETS, tag, field=name).translate(_BRACKETS) for tag in value
        }
        return sorted(tags)
    return value
