"""Opening a ticket: the FAQs that may answer it already, and POSTs that come twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.db import transaction
from django.utils.crypto import salted_hmac

from audit.models import record
from audit.people.pseudonyms import stored_name
from tickets import faq_lookup, original_ask
from tickets.faq_lookup import Known
from tickets.models import Submission, Ticket

SUGGESTED = "These FAQs may answer it. To have a ticket, send it again without suggest."
CREATED = "The ticket is open."

REASONS = {
    "unanswered": Ticket.Reason.UNANSWERED,
    "clarify": Ticket.Reason.UNCLEAR,
    "answered": Ticket.Reason.UNHELPFUL,
}
"""By how the ask ended."""


class KeyReused(Exception):
    """An Idempotency-Key came a second time with something else in the body."""

    problem_status = 422

    def __str__(self) -> str:
        return "This Idempotency-Key was used for another ticket."


def suggest(
    message: str, *, requester: str, by: str, audiences: Collection[str] = ()
) -> list[Known]:
    """The FAQs that may answer it, with an audit record that they were shown."""
    found = list(faq_lookup.offered(message, audiences=audiences))
    if found:
        told = {"requester": requester, "message": message, "faqs": [each.faq_id for each in found]}
        record("ticket.offered", actor=by, data=told)
    return found


def reason_of(ask_id: str | None, requester: str) -> str:
    """Why a person is needed, as far as the ask tells."""
    ask = original_ask.find(requester, ask_id) if ask_id else None
    return REASONS.get(ask.outcome, "") if ask else ""


def is_known(key: str, subject: str) -> bool:
    """Whether this caller's key has made a ticket before."""
    return bool(key) and Submission.objects.filter(**_named(key, subject)).exists()


@transaction.atomic
def get_or_create(
    key: str, *, subject: str, content: Mapping[str, Any], make: Callable[[], Ticket]
) -> Ticket:
    """The ticket of this caller's key, made by ``make`` if there is none.

    Two at once wait for each other: the row is there or not when the first has ended.
    Raises ``KeyReused``.
    """
    sent = json.dumps(content, sort_keys=True, default=str).encode()
    digest = _digest(sent)
    submission, is_new = Submission.objects.get_or_create(
        **_named(key, subject), defaults={"digest": digest}
    )
    if is_new:
        submission.ticket = make()
        submission.save(update_fields=["ticket"])
    elif submission.digest != digest:
        raise KeyReused
    assert submission.ticket
    return submission.ticket


def _named(key: str, subject: str) -> dict[str, str]:
    return {"subject": stored_name(subject), "key": _digest(key.encode())}


def _digest(data: bytes) -> str:
    """Keyed: a short text must not be guessed from it."""
    return salted_hmac("tickets.submission", data, algorithm="sha256").hexdigest()
