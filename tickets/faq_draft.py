"""From a resolved ticket to a draft of an FAQ, so that the next question is answered by itself."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from audit.privacy.redaction import redact
from tickets.faq_lookup import CannotDraft, knowledge
from tickets.models import Ticket
from tickets.original_ask import asked_before


@transaction.atomic
def draft(ticket: Ticket, *, by: str) -> str:
    """The id of the draft; the one there is, if it was drafted before.

    Its question is what was asked, the ticket's message another phrasing; its answer is the desk's
    last public reply. Personal data is redacted; names are not recognised, so that a person has to
    read it before it is published. Raises ``CannotDraft``.
    """
    ticket.refresh_from_db(from_queryset=Ticket.objects.select_for_update())
    if ticket.faq_id and knowledge().page_of(ticket.faq_id):
        return ticket.faq_id
    asked = asked_before(ticket)
    phrasings = [*([asked.question] if asked else []), ticket.message]
    reply = ticket.comments.public().filter(from_desk=True).last()
    if reply is None:
        raise CannotDraft("nobody has replied to the customer, and that would be its answer")
    faq_id = knowledge().draft(
        [redact(phrasing, region=settings.PHONE_REGION) for phrasing in phrasings],
        redact(reply.text, region=settings.PHONE_REGION),
        category=ticket.category,
        by=by,
    )
    ticket.drafted(faq_id, by=by)
    return faq_id
