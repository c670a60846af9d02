"""The stage of a draft on its page: submit, comment, send back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from audit.people.pseudonyms import stored_name
from audit.privacy.gateway import PersonalData
from faq.models import Faq

PROPOSE = "faq.propose_faq"
MAX_COMMENTS = 20
MAX_TEXT_LENGTH = 2000


class StageFilter(admin.SimpleListFilter):
    """Drafts by stage, and those that were sent back to the user."""

    title = "stage"
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        stages = [(stage.value, stage.label.capitalize()) for stage in Faq.Stage]
        return [*stages, ("mine", "Sent back to me")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Faq]) -> QuerySet[Faq]:
        if self.value() == "mine":
            return queryset.filter(stage=Faq.Stage.RETURNED, submitted_by=_own_name(request))
        return queryset.filter(stage=self.value()) if self.value() else queryset


class StageMixin:
    """Submit, comment and send back on the page of an FAQ. List it before ``ModelAdmin``."""

    def stage_context(self, request: HttpRequest, faq: Faq) -> dict[str, Any]:
        comments = list(faq.comments.order_by("-pk")[:MAX_COMMENTS])
        return {
            "stage": stage_text(faq),
            "stage_url": reverse("admin:faq_faq_stage", args=[faq.pk]),
            "comments": comments[::-1],
            "may_comment": _may_comment(request),
            "may_submit": _may_submit(request, faq),
            "may_send_back": _may_send_back(request, faq),
        }

    def stage_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST only: submit, comment or send back, by the name of the button."""
        faq = get_object_or_404(Faq.objects.with_status(), pk=pk)
        may_view = self.has_view_permission(request, faq)  # type: ignore[attr-defined]
        if request.method != "POST" or not may_view:
            raise PermissionDenied
        text = request.POST.get("text", "").strip()[:MAX_TEXT_LENGTH]
        try:
            if "submit" in request.POST:
                self.submit_draft(request, faq, text)
            elif "send_back" in request.POST:
                self._send_back(request, faq, text)
            else:
                self._comment(request, faq, text)
        except PersonalData as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:faq_faq_change", args=[pk]))

    def submit_draft(self, request: HttpRequest, faq: Faq, note: str = "") -> None:
        """Ask a publisher to publish the draft; show a message."""
        if not _may_change(request):
            raise PermissionDenied
        if faq.submit(by=request.user.get_username(), note=note):
            messages.success(request, "Submitted. A publisher reviews it next.")
        else:
            text = "Nothing was submitted: the draft is already submitted or published."
            messages.info(request, text)

    def _send_back(self, request: HttpRequest, faq: Faq, reason: str) -> None:
        if not _may_send_back(request, faq):
            raise PermissionDenied
        if not reason:
            messages.error(request, "Write the reason first.")
        elif faq.send_back(reason, by=request.user.get_username()):
            messages.success(request, f"Sent back to {faq.submitted_by}.")
        else:
            messages.info(request, "Nothing was sent back: the draft is no longer in review.")

    def _comment(self, request: HttpRequest, faq: Faq, text: str) -> None:
        if not _may_comment(request):
            raise PermissionDenied
        if text:
            faq.comment(text, by=request.user.get_username())
        else:
            messages.error(request, "Write a comment first.")


def stage_text(faq: Faq) -> str:
    """Such as ``proposed by sam``; empty without a stage."""
    if faq.stage == Faq.Stage.SOURCE:
        return str(Faq.Stage.SOURCE.label)
    if not faq.stage:
        return ""
    labels = {Faq.Stage.PROPOSED: "proposed by", Faq.Stage.SUBMITTED: "submitted by"}
    return f"{labels.get(Faq.Stage(faq.stage), 'sent back to')} {faq.submitted_by}"


def _may_change(request: HttpRequest) -> bool:
    return request.user.has_perm("faq.change_faq")


def _may_comment(request: HttpRequest) -> bool:
    return request.user.has_perm(PROPOSE) or _may_change(request)


def _may_submit(request: HttpRequest, faq: Faq) -> bool:
    is_live = faq.status in (Faq.Status.PUBLISHED, Faq.Status.RETIRED)
    return _may_change(request) and not is_live and faq.stage != Faq.Stage.SUBMITTED


def _may_send_back(request: HttpRequest, faq: Faq) -> bool:
    """Curators send back proposals, publishers send back submitted drafts."""
    if faq.stage == Faq.Stage.PROPOSED:
        return _may_change(request)
    return faq.stage == Faq.Stage.SUBMITTED and request.user.has_perm("faq.publish_release")


def _own_name(request: HttpRequest) -> str:
    return stored_name(request.user.get_username())
