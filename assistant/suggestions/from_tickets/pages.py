"""The FAQs proposed from resolved tickets at the desk: redacted texts and counts, never names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from assistant.meaning.contradiction import Contradiction, contradiction
from assistant.suggestions.faq_proposal import MIN_PEOPLE, FaqProposal
from assistant.suggestions.from_tickets.ticket_texts import TicketTexts, texts_of_ticket
from assistant.suggestions.pages import ChangeForm, may_edit
from assistant.suggestions.suggestion import NotAcceptable
from faq.models import Faq
from faq.phrasing import distinct, normalise
from tickets.faq_lookup import ProposalError
from tickets.models import Ticket

PAGE_SIZE = 25
MAX_ALTERNATES = 2
"""Alternate questions of a proposed FAQ."""

FILTERS = {status.value: status.label for status in FaqProposal.Status}


@dataclass(frozen=True)
class ProposalRow:
    """One proposal in a list. ``question``, ``answer``: empty once erased.

    ``other``: the contradicting answer, with the words of both in ``contradiction``.
    """

    proposal: FaqProposal
    question: str
    answer: str
    alternates: tuple[str, ...]
    sources: tuple[Ticket, ...]
    faq: Faq | None
    other: str = ""
    contradiction: Contradiction | None = None


@require_safe
@may_edit
def proposal_list(request: HttpRequest) -> HttpResponse:
    chosen = request.GET.get("show", "")
    chosen = chosen if chosen in FILTERS else FaqProposal.Status.OPEN.value
    proposals = FaqProposal.objects.filter(status=chosen).ranked()
    page = Paginator(proposals, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        **admin.site.each_context(request),
        "title": "FAQs from tickets",
        "rows": rows(list(page)),
        "page": page,
        "chosen": chosen,
        "filters": FILTERS,
        "fewest_people": MIN_PEOPLE,
        "sees_tickets": request.user.has_perm("tickets.view_ticket"),
    }
    return TemplateResponse(request, "assistant/faq_proposals.html", context)


@require_POST
@may_edit
def change(request: HttpRequest, pk: int) -> HttpResponse:
    proposal, form = get_object_or_404(FaqProposal, pk=pk), ChangeForm(request.POST)
    by, back = request.user.get_username(), HttpResponseRedirect(reverse("faq-proposals"))
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, str(errors[0]))
        return back
    if form.cleaned_data["change"] == "accept":
        return _accept(request, proposal)
    if form.cleaned_data["change"] == "dismiss":
        proposal.dismiss(form.cleaned_data["reason"], by=by)
        messages.success(request, "Dismissed, until twice as many people asked.")
    else:
        proposal.reopen(by=by)
        messages.success(request, "Reopened.")
    return back


def _accept(request: HttpRequest, proposal: FaqProposal) -> HttpResponse:
    """Make the draft, and open it: a curator reads it before anybody else does."""
    [row] = rows([proposal])
    try:
        faq_id = proposal.accept(
            *(row.question, row.answer),
            alternates=row.alternates,
            by=request.user.get_username(),
        )
    except (NotAcceptable, ProposalError) as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("faq-proposals"))
    messages.success(request, "The draft is made. Read it, then submit or publish it.")
    faq = Faq.objects.get(slug=faq_id)
    return HttpResponseRedirect(reverse("admin:faq_faq_change", args=[faq.pk]))


def rows(proposals: Sequence[FaqProposal]) -> list[ProposalRow]:
    """``proposals`` with their texts."""
    faqs = {faq.slug: faq for faq in Faq.objects.filter(slug__in={p.faq_id for p in proposals})}
    return [_row(proposal, faqs) for proposal in proposals]


def _row(proposal: FaqProposal, faqs: dict[str, Faq]) -> ProposalRow:
    sources = [source.ticket for source in proposal.sources.select_related("ticket")]
    question = _texts(proposal.question_of).question
    answer = _texts(proposal.answer_of).answer
    other = _texts(proposal.contradicted_by).answer
    others = [_texts(ticket).question for ticket in sources]
    return ProposalRow(
        proposal=proposal,
        question=question[:1].upper() + question[1:],
        answer=answer,
        alternates=distinct(question, filter(normalise, others))[:MAX_ALTERNATES],
        sources=tuple(sources),
        faq=faqs.get(proposal.faq_id),
        other=other,
        contradiction=contradiction(answer, other) if other else None,
    )


def _texts(ticket: Ticket | None) -> TicketTexts:
    return (ticket and texts_of_ticket(ticket)) or TicketTexts("", "")


urlpatterns = [
    path("", admin.site.admin_view(proposal_list), name="faq-proposals"),
    path("<int:pk>/", admin.site.admin_view(change), name="faq-proposal"),
]
