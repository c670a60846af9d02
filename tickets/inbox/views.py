"""Pages, parts of pages, and posts of the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from tickets.admin import NO_ADDRESS, PROPOSE, REPLY_MAILED
from tickets.admin_ticket_list import MOVES
from tickets.attachment_files import NewFile
from tickets.attachments import Attachment
from tickets.downloads import download
from tickets.faq_lookup import knowledge_base
from tickets.inbox import thread
from tickets.inbox.forms import AssignForm, MergeForm, ReplyForm
from tickets.inbox.queries import LARGEST_NUMBER, TITLES, Selection, counts
from tickets.models import ReplyDraft, Ticket
from tickets.ticket_fields import LONGEST_TEXT

LONGEST_WORDS = 200
"""Of the words in a search for FAQs."""

UNCHANGED = 204
"""htmx leaves the page as it is."""

may_view = permission_required("tickets.view_ticket", raise_exception=True)
may_change = permission_required("tickets.change_ticket", raise_exception=True)


# --- Pages ----------------------------------------------------------------------------------------


@require_safe
@may_view
def inbox(request: HttpRequest) -> HttpResponse:
    """The list, and no ticket yet."""
    context = {**_page(request), "list": _list(request, ticket=None)}
    return TemplateResponse(request, "tickets/inbox/inbox.html", context)


@may_view
def ticket_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One ticket next to the list. POST: the action of the button in the reply box."""
    ticket = get_object_or_404(Ticket, pk=pk)
    if request.method == "POST":
        return _act(request, ticket)
    draft = ReplyDraft.objects.text_of(ticket, by=_me(request))
    return _ticket_page(request, ticket, ReplyForm(initial={"reply": draft}))


def _ticket_page(request: HttpRequest, ticket: Ticket, form: ReplyForm) -> HttpResponse:
    context = {
        **_page(request),
        "list": _list(request, ticket),
        "thread": _thread(request, ticket),
        **thread.beside(ticket, words=_words(request)),
        "title": f"Ticket {ticket.pk}",
        "ticket": ticket,
        "form": form,
        "assign_form": AssignForm(ticket=ticket),
        "merge_form": MergeForm(),
        "may_change": request.user.has_perm("tickets.change_ticket"),
    }
    return TemplateResponse(request, "tickets/inbox/inbox.html", context)


def _page(request: HttpRequest) -> dict[str, Any]:
    common = admin.site.each_context(request)
    return {**common, "title": "Inbox", "is_fullwidth": "1", "selection": _selection(request)}


def _selection(request: HttpRequest) -> Selection:
    return Selection.of(request.GET)


def _words(request: HttpRequest) -> str:
    return request.GET.get("faq", "").strip()[:LONGEST_WORDS]


def _me(request: HttpRequest) -> str:
    return request.user.get_username()


# --- Parts of pages, which htmx reloads -----------------------------------------------------------


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


def _list(request: HttpRequest, ticket: Ticket | None) -> Part:
    me, selection = _me(request), _selection(request)
    rows, has_more = selection.rows(me)
    counts_by_queue = counts(me)
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


def _thread(request: HttpRequest, ticket: Ticket) -> Part:
    context = {
        "ticket": ticket,
        "entries": thread.entries(ticket, by=_me(request)),
        "writers": ReplyDraft.objects.writers(ticket, besides=_me(request)),
        "selection": _selection(request),
        "may_propose": request.user.has_perm(PROPOSE),
        "faq_page": knowledge_base().edit_url(ticket.faq_id) if ticket.faq_id else "",
    }
    html = render_to_string("tickets/inbox/thread.html", context, request)
    address = reverse("tickets_inbox_thread", args=[ticket.pk]) + _selection(request).query()
    return Part("inbox-thread", address, html)


@require_safe
@may_view
def ticket_list(request: HttpRequest) -> HttpResponse:
    number = request.GET.get("ticket", "")
    is_number = number.isascii() and number.isdecimal() and int(number) <= LARGEST_NUMBER
    ticket = Ticket.objects.filter(pk=number).first() if is_number else None
    return _list(request, ticket).response(request)


@require_safe
@may_view
def ticket_thread(request: HttpRequest, pk: int) -> HttpResponse:
    return _thread(request, get_object_or_404(Ticket, pk=pk)).response(request)


@require_safe
@may_view
def faqs(request: HttpRequest, pk: int) -> HttpResponse:
    ticket = get_object_or_404(Ticket, pk=pk)
    context = {"faqs": thread.faqs(ticket, _words(request))}
    return TemplateResponse(request, "tickets/inbox/faqs.html", context)


@require_safe
@may_view
def attachment(request: HttpRequest, pk: int, number: int) -> FileResponse:
    """A file of the conversation, to be saved."""
    ticket = get_object_or_404(Ticket, pk=pk)
    files = Attachment.objects.visible(ticket, to_desk=True)
    return download(get_object_or_404(files, pk=number), by=_me(request))


