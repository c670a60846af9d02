"""The pages of outcomes: the figures, the rows behind each, a need, and the weekly mail."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import FieldError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from assistant.agent.budget import usage_between
from assistant.outcomes import figures
from assistant.outcomes.desk import cards, listing, tables
from assistant.outcomes.desk.cards import Period
from assistant.outcomes.desk.links import query
from assistant.outcomes.mail import VIEW_OUTCOMES, OutcomeSubscription
from assistant.outcomes.needs import WINDOW
from assistant.outcomes.rates import DEFINITIONS
from assistant.outcomes.rows import Need, TicketTimes
from assistant.outcomes.selection import DAYS, FIGURES, NARROWED_BY, Selection, rows
from audit.models import record
from faq.models import Faq
from tickets.models import Ticket

PAGE_SIZE = 50

may_see = permission_required(VIEW_OUTCOMES, raise_exception=True)


class SelectionForm(forms.Form):
    """Period, category and audience."""

    category = forms.CharField(max_length=100, required=False)
    audience = forms.CharField(max_length=100, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from"] = forms.DateField(required=False)
        self.fields["to"] = forms.DateField(required=False)

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.chosen = Selection.between(
                    *(fields["from"], fields["to"]), fields["category"], fields["audience"]
                )
            except ValueError as error:
                raise forms.ValidationError(str(error)) from None
        return fields

    def selection(self) -> Selection:
        """The latest days where the form is invalid."""
        return self.chosen if self.is_valid() else Selection.latest(DAYS)


@require_safe
@may_see
def outcomes_page(request: HttpRequest) -> HttpResponse:
    form = SelectionForm(request.GET)
    selection = form.selection()
    now, before = Period.of(selection), Period.of(selection.previous)
    user: Any = request.user
    context = {
        **admin.site.each_context(request),
        "title": "Outcomes",
        "form": form,
        "selection": selection,
        "previous": selection.previous,
        "presets": [(days, query(Selection.latest(days))) for days in (7, 28, 90)],
        "categories": _distinct("category"),
        "audiences": _distinct("audience"),
        "cards": cards.cards(selection, now, before),
        "by_day": tables.needs_by_day(selection, now.needs),
        "coverage": tables.coverage_by_release(selection, now.coverage),
        "by_channel": tables.by_channel(now.needs, now.coverage, selection),
        "escalations": tables.escalations(selection),
        "all_tickets": tables.ticket_row(figures.tickets(selection), selection),
        "tickets": [
            ("Person", tables.tickets_by(selection, "assignee")),
            ("Category", tables.tickets_by(selection, "ticket_category")),
        ],
        "faqs": tables.faq_uses(selection),
        "gaps": tables.costliest_gaps(selection),
        "agent": usage_between(selection.first, selection.last),
        "may_edit": user.has_perm("faq.change_faq"),
        "definitions": DEFINITIONS,
        "is_mailed": OutcomeSubscription.objects.is_on(user),
    }
    return TemplateResponse(request, "assistant/outcomes/page.html", context)


def _distinct(field: str) -> list[str]:
    values = Faq.objects.exclude(**{field: ""}).order_by(field).values_list(field, flat=True)
    return list(values.distinct())


# --- Rows -----------------------------------------------------------------------------------------


class NarrowedForm(forms.Form):
    """The fields of ``NARROWED_BY``."""

    reason = forms.CharField(max_length=100, required=False)
    channel = forms.CharField(max_length=40, required=False)
    release = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    faq_id = forms.CharField(max_length=100, required=False)
    assignee = forms.CharField(max_length=200, required=False)
    ticket_category = forms.CharField(max_length=100, required=False)


def _selected(request: HttpRequest, figure: str) -> tuple[Selection, Any]:
    form = NarrowedForm(request.GET)
    if figure not in FIGURES or not form.is_valid():
        raise Http404
    selection = SelectionForm(request.GET).selection()
    # An empty value narrows, too: tickets without an assignee.
    narrowed = {name: form.cleaned_data[name] for name in NARROWED_BY if name in request.GET}
    try:
        return selection, rows(figure, selection, narrowed)
    except FieldError:
        raise Http404 from None


@require_safe
@may_see
def rows_page(request: HttpRequest, figure: str) -> HttpResponse:
    """The rows of a figure with their redacted questions. Records who read them."""
    selection, matching = _selected(request, figure)
    page = Paginator(listing.with_related(matching), PAGE_SIZE).get_page(request.GET.get("page"))
    shown = list(page)
    columns = listing.columns(matching)
    questions = {} if matching.model is TicketTimes else listing.questions(shown)
    if questions:
        data = {"figure": figure, "rows": len(shown)}
        record("outcomes.viewed", actor=request.user.get_username(), data=data)
    parameters = request.GET.copy()
    parameters.pop("page", None)
    context = {
        **admin.site.each_context(request),
        "title": f"Outcomes: {FIGURES[figure][0]}",
        "selection": selection,
        "narrowed": [request.GET[name] for name in NARROWED_BY if request.GET.get(name)],
        "page": page,
        "columns": [name for name in columns if name not in listing.KEYS],
        "table": [
            (
                [value(row) for name, value in columns.items() if name not in listing.KEYS],
                questions.get(row.pk),
                listing.detail_url(row),
            )
            for row in shown
        ],
        "has_questions": matching.model is not TicketTimes,
        "query": parameters.urlencode(),
        "csv": reverse("outcome-rows-csv", args=[figure]),
    }
    return TemplateResponse(request, "assistant/outcomes/rows.html", context)


@require_safe
@may_see
def need_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What a need consists of, and so why it ended as it did. Records who read it."""
    need = get_object_or_404(Need, pk=pk)
    record("need.viewed", actor=request.user.get_username(), kind="need", key=pk)
    asks = list(need.asked.order_by("at", "pk"))
    questions = listing.questions(asks)
    reasons = dict(Ticket.Reason.choices)
    context = {
        **admin.site.each_context(request),
        "title": "A need",
        "need": need,
        "closes": need.last + WINDOW,
        "is_closed": need.last + WINDOW <= timezone.now(),
        "escalation": reasons.get(need.escalation, ""),
        "asks": [(ask, questions.get(ask.pk)) for ask in asks],
        "tickets": [
            (times, reasons.get(times.reason, "")) for times in TicketTimes.objects.of_need(need)
        ],
        "definition": DEFINITIONS[need.end],
        "may_audit": request.user.has_perm("audit.view_record"),
        "may_support": request.user.has_perm("tickets.view_ticket"),
    }
    return TemplateResponse(request, "assistant/outcomes/need.html", context)


@require_safe
@may_see
def rows_csv(request: HttpRequest, figure: str) -> HttpResponseBase:
    _, matching = _selected(request, figure)
    return listing.csv_response(listing.csv_lines(matching), f"outcomes-{figure}.csv")


# --- The weekly mail ------------------------------------------------------------------------------


@require_POST
@may_see
def weekly_mail(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    is_on = request.POST.get("on") == "yes"
    OutcomeSubscription.objects.switch(user, on=is_on)
    text = "You get these figures by mail every Monday." if is_on else "The mail is switched off."
    messages.success(request, text)
    return HttpResponseRedirect(reverse("outcomes"))
