"""Questions waiting for a person."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models, transaction

from audit.models import record
from audit.redaction import redact


class TicketQuerySet(models.QuerySet["Ticket"]):
    def waiting(self) -> TicketQuerySet:
        """Nobody has taken them yet; the longest waiting first."""
        return self.filter(status=Ticket.Status.OPEN).order_by("created", "id")

    def of(self, requester: str) -> TicketQuerySet:
        return self.filter(requester=requester)


class TicketManager(models.Manager.from_queryset(TicketQuerySet)):  # type: ignore[misc]
    @transaction.atomic
    def escalate(
        self, message: str, *, requester: str, by: str, ask_id: str | None = None
    ) -> Ticket:
        """Open a ticket for a person, with its audit record. The message is redacted first."""
        text = redact(message, region=settings.PHONE_REGION)
        ticket: Ticket = self.create(message=text, requester=requester, ask_id=ask_id)
        ticket.record("opened", by=by, requester=requester, message=text, ask_id=ask_id)
        return ticket


class Ticket(models.Model):
    """A question a person must answer. Its state changes only through the methods here."""

    class Status(models.TextChoices):
        OPEN = "open"
        CLAIMED = "claimed"
        RESOLVED = "resolved"

    requester = models.CharField(max_length=200, help_text="Who waits for the answer.")
    message = models.TextField(help_text="Redacted.")
    ask_id = models.UUIDField(null=True, blank=True, help_text="The ask it came from.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    assignee = models.CharField(max_length=200, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    objects: ClassVar[TicketManager] = TicketManager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["requester", "-id"], name="ticket_requester"),
            models.Index(fields=["status", "created"], name="ticket_queue"),
        )

    def __str__(self) -> str:
        return f"Ticket {self.pk}"

    def record(self, verb: str, *, by: str, **data: object) -> None:
        record(f"ticket.{verb}", actor=by, kind="ticket", key=self.pk, data=data)

    @transaction.atomic
    def claim(self, *, by: str) -> bool:
        """Take an open ticket. False means a colleague got there first."""
        return self._move(
            "claimed", by=by, origin=[self.Status.OPEN], status=self.Status.CLAIMED, assignee=by
        )

    @transaction.atomic
    def resolve(self, *, by: str) -> bool:
        """Close a ticket that is not yet resolved; whoever resolves an open one has claimed it."""
        return self._move(
            "resolved",
            by=by,
            origin=[self.Status.OPEN, self.Status.CLAIMED],
            status=self.Status.RESOLVED,
            assignee=self.assignee or by,
        )

    def _move(self, verb: str, *, by: str, origin: list[str], **to: str) -> bool:
        # The row itself decides a race: only one UPDATE still finds it in its origin.
        moved = Ticket.objects.filter(pk=self.pk, status__in=origin).update(**to)
        if not moved:
            return False
        self.refresh_from_db()
        self.record(verb, by=by, **to)
        return True
