"""The question and the reply of a resolved ticket, as an FAQ would have them."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.text.cleaning import strip_pleasantries
from assistant.text.instructions import is_instruction
from audit.people.erasure import ERASED
from tickets.excerpts import has_placeholder, without_placeholders
from tickets.models import Ticket
from tickets.original_ask import find_original_ask
from tickets.proposals import suggested_answer, suggested_question

MAX_QUESTION_LENGTH = 200
"""Characters; a longer message is not proposed."""


@dataclass(frozen=True)
class TicketTexts:
    """Redacted, without greeting and signature."""

    question: str
    answer: str


def texts_of_ticket(ticket: Ticket) -> TicketTexts | None:
    """The question asked on the site, or else the first message, and the longest reply of a person
    to the customer. None if one is missing, erased or unfit for an FAQ."""
    if ticket.message == ERASED:
        return None
    ask = find_original_ask(ticket)
    text = strip_pleasantries(ask.question) if ask else suggested_question(ticket)
    question = " ".join(without_placeholders(text).split())
    answer = without_placeholders(suggested_answer(ticket)).strip()
    if not question or not answer or len(question) > MAX_QUESTION_LENGTH:
        return None
    if any(has_placeholder(text) or is_instruction(text) for text in (question, answer)):
        return None
    return TicketTexts(question, answer)
