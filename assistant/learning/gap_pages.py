"""The pages of gaps at the desk, for people who may edit FAQs."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from assistant.learning.gap_rows import FILTERS, filtered_gaps, rows
from assistant.learning.gaps import Gap, GapAsk
from assistant.learning.regrouping import texts_of
from audit.models import record
from audit.privacy.gateway import PersonalData
from faq.files.reader import Unreadable
from faq.models import Faq, PhrasingConflict

PAGE_SIZE = 25
MAX_ASKS = 200
"""Asks that are listed on a gap's page, the newest."""
may_edit = permission_required("faq.change_faq", raise_exception=True)


class ChangeForm(forms.Form):
    """A change on a gap's page; ``change`` is the button that was pressed."""

    CHANGES = ("rename", "assign", "dismiss", "reopen", "merge", "split")

    change = forms.ChoiceField(choices=[(name, name) for name in CHANGES])
    name = forms.CharField(max_length=200, required=False)
    assignee = forms.CharField(max_length=150, required=False)
    reason = forms.CharField(max_length=200, required=False)
    into = forms.ModelChoiceField(Gap.objects.all(), required=False)
    asks = forms.ModelMultipleChoiceField(GapAsk.objects.all(), required=False)

    def clean(self) -> dict[str, object]:
        fields: dict[str, object] = super().clean() or {}
        needed = {"dismiss": "reason", "merge": "into", "split": "asks"}
        field = needed.get(str(fields.get("change")))
        if field and not fields.get(field):
            self.add_error(field, f"{field}: this is required.")
        return fields


@require_safe
@may_edit
def gap_list(request: HttpRequest) -> HttpResponse:
    chosen = request.GET.get("show", "open")
    gaps = filtered_gaps(chosen if chosen in FILTERS else "open")
    page = Paginator(gaps, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        **admin.site.each_context(request),
        "title": "Gaps",
        "rows": rows(list(page)),
        "page": page,
        "chosen": chosen,
        "filters": FILTERS,
    }
    return TemplateResponse(request, "assistant/gaps.html", context)


@may_edit
def gap_page(request: HttpRequest, pk: int) -> HttpResponse:
    gap = get_object_or_404(Gap.objects.with_counts(), pk=pk)
    form = ChangeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _change(request, gap, form)
    if request.method == "GET":
        record("gap.viewed", actor=request.user.get_username(), kind="gap", key=pk)
    asks = list(gap.asks_in.all()[:MAX_ASKS])
    texts = texts_of(asks)
    context = {
        **admin.site.each_context(request),
        "title": "Gap",
        "row": rows([gap])[0],
        "asks": [(ask, texts.get(ask.pk, "")) for ask in asks],
        "related": rows(list(Gap.objects.filter(related=gap).exclude(pk=pk).ranked())),
        "others": rows(list(Gap.objects.open().exclude(pk=pk).ranked()[:PAGE_SIZE])),
        "form": form,
        "faqs": Faq.objects.filter(retired=False).order_by("question"),
    }
    return TemplateResponse(request, "assistant/gap.html", context)


@require_POST
@may_edit
def add_phrasing(request: HttpRequest, pk: int) -> HttpResponse:
    """Add one question of the gap to the draft of an FAQ."""
    gap = get_object_or_404(Gap, pk=pk)
    faq = get_object_or_404(Faq, slug=request.POST.get("faq_id", ""))
    text = request.POST.get("text", "")
    back = reverse("gap", args=[gap.pk])
    try:
        is_new = faq.add_phrasing(text, by=request.user.get_username())
    except (PhrasingConflict, Unreadable, PersonalData) as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(back)
    messages.success(
        request,
        f"“{text}” was added to the draft of “{faq.question}”. It counts once it is published."
        if is_new
        else f"The draft of “{faq.question}” has this phrasing already.",
    )
    return HttpResponseRedirect(back)


def _change(request: HttpRequest, gap: Gap, form: ChangeForm) -> HttpResponse:
    fields, by = form.cleaned_data, request.user.get_username()
    change = fields["change"]
    target = gap
    if change == "rename":
        gap.rename(fields["name"], by=by)
    elif change == "assign":
        gap.assign(fields["assignee"], by=by)
    elif change == "dismiss":
        gap.dismiss(fields["reason"], by=by)
    elif change == "reopen":
        gap.reopen(by=by)
    elif change == "merge":
        target = fields["into"]
        gap.merge_into(target, by=by)
    else:
        target = gap.split_off(fields["asks"], by=by)
    messages.success(request, "The gap was changed.")
    return HttpResponseRedirect(reverse("gap", args=[target.pk]))


urlpatterns = [
    path("", admin.site.admin_view(gap_list), name="gaps"),
    path("<int:pk>/", admin.site.admin_view(gap_page), name="gap"),
    path("<int:pk>/phrasing/", admin.site.admin_view(add_phrasing), name="gap-phrasing"),
]
