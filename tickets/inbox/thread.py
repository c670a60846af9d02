"""The conversation of a ticket, and the side of its page: the customer, FAQs, the decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from audit.action_labels import change_label
from audit.models import Record
from tickets.attachments import Attachment
from tickets.comments import CommentQuerySet
from tickets.faq_lookup import FaqMatch, knowledge_base, nearest, search
from tickets.models import InboundMail, Ticket
from tickets.original_ask import Turn, find_original_ask, turn_of

MAX_FAQS = 5
MAX_OTHER_TICKETS = 10
MAX_EARLIER_ASKS = 10


@dataclass(frozen=True)
class Entry:
    """One message of the conversation."""

    kind: str
    """``customer``, ``desk`` or ``note``."""
    author: str
    at: datetime
    text: str
    comment_id: int | None = None
    """None for the first message."""
    files: Sequence[Attachment] = ()
    channel: str = ""
    """How it came, such as ``by mail``; empty for the API, the help page and the desk."""


def entries(ticket: Ticket, *, by: str) -> list[Entry]:
    """The conversation as written, oldest first; records that ``by`` read it."""
    comments = ticket.comments.all()
    ticket.record_view(by=by, comments=comments)
    mails = InboundMail.objects.by_comment(ticket.pk)
    first = Entry(
        "customer",
        ticket.requester,
        ticket.created,
        ticket.full_message,
        channel=channel_of(mails.get(None)),
    )
    comment_entries = [
        Entry(
            "note" if comment.is_internal else "desk" if comment.from_desk else "customer",
            comment.author,
            comment.created,
            comment.full_text,
            comment.pk,
            list(comment.attachments.all()),
            channel_of(mails.get(comment.pk)),
        )
        for comment in _in_order(comments)
    ]
    # A merged ticket may be older than this one.
    return sorted([first, *comment_entries], key=lambda entry: entry.at)


def channel_of(mail: InboundMail | None) -> str:
    """The channel of a message that came by ``mail``; empty for one that did not."""
    if mail is None:
        return ""
    if mail.is_automatic:
        return "by mail, automatic"
    return f"by mail, address {'verified' if mail.is_verified else 'not verified'}"


def _in_order(comments: CommentQuerySet) -> CommentQuerySet:
    with_files = comments.select_related("ticket").prefetch_related("attachments")
    return with_files.order_by("created", "id")


def side_context(ticket: Ticket, *, search_words: str) -> dict[str, Any]:
    """Template variables of the side: the customer, FAQs that may help, the site's decision."""
    ask = find_original_ask(ticket)
    decision = ""
    if ask:
        decision = knowledge_base().decision_html(ask.outcome, ask.answer, ask.decision)
    return {
        "other_tickets": Ticket.objects.filter(requester=ticket.requester)
        .exclude(pk=ticket.pk)
        .order_by("-id")[:MAX_OTHER_TICKETS],
        "earlier_asks": earlier_asks(ticket),
        "faqs": faqs_for(ticket, search_words),
        "search_words": search_words,
        "ask": ask,
        "decision": decision,
        "history": [
            {"at": change.at, "label": change_label(change.action), "by": change.actor}
            for change in Record.objects.all().about("ticket", ticket.pk).order_by("id")
        ],
    }


def faqs_for(ticket: Ticket, search_words: str) -> Sequence[FaqMatch]:
    """FAQs that match the search; without one, those closest to the ticket's message."""
    if search_words:
        return search(search_words, limit=MAX_FAQS)
    return nearest(ticket.message, limit=MAX_FAQS)


def earlier_asks(ticket: Ticket) -> list[Turn]:
    """The customer's latest questions to the site, newest first."""
    asks = Record.objects.filter(action="question.asked").concerning(ticket.requester)
    latest = asks.order_by("-id")[:MAX_EARLIER_ASKS]
    return [turn_of(ask) for ask in latest if "question" in ask.data]


def possible_assignees() -> list[str]:
    """The user names of the active people at the desk who may change tickets."""
    allowed = {"content_type__app_label": "tickets", "codename": "change_ticket"}
    of_user = Q(**{f"user_permissions__{name}": value for name, value in allowed.items()})
    of_group = Q(**{f"groups__permissions__{name}": value for name, value in allowed.items()})
    people = get_user_model().objects.filter(is_active=True, is_staff=True)
    assignees = people.filter(Q(is_superuser=True) | of_user | of_group).distinct()
    return list(assignees.order_by("username").values_list("username", flat=True))
