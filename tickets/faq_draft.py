"""Draft an FAQ from a resolved ticket, so that the site answers the next such question."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from audit.privacy.redaction import redact
from tickets.faq_lookup import DraftError, knowledge_base
from tickets.models import Ticket
from tickets.original_ask import find_original_ask


@transaction.atomic
def draft(ticket: Ticket, *, by: str) -> str:
    """Create the draft and return its ``faq_id``; return the existing draft if there is one.

    The question is the one asked, the ticket's message another phrasing, the answer the desk's last
    public reply. Personal data is redacted, but names are not recognised: a person must read the
    draft before it is published. Raises ``DraftError``.
    """
    ticket.refresh_from_db(from_queryset=Ticket.objects.select_for_update())
    if ticket.faq_id and knowledge_base().edit_url(ticket.faq_id):
        return ticket.faq_id
    ask = find_original_ask(ticket)
    phrasings = [*([ask.question] if ask else []), ticket.message]
    reply = ticket.comments.public().filter(from_desk=True).last()
    if reply is None:
        raise DraftError("there is no reply to the customer to use as the answer")
    faq_id = knowledge_base().create_draft(
        [redact(phrasing, region=settings.PHONE_REGION) for phrasing in phrasings],
        redact(reply.text, region=settings.PHONE_REGION),
        category=ticket.category,
        by=by,
    )
    ticket.drafted(faq_id, by=by)
    return faq_id
