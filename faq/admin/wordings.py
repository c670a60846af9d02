"""Help to add phrasings to FAQs with few: a filter of the list, customers' words on the page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from audit.privacy.gateway import PersonalData
from faq.admin.stages import PROPOSE
from faq.customer_words import customer_words
from faq.files.reader import Unreadable
from faq.models import Faq, PhrasingConflict

EDIT = "faq.change_faq"

ENOUGH = 3
"""With so many phrasings, the page asks for no more. With three instead of one, the demo shop
answers twice as many questions."""

MAX_WORDINGS = 5


class PhrasingsFilter(admin.SimpleListFilter):
    """FAQs with few phrasings."""

    title = "phrasings"
    parameter_name = "phrasings"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("one", "Only 1"), ("few", f"Fewer than {ENOUGH}")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Faq]) -> QuerySet[Faq]:
        most = {"one": 1, "few": ENOUGH - 1}.get(self.value() or "")
        # Annotated by ``FaqAdmin.get_queryset``.
        few = {"retired": False, "alternate_count__lt": most}
        return queryset.filter(**few) if most else queryset


class WordingsMixin:
    """Suggests customers' questions as phrasings on the page of an FAQ.

    List it before ``ModelAdmin``.
    """

    def wordings_context(self, request: HttpRequest, faq: Faq) -> dict[str, Any]:
        """Empty if the FAQ has enough phrasings, or if the user may not add any."""
        content = faq.content()
        count = len(content.phrasings)
        if count >= ENOUGH or faq.retired or not may_add_wording(request):
            return {}
        return {
            "few_phrasings": count,
            "wordings": customer_words(content, limit=MAX_WORDINGS),
            "wording_url": reverse("admin:faq_faq_wording", args=[faq.pk]),
        }

    def wording_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST only: add ``text`` to the draft."""
        faq = get_object_or_404(Faq, pk=pk)
        if request.method != "POST" or not may_add_wording(request):
            raise PermissionDenied
        add_wording(request, faq, request.POST.get("text", ""))
        return HttpResponseRedirect(reverse("admin:faq_faq_change", args=[pk]))


def may_add_wording(request: HttpRequest) -> bool:
    return request.user.has_perm(EDIT) or request.user.has_perm(PROPOSE)


def add_wording(request: HttpRequest, faq: Faq, text: str) -> None:
    """Add a phrasing to the draft, as a proposal if the user may not edit it; show a message."""
    is_proposal = not request.user.has_perm(EDIT)
    try:
        added = faq.add_phrasing(text, by=request.user.get_username(), is_proposal=is_proposal)
    except PhrasingConflict as conflict:
        other = ", ".join(clash.other_than(faq.slug) for clash in conflict.clashes)
        messages.error(request, f"Not added: {other} already has this wording.")
    except (Unreadable, PersonalData) as problem:
        messages.error(request, f"Not added: {problem}")
    else:
        if not added:
            messages.info(request, f"{faq.slug} already has this wording.")
        elif is_proposal:
            messages.success(request, f"Proposed for {faq.slug}. A curator reviews it next.")
        else:
            messages.success(
                request, f"Added to the draft of {faq.slug}. Publish it to make it live."
            )
