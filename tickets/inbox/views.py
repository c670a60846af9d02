"""Pages and posts of the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tickets.admin import NO_ADDRESS, REPLY_MAILED, closed_ticket_error
from tickets.admin_ticket_list import MOVES
from tickets.attachment_files import NewFile
from tickets.attachments import Attachment
from tickets.downloads import download
from tickets.faq_lookup import knowledge_base
from tickets.inbox import thread
from tickets.inbox.forms import AssignForm, MergeForm, ReplyForm
from tickets.inbox.page_parts import UNCHANGED, list_part, selection_of, thread_part, username_of
from tickets.inbox.queries import MAX_TICKET_NUMBER
from tickets.merging import merge_error
from tickets.models import ReplyDraft, Ticket
from tickets.ticket_fields import MAX_TEXT_LENGTH

MAX_SEARCH_LENGTH = 200
"""Characters of the words in a search for FAQs."""

may_view = permission_required("tickets.view_ticket", raise_exception=True)
may_change = permission_required("tickets.change_ticket", raise_exception=True)


# --- Pages ----------------------------------------------------------------------------------------


@require_safe
@may_view
def inbox(request: HttpRequest) -> HttpResponse:
    """The list, and no ticket yet."""
    context = {**_page(request), "list": list_part(request, ticket=None)}
    return TemplateResponse(request, "tickets/inbox/inbox.html", context)


@may_view
def ticket_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One ticket next to the list. POST: the action of the button in the reply box."""
    ticket = get_object_or_404(Ticket, pk=pk)
    if request.method == "POST":
        return _post_reply(request, ticket)
    draft = ReplyDraft.objects.text_of(ticket, by=username_of(request))
    return _ticket_page(request, ticket, ReplyForm(initial={"reply": draft}))


def _ticket_page(request: HttpRequest, ticket: Ticket, form: ReplyForm) -> HttpResponse:
    context = {
        **_page(request),
        "list": list_part(request, ticket),
        "thread": thread_part(request, ticket),
        **thread.side_context(ticket, search_words=_search_words(request)),
        "title": f"Ticket {ticket.pk}",
        "ticket": ticket,
        "form": form,
        "assign_form": AssignForm(ticket=ticket),
        "merge_form": MergeForm(),
        "may_change": request.user.has_perm("tickets.change_ticket"),
        "may_reply": _may_reply(request, ticket),
    }
    return TemplateResponse(request, "tickets/inbox/inbox.html", context)


def _page(request: HttpRequest) -> dict[str, Any]:
    common = admin.site.each_context(request)
    return {**common, "title": "Inbox", "is_fullwidth": "1", "selection": selection_of(request)}


def _may_reply(request: HttpRequest, ticket: Ticket) -> bool:
    return request.user.has_perm("tickets.change_ticket") and ticket.status != Ticket.Status.CLOSED


def _search_words(request: HttpRequest) -> str:
    return request.GET.get("faq", "").strip()[:MAX_SEARCH_LENGTH]


# --- Parts of pages, which htmx reloads -----------------------------------------------------------


@require_safe
@may_view
def ticket_list(request: HttpRequest) -> HttpResponse:
    """The list again, with ``?ticket=`` marked as the open one."""
    number = request.GET.get("ticket", "")
    is_number = number.isascii() and number.isdecimal() and int(number) <= MAX_TICKET_NUMBER
    ticket = Ticket.objects.filter(pk=number).first() if is_number else None
    return list_part(request, ticket).response(request)


@require_safe
@may_view
def ticket_thread(request: HttpRequest, pk: int) -> HttpResponse:
    """The conversation again."""
    return thread_part(request, get_object_or_404(Ticket, pk=pk)).response(request)


@require_safe
@may_view
def faqs(request: HttpRequest, pk: int) -> HttpResponse:
    """FAQs that match the search ``?faq=``, to insert their answers into the reply."""
    ticket = get_object_or_404(Ticket, pk=pk)
    context = {
        "faqs": thread.faqs_for(ticket, _search_words(request)),
        "may_reply": _may_reply(request, ticket),
    }
    return TemplateResponse(request, "tickets/inbox/faqs.html", context)


@require_safe
@may_view
def attachment(request: HttpRequest, pk: int, number: int) -> FileResponse:
    """A file of the conversation, to be saved."""
    ticket = get_object_or_404(Ticket, pk=pk)
    files = Attachment.objects.visible(ticket, to_desk=True)
    return download(get_object_or_404(files, pk=number), by=username_of(request))


# --- Posts ----------------------------------------------------------------------------------------


