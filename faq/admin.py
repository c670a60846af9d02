"""The knowledge base in the admin. Saving a published FAQ makes a release of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from audit.admin import ReadOnlyAdmin
from audit.models import record
from faq.models import AlternateQuestion, Faq, Release
from faq.phrasing import normalise
from faq.publishing import PublishError, publish, take_turn


class AlternateForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        refuse_taken(text, self.instance.faq_id)
        return text


class FaqForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_question(self) -> str:
        question: str = self.cleaned_data["question"]
        refuse_taken(question, self.instance.pk)
        return question


def refuse_taken(phrasing: str, faq_id: int | None) -> None:
    """One phrasing may lead to one FAQ only: no lead could ever tell two apart."""
    wanted = normalise(phrasing)
    for faq in Faq.objects.published().exclude(pk=faq_id).prefetch_related("alternates"):
        if wanted in map(normalise, faq.content().phrasings):
            raise forms.ValidationError(f"This is already a phrasing of {faq.slug}.")


class AlternateInline(TabularInline):  # type: ignore[misc]
    model = AlternateQuestion
    form = AlternateForm
    extra = 1
    verbose_name = "alternate question"


@admin.register(Faq)
class FaqAdmin(ModelAdmin):  # type: ignore[misc]
    form = FaqForm
    inlines = (AlternateInline,)
    list_display = ("question", "slug", "category", "shown_status", "phrasings", "updated")
    list_filter = ("status", "category")
    search_fields = ("slug", "question", "answer", "alternates__text")
    search_help_text = "Words of a question, an answer or an alternate question."
    list_per_page = 50
    show_full_result_count = False
    fields = ("question", "answer", "category", "status", "slug")
    actions = ("publish_selected", "retire_selected")
    save_on_top = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Faq]:
        return super().get_queryset(request).annotate(alternate_count=Count("alternates"))

    def get_readonly_fields(self, request: HttpRequest, obj: Faq | None = None) -> Sequence[str]:
        # Programs and files know an FAQ by its id.
        return ("slug",) if obj else ()

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

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Django's, and once the FAQ is saved, a release of it."""
        response: HttpResponseBase = super().changeform_view(request, *args, **kwargs)
        if request.method == "POST" and response.status_code == 302:
            self._publish(request)
        return response

    @admin.action(description="Publish selected FAQs")
    def publish_selected(self, request: HttpRequest, faqs: QuerySet[Faq]) -> None:
        self._move(request, faqs, Faq.Status.PUBLISHED)

    @admin.action(description="Retire selected FAQs")
    def retire_selected(self, request: HttpRequest, faqs: QuerySet[Faq]) -> None:
        self._move(request, faqs, Faq.Status.RETIRED)

    def _move(self, request: HttpRequest, faqs: QuerySet[Faq], status: Faq.Status) -> None:
        with transaction.atomic():
            take_turn()
            for faq in faqs.exclude(status=status):
                faq.move(status, by=request.user.get_username())
        self._publish(request)

    def _publish(self, request: HttpRequest) -> None:
        before = Release.objects.live()
        try:
            live = publish(actor=request.user.get_username(), note="Edited in the admin")
        except PublishError as failure:
            # What was typed is kept; /ask goes on with the release it has.
            self.message_user(request, f"Saved, but not published: {failure}", messages.ERROR)
            return
        if live != before:
            self.message_user(request, f"Release {live.number} is live.")


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
        "number",
        "published_at",
        "published_by",
        "note",
        *("added", "changed", "retired"),
    )
    fields = (
        *("number", "published_at", "published_by", "note"),
        *("added", "changed", "retired", "embedder", "collection", "fingerprint"),
    )
