"""The ticket or mail that a mail answers, by ids of ours alone: never by subject or number."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from tickets.delivery import mail_headers
from tickets.inbound.parsing import ParsedMail
from tickets.models import Delivery, InboundMail, Ticket


@dataclass(frozen=True)
class Thread:
    """What a mail answers: a ticket, or a mail that an FAQ answered."""

    ticket: Ticket | None = None
    answered: InboundMail | None = None


def find_thread(parsed: ParsedMail) -> Thread | None:
    """None if the mail refers to nothing of ours."""
    for name in _names(parsed):
        if thread := _thread(name):
            return thread
    return None


def is_own(parsed: ParsedMail) -> bool:
    """Whether this site sent it."""
    return bool(mail_headers.name_of_message_id(parsed.message_id))


def _names(parsed: ParsedMail) -> Iterator[str]:
    yield from filter(None, map(mail_headers.name_of_address, parsed.recipients))
    yield from filter(None, map(mail_headers.name_of_message_id, parsed.references))


def _thread(name: str) -> Thread | None:
    """The thread of a name whose key was right; None if it was deleted."""
    kind, _, number = name.partition("-")
    if kind == "ticket" and number.isdecimal():
        return _of_ticket(Ticket.objects.filter(pk=number).first())
    if kind == "mail" and number.isdecimal():
        return _of_mail(InboundMail.objects.filter(pk=number).first())
    try:
        delivery_id = uuid.UUID(name)
    except ValueError:
        return None
    delivery = Delivery.objects.filter(pk=delivery_id).first()
    if delivery is None:
        return None
    return _of_mail(delivery.inbound) if delivery.inbound else _of_ticket(delivery.ticket)


def _of_mail(mail: InboundMail | None) -> Thread | None:
    if mail is None:
        return None
    return _of_ticket(mail.ticket) if mail.ticket else Thread(answered=mail)


def _of_ticket(ticket: Ticket | None) -> Thread | None:
    """The thread of the ticket; of a merged one, that of the ticket that continues it."""
    visited: set[int] = set()
    while ticket and ticket.merged_into and ticket.pk not in visited:
        visited.add(ticket.pk)
        ticket = Ticket.objects.get(pk=ticket.merged_into.pk)
    return Thread(ticket=ticket) if ticket else None
