"""Queries of tickets, and opening one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from audit.people.pseudonyms import stored_name
from audit.privacy.gateway import Channel, apply_inbound_message
from tickets import csv_file
from tickets.ticket_fields import FIELDS, clean_field
from tickets.ticket_state import TicketState

if TYPE_CHECKING:
    from tickets.models import Ticket

Status = TicketState.Status


class TicketQuerySet(models.QuerySet["Ticket"]):
    def waiting(self) -> TicketQuerySet:
        """Tickets without an assignee, by due time."""
        return self.filter(status=Status.OPEN).order_by("due", "id")

    def of(self, requester: str) -> TicketQuerySet:
        return self.filter(requester=stored_name(requester))

    def on_the_clock(self) -> TicketQuerySet:
        """Tickets that wait for the desk, not for the customer."""
        return self.filter(status__in=(Status.OPEN, Status.CLAIMED))

    def overdue(self) -> TicketQuerySet:
        return self.on_the_clock().filter(due__lt=timezone.now()).order_by("due", "id")

    def assigned_to(self, name: str) -> TicketQuerySet:
        """One person's claimed and waiting tickets."""
        unresolved = (Status.CLAIMED, Status.WAITING)
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
        channel: str = "api",
        is_address_verified: bool = True,
    ) -> Ticket:
        """Open a ticket for a person, with its audit record. Raises ``PersonalData``.

        If the ``email`` is not verified, only the desk gets a mail.
        """
        now = timezone.now()
        text = apply_inbound_message(Channel.TICKETS, message, field="message")
        ticket: Ticket = self.model(
            requester=stored_name(requester),
            message=text.masked,
            ask_id=ask_id,
            reason=reason or self.model.Reason.REQUESTED,
            priority=priority or self.model.Priority.NORMAL,
            category=clean_field("category", category),
            tags=clean_field("tags", list(tags)),
            clock_started=now,
        )
        ticket.due = ticket.due_by_target()
        ticket.original = ticket.encrypt(text.original)
        ticket.write_to(email)
        ticket.save(force_insert=True)
        data = {name: getattr(ticket, name) for name in ("message", *FIELDS)}
        data |= {"ask_id": ask_id, "due": ticket.due.isoformat(), "channel": channel}
        ticket.record("opened", by=by, **data)
        ticket.notify("opened", by=by, is_requester_mailed=is_address_verified)
        if settings.TICKETS_CSV:
            transaction.on_commit(lambda: csv_file.append(settings.TICKETS_CSV, ticket))
        return ticket
