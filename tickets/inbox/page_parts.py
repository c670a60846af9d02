"""The parts of the inbox that htmx reloads: the list and the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from tickets.admin import PROPOSE
from tickets.faq_lookup import knowledge_base
from tickets.inbox import thread
from tickets.inbox.queries import TITLES, Selection, counts
from tickets.models import ReplyDraft, Ticket

UNCHANGED = 204
"""The status of a reply without content; htmx leaves the page as it is."""


@dataclass(frozen=True)
class Part:
    """HTML that is replaced when it has changed."""

    name: str
    address: str
    html: SafeString

    @property
    def digest(self) -> str:
        return sha256(self.html.encode()).hexdigest()[:16]

    def response(self, request: HttpRequest) -> HttpResponse:
        """No content if the reader already has it: ``shown`` is the digest of what they see."""
        if request.GET.get("shown") == self.digest:
            return HttpResponse(status=UNCHANGED)
        return TemplateResponse(request, "tickets/inbox/part.html", {"part": self})


def list_part(request: HttpRequest, ticket: Ticket | None) -> Part:
    """The list of tickets, with ``ticket`` marked as the open one."""
    username, selection = username_of(request), selection_of(request)
    rows, has_more = selection.rows(username)
    counts_by_queue = counts(username)
    context = {
        "selection": selection,
        "queues": [(name, title, counts_by_queue[name]) for name, title in TITLES.items()],
        "rows": rows,
        "has_more": has_more,
        "ticket": ticket,
    }
    html = render_to_string("tickets/inbox/list.html", context, request)
    query = selection.query(ticket=ticket.pk if ticket else "")
    return Part("inbox-list", reverse("tickets_inbox_list") + query, html)


def thread_part(request: HttpRequest, ticket: Ticket) -> Part:
    """The conversation of a ticket; records that the user read it."""
    context = {
        "ticket": ticket,
        "entries": thread.entries(ticket, by=username_of(request)),
        "writers": ReplyDraft.objects.writers(ticket, besides=username_of(request)),
        "selection": selection_of(request),
        "may_propose": request.user.has_perm(PROPOSE),
        "faq_page": knowledge_base().edit_url(ticket.faq_id) if ticket.faq_id else "",
    }
    html = render_to_string("tickets/inbox/thread.html", context, request)
    address = reverse("tickets_inbox_thread", args=[ticket.pk]) + selection_of(request).query()
    return Part("inbox-thread", address, html)


def selection_of(request: HttpRequest) -> Selection:
    return Selection.from_query(request.GET)


def username_of(request: HttpRequest) -> str:
    return request.user.get_username()
