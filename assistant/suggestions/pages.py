"""The pages of suggestions at the desk, for people who may edit FAQs. No names."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import include, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from assistant.learning.regrouping import texts_of
from assistant.suggestions.faq_proposal import FaqProposal
from assistant.suggestions.rows import FILTERS, chosen_suggestions, rows, text_of
from assistant.suggestions.suggestion import (
    ENOUGH_ASKS,
    ENOUGH_PEOPLE,
    LIFETIME,
    MIN_PEOPLE,
    NotAcceptable,
    Suggestion,
)
from audit.models import record
from audit.privacy.gateway import PersonalData
from faq.files.reader import Unreadable
from faq.models import Faq, PhrasingConflict, Release

PAGE_SIZE = 25
MAX_ASKS = 200
"""Asks that are listed on the page of a suggestion."""


may_edit = permission_required("faq.change_faq", raise_exception=True)


class ChangeForm(forms.Form):
    """A change of a suggestion; ``change`` is the button that was pressed."""

    CHANGES = ("accept", "dismiss", "reopen")

    change = forms.ChoiceField(choices=[(name, name) for name in CHANGES])
    reason = forms.CharField(max_length=200, required=False)
    text_ask = forms.IntegerField(required=False, help_text="The ask whose text was shown.")

    def clean(self) -> dict[str, object]:
        fields: dict[str, object] = super().clean() or {}
        if fields.get("change") == "dismiss" and not fields.get("reason"):
            self.add_error("reason", "reason: say why you dismiss it.")
        return fields


@require_safe
@may_edit
def suggestion_list(request: HttpRequest) -> HttpResponse:
    chosen = request.GET.get("show", "")
    chosen = chosen if chosen in FILTERS else "ready"
    page = Paginator(chosen_suggestions(chosen), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        **admin.site.each_context(request),
        **_rule(),
        "title": "Suggestions",
        "rows": rows(list(page)),
        "page": page,
        "chosen": chosen,
        "filters": FILTERS,
        "proposals": FaqProposal.objects.filter(status=FaqProposal.Status.OPEN).count(),
    }
    return TemplateResponse(request, "assistant/suggestions.html", context)


@may_edit
def suggestion_page(request: HttpRequest, pk: int) -> HttpResponse:
    suggestion = get_object_or_404(Suggestion.objects.with_counts(), pk=pk)
    form = ChangeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _change(request, suggestion, form)
    if request.method == "GET":
        by = request.user.get_username()
        record("suggestion.viewed", actor=by, kind="suggestion", key=pk)
    asks = list(suggestion.asks_in.all()[:MAX_ASKS])
    texts = texts_of(asks)
    context = {
        **admin.site.each_context(request),
        **_rule(),
        "title": "Suggestion",
        "row": rows([suggestion])[0],
        "asks": [(ask, texts.get(ask.pk, "")) for ask in asks],
        "form": form,
    }
    return TemplateResponse(request, "assistant/suggestion.html", context)


def _rule() -> dict[str, int]:
    return {
        "needed_people": ENOUGH_PEOPLE,
        "needed_asks": ENOUGH_ASKS,
        "fewest_people": MIN_PEOPLE,
        "days": LIFETIME.days,
    }


def _change(request: HttpRequest, suggestion: Suggestion, form: ChangeForm) -> HttpResponse:
    by, change = request.user.get_username(), form.cleaned_data["change"]
    if change == "accept":
        if form.cleaned_data["text_ask"] not in (None, suggestion.text_ask_id):
            messages.error(request, "The suggested text has changed. Read it again, then decide.")
            return HttpResponseRedirect(reverse("suggestion", args=[suggestion.pk]))
        return _accept(request, suggestion)
    if change == "dismiss":
        suggestion.dismiss(form.cleaned_data["reason"], by=by)
        messages.success(request, "Dismissed, until twice as many people asked.")
    else:
        suggestion.reopen(by=by)
        messages.success(request, "Reopened.")
    return HttpResponseRedirect(reverse("suggestions"))


def _accept(request: HttpRequest, suggestion: Suggestion) -> HttpResponse:
    text, live = text_of(suggestion), Release.objects.live()
    back = HttpResponseRedirect(reverse("suggestion", args=[suggestion.pk]))
    try:
        suggestion.accept(
            text, by=request.user.get_username(), release=live.number if live else None
        )
    except PhrasingConflict as conflict:
        clash = conflict.clashes[0]
        other = Faq.objects.filter(slug__in=clash.slugs).exclude(slug=suggestion.faq_id)[0]
        messages.error(
            request, f"“{clash.phrasing}” is already a phrasing of {other.slug}: {other.question}"
        )
        return back
    except (NotAcceptable, Unreadable, PersonalData) as error:
        messages.error(request, str(error))
        return back
    faq = Faq.objects.get(slug=suggestion.faq_id)
    link = format_html(
        '<a href="{}">{}</a>', reverse("admin:faq_faq_change", args=[faq.pk]), faq.question
    )
    message = "“{}” is now in the draft of {}. Customers get it once it is published."
    messages.success(request, format_html(message, text, link))
    return HttpResponseRedirect(reverse("suggestions"))


urlpatterns = [
    path("", admin.site.admin_view(suggestion_list), name="suggestions"),
    path("tickets/", include("assistant.suggestions.from_tickets.pages")),
    path("<int:pk>/", admin.site.admin_view(suggestion_page), name="suggestion"),
]
