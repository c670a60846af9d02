"""Questions waiting for a person."""

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

VIEWED_WITHIN = timedelta(hours=1)
"""Who reads a ticket again within it makes no second record."""


class TicketQuerySet(models.QuerySet["Ticket"]):
    def waiting(self) -> TicketQuerySet:
        """Nobody has taken them yet; what is due first comes first."""
        return self.filter(status=Ticket.Status.OPEN).order_by("due", "id")

    def of(self, requester: str) -> TicketQuerySet:
        return self.filter(requester=stored_name(requester))

    def on_the_clock(self) -> TicketQuerySet:
        """Those that wait for somebody at the desk."""
        return self.filter(status__in=(Ticket.Status.OPEN, Ticket.Status.CLAIMED))

    def overdue(self) -> TicketQuerySet:
        return self.on_the_clock().filter(due__lt=timezone.now()).order_by("due", "id")

    def at_hand(self, name: str) -> TicketQuerySet:
        """What one person of the desk has taken and not yet resolved."""
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
        admitted = apply_inbound_message(Channel.TICKETS, message, field="message")
        ticket: Ticket = self.model(
            requester=stored_name(requester),
            message=admitted.masked,
            ask_id=ask_id,
            reason=reason or Ticket.Reason.REQUESTED,
            priority=priority or Ticket.Priority.NORMAL,
            category=_admitted("category", category),
            tags=_admitted("tags", list(tags)),
            clock_started=now,
        )
        ticket.due = ticket.due_by_target()
        ticket.original = ticket.encrypt(admitted.original)
        ticket.write_to(email)
        ticket.save(force_insert=True)
        told = {name: getattr(ticket, name) for name in ("message", *FIELDS)}
        ticket.record("opened", by=by, ask_id=ask_id, due=ticket.due.isoformat(), **told)
        ticket.tell("opened", by=by)
        if settings.TICKETS_CSV:
            transaction.on_commit(lambda: csv_file.append(settings.TICKETS_CSV, ticket))
        return ticket