@require_POST
@may_change
def save_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Save a reply that is being typed; its author counts as writing for a while."""
    ticket, text = get_object_or_404(Ticket, pk=pk), request.POST.get("reply", "")
    ReplyDraft.objects.store(ticket, text[:MAX_TEXT_LENGTH], by=username_of(request))
    return HttpResponse(status=UNCHANGED)


@require_POST
@may_change
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Assign the ticket to a person of the list."""
    ticket = get_object_or_404(Ticket, pk=pk)
    form = AssignForm(request.POST, ticket=ticket)
    if form.is_valid() and (assignee := form.cleaned_data["assignee"]):
        is_changed = ticket.assign(assignee, by=username_of(request))
        _report(request, ticket, is_changed, f"assigned to {assignee}")
    else:
        messages.warning(request, "Choose a person from the list.")
    return HttpResponseRedirect(_address(request, ticket.pk))


@require_POST
@may_change
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Move the conversation into another ticket of the same person, and go to that one."""
    ticket, form = get_object_or_404(Ticket, pk=pk), MergeForm(request.POST)
    if not form.is_valid():
        messages.warning(request, "Enter the number of the other ticket, such as 12.")
        return HttpResponseRedirect(_address(request, ticket.pk))
    number = form.cleaned_data["number"]
    target = Ticket.objects.filter(pk=number).first()
    if target is None:
        messages.warning(request, f"There is no ticket #{number}. Check the number and try again.")
    elif ticket.merge(target, by=username_of(request)):
        messages.success(request, f"#{ticket.pk} is now part of #{target.pk}.")
        return HttpResponseRedirect(_address(request, target.pk))
    else:
        messages.warning(request, f"Not merged. {merge_error(ticket, target)}")
    return HttpResponseRedirect(_address(request, ticket.pk))


def _post_reply(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """Do what the button of the reply box says; go to the next ticket if this one is done."""
    if not request.user.has_perm("tickets.change_ticket"):
        raise PermissionDenied
    form = ReplyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _ticket_page(request, ticket, form)
    reply, by = form.cleaned_data["reply"], username_of(request)
    next_ticket = selection_of(request).next_ticket(ticket, by)
    if form.adds_comment:
        was_added = _add_comment(request, ticket, reply, form.cleaned_data["attachments"])
        is_done = was_added and "send_resolve" in request.POST
    else:
        draft = _with_answer(reply, request.POST.get("insert", ""))
        ReplyDraft.objects.store(ticket, draft, by=by)
        is_done = _change_state(request, ticket)
    if not is_done:
        return HttpResponseRedirect(_address(request, ticket.pk))
    if next_ticket is None:
        messages.info(request, "There is no other ticket in this queue.")
    return HttpResponseRedirect(_address(request, next_ticket))


@transaction.atomic
def _add_comment(request: HttpRequest, ticket: Ticket, text: str, files: Sequence[NewFile]) -> bool:
    """Add a reply or a note. A reply to an open ticket claims it."""
    by, is_internal = username_of(request), "note" in request.POST
    if ticket.comment(text, by=by, is_internal=is_internal, files=files) is None:
        ReplyDraft.objects.store(ticket, text, by=by)
        messages.warning(request, closed_ticket_error(ticket))
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


def _change_state(request: HttpRequest, ticket: Ticket) -> bool:
    """Call the method of the button. True if it resolved or closed the ticket."""
    for name, (move, new_state) in MOVES.items():
        button = name.removeprefix("_")
        if button in request.POST:
            is_changed = move(ticket, by=username_of(request))
            _report(request, ticket, is_changed, new_state)
            return is_changed and button in ("resolve", "close")
    return False


def _with_answer(reply: str, faq_id: str) -> str:
    """Append an FAQ's answer to the reply."""
    faq = knowledge_base().get_faq(faq_id) if faq_id else None
    return "\n\n".join(filter(None, (reply, faq.answer if faq else "")))


def _report(request: HttpRequest, ticket: Ticket, is_changed: bool, new_state: str) -> None:
    if is_changed:
        messages.success(request, f"#{ticket.pk}: {new_state}.")
        return
    ticket.refresh_from_db()
    assigned = f" and assigned to {ticket.assignee}" if ticket.assignee else ""
    messages.warning(request, f"Nothing was changed: #{ticket.pk} is {ticket.status}{assigned}.")


def _address(request: HttpRequest, pk: int | None) -> str:
    """The URL of a ticket, or of the list without ``pk``, in the queue that is open."""
    page = reverse("tickets_inbox_ticket", args=[pk]) if pk else reverse("tickets_inbox")
    return page + selection_of(request).query()
