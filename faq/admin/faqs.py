"""The knowledge base in the admin: curators edit drafts, publishers release them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
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
from faq.admin.import_export import ExchangePages
from faq.admin.releases import PUBLISH, ReleaseAdmin, publishing
from faq.content import Draft
from faq.files.personal_data import findings
from faq.models import AlternateQuestion, DailyHits, Faq, Taken
from faq.releases.drafts import draft_of, record_change
from faq.releases.near_duplicates import Neighbour, backend, warnings
from faq.releases.publishing import publish, take_turn, writing

__all__ = ["CategoryRuleAdmin", "FaqAdmin", "ReleaseAdmin"]

RECENT = timedelta(days=30)
NEAREST = 5
HISTORY = 10


class AlternateInline(TabularInline):  # type: ignore[misc]
    """Part of its FAQ: whoever may edit that may edit these."""

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
class FaqAdmin(ExchangePages, ModelAdmin):  # type: ignore[misc]
    form = FaqForm
    inlines = (AlternateInline,)
    list_display = (
        *("question", "slug", "category", "shown_status", "phrasings"),
        *("hits", "last_asked", "review"),
    )
    list_filter = (StatusFilter, ReviewFilter, "category", "audience", "owner")
    search_fields = ("slug", "question", "answer", "alternates__text")
    search_help_text = "Words of a question or an answer"
    list_per_page = 50
    fieldsets = (
        (None, {"fields": ("question", "answer", "category", "slug", "seen")}),
        ("Who keeps it, who may see it", {"fields": ("owner", "review_by", "audience")}),
        ("When to answer with it", {"fields": ("threshold", "margin"), "classes": ("collapse",)}),
    )
    actions = ("publish_selected", "retire_selected", "bring_back_selected")
    change_form_outer_before_template = "faq/standing.html"

    # --- The list -------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Faq]:
        faqs: QuerySet[Faq] = super().get_queryset(request).with_status()
        # Not Count(): a search joins the alternates too, and would multiply them.
        alternates = AlternateQuestion.objects.filter(faq=OuterRef("pk")).order_by().values("faq")
        hits = DailyHits.objects.filter(slug=OuterRef("slug")).order_by().values("slug")
        recent = hits.filter(day__gt=timezone.now().date() - RECENT)
        return faqs.annotate(
            alternate_count=_zero(alternates.annotate(n=Count("pk")).values("n")),
            hit_count=_zero(recent.annotate(n=Sum("count")).values("n")),
            hit_last=Subquery(hits.annotate(latest=Max("last")).values("latest")),
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        response: HttpResponseBase = super().changelist_view(request, extra_context)
        shown = getattr(response, "context_data", {}).get("cl")
        if shown:
            _note_embedded(list(shown.result_list))
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
    def shown_status(self, faq: Faq) -> str:
        return faq.status

    @admin.display(description="Phrasings", ordering="alternate_count")
    def phrasings(self, faq: Faq) -> str:
        """How many, and whether the model has seen them."""
        count, done = 1 + int(getattr(faq, "alternate_count", 0)), getattr(faq, "embedded", 0)
        return f"{count} embedded" if done == count else f"{done} of {count} embedded"

    @admin.display(description="Hits, 30 days", ordering="hit_count")
    def hits(self, faq: Faq) -> int:
        return int(getattr(faq, "hit_count", 0))

    @admin.display(description="Last asked", ordering="hit_last")
    def last_asked(self, faq: Faq) -> SafeString | str:
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

    # --- Who may --------------------------------------------------------------------------------

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PUBLISH)

    def has_delete_permission(self, request: HttpRequest, obj: Faq | None = None) -> bool:
        """FAQs are retired, so that their history stays readable."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Faq | None = None) -> Sequence[str]:
        # Programs and files know an FAQ by its id.
        return ("slug",) if obj else ()

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Faq | None = None
    ) -> dict[str, Sequence[str]]:
        return {} if obj else {"slug": ("question",)}

    # --- One FAQ --------------------------------------------------------------------------------

    def _changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST":
            # Before the form reads what it will compare with.
            take_turn()
        return super()._changeform_view(request, *args, **kwargs)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        """Django's, and once the FAQ is saved, its neighbours and maybe a release of it."""
        shown = self._standing(request, object_id) if request.method == "GET" else {}
        context = {
            "may_publish": self.has_publish_permission(request),
            **shown,
            **(extra_context or {}),
        }
        response: HttpResponseBase = super().changeform_view(request, object_id, form_url, context)
        saved: Faq | None = getattr(request, "faq_saved", None)
        if saved:
            self._tell_neighbours(request, saved)
            if "_publish" in request.POST and self.has_publish_permission(request):
                self._publish(request, [saved.slug])
        return response

    def _standing(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        """How the draft stands: against the live release, and against other FAQs."""
        faq = self.get_object(request, object_id) if object_id else None
        if faq is None or not self.has_view_permission(request, faq):
            return {}
        return {"standing": faq, "neighbours": nearest(faq), "history": history(faq)}

    def save_model(self, request: HttpRequest, obj: Faq, form: Any, change: bool) -> None:
        request.faq_before = form.stored  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        faq = Faq.objects.get(pk=form.instance.pk)
        before: Draft | None = request.faq_before  # type: ignore[attr-defined]
        told = before.as_dict() if before else {}
        record_change(faq.slug, told, draft_of(faq).as_dict(), by=request.user.get_username())
        request.faq_saved = faq  # type: ignore[attr-defined]

    def _tell_neighbours(self, request: HttpRequest, faq: Faq) -> None:
        found = nearest(faq)
        for line in warnings(found):
            self.message_user(request, line, messages.WARNING)
        if found:
            listed = ", ".join(f"{each.slug} ({each.similarity:.2f})" for each in found)
            self.message_user(request, f"Nearest other FAQs: {listed}.", messages.INFO)
        for each in findings(faq.content()):
            self.message_user(request, f"Everybody will read: {each}.", messages.WARNING)
        if "_publish" not in request.POST:
            said = "It is saved as a draft: /ask does not use it until it is published."
            self.message_user(request, said, messages.INFO)

    def response_change(self, request: HttpRequest, obj: Faq) -> HttpResponse:
        if "_retire" in request.POST or "_bring_back" in request.POST:
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

    @admin.action(description="Bring back selected FAQs", permissions=["change"])
    def bring_back_selected(self, request: HttpRequest, faqs: QuerySet[Faq]) -> None:
        self._retire(request, faqs, retired=False)

    def _retire(self, request: HttpRequest, faqs: Any, *, retired: bool) -> None:
        """Whoever may publish has it live at once; what else is drafted in these goes along."""
        try:
            with writing():
                moving = [faq for faq in faqs if faq.retired != retired]
                for faq in moving:
                    faq.retire(by=request.user.get_username(), retired=retired)
        except Taken as taken:
            self.message_user(request, f"Nothing was changed: {taken}.", messages.ERROR)
            return
        done = "retired" if retired else "brought back"
        self.message_user(request, f"{len(moving)} {done}.", messages.SUCCESS)
        if self.has_publish_permission(request):
            self._publish(request, [faq.slug for faq in moving])
        else:
            said = "It is a draft: /ask goes on as before until it is published."
            self.message_user(request, said, messages.INFO)

    def _publish(self, request: HttpRequest, slugs: Sequence[str]) -> None:
        note = f"Published {slugs[0]}" if len(slugs) == 1 else f"Published {len(slugs)} FAQs"
        publishing(
            self, request, lambda: publish(actor=request.user.get_username(), note=note, only=slugs)
        )

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("import/", self.admin_site.admin_view(self.import_page), name="faq_faq_import"),
            path("export/", self.admin_site.admin_view(self.export_page), name="faq_faq_export"),
        ]
        urls: list[URLPattern] = super().get_urls()
        return [*own, *urls]


def history(faq: Faq) -> list[dict[str, Any]]:
    """Who changed which fields when, the latest first, as the audit trail has it."""
    facts = Record.objects.all().about("faq", faq.slug)[:HISTORY]
    return [
        {
            "at": fact.at,
            "by": fact.actor,
            "verb": fact.action.partition(".")[2],
            "fields": ", ".join(fact.data.get("fields", {})),
        }
        for fact in facts
    ]


def nearest(faq: Faq) -> list[Neighbour]:
    return backend.get().nearest(faq.content(), limit=NEAREST)


def _zero(counted: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(counted), 0)


def _note_embedded(faqs: list[Faq]) -> None:
    """One look-up for the whole page."""
    read = Faq.objects.filter(pk__in=[faq.pk for faq in faqs]).prefetch_related("alternates")
    phrasings = {faq.pk: faq.content().phrasings for faq in read}
    there = backend.get().embedded(phrasing for each in phrasings.values() for phrasing in each)
    for faq in faqs:
        done = sum(phrasing in there for phrasing in phrasings.get(faq.pk, ()))
        faq.embedded = done  # type: ignore[attr-defined]
