"""Releases in the admin: look at what waits, publish it, look at what was, go back to it."""

from __future__ import annotations

from collections.abc import Callable
from difflib import SequenceMatcher
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from audit.admin import ReadOnlyAdmin
from faq.content import Change, digest_of
from faq.models import Release
from faq.releases.publishing import PublishError, publish, roll_back
from faq.releases.review import between, count_waiting, digest_after, review

PUBLISH = "faq.publish_release"
PAGE = 100
"""Changes on one page of a review."""

GONE = "gone"


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    list_display = (
        *("name", "state", "published_at", "published_by", "note"),
        *("added", "changed", "retired"),
    )
    search_fields = ("=number", "note", "published_by")
    fields = (
        *("number", "state", "published_at", "published_by", "note"),
        *("embedder", "collection", "fingerprint"),
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

    # --- Looking --------------------------------------------------------------------------------

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
            live = release.number == release.newest  # type: ignore[attr-defined]
            before = Release.objects.filter(number=release.number - 1).first()
            found = between(before, release)
            context |= {
                "heading": f"What release {release.number} changed",
                "changes": [Shown(change) for change in found[:PAGE]],
                "more": max(len(found) - PAGE, 0),
                "may_roll_back": not live and request.user.has_perm(PUBLISH),
                "roll_back": reverse("admin:faq_release_rollback", args=[release.pk]),
            }
        response: HttpResponseBase = super().changeform_view(request, object_id, form_url, context)
        return response

    # --- Publishing -----------------------------------------------------------------------------

    def review_page(self, request: HttpRequest) -> HttpResponse:
        """What waits, FAQ by FAQ and phrasing by phrasing; publish all of it, or a selection."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._publish(request)
        found = review()
        page = Paginator(list(found.waiting), PAGE).get_page(request.GET.get("page"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Review drafts",
            "live": found.live,
            "count": len(found.waiting),
            "reviewed": found.digest,
            "page": page,
            "changes": [Shown(change) for change in found.changes(list(page))],
            "may_publish": request.user.has_perm(PUBLISH),
        }
        return TemplateResponse(request, "faq/review.html", context)

    def _publish(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(PUBLISH):
            raise PermissionDenied
        again = HttpResponseRedirect(reverse("admin:faq_release_review"))
        actor, note = request.user.get_username(), request.POST.get("note", "")[:500]
        reviewed, only = request.POST.get("reviewed", ""), None
        if "_selected" in request.POST:
            chosen = dict(each.rpartition("=")[::2] for each in request.POST.getlist("change"))
            if not chosen:
                self.message_user(request, "Choose the FAQs to publish.", messages.ERROR)
                return again
            only = list(chosen)
            digests = {slug: None if seen == GONE else seen for slug, seen in chosen.items()}
            reviewed = digest_of(digests)
        made = publishing(
            self,
            request,
            lambda: publish(actor=actor, note=note, only=only, reviewed=reviewed),
        )
        return again if made is None else self._to_list()

    def rollback_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One action: a new release with the old content."""
        if not request.user.has_perm(PUBLISH) or request.method != "POST":
            raise PermissionDenied
        release = get_object_or_404(Release, pk=pk)
        publishing(self, request, lambda: roll_back(release, actor=request.user.get_username()))
        return self._to_list()

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


def publishing(page: Any, request: HttpRequest, make: Callable[[], Release]) -> Release | None:
    """Make a release and tell the person what came of it."""
    before = Release.objects.live()
    try:
        live = make()
    except PublishError as failure:
        goes_on = f"/ask still answers from release {before.number}" if before else "No release"
        page.message_user(request, f"Not published: {failure} {goes_on}.", messages.ERROR)
        return None
    if live == before:
        page.message_user(request, "Nothing differs from the live release.", messages.INFO)
        return live
    said = f"Release {live.number} is live: /ask answers from it."
    page.message_user(request, said, messages.SUCCESS)
    return live


class Shown:
    """One change as a page shows it."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.slug, self.kind = change.slug, change.kind
        self.name = (change.after or change.before).question  # type: ignore[union-attr]
        self.value = f"{change.slug}={digest_after(change) or GONE}"
        self.phrasings_added = change.phrasings_added
        self.phrasings_gone = change.phrasings_gone
        self.reordered = change.reordered

    @property
    def fields(self) -> list[tuple[str, SafeString]]:
        return [
            (name, marked(_text(before), _text(after)))
            for name, (before, after) in self.change.fields.items()
        ]


def marked(before: str, after: str) -> SafeString:
    """The two texts as one, word by word: what is gone struck through, what is new underlined."""
    old, new = _words(before), _words(after)
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    parts: list[tuple[SafeString | str]] = []
    for step, start, end, new_start, new_end in steps:
        was, now = "".join(old[start:end]), "".join(new[new_start:new_end])
        if step == "equal":
            parts.append((was,))
            continue
        if was:
            parts.append((format_html("<del>{}</del>", was),))
        if now:
            parts.append((format_html("<ins>{}</ins>", now),))
    return format_html_join("", "{}", parts)


LONGEST_COMPARED = 2_000
"""Words; comparing takes their square."""


def _words(text: str) -> list[str]:
    words = [word for line in text.splitlines(keepends=True) for word in _split(line)]
    return words if len(words) <= LONGEST_COMPARED else [text]


def _split(line: str) -> list[str]:
    pieces = line.split(" ")
    return [piece + " " for piece in pieces[:-1]] + ([pieces[-1]] if pieces[-1] else [])


def _text(value: Any) -> str:
    return "" if value is None else str(value)