# --- Posts ----------------------------------------------------------------------------------------


@require_POST
@may_change
def save_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Save a reply that is being typed; its author counts as writing for a while."""
    ticket, text = get_object_or_404(Ticket, pk=pk), request.POST.get("reply", "")
    ReplyDraft.objects.store(ticket, text[:LONGEST_TEXT], by=_me(request))
    return HttpResponse(status=UNCHANGED)


@require_POST
@may_change
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    ticket = get_object_or_404(Ticket, pk=pk)
    form = AssignForm(request.POST, ticket=ticket)
    if form.is_valid() and (assignee := form.cleaned_data["assignee"]):
        was_moved = ticket.assign(assignee, by=_me(request))
        _report(request, ticket, was_moved, f"assigned to {assignee}")
    else:
        messages.warning(request, "Choose a person from the list.")
    return HttpResponseRedirect(_address(request, ticket.pk))


@require_POST
@may_change
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    ticket, form = get_object_or_404(Ticket, pk=pk), MergeForm(request.POST)
    number = form.cleaned_data["number"] if form.is_valid() else None
    target = Ticket.objects.filter(pk=number).first()
    if target is None:
        messages.warning(request, "There is no such ticket.")
    elif ticket.merge(target, by=_me(request)):
        messages.success(request, f"#{ticket.pk} is now part of #{target.pk}.")
        return HttpResponseRedirect(_address(request, target.pk))
    else:
        message = "Only two tickets of the same person can be merged, and neither may be closed."
        messages.warning(request, message)
    return HttpResponseRedirect(_address(request, ticket.pk))


def _act(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    if not request.user.has_perm("tickets.change_ticket"):
        raise PermissionDenied
    form = ReplyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _ticket_page(request, ticket, form)
    reply, by = form.cleaned_data["reply"], _me(request)
    following = _selection(request).following(ticket, by)
    if form.is_sent:
        was_sent = _send(request, ticket, reply, form.cleaned_data["attachments"])
        is_done = was_sent and "send_resolve" in request.POST
    else:
        reply = _with_answer(reply, request.POST.get("insert", ""))
        ReplyDraft.objects.store(ticket, reply, by=by)
        is_done = _move(request, ticket)
    if not is_done:
        return HttpResponseRedirect(_address(request, ticket.pk))
    if following is None:
        messages.info(request, "There is no other ticket in this queue.")
    return HttpResponseRedirect(_address(request, following))


@transaction.atomic
def _send(request: HttpRequest, ticket: Ticket, text: str, files: Sequence[NewFile]) -> bool:
    """Add a reply or a note. A reply to an open ticket claims it."""
    by, is_internal = _me(request), "note" in request.POST
    if ticket.comment(text, by=by, is_internal=is_internal, files=files) is None:
        messages.warning(request, "The ticket is closed; nothing was sent.")
        return False
    ReplyDraft.objects.store(ticket, "", by=by)
    if is_internal:
        messages.success(request, "The note was added.")
        return True
    if "send_resolve" in request.POST:
        _report(request, ticket, ticket.resolve(by=by), "resolved")
    elif ticket.status == Ticket.Status.OPEN:
        ticket.claim(by=by, is_mailed=False)
    messages.success(request, REPLY_MAILED if ticket.email else NO_ADDRESS)
    return True


def _move(request: HttpRequest, ticket: Ticket) -> bool:
    """Call the method of the button. True if the ticket is resolved or closed now."""
    for name, (move, now) in MOVES.items():
        button = name.removeprefix("_")
        if button in request.POST:
            was_moved = move(ticket, by=_me(request))
            _report(request, ticket, was_moved, now)
            return was_moved and button in ("resolve", "close")
    return False


def _with_answer(reply: str, faq_id: str) -> str:
    """Append an FAQ's answer to the reply."""
    faq = knowledge_base().get_faq(faq_id) if faq_id else None
    return "\n\n".join(filter(None, (reply, faq.answer if faq else "")))


def _report(request: HttpRequest, ticket: Ticket, was_moved: bool, now: str) -> None:
    if was_moved:
        messages.success(request, f"#{ticket.pk}: {now}.")
        return
    ticket.refresh_from_db()
    assigned = f" and assigned to {ticket.assignee}" if ticket.assignee else ""
    messages.warning(request, f"Nothing was changed: #{ticket.pk} is {ticket.status}{assigned}.")


def _address(request: HttpRequest, pk: int | None) -> str:
    """The URL of a ticket or of the list, in the reader's queue."""
    page = reverse("tickets_inbox_ticket", args=[pk]) if pk else reverse("tickets_inbox")
    return page + _selection(request).query()
