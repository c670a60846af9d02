"""The knowledge base in the admin. Saving a published FAQ makes a release of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from audit.admin import ReadOnlyAdmin
from audit.models import Record, record
from faq.content import clashes
from faq.forms import AlternateForm, AlternateFormSet, FaqForm
from faq.models import AlternateQuestion, Faq, Release
from faq.publishing import PublishError, Unpublishable, publish, take_turn, writing


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


@admin.register(Faq)
class FaqAdmin(ModelAdmin):  # type: ignore[misc]
    form = FaqForm
    inlines = (AlternateInline,)
    list_display = ("question", "slug", "category", "shown_status", "phrasings", "updated")
    list_filter = ("status", "category")
    search_fields = ("slug", "question", "answer", "alternates__text")
    search_help_text = "Words of a question or an answer"
    list_per_page = 50
    fieldsets = (
        (None, {"fields": ("question", "answer", "category", "status", "slug")}),
        ("When to answer with it", {"fields": ("threshold", "margin"), "classes": ("collapse",)}),
    )
    actions = ("publish_selected", "retire_selected")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Faq]:
        faqs: QuerySet[Faq] = super().get_queryset(request)
        # Not Count(): a search joins the alternates too, and would multiply them.
        counts = AlternateQuestion.objects.filter(faq=OuterRef("pk")).order_by().values("faq")
        counted = Coalesce(Subquery(counts.annotate(count=Count("pk")).values("count")), 0)
        return faqs.annotate(alternate_count=counted)

    def get_readonly_fields(self, request: HttpRequest, obj: Faq | None = None) -> Sequence[str]:
        # Programs and files know an FAQ by its id.
        return ("slug",) if obj else ()

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Faq | None = None
    ) -> dict[str, Sequence[str]]:
        return {} if obj else {"slug": ("question",)}

    def has_delete_permission(self, request: HttpRequest, obj: Faq | None = None) -> bool:
        """FAQs are retired, so that their history stays readable."""
        return False

    @display(
        description="Status",
        ordering="status",
        label={"published": "success", "draft": "warning", "retired": "danger"},
    )
    def shown_status(self, faq: Faq) -> str:
        return faq.status

    @admin.display(description="Phrasings", ordering="alternate_count")
    def phrasings(self, faq: Faq) -> int:
        return 1 + int(getattr(faq, "alternate_count", 0))

    # --- Saving ---------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Faq, form: Any, change: bool) -> None:
        take_turn()
        before = Faq.objects.filter(pk=obj.pk).first() if change else None
        request.faq_before = state_of(before)  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        faq = Faq.objects.get(pk=form.instance.pk)
        before, after = request.faq_before, state_of(faq)  # type: ignore[attr-defined]
        if before != after:
            record_change(faq, before, after, by=request.user.get_username())
        request.faq_saved = faq  # type: ignore[attr-defined]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Django's, and once the FAQ is saved, a release of it."""
        response: HttpResponseBase = super().changeform_view(request, *args, **kwargs)
        saved: Faq | None = getattr(request, "faq_saved", None)
        if saved:
            self._publish(request)
        if saved and saved.status == Faq.Status.DRAFT:
            self.message_user(request, "It is a draft: /ask does not use it yet.", messages.INFO)
        return response

    @admin.action(description="Publish selected FAQs", permissions=["change"])
    def publish_selected(self, request: HttpRequest, faqs: QuerySet[Faq]) -> None:
        self._move(request, faqs, Faq.Status.PUBLISHED)

    @admin.action(description="Retire selected FAQs", permissions=["change"])
    def retire_selected(self, request: HttpRequest, faqs: QuerySet[Faq]) -> None:
        self._move(request, faqs, Faq.Status.RETIRED)

    def _move(self, request: HttpRequest, faqs: QuerySet[Faq], status: Faq.Status) -> None:
        try:
            with writing():
                moving = list(faqs.exclude(status=status))
                for faq in moving:
                    faq.move(status, by=request.user.get_username())
                # Kept, such a contradiction would stop every later release too.
                found = clashes(Faq.objects.published().contents().values())
                if status == Faq.Status.PUBLISHED and found:
                    raise Unpublishable(found)
        except Unpublishable as refusal:
            self.message_user(request, f"Nothing was changed: {refusal}.", messages.ERROR)
            return
        self.message_user(request, f"{len(moving)} {status}.", messages.SUCCESS)
        self._publish(request)

    def _publish(self, request: HttpRequest) -> None:
        before = Release.objects.live()
        try:
            live = publish(actor=request.user.get_username(), note="Edited in the admin")
        except PublishError as failure:
            # What was typed is kept, and goes live with the next release that succeeds.
            goes_on = f"/ask still answers from release {before.number}" if before else "No release"
            said = f"Saved, but not published: {failure}. {goes_on}; save again to retry."
            self.message_user(request, said, messages.ERROR)
            return
        if live != before:
            said = f"Release {live.number} is live: /ask answers from it."
            self.message_user(request, said, messages.SUCCESS)


def state_of(faq: Faq | None) -> dict[str, Any]:
    return {**faq.content().as_dict(), "status": faq.status} if faq else {}


def record_change(faq: Faq, before: dict[str, Any], after: dict[str, Any], *, by: str) -> None:
    """Which field of an FAQ changed, from what to what."""
    changed = {
        name: {"before": before.get(name), "after": value}
        for name, value in after.items()
        if before.get(name) != value
    }
    verb = "changed" if before else "added"
    record(f"faq.{verb}", actor=by, kind="faq", key=faq.slug, data={"fields": changed})


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    list_display = (
        *("name", "state", "published_at", "published_by", "note"),
        *("added", "changed", "retired"),
    )
    search_fields = ("=number", "note", "published_by")
    fields = (
        *("number", "state", "published_at", "published_by", "note", "difference"),
        *("embedder", "collection", "fingerprint"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        newest = Release.objects.order_by("-number").values("number")[:1]
        releases: QuerySet[Release] = super().get_queryset(request)
        return releases.annotate(newest=Subquery(newest))

    @admin.display(description="Release", ordering="number")
    def name(self, release: Release) -> str:
        return str(release.number)

    @display(description="State", label={"live": "success"})
    def state(self, release: Release) -> str:
        return "live" if release.number == getattr(release, "newest", None) else ""

    @admin.display(description="Difference")
    def difference(self, release: Release) -> SafeString | str:
        """Which FAQs it added, changed and retired, as recorded when it was published."""
        facts = Record.objects.all().about("release", release.number)
        fact = facts.filter(action="release.published").first()
        told = [
            (name, ", ".join(fact.data.get(key, [])))
            for name, key in (("added", "added"), ("changed", "changed"), ("retired", "gone"))
            if fact and fact.data.get(key)
        ]
        return format_html_join("", "<p>{}: {}</p>", told)
