"""FAQs in the admin: curators edit drafts, publishers publish them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import chain
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from audit.models import Record
from faq.admin.categories import CategoryRuleAdmin
from faq.admin.forms import AlternateForm, AlternateFormSet, FaqForm
from faq.admin.health import health_context
from faq.admin.import_export import ImportExportMixin
from faq.admin.releases import PUBLISH, ReleaseAdmin, publish_and_report
from faq.admin.sources import source_context
from faq.admin.stages import StageFilter, StageMixin
from faq.admin.wordings import PhrasingsFilter, WordingsMixin
from faq.content import Draft
from faq.files.personal_data import findings
from faq.models import AlternateQuestion, DailyHits, Faq, PhrasingConflict
from faq.releases import unreadable
from faq.releases.drafts import draft_of, record_change
from faq.releases.near_duplicates import Neighbour, backend, warnings
from faq.releases.publishing import publish
from faq.write_lock import lock_knowledge_base

__all__ = ["CategoryRuleAdmin", "FaqAdmin", "ReleaseAdmin"]

HITS_PERIOD = timedelta(days=30)
MAX_NEIGHBOURS = 5
MAX_HISTORY = 10


class AlternateInline(TabularInline):  # type: ignore[misc]
    """Alternate questions; editing them needs the permissions for the FAQ."""

    model = AlternateQuestion
    form = AlternateForm
    formset = AlternateFormSet
    extra = 1
    hide_title = True
    verbose_name = "alternate question"

    def has_view_permission(self, request: HttpRequest, obj: Faq | None = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Faq | None = None) -> bool:
        return request.user.has_perm("faq.change_faq" if obj else "faq.add_faq")

    has_add_permission = has_delete_permission = has_change_permission


class StatusFilter(admin.SimpleListFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status.value, status.label) for status in Faq.Status]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Faq]) -> QuerySet[Faq]:
        return queryset.filter(**{"status": self.value()}) if self.value() else queryset


class ReviewFilter(admin.SimpleListFilter):
    title = "review"
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("due", "Due")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Faq]) -> QuerySet[Faq]:
        if self.value() != "due":
            return queryset
        return queryset.filter(review_by__lte=timezone.localdate(), retired=False)


@admin.register(Faq)
class FaqAdmin(StageMixin, WordingsMixin, ImportExportMixin, ModelAdmin):  # type: ignore[misc]
    form = FaqForm
    inlines = (AlternateInline,)
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
    fieldsets = (
        (None, {"fields": ("question", "answer", "category", "slug", "seen")}),
        ("Owner and audience", {"fields": ("owner", "review_by", "audience")}),
        ("Threshold and margin", {"fields": ("threshold", "margin"), "classes": ("collapse",)}),
    )
    actions = ("publish_selected", "retire_selected", "restore_selected")
    change_form_outer_before_template = "faq/draft_status.html"

    # --- The list -------------------------------------------------------------------------------

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

    @admin.display(description="Questions", ordering="alternate_count")
    def phrasings(self, faq: Faq) -> str:
        """The number of questions, and how many of them are not yet prepared for matching."""
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
        due = faq.review_by <= timezone.localdate()
        return (
            format_html("<strong>{} (due)</strong>", faq.review_by) if due else str(faq.review_by)
        )

    # --- Permissions ----------------------------------------------------------------------------

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PUBLISH)

    def has_delete_permission(self, request: HttpRequest, obj: Faq | None = None) -> bool:
        """FAQs are retired instead, so that their history stays."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Faq | None = None) -> Sequence[str]:
        # The id is the key in files and in the API.
        return ("slug",) if obj else ()

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Faq | None = None
    ) -> dict[str, Sequence[str]]:
        return {} if obj else {"slug": ("question",)}

    # --- One FAQ --------------------------------------------------------------------------------

    def _changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method != "POST":
            return super()._changeform_view(request, *args, **kwargs)
        # Lock before the form reads the stored draft.
        with lock_knowledge_base():
            return super()._changeform_view(request, *args, **kwargs)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        """After a save, also show the closest FAQs and, with "Save and publish", publish it."""
        draft_context = self._draft_context(request, object_id) if request.method == "GET" else {}
        context = {
            "may_publish": self.has_publish_permission(request),
            **draft_context,
            **(extra_context or {}),
        }
        response: HttpResponseBase = super().changeform_view(request, object_id, form_url, context)
        saved: Faq | None = getattr(request, "faq_saved", None)
        if saved:
            self._report_neighbours(request, saved)
            if "_publish" in request.POST and self.has_publish_permission(request):
                self._publish(request, [saved.slug])
            elif "_submit" in request.POST:
                self.submit_draft(request, saved)
        return response

    def _draft_context(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        """The draft's status, the closest other FAQs and its history."""
        faq = self.get_object(request, object_id) if object_id else None
        if faq is None or not self.has_view_permission(request, faq):
            return {}
        shown = {"draft": faq, "neighbours": nearest(faq), "history": history(faq)}
        return {
            **shown,
            **self.stage_context(request, faq),
            **self.wordings_context(request, faq),
            **health_context(request, faq),
            **source_context(faq),
        }

    def save_model(self, request: HttpRequest, obj: Faq, form: Any, change: bool) -> None:
        request.faq_before = form.stored  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        faq = Faq.objects.get(pk=form.instance.pk)
        before: Draft | None = request.faq_before  # type: ignore[attr-defined]
        old = before.as_dict() if before else {}
        record_change(faq.slug, old, draft_of(faq).as_dict(), by=request.user.get_username())
        request.faq_saved = faq  # type: ignore[attr-defined]

    def _report_neighbours(self, request: HttpRequest, faq: Faq) -> None:
        neighbours = nearest(faq)
        for line in warnings(neighbours):
            self.message_user(request, line, messages.WARNING)
        if neighbours:
            names = ", ".join(f"{other.slug} ({other.similarity:.2f})" for other in neighbours)
            self.message_user(request, f"Closest other FAQs: {names}.", messages.INFO)
        for line in unreadable.warnings(faq.content().phrasings):
            self.message_user(request, f"{line}.", messages.WARNING)
        for finding in findings(faq.content()):
            text = f"This FAQ contains personal data that everybody can read: {finding}."
            self.message_user(request, text, messages.WARNING)
        if "_publish" not in request.POST and "_submit" not in request.POST:
            text = "Saved as a draft. Customers get this answer after it is published."
            self.message_user(request, text, messages.INFO)

    def response_change(self, request: HttpRequest, obj: Faq) -> HttpResponse:
        if "_retire" in request.POST or "_restore" in request.POST:
            self._retire(request, [obj], retired="_retire" in request.POST)
        response: HttpResponse = super().response_change(request, obj)
        return response

    # --- Publishing and retiring ----------------------------------------------------------------

    @admin.action(description="Publish selected FAQs", permissions=["publish"])
    def publish_selected(self, request: HttpRequest, faqs: QuerySet[Faq]) -> None:
        self._publish(request, list(faqs.values_list("slug", flat=True)))

    @admin.action(description="Retire selected FAQs", permissions=["change"])
    def retire_selected(self, request: HttpRequest, faqs: QuerySet[Faq]) -> None:
        self._retire(request, faqs, retired=True)

    @admin.action(description="Restore selected FAQs", permissions=["change"])
    def restore_selected(self, request: HttpRequest, faqs: QuerySet[Faq]) -> None:
        self._retire(request, faqs, retired=False)

    def _retire(self, request: HttpRequest, faqs: Any, *, retired: bool) -> None:
        """Retire or restore FAQs. A publisher's change is published at once, with the drafts."""
        try:
            with lock_knowledge_base():
                moving = [faq for faq in faqs if faq.retired != retired]
                for faq in moving:
                    faq.retire(by=request.user.get_username(), retired=retired)
        except PhrasingConflict as conflict:
            self.message_user(request, f"Nothing was changed: {conflict}.", messages.ERROR)
            return
        action = "retired" if retired else "restored"
        count = "1 FAQ" if len(moving) == 1 else f"{len(moving)} FAQs"
        self.message_user(request, f"{count} {action}.", messages.SUCCESS)
        if self.has_publish_permission(request):
            self._publish(request, [faq.slug for faq in moving])
        else:
            text = "Saved as a draft. Customers notice the change after it is published."
            self.message_user(request, text, messages.INFO)

    def _publish(self, request: HttpRequest, slugs: Sequence[str]) -> None:
        note = f"Published {slugs[0]}" if len(slugs) == 1 else f"Published {len(slugs)} FAQs"
        publish_and_report(
            self, request, lambda: publish(actor=request.user.get_username(), note=note, only=slugs)
        )

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("import/", self.admin_site.admin_view(self.import_page), name="faq_faq_import"),
            path("export/", self.admin_site.admin_view(self.export_page), name="faq_faq_export"),
            path(
                "<int:pk>/stage/", self.admin_site.admin_view(self.stage_page), name="faq_faq_stage"
            ),
            path(
                "<int:pk>/wording/",
                self.admin_site.admin_view(self.wording_page),
                name="faq_faq_wording",
            ),
        ]
        urls: list[URLPattern] = super().get_urls()
        return [*own, *urls]


def history(faq: Faq) -> list[dict[str, Any]]:
    """The latest changes of an FAQ from the audit log, newest first."""
    records = Record.objects.all().about("faq", faq.slug)[:MAX_HISTORY]
    return [
        {
            "at": record.at,
            "by": record.actor,
            "verb": record.action.partition(".")[2],
            "fields": ", ".join(record.data.get("fields", {})),
        }
        for record in records
    ]


def nearest(faq: Faq) -> list[Neighbour]:
    return backend.get().nearest(faq.content(), limit=MAX_NEIGHBOURS)


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
