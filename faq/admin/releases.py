"""Releases in the admin: review drafts, publish them, compare releases, roll back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.decorators import display

from audit.admin import ReadOnlyAdmin
from faq.admin.change_views import NO_DIGEST, ChangeView, staged_views
from faq.content import digest_of
from faq.models import Faq, Release
from faq.releases.publishing import PublishError, publish
from faq.releases.review import count_waiting, in_stage, release_changes, review, submitted
from faq.releases.rollback import ResetDrafts, plan_rollback, roll_back

PUBLISH = "faq.publish_release"
SUBMITTED, SOURCE, ALL = "submitted", "source", "all"
"""Tabs of the review."""

STAGES = {SUBMITTED: Faq.Stage.SUBMITTED, SOURCE: Faq.Stage.SOURCE}
"""The stage that a tab shows; the tab ``ALL`` shows all drafts."""

PAGE_SIZE = 100
"""Changes on one page of the review."""


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    """Releases, the review of drafts, and the rollback."""

    list_display = (
        *("name", "state", "published_at", "published_by", "note"),
        *("added", "changed", "retired"),
    )
    search_fields = ("=number", "note", "published_by")
    fields = (
        *("number", "state", "published_at", "published_by", "note"),
        *("embedder", "second_embedder", "collection", "fingerprint"),
    )
    list_before_template = "faq/waiting.html"
    change_form_outer_before_template = "faq/difference.html"

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

    # --- Pages ----------------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        waiting = {"waiting": count_waiting()}
        response: HttpResponseBase = super().changelist_view(
            request, {**waiting, **(extra_context or {})}
        )
        return response

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        release = self.get_object(request, object_id) if object_id else None
        context = dict(extra_context or {})
        if release and request.method == "GET" and self.has_view_permission(request, release):
            is_live = release.number == release.newest  # type: ignore[attr-defined]
            before = Release.objects.filter(number=release.number - 1).first()
            changes = release_changes(before, release)
            context |= {
                "heading": f"What release {release.number} changed",
                "changes": [ChangeView(change) for change in changes[:PAGE_SIZE]],
                "more": max(len(changes) - PAGE_SIZE, 0),
                "may_roll_back": not is_live and request.user.has_perm(PUBLISH),
                "roll_back": reverse("admin:faq_release_rollback", args=[release.pk]),
            }
        response: HttpResponseBase = super().changeform_view(request, object_id, form_url, context)
        return response

    # --- Publishing -----------------------------------------------------------------------------

    def review_page(self, request: HttpRequest) -> HttpResponse:
        """The drafts that differ from the live release. Publish all, or a selection."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._publish(request)
        tab = review_tab(request)
        drafts = review(_slugs(tab))
        page = Paginator(list(drafts.waiting), PAGE_SIZE).get_page(request.GET.get("page"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Review drafts",
            "live": drafts.live,
            "count": len(drafts.waiting),
            "reviewed": drafts.digest,
            "page": page,
            "tab": tab,
            "submitted_count": len(submitted()),
            "source_count": len(in_stage(Faq.Stage.SOURCE)),
            "all_count": count_waiting(),
            "changes": staged_views(drafts.changes(list(page))),
            "may_publish": request.user.has_perm(PUBLISH),
        }
        return TemplateResponse(request, "faq/review.html", context)

    def _publish(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(PUBLISH):
            raise PermissionDenied
        again = HttpResponseRedirect(reverse("admin:faq_release_review"))
        actor, note = request.user.get_username(), request.POST.get("note", "")[:500]
        reviewed = request.POST.get("reviewed", "")
        only = _slugs(request.POST.get("tab", ""))
        if "_selected" in request.POST:
            selected = dict(value.rpartition("=")[::2] for value in request.POST.getlist("change"))
            if not selected:
                self.message_user(request, "Select the FAQs to publish first.", messages.ERROR)
                return again
            only = list(selected)
            digests = {
                slug: None if digest == NO_DIGEST else digest for slug, digest in selected.items()
            }
            reviewed = digest_of(digests)
        release = publish_and_report(
            self,
            request,
            lambda: publish(actor=actor, note=note, only=only, reviewed=reviewed),
        )
        return again if release is None else self._to_list()

    def rollback_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Preview a rollback; with POST, roll back."""
        if not request.user.has_perm(PUBLISH):
            raise PermissionDenied
        release = get_object_or_404(Release, pk=pk)
        form = RollbackForm(request.POST or None, initial={"drafts": ResetDrafts.UNEDITED})
        if request.method == "POST" and form.is_valid():
            live = publish_and_report(
                self, request, lambda: _roll_back(release, form.cleaned_data, request)
            )
            return self._to_list() if live else HttpResponseRedirect(request.path)
        plan = plan_rollback(release)
        changes = plan.changes()
        context = {
            **self.admin_site.each_context(request),
            "title": f"Roll back to release {release.number}",
            "form": form,
            "plan": plan,
            "count": len(changes),
            "changes": [ChangeView(change) for change in changes[:PAGE_SIZE]],
            "more": max(len(changes) - PAGE_SIZE, 0),
            "edits": plan.edits[:PAGE_SIZE],
            "more_edits": max(len(plan.edits) - PAGE_SIZE, 0),
        }
        return TemplateResponse(request, "faq/rollback.html", context)

    def _to_list(self) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:faq_release_changelist"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("review/", view(self.review_page), name="faq_release_review"),
            path("<int:pk>/rollback/", view(self.rollback_page), name="faq_release_rollback"),
        ]
        urls: list[URLPattern] = super().get_urls()
        return [*own, *urls]


def review_tab(request: HttpRequest) -> str:
    """The tab of the review: by default the submitted drafts, if there are any."""
    tab = request.GET.get("tab", "")
    if tab in (SUBMITTED, SOURCE, ALL):
        return tab
    return SUBMITTED if request.user.has_perm(PUBLISH) and submitted() else ALL


def _slugs(tab: str) -> list[str] | None:
    """The drafts of a tab; None for all drafts."""
    return in_stage(STAGES[tab]) if tab in STAGES else None


class RollbackForm(forms.Form):
    """What happens to the drafts, the note, and the digest of the plan on the page."""

    drafts = forms.ChoiceField(
        widget=forms.RadioSelect,
        choices=[
            (
                ResetDrafts.UNEDITED.value,
                "Set the drafts to this release, but keep unpublished edits",
            ),
            (ResetDrafts.ALL.value, "Set all drafts to this release; unpublished edits are lost"),
            (
                ResetDrafts.NONE.value,
                "Do not change drafts; publishing them undoes the rollback",
            ),
        ],
    )
    note = forms.CharField(max_length=500, required=False)
    reviewed = forms.CharField(max_length=64)


def _roll_back(release: Release, fields: dict[str, Any], request: HttpRequest) -> Release:
    return roll_back(
        release,
        actor=request.user.get_username(),
        note=fields["note"],
        reset=ResetDrafts(fields["drafts"]),
        reviewed=fields["reviewed"],
    )


def publish_and_report(
    model_admin: Any, request: HttpRequest, publish: Callable[[], Release]
) -> Release | None:
    """Call ``publish`` and show its result as a message; None if it failed."""
    before = Release.objects.live()
    try:
        live = publish()
    except PublishError as failure:
        live_now = f" Release {before.number} stays live." if before else ""
        reason = str(failure).rstrip(".")
        model_admin.message_user(request, f"Not published: {reason}.{live_now}", messages.ERROR)
        return None
    if live == before:
        model_admin.message_user(request, "No draft differs from the live release.", messages.INFO)
        return live
    text = f"Release {live.number} is live. Customers get answers from it now."
    model_admin.message_user(request, text, messages.SUCCESS)
    return live
