"""Sources of FAQs in the admin: their address, "Fetch now", and the result of the last fetch."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget

from audit.admin_history import AuditedAdminMixin
from audit.people.pseudonyms import stored_name
from faq.admin.change_views import highlight_changes
from faq.admin.forms import SuggestingInput
from faq.models import Faq, Source, SourcePair
from faq.releases.drafts import drafts
from faq.sources.jobs import start_fetch

MAX_PAIRS = 500
"""FAQs on the page of a source."""


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """Never shows the stored token."""

    class Meta:
        widgets = {
            **{name: SuggestingInput(name) for name in ("category", "audience", "owner")},
            "secret": UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.secret and "secret" in self.fields:
            self.fields["secret"].help_text = "For Intercom. Empty: keep the stored token."

    def clean_secret(self) -> str:
        # The page never shows the token, so an empty field is no change.
        secret: str = self.cleaned_data["secret"]
        return secret or self.instance.secret

    def clean_owner(self) -> str:
        return stored_name(self.cleaned_data["owner"])


@admin.register(Source)
class SourceAdmin(AuditedAdminMixin, ModelAdmin):  # type: ignore[misc]
    """Web pages and help centres that FAQs are imported from."""

    form = SourceForm
    list_display = ("name", "kind", "url", "faqs", "state", "last_checked")
    list_filter = (("last_error", admin.EmptyFieldListFilter), "kind")
    search_fields = ("name", "url")
    fieldsets = (
        (None, {"fields": ("name", "kind", "url", "locale", "secret", "interval")}),
        ("New FAQs", {"fields": ("category", "audience", "owner")}),
    )
    change_form_outer_before_template = "faq/source_status.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        sources: QuerySet[Source] = super().get_queryset(request)
        return sources.annotate(faq_count=Count("pairs"))

    @admin.display(description="FAQs", ordering="faq_count")
    def faqs(self, source: Source) -> int:
        return int(getattr(source, "faq_count", 0))

    @display(
        description="State",
        label={"read": "success", "not imported yet": "warning", "failed": "danger"},
    )
    def state(self, source: Source) -> str:
        if source.last_error:
            return "failed"
        return "read" if self.faqs(source) else "not imported yet"

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        source = self.get_object(request, object_id) if object_id else None
        context = dict(extra_context or {})
        if source and request.method == "GET" and self.has_view_permission(request, source):
            context |= {
                "source": source,
                "pairs": _pair_rows(source),
                "may_fetch": _may_fetch(request),
                "fetch": reverse("admin:faq_source_fetch", args=[source.pk]),
            }
        response: HttpResponseBase = super().changeform_view(request, object_id, form_url, context)
        return response

    def response_add(
        self, request: HttpRequest, obj: Source, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go to the source's page, which has the button for the first fetch."""
        self.message_user(
            request, "Saved. Fetch it now to see what would be imported.", messages.SUCCESS
        )
        return HttpResponseRedirect(reverse("admin:faq_source_change", args=[obj.pk]))

    def fetch_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST only: start a fetch, and show its progress where imports are shown."""
        if request.method != "POST" or not _may_fetch(request):
            raise PermissionDenied
        job = start_fetch(get_object_or_404(Source, pk=pk), by=request.user.get_username())
        return HttpResponseRedirect(f"{reverse('admin:faq_faq_import')}?job={job.pk}")

    def get_urls(self) -> list[URLPattern]:
        fetch = self.admin_site.admin_view(self.fetch_page)
        urls: list[URLPattern] = super().get_urls()
        return [path("<int:pk>/fetch/", fetch, name="faq_source_fetch"), *urls]


def _may_fetch(request: HttpRequest) -> bool:
    """A fetch writes drafts, so it needs the permissions for them."""
    return request.user.has_perms(("faq.change_source", "faq.add_faq", "faq.change_faq"))


def _pair_rows(source: Source) -> list[dict[str, Any]]:
    pairs = list(source.pairs.select_related("faq")[:MAX_PAIRS])
    stored = drafts(pair.faq.slug for pair in pairs)
    return [
        {
            "pair": pair,
            "page": reverse("admin:faq_faq_change", args=[pair.faq.pk]),
            **_state(pair, stored[pair.faq.slug]),
        }
        for pair in pairs
    ]


def _state(pair: SourcePair, draft: Any) -> dict[str, Any]:
    """``state``: how the draft and the source differ; ``difference``: their answers, as HTML."""
    states = []
    if pair.is_gone:
        states.append("no longer in the source")
    elif pair.missing:
        states.append("missing in the last fetch")
    difference = None
    if pair.is_edited(draft):
        states.append("edited by hand: later changes of the source are ignored")
        if draft.content.answer != pair.answer:
            difference = highlight_changes(pair.answer, draft.content.answer)
    return {"state": "; ".join(states), "difference": difference}


def source_context(faq: Faq) -> dict[str, Any]:
    """Where an FAQ comes from, for its page."""
    stored = drafts([faq.slug])[faq.slug]
    pairs = faq.source_pairs.select_related("source")
    return {"sources": [{"pair": pair, **_state(pair, stored)} for pair in pairs]}
