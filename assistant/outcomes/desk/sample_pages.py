"""The page of the weekly sample, where people judge answers."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from assistant.outcomes import figures
from assistant.outcomes.desk.listing import csv_response
from assistant.outcomes.rates import DEFINITIONS
from assistant.outcomes.sample import SampledAsk
from assistant.outcomes.selection import DAYS, Selection
from audit.models import Record
from faq.models import Faq

PAGE_SIZE = 20
JUDGE_SAMPLES = "assistant.change_sampledask"

may_judge = permission_required(JUDGE_SAMPLES, raise_exception=True)


class JudgeForm(forms.Form):
    verdict = forms.ChoiceField(choices=SampledAsk.Verdict.choices)
    expected = forms.CharField(max_length=100, required=False)

    def clean_expected(self) -> str:
        expected: str = self.cleaned_data["expected"].strip()
        if expected and not Faq.objects.filter(slug=expected).exists():
            raise forms.ValidationError(f"expected: there is no FAQ with the id {expected}.")
        return expected


@require_safe
@may_judge
def sample_page(request: HttpRequest) -> HttpResponse:
    """The answers of a week with their questions, those that nobody judged first."""
    samples = SampledAsk.objects.order_by("-week", "verdict", "ask_id")
    page = Paginator(samples, PAGE_SIZE).get_page(request.GET.get("page"))
    records = Record.objects.in_bulk([sample.record_id for sample in page])
    shown = [
        (sample, records[sample.record_id].data if sample.record_id in records else {})
        for sample in page
    ]
    waiting = SampledAsk.objects.filter(verdict="").count()
    context = {
        **admin.site.each_context(request),
        "title": "Outcomes: weekly sample",
        "page": page,
        "samples": shown,
        "waiting": waiting,
        "verdicts": SampledAsk.Verdict.choices,
        "precision": figures.precision(Selection.latest(DAYS)),
        "definition": DEFINITIONS["precision"],
    }
    return TemplateResponse(request, "assistant/outcomes/sample.html", context)


@require_POST
@may_judge
def judge(request: HttpRequest, ask_id: UUID) -> HttpResponse:
    sample = get_object_or_404(SampledAsk, pk=ask_id)
    form = JudgeForm(request.POST)
    if form.is_valid():
        sample.judge(
            form.cleaned_data["verdict"],
            expected=form.cleaned_data["expected"],
            by=request.user.get_username(),
        )
    else:
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
    query = f"?page={request.POST['page']}" if request.POST.get("page", "").isdigit() else ""
    return HttpResponseRedirect(f"{reverse('outcome-sample')}{query}#ask-{sample.pk}")


@require_safe
@may_judge
def labels_csv(request: HttpRequest) -> HttpResponseBase:
    return csv_response(SampledAsk.objects.label_lines(), "sample-labels.csv")