class Ticket(EncryptedForRequester):
    """A question a person must answer. Its state changes only through the methods here.

    Each of them takes the row, looks whether it still is where the change may start from, and
    changes, records and tells in one transaction. False means that somebody was faster.
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
        UNCLEAR = "unclear", "It was asked back"
        UNHELPFUL = "unhelpful", "The answer did not help"
        REQUESTED = "requested", "A person was asked for"

    ask_id = models.UUIDField(null=True, blank=True, help_text="The ask it came from.")
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
    due = models.DateTimeField(null=True, help_text="By its priority's target in business hours.")
    clock_started = models.DateTimeField(default=timezone.now)
    waited = models.DurationField(
        default=timedelta, help_text="Business time in which the customer had to answer."
    )
    waiting_since = models.DateTimeField(null=True, blank=True)
    breached = models.DateTimeField(null=True, blank=True, help_text="When it was told overdue.")
    faq_id = models.CharField(max_length=100, blank=True, help_text="The FAQ drafted from it.")
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, help_text="Where its conversation went on."
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
        told = {"requester": self.requester, **data}
        record(f"ticket.{verb}", actor=by, kind="ticket", key=self.pk, data=told)

    def tell(self, event: str, *, by: str, comment: Comment | None = None) -> None:
        outbox.tell(self, event, by=by, comment=comment)

    @property
    def is_overdue(self) -> bool:
        on_the_clock = self.status in (self.Status.OPEN, self.Status.CLAIMED)
        return on_the_clock and self.due is not None and self.due < timezone.now()

    # --- The SLA --------------------------------------------------------------------------------

    def due_by_target(self) -> datetime:
        level = ServiceLevel.objects.current()
        return level.calendar().add(self.clock_started, level.target(self.priority) + self.waited)

    @transaction.atomic
    def breach(self) -> bool:
        """Note and tell, once, that it is overdue. A reopened ticket's clock starts again."""
        self._take()
        if self.breached or not self.is_overdue:
            return False
        self._set(breached=timezone.now())
        self.record("breached", by="", due=self.due.isoformat() if self.due else "")
        self.tell("breached", by="")
        return True

    # --- Transitions ----------------------------------------------------------------------------

    @transaction.atomic
    def claim(self, *, by: str, is_mailed: bool = True) -> bool:
        """Take an open ticket. False means a colleague got there first."""
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
        """Give it to a colleague, who is mailed. False if it is done, or theirs already."""
        self._take()
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
        """It is the customer's turn; the clock stands still meanwhile."""
        return self._move(
            "waiting",
            by=by,
            origin=[self.Status.CLAIMED],
            status=self.Status.WAITING,
            waiting_since=timezone.now(),
        )

    @transaction.atomic
    def resume(self, *, by: str, is_mailed: bool = True) -> bool:
        """The customer has answered: it is the desk's turn again, and due that much later."""
        self._take()
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
        """It is answered; whoever resolves an open one has claimed it."""
        self._take()
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
        """Nothing more is to come: from here on only the desk can reopen it."""
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
        """It was not answered after all: back to the queue, or to who had it, with a clock that
        starts again. A merged one stays closed: its conversation is in another ticket."""
        self._take()
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
        # In one order, so that two merges at once cannot wait for each other.
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
        self.tell("merged", by=by)
        return True

    def _move(
        self, verb: str, *, by: str, origin: Iterable[str], is_mailed: bool = True, **to: object
    ) -> bool:
        self._take()
        if self.status not in origin:
            return False
        # News are for whoever had it, too.
        assignee = self.assignee
        self._set(**to)
        self.record(
            verb, by=by, **{name: to[name] for name in ("status", "assignee") if name in to}
        )
        outbox.tell(self, verb, by=by, assignee=self.assignee or assignee, is_mailed=is_mailed)
        return True

    @transaction.atomic
    def amend(self, *, by: str, **fields: object) -> bool:
        """Change what is known about it: ``FIELDS`` only. False if that changes nothing.

        A closed ticket stays as it is. Raises ``PersonalData``.
        """
        assert fields.keys() <= set(AMENDABLE)
        fields = {name: _admitted(name, value) for name, value in fields.items()}
        self._take()
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
            self.tell("prioritised", by=by)
        return True

    def _take(self) -> None:
        """This row as it is now, and nobody else's until the transaction ends."""
        self.refresh_from_db(from_queryset=Ticket.objects.select_for_update())

    def _set(self, **to: object) -> None:
        if "email" in to:
            self.write_to(str(to.pop("email")))
            to |= {"person": self.person, "address": self.address}
        for name, value in to.items():
            setattr(self, name, value)
        if self.status not in (self.Status.RESOLVED, self.Status.CLOSED):
            self.due = self.due_by_target()
            if self.due > timezone.now():
                # It may become overdue once more, and is told then.
                self.breached = None
        self.save(update_fields=[*to, "due", "breached", "updated"])

    def _waited_now(self) -> timedelta:
        if self.waiting_since is None:
            return timedelta()
        calendar = ServiceLevel.objects.current().calendar()
        return calendar.between(self.waiting_since, timezone.now())

    # --- What is said ---------------------------------------------------------------------------

    @transaction.atomic
    def comment(
        self, text: str, *, by: str, is_internal: bool = False, from_desk: bool = True
    ) -> Comment | None:
        """Say something about it. None if it is closed: then nobody would read it.

        What the customer says on a waiting or resolved ticket puts it back to work. What the desk
        says to the customer is never altered. Raises ``PersonalData``.
        """
        message = apply_inbound_message(
            Channel.COMMENTS, text, field="text", must_arrive=from_desk and not is_internal
        )
        self._take()
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
            self.tell("commented", by=by, comment=comment)
        if not from_desk:
            self._put_back_to_work(by=by)
        return comment

    def _put_back_to_work(self, *, by: str) -> None:
        """By what the customer said, of which everybody is told anyway."""
        if self.status == self.Status.WAITING:
            self.resume(by=by, is_mailed=False)
        elif self.status == self.Status.RESOLVED:
            self.reopen(by=by, keeps_assignee=outbox.is_reachable(self.assignee), is_mailed=False)

    @transaction.atomic
    def record_view(self, *, by: str, comments: CommentQuerySet) -> None:
        """Record that somebody read what is masked everywhere else: the message and ``comments``.

        One record for a reader and a ticket an hour, and another as soon as there is more to read
        that others wrote. None for the requester, who wrote or was sent all of it.
        """
        others = comments.exclude(original=None).exclude(author=stored_name(by))
        texts = others.count() + (self.original is not None)
        if not texts or stored_name(by) == self.requester:
            return
        recent = Record.objects.all().about("ticket", self.pk).by(by)
        last = recent.filter(action="ticket.viewed", at__gte=timezone.now() - VIEWED_WITHIN).first()
        if last is None or last.data.get("texts") != texts:
            self.record("viewed", by=by, texts=texts)

    @transaction.atomic
    def drafted(self, faq_id: str, *, by: str) -> None:
        """What was answered here became a draft of an FAQ."""
        self.faq_id = faq_id
        self.save(update_fields=["faq_id", "updated"])
        self.record("drafted", by=by, faq_id=faq_id)


FIELDS = ("priority", "category", "tags", "reason")
AMENDABLE = (*FIELDS, "email")
"""What the desk may change besides the state."""

_BRACKETS = str.maketrans("", "", "[]")


def _admitted(name: str, value: Any) -> Any:
    """A field as it is kept; a tag has no brackets, those of a placeholder neither."""
    if name == "category":
        return apply_inbound(Channel.TICKETS, value, field=name)
    if name == "tags":
        tags = {
            apply_inbound(Channel.TICKETS, tag, field=name).translate(_BRACKETS) for tag in value
        }
        return sorted(tags)
    return value
