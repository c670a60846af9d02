"""The deliveries of an event: mails to people, and webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from audit.people.pseudonyms import stored_name
from audit.privacy.gateway import Channel, redact_outbound
from tickets.delivery import links, mail
from tickets.delivery.channels import backend as channels
from tickets.delivery.outbox import Delivery
from tickets.delivery.recipients import TO_REQUESTER, recipients
from tickets.delivery.webhooks.webhook import Webhook

if TYPE_CHECKING:
    from tickets.comments import Comment
    from tickets.models import Ticket


def notify(
    ticket: Ticket,
    event: str,
    *,
    by: str,
    comment: Comment | None = None,
    assignee: str | None = None,
    is_mailed: bool = True,
    is_requester_mailed: bool = True,
) -> None:
    """Store and enqueue the deliveries of an event. Call it in the event's transaction.

    ``comment``: a public one. ``assignee``: the previous one, if the ticket no longer names it.
    """
    now, by = timezone.now(), stored_name(by)
    deliveries: list[Delivery] = []
    if is_mailed:
        mails = _mails(ticket, event, by, comment, assignee or ticket.assignee, now)
        deliveries += [
            mail for mail in mails if is_requester_mailed or mail.address != TO_REQUESTER
        ]
    deliveries += _webhooks(ticket, event, by, comment, now)
    deliveries += channels.get().deliveries(ticket, event, comment)
    Delivery.objects.bulk_create(deliveries)
    for delivery in deliveries:
        delivery.enqueue()


def _mails(
    ticket: Ticket, event: str, by: str, comment: Comment | None, assignee: str, now: datetime
) -> Iterator[Delivery]:
    question = redact_outbound(Channel.MAIL, ticket.message)
    texts = mail.EventMail(event, ticket.pk, question, by, settings.SITE_NAME, ticket.due)
    subject = redact_outbound(Channel.MAIL, texts.subject())
    masked = redact_outbound(Channel.MAIL, comment.text) if comment else ""
    files = comment.attachments.count() if comment else 0
    for name in recipients(ticket, event, by, comment, assignee):
        delivery = Delivery(
            ticket=ticket, event=event, kind=Delivery.Kind.MAIL, address=name, next_try=now
        )
        if name == TO_REQUESTER:
            link = settings.TICKET_URL.replace(links.NUMBER, str(ticket.pk))
            text = texts.to_requester(reply=masked, link=link, files=files)
            # The desk's replies to the customer are never altered.
            reply = comment.full_text if comment else ""
            full = texts.to_requester(reply=reply, link=link, files=files)
            delivery.original = ticket.encrypt(full) if full != text else None
        else:
            page = reverse("admin:tickets_ticket_change", args=[ticket.pk])
            text = texts.to_desk(comment=masked, link=f"{settings.SITE_URL}{page}", files=files)
        delivery.payload = {"subject": subject, "text": text}
        if comment and files and name == TO_REQUESTER:
            delivery.payload["attachments_of"] = comment.pk
        yield delivery


def _webhooks(
    ticket: Ticket, event: str, by: str, comment: Comment | None, now: datetime
) -> Iterator[Delivery]:
    for webhook in Webhook.objects.filter(is_active=True):
        delivery = Delivery(
            ticket=ticket,
            event=event,
            kind=Delivery.Kind.WEBHOOK,
            webhook=webhook,
            address=webhook.url,
            next_try=now,
        )
        delivery.payload = {
            "delivery_id": str(delivery.pk),
            "event": f"ticket.{event}",
            "at": now.isoformat(),
            "by": by,
            "ticket": ticket_payload(ticket),
            **({"comment": redact_outbound(Channel.WEBHOOKS, comment.text)} if comment else {}),
        }
        yield delivery


def ticket_payload(ticket: Ticket) -> dict[str, Any]:
    """The ticket in a webhook's body: redacted, nothing that is for the desk only."""
    texts = {name: getattr(ticket, name) for name in ("message", "category", "tags")}
    return {
        "id": ticket.pk,
        "user_id": ticket.requester,
        **redact_outbound(Channel.WEBHOOKS, texts),
        "ask_id": str(ticket.ask_id) if ticket.ask_id else None,
        "status": ticket.status,
        "priority": ticket.priority,
        "reason": ticket.reason,
        "assignee": ticket.assignee,
        "due": ticket.due.isoformat() if ticket.due else None,
    }
