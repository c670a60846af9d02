"""The page of FAQ health at the desk, for people who may edit FAQs. No names."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from assistant.health import faq_health
from assistant.health.findings import LABELS, Finding, Kind
from assistant.health.reviews import REVIEWABLE, HealthReview
from assistant.health.weekly_mail import OwnedFinding, WeeklyMail, is_owner, with_faqs
from faq.models import Faq

PAGE_SIZE = 25

ME = "me"

may_edit = permission_required("faq.change_faq", raise_exception=True)


class ReviewForm(forms.Form):
    """A finding to mark as reviewed."""

    kind = forms.ChoiceField(choices=[(kind.value, LABELS[kind]) for kind in sorted(REVIEWABLE)])
    faq = forms.ModelChoiceField(Faq.objects.all(), to_field_name="slug")


@require_safe
@may_edit
def health_page(request: HttpRequest) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)
    is_mine = request.GET.get("owner") == ME
    owned = [
        row for row in with_faqs(faq_health.findings()) if not is_mine or is_owner(row[0], user)
    ]
    chosen = request.GET.get("kind", "")
    chosen = chosen if chosen in set(Kind) else ""
    shown = [row for row in owned if not chosen or row[1].kind == chosen]
    page = Paginator(shown, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        **admin.site.each_context(request),
        "title": "FAQ health",
        "rows": [_row(*row) for row in page],
        "page": page,
        "chosen": chosen,
        "filters": _filters(owned),
        "is_mine": is_mine,
        "is_mail_off": WeeklyMail.objects.is_off(user),
    }
    return TemplateResponse(request, "assistant/health.html", context)


def _row(faq: Faq, finding: Finding) -> dict[str, Any]:
    other = Faq.objects.filter(slug=finding.other_id).first() if finding.other_id else None
    return {
        "faq": faq,
        "finding": finding,
        "other": other,
        "is_reviewable": finding.kind in REVIEWABLE,
    }


def _filters(owned: list[OwnedFinding]) -> list[dict[str, Any]]:
    counts = Counter(finding.kind for _, finding in owned)
    kinds = [{"kind": kind, "label": LABELS[kind], "count": counts[kind]} for kind in Kind]
    return [{"kind": "", "label": "All", "count": counts.total()}, *kinds]


@require_POST
@may_edit
def mark_reviewed(request: HttpRequest) -> HttpResponse:
    form = ReviewForm(request.POST)
    if form.is_valid():
        faq, kind = form.cleaned_data["faq"], Kind(form.cleaned_data["kind"])
        HealthReview.objects.add(faq.slug, kind, by=request.user.get_username())
        messages.success(
            request,
            f"“{faq.question}” is marked as reviewed. Only asks and ratings from now on count.",
        )
    else:
        for field, errors in form.errors.items():
            messages.error(request, f"{field}: {' '.join(map(str, errors))}")
    return HttpResponseRedirect(reverse("faq-health"))


@require_POST
@may_edit
def switch_mail(request: HttpRequest) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)
    is_off = "off" in request.POST
    WeeklyMail.objects.switch(user, is_off=is_off)
    text = (
        "The weekly mail is off for you. Switch it on here at any time."
        if is_off
        else "The weekly mail is on for you."
    )
    messages.success(request, text)
    return HttpResponseRedirect(reverse("faq-health"))


urlpatterns = [
    path("", admin.site.admin_view(health_page), name="faq-health"),
    path("reviewed/", admin.site.admin_view(mark_reviewed), name="faq-health-reviewed"),
    path("mail/", admin.site.admin_view(switch_mail), name="faq-health-mail"),
]
