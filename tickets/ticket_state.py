"""The state of a ticket: status, assignee, due time, and the methods that change them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils import timezone

from audit.models import record
from audit.people.pseudonyms import stored_name
from tickets.comments import Comment
from tickets.encryption import EncryptedForRequester
from tickets.service_levels import ServiceLevel


class TicketState(EncryptedForRequester):
    """A question that a person must answer. Only the methods here change its state.

    Each locks the row, checks that its state allows the change, and changes, records and notifies
    in one transaction. False means that the state did not allow it, since somebody was faster.
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

    priority = models.CharField(max_length=10, choices=Priority.choices, default=Priority.NORMAL)
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
    merged_into = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        help_text="The ticket that continues its conversation.",
    )

    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def record(self, verb: str, *, by: str, **data: object) -> None:
        data = {"user_id": self.requester, **data}
        record(f"ticket.{verb}", actor=by, kind="ticket", key=self.pk, data=data)

    def notify(
        self,
        event: str,
        *,
        by: str,
        comment: Comment | None = None,
        assignee: str | None = None,
        is_mailed: bool = True,
    ) -> None:
        """Store and enqueue the mails and webhooks of an event, in its transaction."""
        raise NotImplementedError

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
        if self.merged_into is not None:
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
        previous = self.assignee
        self._set(**changes)
        self.record(verb, by=by, **{n: changes[n] for n in ("status", "assignee") if n in changes})
        # Also notify the previous assignee.
        self.notify(verb, by=by, assignee=self.assignee or previous, is_mailed=is_mailed)
        return True

    def _lock(self) -> None:
        """Reload the row and lock it until the transaction ends."""
        self.refresh_from_db(from_queryset=type(self)._default_manager.select_for_update())

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
