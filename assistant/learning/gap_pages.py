"""The gaps at the desk, for whoever edits FAQs: redacted texts and counts, never names."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from assistant import readable_labels
from assistant.decision.reasons import Reason
from assistant.learning.gaps import WEEKS, Gap, GapAsk, GapQuerySet
from assistant.learning.regrouping import texts_of
from audit.models import record
from audit.privacy.gateway import PersonalData
from faq.files.reader import Unreadable
from faq.models import Faq, PhrasingConflict

ON_A_PAGE = 25
MOST_WORDS = 3
MOST_READ = 50
"""Texts of a gap that are decrypted to name it."""
ON_ITS_OWN = 1
"""Asked by one person only: shown on request."""

FILTERS = {
    "open": "Open",
    "single": "Asked by one person",
    "closed": "Closed",
    "dismissed": "Dismissed",
}

may_edit = permission_required("faq.change_faq", raise_exception=True)


@dataclass(frozen=True)
class GapRow:
    """One gap as it is listed. ``question``: its most central one, redacted."""

    gap: Gap
    question: str
    words: tuple[str, ...]
    faq: Faq | None
    why: str
    trend: tuple[int, ...]
    """Asks by week, the oldest first."""

    @property
    def title(self) -> str:
        return self.gap.name or self.question or f"Gap {self.gap.pk} (the texts were erased)"

    def as_dict(self) -> dict[str, Any]:
        """The row for programs."""
        return {
            "id": self.gap.pk,
            "question": self.question,
            "name": self.gap.name,
            "words": list(self.words),
            "asks": self.gap.asks,
            "people": self.gap.people,
            "tickets": self.gap.tickets,
            "weeks": list(self.trend),
            "nearest": self.faq.slug if self.faq else None,
            "status": self.gap.status,
            "assignee": self.gap.assignee,
            "answered_now": self.gap.answered_now,
            "texts": self.gap.texts,
            "release": self.gap.checked_release,
            "later_asks": self.gap.later_asks,
            "later_answered": self.gap.later_answered,
        }

    @property
    def new_faq_url(self) -> str:
        return f"{reverse('admin:faq_faq_add')}?{urlencode({'question': self.question})}"


class ChangeForm(forms.Form):
    """One of the changes of a gap's page; ``change`` names it."""

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
            self.add_error(field, f"{field}: this is needed.")
        return fields


@require_safe
@may_edit
def gap_list(request: HttpRequest) -> HttpResponse:
    chosen = request.GET.get("show", "open")
    gaps = chosen_gaps(chosen if chosen in FILTERS else "open")
    page = Paginator(gaps, ON_A_PAGE).get_page(request.GET.get("page"))
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
    asks = list(gap.asks_in.all()[:200])
    texts = texts_of(asks)
    context = {
        **admin.site.each_context(request),
        "title": "Gap",
        "row": rows([gap])[0],
        "asks": [(ask, texts.get(ask.pk, "")) for ask in asks],
        "related": rows(list(Gap.objects.filter(related=gap).exclude(pk=pk).ranked())),
        "others": rows(list(Gap.objects.open().exclude(pk=pk).ranked()[:ON_A_PAGE])),
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
        f"“{text}” is now in the draft of “{faq.question}”. It counts once it is published."
        if is_new
        else f"The draft of “{faq.question}” has this phrasing already.",
    )
    return HttpResponseRedirect(back)


def chosen_gaps(name: str) -> GapQuerySet:
    """The gaps of one of ``FILTERS``, ranked."""
    if name in ("closed", "dismissed"):
        return Gap.objects.filter(status=name).ranked()
    gaps: Any = Gap.objects.open().ranked()
    by_people: GapQuerySet = (
        gaps.filter(people=ON_ITS_OWN) if name == "single" else gaps.filter(people__gt=ON_ITS_OWN)
    )
    return by_people


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


def rows(gaps: Sequence[Gap]) -> list[GapRow]:
    """``gaps`` with counts; texts are read for these only."""
    asks: dict[int, list[GapAsk]] = {}
    for ask in GapAsk.objects.filter(gap__in=gaps).order_by("-is_central", "pk"):
        asks.setdefault(ask.gap_id or 0, []).append(ask)
    texts = texts_of(ask for members in asks.values() for ask in members[:MOST_READ])
    words = distinguishing_words(
        {gap.pk: [texts.get(ask.pk, "") for ask in asks.get(gap.pk, [])] for gap in gaps}
    )
    faqs = {faq.slug: faq for faq in Faq.objects.filter(slug__in=_nearest(asks.values()))}
    return [_row(gap, asks.get(gap.pk, []), texts, words[gap.pk], faqs) for gap in gaps]


def _row(
    gap: Gap,
    asks: Sequence[GapAsk],
    texts: dict[int, str],
    words: tuple[str, ...],
    faqs: dict[str, Faq],
) -> GapRow:
    nearest = Counter(ask.faq_id for ask in asks if ask.faq_id).most_common(1)
    reasons = Counter(ask.reason for ask in asks).most_common(1)
    return GapRow(
        gap,
        next((texts[ask.pk] for ask in asks if ask.pk in texts), ""),
        words,
        faqs.get(nearest[0][0]) if nearest else None,
        readable_labels.REASONS[Reason(reasons[0][0])] if reasons and reasons[0][0] else "",
        tuple(getattr(gap, f"week_{number}") for number in range(WEEKS, 0, -1)),
    )


def _nearest(groups: Iterable[Sequence[GapAsk]]) -> set[str]:
    return {ask.faq_id for asks in groups for ask in asks if ask.faq_id}


def distinguishing_words(texts: dict[int, list[str]]) -> dict[int, tuple[str, ...]]:
    """The three words of each group that say most about it, by class-based TF-IDF.

    Grootendorst, "BERTopic", 2022, section 3.3: tf(word, group) * log(1 + A / f(word)), with A the
    mean number of words of a group and f the word's number in all groups.
    """
    counts = {
        key: Counter(re.findall(r"[^\W\d_]{4,}", " ".join(group).lower()))
        for key, group in texts.items()
    }
    total: Counter[str] = sum(counts.values(), Counter())
    mean = total.total() / max(len(counts), 1)
    return {
        key: tuple(
            sorted(words, key=lambda word: (-words[word] * math.log1p(mean / total[word]), word))[
                :MOST_WORDS
            ]
        )
        for key, words in counts.items()
    }


urlpatterns = [
    path("", admin.site.admin_view(gap_list), name="gaps"),
    path("<int:pk>/", admin.site.admin_view(gap_page), name="gap"),
    path("<int:pk>/phrasing/", admin.site.admin_view(add_phrasing), name="gap-phrasing"),
]
