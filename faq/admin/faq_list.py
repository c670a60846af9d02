"""The list of FAQs in the admin: its columns and filters."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain
from typing import Any

from django.contrib import admin
from django.db.models import Count, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from unfold.admin import ModelAdmin
from unfold.decorators import display

from faq.admin.stages import StageFilter, stage_text
from faq.admin.wordings import PhrasingsFilter
from faq.models import AlternateQuestion, DailyHits, Faq
from faq.releases.near_duplicates import backend

HITS_PERIOD = timedelta(days=30)


class StatusFilter(admin.SimpleListFilter):
    """How the draft differs from the live release."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status.value, status.label) for status in Faq.Status]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Faq]) -> QuerySet[Faq]:
        return queryset.filter(**{"status": self.value()}) if self.value() else queryset


class ReviewFilter(admin.SimpleListFilter):
    """Drafts whose review date is today or earlier."""

    title = "review"
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("due", "Due")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Faq]) -> QuerySet[Faq]:
        if self.value() != "due":
            return queryset
        return queryset.filter(review_by__lte=timezone.localdate(), retired=False)


class FaqListAdmin(ModelAdmin):  # type: ignore[misc]
    """The columns, filters and search of the list; ``FaqAdmin`` adds the page of one FAQ."""

    list_display = (
        *("question", "slug", "category", "status_label", "stage_label", "phrasings"),
        *("hits", "last_hit", "review"),
    )
    list_filter = (
        *(StatusFilter, StageFilter, ReviewFilter, PhrasingsFilter),
        *("category", "audience", "owner"),
    )
    search_fields = ("slug", "question", "answer", "alternates__text")
    search_help_text = "Search questions, answers and FAQ ids"
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Faq]:
        faqs: QuerySet[Faq] = super().get_queryset(request).with_status()
        # Subqueries, because a search joins the alternates and would multiply a Count().
        alternates = AlternateQuestion.objects.filter(faq=OuterRef("pk")).order_by().values("faq")
        hits = DailyHits.objects.filter(slug=OuterRef("slug")).order_by().values("slug")
        recent = hits.filter(day__gt=timezone.now().date() - HITS_PERIOD)
        return faqs.annotate(
            alternate_count=_or_zero(alternates.annotate(n=Count("pk")).values("n")),
            hit_count=_or_zero(recent.annotate(n=Sum("count")).values("n")),
            hit_last=Subquery(hits.annotate(latest=Max("last")).values("latest")),
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        response: HttpResponseBase = super().changelist_view(request, extra_context)
        change_list = getattr(response, "context_data", {}).get("cl")
        if change_list:
            _count_vectors(list(change_list.result_list))
        return response

    @display(
        description="Status",
        ordering="status",
        label={
            "published": "success",
            "draft": "warning",
            "changed": "warning",
            "retiring": "warning",
            "retired": "danger",
        },
    )
    def status_label(self, faq: Faq) -> str:
        return faq.status

    @admin.display(description="Stage", ordering="stage")
    def stage_label(self, faq: Faq) -> str:
        return stage_text(faq)

    @admin.display(description="Questions", ordering="alternate_count")
    def phrasings(self, faq: Faq) -> str:
        """The number of phrasings, and how many of them have no vector yet."""
        count = 1 + int(getattr(faq, "alternate_count", 0))
        missing = count - int(getattr(faq, "vector_count", 0))
        return f"{count} ({missing} not indexed yet)" if missing else str(count)

    @admin.display(description="Answers, 30 days", ordering="hit_count")
    def hits(self, faq: Faq) -> int:
        return int(getattr(faq, "hit_count", 0))

    @admin.display(description="Last answer", ordering="hit_last")
    def last_hit(self, faq: Faq) -> SafeString | str:
        last = getattr(faq, "hit_last", None)
        if last is None:
            return "never"
        exact = last.isoformat(timespec="seconds")
        return format_html(
            '<time datetime="{0}" title="{0}">{1} ago</time>', exact, timesince(last)
        )

    @admin.display(description="Review by", ordering="review_by")
    def review(self, faq: Faq) -> SafeString | str:
        if faq.review_by is None:
            return ""
        is_due = faq.review_by <= timezone.localdate()
        day = str(faq.review_by)
        return format_html("<strong>{} (due)</strong>", day) if is_due else day


def _or_zero(count: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(count), 0)


def _count_vectors(faqs: list[Faq]) -> None:
    """Set ``vector_count`` of each FAQ, with one query for the whole page."""
    rows = Faq.objects.filter(pk__in=[faq.pk for faq in faqs]).prefetch_related("alternates")
    phrasings = {faq.pk: faq.content().phrasings for faq in rows}
    indexed = backend.get().texts_with_vectors(chain.from_iterable(phrasings.values()))
    for faq in faqs:
        count = sum(phrasing in indexed for phrasing in phrasings.get(faq.pk, ()))
        faq.vector_count = count  # type: ignore[attr-defined]
