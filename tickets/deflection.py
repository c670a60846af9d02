"""Opening a ticket: suggest FAQs first, and handle repeated POSTs (Idempotency-Key)."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.db import transaction
from django.utils.crypto import salted_hmac

from audit.models import record
from audit.people.pseudonyms import stored_name
from tickets import faq_lookup, original_ask
from tickets.faq_lookup import FaqMatch
from tickets.models import Submission, Ticket

SUGGESTED = "These FAQs may answer it. To open a ticket, send it again without suggest."
CREATED = "The ticket is open."

REASONS = {
    "unanswered": Ticket.Reason.UNANSWERED,
    "clarify": Ticket.Reason.UNCLEAR,
    "answered": Ticket.Reason.UNHELPFUL,
}
"""The reason of a ticket, by the outcome of its ask."""


class KeyReused(Exception):
    """An Idempotency-Key was sent again with a different body."""

    problem_status = 422

    def __str__(self) -> str:
        return "This Idempotency-Key was used for another ticket."


def suggest(
    message: str, *, requester: str, by: str, audiences: Collection[str] = ()
) -> list[FaqMatch]:
    """FAQs that may answer the message. Records that they were shown."""
    faqs = list(faq_lookup.suggestions(message, audiences=audiences))
    if faqs:
        data = {"user_id": requester, "message": message, "faqs": [faq.faq_id for faq in faqs]}
        record("ticket.offered", actor=by, data=data)
    return faqs


def reason_of(ask_id: str | None, requester: str) -> str:
    """The reason of a ticket by its ask; empty if there is none."""
    ask = original_ask.find_record(requester, ask_id) if ask_id else None
    return REASONS.get(ask.outcome, "") if ask else ""


def has_ticket(key: str, subject: str) -> bool:
    """True if this caller has opened a ticket with this Idempotency-Key."""
    return bool(key) and Submission.objects.filter(**_unique_fields(key, subject)).exists()


@transaction.atomic
def get_or_create(
    key: str, *, subject: str, content: Mapping[str, Any], create: Callable[[], Ticket]
) -> Ticket:
    """The ticket of this caller's Idempotency-Key; ``create`` makes it if there is none.

    Concurrent calls with one key wait for each other on its unique row. Raises ``KeyReused``.
    """
    body = json.dumps(content, sort_keys=True, default=str).encode()
    digest = _digest(body)
    submission, is_new = Submission.objects.get_or_create(
        **_unique_fields(key, subject), defaults={"digest": digest}
    )
    if is_new:
        submission.ticket = create()
        submission.save(update_fields=["ticket"])
    elif submission.digest != digest:
        raise KeyReused
    assert submission.ticket
    return submission.ticket


def _unique_fields(key: str, subject: str) -> dict[str, str]:
    return {"subject": stored_name(subject), "key": _digest(key.encode())}


def _digest(data: bytes) -> str:
    """A keyed hash, so that a short text cannot be guessed from it."""
    return salted_hmac("tickets.submission", data, algorithm="sha256").hexdigest()
