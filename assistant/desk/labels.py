"""Labelled questions at the desk: add, remove, import from CSV."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from assistant.calibration.labelled_questions import MAX_QUESTION_LENGTH, SEPARATOR, read_questions
from assistant.models import Label
from audit.models import record
from audit.privacy.redaction import redact
from faq.files.tables import Unreadable
from faq.models import Release

MAX_BYTES = 2_000_000
"""The largest file of labels; it is read during the request, in under a second."""


class LabelForm(forms.ModelForm):  # type: ignore[type-arg]
    question = forms.CharField(
        max_length=MAX_QUESTION_LENGTH, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )
    faq_ids = forms.CharField(
        label="FAQ ids",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="The ids of the FAQs that answer it, separated by |. Empty: no FAQ answers it.",
    )

    class Meta:
        model = Label
        fields = ("question",)

    def clean_question(self) -> str:
        return redact(self.cleaned_data["question"], region=settings.PHONE_REGION)

    def clean_faq_ids(self) -> list[str]:
        parts = {part.strip() for part in self.cleaned_data["faq_ids"].split(SEPARATOR)} - {""}
        unknown = sorted(parts - _published())
        if unknown:
            raise forms.ValidationError(f"No published FAQ has the id {', '.join(unknown)}.")
        return sorted(parts)


class LabelsFileForm(forms.Form):
    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget, help_text="CSV with the columns query,expected_id."
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(f"The file is larger than {MAX_BYTES:,} bytes.")
        return file


@admin.register(Label)
class LabelAdmin(ModelAdmin):  # type: ignore[misc]
    form = LabelForm
    list_display = ("question", "answered_by", "source", "created")
    list_filter = ("source", "created")
    search_fields = ("question",)
    fields = ("question", "faq_ids")
    list_before_template = "assistant/labels_import_link.html"

    @admin.display(description="Answered by")
    def answered_by(self, label: Label) -> str:
        return ", ".join(label.expected) or "no FAQ"

    def has_change_permission(self, request: HttpRequest, obj: Label | None = None) -> bool:
        """A wrong label is deleted and added again, so that both are recorded."""
        return False

    def get_fields(self, request: HttpRequest, obj: Label | None = None) -> Any:
        return ("question", "answered_by", "source", "created") if obj else self.fields

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Label, form: Any, change: bool) -> None:
        obj.source, obj.expected = Label.DESK, form.cleaned_data["faq_ids"]
        obj.save()
        data = {"source": obj.source, "expected": obj.expected}
        by = request.user.get_username()
        record("label.added", actor=by, kind="label", key=obj.pk, data=data)

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: Label) -> None:
        self._remove(request, [obj])

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Label]) -> None:
        self._remove(request, list(queryset))

    def _remove(self, request: HttpRequest, labels: list[Label]) -> None:
        data = {
            "sources": sorted({label.source for label in labels}),
            "questions": len(labels),
        }
        Label.objects.filter(pk__in=[label.pk for label in labels]).delete()
        record("label.removed", actor=request.user.get_username(), data=data)

    def import_page(self, request: HttpRequest) -> HttpResponse:
        """Add the labels of a file, and delete those of an earlier file of the same name."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = LabelsFileForm(request.POST or None, request.FILES or None)
        problems = ""
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                questions = read_questions(file.read(), faq_ids=_published())
            except Unreadable as unreadable:
                problems = str(unreadable)
            else:
                source = redact(file.name, region=settings.PHONE_REGION)[:200]
                by = request.user.get_username()
                count = Label.objects.replace_source(questions, source=source, by=by)
                messages.success(request, f"{count} labels from {source} were stored.")
                return HttpResponseRedirect(reverse("admin:assistant_label_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Import labels",
            "form": form,
            "problems": problems,
        }
        return TemplateResponse(request, "assistant/labels_import.html", context)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.import_page)
        urls: list[URLPattern] = super().get_urls()
        return [path("import/", view, name="assistant_label_import"), *urls]


def _published() -> set[str]:
    live = Release.objects.live()
    return set(live.revisions.values_list("slug", flat=True)) if live else set()
