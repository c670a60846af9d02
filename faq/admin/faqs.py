"""The page of one FAQ in the admin: curators edit the draft, publishers publish it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from unfold.admin import TabularInline

from audit.action_labels import change_label
from audit.models import Record
from faq.admin.faq_list import FaqListAdmin
from faq.admin.forms import AlternateForm, AlternateFormSet, FaqForm
from faq.admin.health import health_context
from faq.admin.import_export import ImportExportMixin
from faq.admin.releases import PUBLISH, publish_and_report
from faq.admin.sources import source_context
from faq.admin.stages import StageMixin
from faq.admin.wordings import WordingsMixin
from faq.content import Draft
from faq.field_labels import field_label
from faq.files.personal_data import findings
from faq.models import AlternateQuestion, Faq, PhrasingConflict
from faq.releases import unreadable
from faq.releases.drafts import draft_of, record_change
from faq.releases.near_duplicates import Neighbour, backend, warnings
from faq.releases.publishing import publish
from faq.write_lock import lock_knowledge_base

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


@admin.register(Faq)
class FaqAdmin(StageMixin, WordingsMixin, ImportExportMixin, FaqListAdmin):
    """FAQs: the list, the page of one, and import and export."""

    form = FaqForm
    inlines = (AlternateInline,)
    fieldsets = (
        (None, {"fields": ("question", "answer", "category", "slug", "seen")}),
        ("Owner and audience", {"fields": ("owner", "review_by", "audience")}),
        ("Threshold and margin", {"fields": ("threshold", "margin"), "classes": ("collapse",)}),
    )
    actions = ("publish_selected", "retire_selected", "restore_selected")
    change_form_outer_before_template = "faq/draft_status.html"

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
        """After a save, show the closest FAQs; then publish or submit, if the button says so."""
        draft_context = self._draft_context(request, object_id) if request.method == "GET" else {}
        context = {
            "may_publish": self.has_publish_permission(request),
            **draft_context,
            **(extra_context or {}),
        }
        response: HttpResponseBase = super().changeform_view(request, object_id, form_url, context)
        saved: Faq | None = getattr(request, "faq_saved", None)
        if saved:
            self._warn(request, saved)
            if "_publish" in request.POST and self.has_publish_permission(request):
                self._publish(request, [saved.slug])
            elif "_submit" in request.POST:
                self.submit_draft(request, saved)
        return response

    def _draft_context(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        """Template variables of the block above the form; empty for a new FAQ."""
        faq = self.get_object(request, object_id) if object_id else None
        if faq is None or not self.has_view_permission(request, faq):
            return {}
        return {
            "draft": faq,
            "neighbours": nearest(faq),
            "history": history(faq),
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

    def _warn(self, request: HttpRequest, faq: Faq) -> None:
        """Messages about what was saved: close FAQs, unreadable phrasings, personal data."""
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
                changed = [faq for faq in faqs if faq.retired != retired]
                for faq in changed:
                    faq.retire(by=request.user.get_username(), retired=retired)
        except PhrasingConflict as conflict:
            self.message_user(request, f"Nothing was changed: {conflict}.", messages.ERROR)
            return
        action = "retired" if retired else "restored"
        count = "1 FAQ" if len(changed) == 1 else f"{len(changed)} FAQs"
        self.message_user(request, f"{count} {action}.", messages.SUCCESS)
        if self.has_publish_permission(request):
            self._publish(request, [faq.slug for faq in changed])
        else:
            text = "Saved as a draft. Customers see the change after a publisher publishes it."
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
    """The latest changes of an FAQ from the audit trail, newest first."""
    records = Record.objects.all().about("faq", faq.slug)[:MAX_HISTORY]
    return [
        {
            "at": record.at,
            "by": record.actor,
            "label": change_label(record.action),
            "fields": ", ".join(map(field_label, record.data.get("fields", {}))),
        }
        for record in records
    ]


def nearest(faq: Faq) -> list[Neighbour]:
    """The closest other FAQs, drafts included; the closest first."""
    return backend.get().nearest(faq.content(), limit=MAX_NEIGHBOURS)
