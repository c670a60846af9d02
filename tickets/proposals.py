"""Propose phrasings and FAQs from the conversation of a ticket."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction

from audit.privacy.redaction import redact
from tickets.comments import Comment
from tickets.excerpts import letter_body, without_placeholders
from tickets.faq_lookup import knowledge_base
from tickets.models import Ticket
from tickets.original_ask import find_original_ask


def suggested_question(ticket: Ticket, comment: Comment | None = None) -> str:
    """The customer's question, redacted, on one line, without a greeting.

    ``comment``: take this message instead of the first.
    """
    text = comment.text if comment else ticket.message
    body = without_placeholders(letter_body(_redacted(text)))
    return " ".join(knowledge_base().strip_pleasantries(body).split()).removesuffix(".")


def suggested_alternates(ticket: Ticket, question: str) -> list[str]:
    """The question that the customer asked the site before, if it has other words."""
    ask = find_original_ask(ticket)
    earlier = " ".join(_redacted(ask.question).split()) if ask else ""
    return [earlier] if earlier and earlier.casefold() != question.casefold() else []


def suggested_answer(ticket: Ticket) -> str:
    """The longest reply of a person to the customer, redacted, without greeting and sign-off.

    The last one is often only "You are welcome". Empty if nobody has replied.
    """
    replies = ticket.comments.public().filter(from_desk=True)
    texts = [letter_body(_redacted(reply.text)) for reply in replies]
    return max(reversed(texts), key=len, default="")


def customer_comment(ticket: Ticket, number: str) -> Comment | None:
    """A message of the customer by its number; None if there is none."""
    of_customer = ticket.comments.public().filter(from_desk=False)
    return of_customer.filter(pk=number).first() if number.isdecimal() else None


@transaction.atomic
def propose_phrasing(ticket: Ticket, faq_id: str, text: str, *, by: str) -> bool:
    """Add a phrasing to an FAQ's draft. False if the FAQ has it. Raises ``ProposalError``."""
    if not knowledge_base().add_phrasing(faq_id, text, by=by):
        return False
    ticket.record("proposed", by=by, faq_id=faq_id)
    return True


@transaction.atomic
def propose_faq(
    ticket: Ticket,
    question: str,
    answer: str,
    *,
    faq_id: str,
    category: str,
    alternates: Sequence[str],
    by: str,
) -> str:
    """Create a draft FAQ; returns its id. Raises ``ProposalError``."""
    faq_id = knowledge_base().propose(
        question, answer, faq_id=faq_id, category=category, alternates=alternates, by=by
    )
    ticket.drafted(faq_id, by=by)
    return faq_id


def _redacted(text: str) -> str:
    # A site may store texts unmasked.
    return redact(text, region=settings.PHONE_REGION)
