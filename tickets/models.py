"""Questions waiting for a person."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.utils import timezone

from audit import box
from audit.models import SubjectKey, record
from audit.people import Pseudonym, known_as
from audit.privacy import Channel, admit
from tickets import outbox
from tickets.comments import Comment
from tickets.outbox import Attempt, Delivery, Webhook
from tickets.service_levels import Holiday, ServiceLevel
from tickets.submissions import Submission

__all__ = [
    "Attempt",
    "Comment",
    "Delivery",
    "Holiday",
    "ServiceLevel",
    "Submission",
    "Ticket",
    "TicketQuerySet",
    "Webhook",
]

LONGEST_TEXT = 4000
LONGEST_TAG = 50
MOST_TAGS = 20


class TicketQuerySet(models.QuerySet["Ticket"]):
    def waiting(self) -> TicketQuerySet:
        """Nobody has taken them yet; what is due first comes first."""
        return self.filter(status=Ticket.Status.OPEN).order_by("due", "id")

    def of(self, requester: str) -> TicketQuerySet:
        return self.filter(requester=known_as(requester))

    def on_the_clock(self) -> TicketQuerySet:
        """Those that wait for somebody at the desk."""
        return self.filter(status__in=(Ticket.Status.OPEN, Ticket.Status.CLAIMED))

    def overdue(self) -> TicketQuerySet:
        return self.on_the_clock().filter(due__lt=timezone.now()).order_by("due", "id")

    def at_hand(self, name: str) -> TicketQuerySet:
        """What one person of the desk has taken and not yet resolved."""
        unresolved = (Ticket.Status.CLAIMED, Ticket.Status.WAITING)
        return self.filter(assignee=known_as(name), status__in=unresolved)


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
        ticket: Ticket = self.model(
            requester=known_as(requester),
            message=admit(Channel.TICKETS, message, field="message"),
            ask_id=ask_id,
            reason=reason or Ticket.Reason.REQUESTED,
            priority=priority or Ticket.Priority.NORMAL,
            category=_admitted("category", category),
            tags=_admitted("tags", list(tags)),
            clock_started=now,
        )
        ticket.due = ticket.due_by_target()
        ticket.write_to(email)
        ticket.save(force_insert=True)
        told = {name: getattr(ticket, name) for name in ("message", *FIELDS)}
        ticket.record("opened", by=by, ask_id=ask_id, due=ticket.due.isoformat(), **told)
        ticket.tell("opened", by=by)
        return ticket


class Ticket(models.Model):
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

    requester = models.CharField(
        max_length=200, help_text="Who waits for the answer, as people.known_as has it."
    )
    person = Pseudonym(db_column="person", help_text="Whose key opens the address.")
    address = models.BinaryField(null=True, help_text="Where news for the requester go, encrypted.")
    message = models.TextField(help_text="Redacted.")
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

    @property
    def email(self) -> str:
        """Where news for the requester go; empty for nowhere, and once that person is erased."""
        key = SubjectKey.objects.filter(pk=self.person_id).first()
        if key is None or not self.address:
            return ""
        with suppress(box.Unreadable):
            return key.open(bytes(self.address))
        return ""

    def write_to(self, email: str) -> None:
        """Let news go there; whoever calls saves it."""
        self.person = SubjectKey.objects.kept(self.requester) if email else None
        self.address = self.person.close(email) if self.person else None

    def record(self, verb: str, *, by: str, **data: object) -> None:
        told = {"requester": self.requester, **data}
        record(f"ticket.{verb}", actor=by, kind="ticket", key=self.pk, data=told)

    def tell(self, event: str, *, by: str, comment: Comment | None = None) -> None:
        outbox.tell(self, event, by=by, text=comment.text if comment else "")

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
    def claim(self, *, by: str) -> bool:
        """Take an open ticket. False means a colleague got there first."""
        return self._move(
            "claimed",
            by=by,
            origin=[self.Status.OPEN],
            status=self.Status.CLAIMED,
            assignee=known_as(by),
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
    def resume(self, *, by: str) -> bool:
        """The customer has answered: it is the desk's turn again, and due that much later."""
        self._take()
        return self._move(
            "resumed",
            by=by,
            origin=[self.Status.WAITING],
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
            assignee=self.assignee or known_as(by),
            waiting_since=None,
        )

    @transaction.atomic
    def close(self, *, by: str) -> bool:
        """Nothing more is to come: from here on only the desk can reopen it."""
        return self._move("closed", by=by, origin=[self.Status.RESOLVED], status=self.Status.CLOSED)

    @transaction.atomic
    def reopen(self, *, by: str, origin: Iterable[str] = (Status.RESOLVED, Status.CLOSED)) -> bool:
        """It was not answered after all: back to the queue, with a clock that starts again."""
        return self._move(
            "reopened",
            by=by,
            origin=origin,
            status=self.Status.OPEN,
            assignee="",
            clock_started=timezone.now(),
            waited=timedelta(),
            breached=None,
        )

    def _move(self, verb: str, *, by: str, origin: Iterable[str], **to: object) -> bool:
        self._take()
        if self.status not in origin:
            return False
        # News are for whoever had it, too.
        assignee = self.assignee
        self._set(**to)
        self.record(
            verb, by=by, **{name: to[name] for name in ("status", "assignee") if name in to}
        )
        outbox.tell(self, verb, by=by, assignee=self.assignee or assignee)
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
        self.save(update_fields=[*to, "due", "updated"])

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

        What the customer says while the desk waits for it puts the ticket back to work. Raises
        ``PersonalData``.
        """
        text = admit(Channel.COMMENTS, text, field="text")
        self._take()
        if self.status == self.Status.CLOSED:
            return None
        said = Comment.objects.create(
            ticket=self,
            author=known_as(by),
            text=text,
            is_internal=is_internal,
            from_desk=from_desk,
        )
        self.record("commented", by=by, comment=said.pk, internal=is_internal, text=text)
        if not is_internal:
            self.tell("commented", by=by, comment=said)
        if not from_desk:
            self.resume(by=by)
        return said

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
        return admit(Channel.TICKETS, value, field=name)
    if name == "tags":
        tags = {admit(Channel.TICKETS, tag, field=name).translate(_BRACKETS) for tag in value}
        return sorted(tags)
    return value
