"""Pages that turn a ticket into a phrasing or a draft of an FAQ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from tickets.admin import PROPOSE
from tickets.faq_lookup import ProposalError, knowledge_base, nearest, search
from tickets.inbox.proposal_forms import NewFaqForm, PhrasingForm
from tickets.inbox.queries import Selection
from tickets.inbox.thread import MAX_FAQS
from tickets.models import Ticket
from tickets.proposals import (
    customer_comment,
    propose_faq,
    propose_phrasing,
    suggested_alternates,
    suggested_answer,
    suggested_question,
)

MAX_SEARCH_LENGTH = 200
"""Characters of the words in a search for FAQs."""

may_propose = permission_required(["tickets.view_ticket", PROPOSE], raise_exception=True)


@may_propose
def phrasing(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose the customer's question as a phrasing of an FAQ: a close one, or one of a search."""
    ticket = get_object_or_404(Ticket, pk=pk)
    search_words = request.POST.get("faq", "").strip()[:MAX_SEARCH_LENGTH]
    if request.method != "POST":
        form = PhrasingForm(initial={"text": _question(request, ticket)})
        return _phrasing_page(request, ticket, form, search_words)
    form = PhrasingForm(request.POST)
    faq_id = request.POST.get("faq_id", "")
    if faq_id and form.is_valid():
        text = form.cleaned_data["text"]
        try:
            was_added = propose_phrasing(ticket, faq_id, text, by=request.user.get_username())
        except ProposalError as error:
            _add_errors(form, error.errors, default="text")
        else:
            faq = knowledge_base().get_faq(faq_id)
            name = faq.question if faq else faq_id
            if was_added:
                messages.success(request, f"Proposed for “{name}”. A curator reviews it next.")
            else:
                messages.info(request, f"“{name}” already has this wording.")
            return HttpResponseRedirect(_ticket_address(request, ticket))
    return _phrasing_page(request, ticket, form, search_words)


def _phrasing_page(
    request: HttpRequest, ticket: Ticket, form: PhrasingForm, search_words: str
) -> HttpResponse:
    text = form["text"].value() or ticket.message
    faqs = search(search_words, limit=MAX_FAQS) if search_words else nearest(text, limit=MAX_FAQS)
    context = {"form": form, "faqs": faqs, "search_words": search_words}
    return _page(request, ticket, "Another way to ask …", "tickets/inbox/phrasing.html", context)


@may_propose
def new_faq(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose an FAQ, filled from the customer's question and the desk's reply."""
    ticket = get_object_or_404(Ticket, pk=pk)
    form = NewFaqForm(request.POST or None, initial=_suggested(request, ticket))
    if request.method == "POST" and form.is_valid():
        try:
            faq_id = propose_faq(ticket, **form.cleaned_data, by=request.user.get_username())
        except ProposalError as error:
            _add_errors(form, error.errors, default="question")
        else:
            link = format_html('<a href="{}">{}</a>', knowledge_base().edit_url(faq_id), faq_id)
            text = format_html("Proposed as {}. A curator reviews it next.", link)
            messages.success(request, text)
            return HttpResponseRedirect(_ticket_address(request, ticket))
    question = form["question"].value() or ticket.message
    replies = ticket.comments.public().order_by("created", "id")
    context = {"form": form, "faqs": nearest(question, limit=MAX_FAQS), "comments": replies}
    return _page(request, ticket, "New FAQ from this ticket", "tickets/inbox/new_faq.html", context)


def _suggested(request: HttpRequest, ticket: Ticket) -> dict[str, str]:
    question = _question(request, ticket)
    return {
        "question": question[:1].upper() + question[1:],
        "alternates": "\n".join(suggested_alternates(ticket, question)),
        "answer": suggested_answer(ticket),
        "faq_id": knowledge_base().short_id(question),
        "category": ticket.category,
    }


def _question(request: HttpRequest, ticket: Ticket) -> str:
    """The question in the message that ``?comment=`` names; without it, in the first message."""
    return suggested_question(ticket, customer_comment(ticket, request.GET.get("comment", "")))


def _add_errors(form: forms.Form, errors: Mapping[str, str], *, default: str) -> None:
    """Add each error to its field, or to ``default`` if the form has no such field."""
    for field, text in errors.items():
        form.add_error(field if field in form.fields else default, text)


def _page(
    request: HttpRequest, ticket: Ticket, title: str, template: str, context: dict[str, Any]
) -> HttpResponse:
    common = {**admin.site.each_context(request), "title": title, "ticket": ticket}
    address = _ticket_address(request, ticket)
    return TemplateResponse(request, template, {**common, "address": address, **context})


def _ticket_address(request: HttpRequest, ticket: Ticket) -> str:
    """The URL of the ticket in the inbox, in the queue that the reader came from."""
    page = reverse("tickets_inbox_ticket", args=[ticket.pk])
    return page + Selection.from_query(request.GET).query()
